; The common case of IPC (none of it yet): all calls take the long way.
bits 64
default abs
extern syscall_slow
section .text
global ipc_fast
ipc_fast:
    jmp     syscall_slow

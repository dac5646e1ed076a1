; Where every server begins, and where it ends when main returns.
;
; On entry:  rdi = address of the start page (root: of the boot information)
;            rsp = top of the first thread's stack
;            all other registers are 0

bits 64

extern runtime_start
global _start
global runtime_exit

section .text.start progbits alloc exec nowrite align=16

_start:
    xor     ebp, ebp            ; the outermost frame: here a backtrace ends
    and     rsp, -16            ; as the C calling convention wants it at a call
    call    runtime_start       ; does not return
    ud2

; A server that is done faults with an empty stack pointer, which no other fault has: whoever
; handles its faults can tell the end from an accident (fault_is_exit in start.h).
runtime_exit:
    xor     esp, esp
    ud2

section .note.GNU-stack noalloc noexec nowrite progbits

; The threads of the program `entry` (main.c): each goes in and out of the kernel for ever, in its
; own ways. Flags of ring 3 that the kernel must not inherit are set meanwhile, one after the other.
;
; r15 says which thread it is, in all that it does (tests/system/test_entry.py looks for it); rbx
; and r12 are the loop's. All calls go through slots of the first page, the only ones for which the
; kernel has quick ways. All but echo have a GS base that looks like the kernel's.

bits 64
default abs

SLOT_ECHO   equ 56                      ; as in main.c
SLOT_BELL   equ 57
SLOT_CHIME  equ 58

SYS_CALL        equ 0
SYS_REPLY_WAIT  equ 1
SYS_WAIT        equ 2
SYS_NULL        equ 4
SYS_EVENT_RAISE equ 7
SYS_RAISE_WAIT  equ 52

THREAD_MAGIC equ 0x7e57000000000000     ; and in the last byte, which one
TF           equ 0x100
PLAIN        equ 2
FORGED_GS    equ 0xffffffff80200000

; r15, and the GS base. Destroys rax.
%macro begin 1
    mov     r15, THREAD_MAGIC + %1
    mov     rax, FORGED_GS
    wrgsbase rax
%endmacro

%macro set_flags 1
    push    %1
    popfq
%endmacro

; With the flags of r12, computes for a while: long enough for a turn to end, but with TF, where
; every instruction is an exception, only a little.
%macro compute 0
    mov     ecx, 20000
    mov     eax, 8
    test    r12d, TF
    cmovnz  ecx, eax
    set_flags r12
%%on:
    dec     ecx
    jnz     %%on
    set_flags PLAIN
%endmacro

section .text

; Ordinary system calls, events for `sleeper`, exceptions, interrupts.
global worker
worker:
    begin   1
.all:
    mov     rbx, flags
.next:
    mov     r12, [rbx]
    set_flags r12
    mov     eax, SYS_NULL
    syscall
    int3
    ud2                                     ; main goes on behind it
    set_flags PLAIN
    compute
    mov     edi, SLOT_BELL
    mov     esi, 1
    xor     edx, edx
    mov     eax, SYS_EVENT_RAISE
    syscall
    add     rbx, 8
    cmp     rbx, flags_end
    jb      .next
    jmp     .all

; Somebody else who is as urgent as worker, so that the timer takes turns away.
global rival
rival:
    begin   2
.all:
    mov     rbx, flags
.next:
    mov     r12, [rbx]
    compute
    add     rbx, 8
    cmp     rbx, flags_end
    jb      .next
    jmp     .all

; Answers every call.
global echo
echo:
    mov     r15, THREAD_MAGIC + 3
    mov     edi, SLOT_ECHO
    xor     esi, esi
    xor     edx, edx
    mov     eax, SYS_WAIT
    syscall
.next:
    mov     edi, SLOT_ECHO
    mov     eax, SYS_REPLY_WAIT
    syscall
    jmp     .next

; Raises the event of `listener` and waits for its own, in one call; then calls `echo`.
global sleeper
sleeper:
    begin   4
.next:
    mov     edi, SLOT_CHIME
    mov     esi, 1
    xor     edx, edx
    mov     eax, SYS_RAISE_WAIT
    syscall
    mov     edi, SLOT_ECHO
    mov     eax, SYS_CALL
    syscall
    jmp     .next

; Only waits.
global listener
listener:
    begin   5
.next:
    xor     edi, edi
    xor     esi, esi
    xor     edx, edx
    mov     eax, SYS_WAIT
    syscall
    jmp     .next

section .rodata
align 8
flags:
    dq 0x402                                ; DF
    dq 0x4002                               ; NT
    dq 0x40002                              ; AC
    dq 0x44cd7                              ; all that a program can set but TF
    dq 0x102                                ; TF
    dq 0x44dd7                              ; and with it
flags_end:

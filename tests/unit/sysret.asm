; The check before SYSRET as functions of C, so that test_frame.c can ask the very macro that the
; kernel's exits use. An emulated SYSRET would let a wrong answer pass.

%include "cpu/layout.inc"

bits 64
default rel

section .text

; bool sysret_allowed(u64 rip): the macro with the registers of syscall_slow and restore_frame
global sysret_allowed
sysret_allowed:
    mov     rcx, rdi
    unless_sysret rcx, r11, .no
    cmp     rcx, rdi                        ; which is where SYSRET would go
    jne     .no
    mov     eax, 1
    ret
.no:
    xor     eax, eax
    ret

; bool sysret_allowed_partner(u64 rip): the same with those of check_partner
global sysret_allowed_partner
sysret_allowed_partner:
    mov     r11, rdi
    unless_sysret r11, rax, .no
    cmp     r11, rdi
    jne     .no
    mov     eax, 1
    ret
.no:
    xor     eax, eax
    ret

section .note.GNU-stack noalloc noexec nowrite progbits

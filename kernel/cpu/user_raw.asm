; The only instructions that touch the memory of ring 3; see user.h. A fault in them goes on at
; `failed` (the table of fix-ups, which kernel_trap looks through).

bits 64
default abs

extern smap_in_use

section .text

; bool user_raw_read(u64 address, u64 *value)
global user_raw_read
user_raw_read:
    cmp     byte [smap_in_use], 0
    je      .without
    stac
.with:
    mov     rax, [rdi]
    clac
    mov     [rsi], rax
    mov     eax, 1
    ret
.without:
    mov     rax, [rdi]
    mov     [rsi], rax
    mov     eax, 1
    ret

; bool user_raw_write(u64 address, u64 value)
global user_raw_write
user_raw_write:
    cmp     byte [smap_in_use], 0
    je      .without
    stac
.with:
    mov     [rdi], rsi
    clac
    mov     eax, 1
    ret
.without:
    mov     [rdi], rsi
    mov     eax, 1
    ret

failed_with:
    clac
failed_without:
    xor     eax, eax
    ret

section .fixups alloc noexec nowrite progbits align=8
    dq user_raw_read.with, failed_with
    dq user_raw_read.without, failed_without
    dq user_raw_write.with, failed_with
    dq user_raw_write.without, failed_without

; Loops with a pattern in every register, which they compare with what comes back.
;
; A pattern is a structure: see struct pattern in registers.c. Between the loading of a pattern
; and its comparison nothing is on the stack: rsp points to the pattern.

bits 64
default rel

%define P_REGISTERS 0           ; rax rbx rcx rdx rsi rdi rbp r8 to r15: 15 words
%define P_RFLAGS    15 * 8
%define P_ROUNDS    16 * 8      ; how many times
%define P_WRONG     17 * 8      ; how often something was different
%define P_FIRST     18 * 8      ; which, the first time: 1 rax ... 15 r15, 16 rflags, 17 fs, 18 gs
%define P_SEEN      19 * 8
%define P_FS        20 * 8
%define P_GS        21 * 8
%define P_DONE      22 * 8      ; rounds so far
%define P_SPIN      23 * 8      ; how long a round spins
%define P_CALL      24 * 8      ; registers_call: the system call to make
%define P_SAVED_RSP 25 * 8
%define P_SCRATCH   26 * 8

section .text

; void registers_loop(struct pattern *pattern)
; The bases of fs and gs are the pattern's, too. rsp holds the pattern's address meanwhile:
; it is the one register that is not compared.
global registers_loop
registers_loop:
    push    rbx
    push    rbp
    push    r12
    push    r13
    push    r14
    push    r15
    mov     [rdi + P_SAVED_RSP], rsp
    mov     rsp, rdi                        ; the pattern, from here on
    mov     rax, [rsp + P_FS]
    wrfsbase rax
    mov     rax, [rsp + P_GS]
    wrgsbase rax

.round:
    lea     rsp, [rsp + P_RFLAGS]
    popfq                                   ; the arithmetic flags and the direction flag
    lea     rsp, [rsp - P_RFLAGS - 8]
    mov     rax, [rsp + 0 * 8]
    mov     rbx, [rsp + 1 * 8]
    mov     rcx, [rsp + 2 * 8]
    mov     rdx, [rsp + 3 * 8]
    mov     rsi, [rsp + 4 * 8]
    mov     rdi, [rsp + 5 * 8]
    mov     rbp, [rsp + 6 * 8]
    mov     r8, [rsp + 7 * 8]
    mov     r9, [rsp + 8 * 8]
    mov     r10, [rsp + 9 * 8]
    mov     r11, [rsp + 10 * 8]
    mov     r12, [rsp + 11 * 8]
    mov     r13, [rsp + 12 * 8]
    mov     r14, [rsp + 13 * 8]
    mov     r15, [rsp + 14 * 8]
    ; Time passes, and no flag changes: rcx counts, lea and jrcxz leave flags alone.
    mov     rcx, [rsp + P_SPIN]
.spin:
    lea     rcx, [rcx - 1]
    jrcxz   .spun
    jmp     .spin
.spun:
    mov     rcx, [rsp + 2 * 8]
    ; The flags first, before anything changes them.
    lea     rsp, [rsp + P_SCRATCH + 8]
    pushfq
    lea     rsp, [rsp - P_SCRATCH]
    cld

%assign number 1
%macro compare 1
    cmp     %1, [rsp + (number - 1) * 8]
    je      %%same
    mov     [rsp + P_SEEN], %1
    mov     qword [rsp + P_FIRST], number
    inc     qword [rsp + P_WRONG]
%%same:
%assign number number + 1
%endmacro
    compare rax
    compare rbx
    compare rcx
    compare rdx
    compare rsi
    compare rdi
    compare rbp
    compare r8
    compare r9
    compare r10
    compare r11
    compare r12
    compare r13
    compare r14
    compare r15
    mov     rax, [rsp + P_SCRATCH]
    xor     rax, [rsp + P_RFLAGS]
    test    eax, 0xcd5                      ; CF PF AF ZF SF DF OF
    jz      .flags_same
    mov     rax, [rsp + P_SCRATCH]
    mov     [rsp + P_SEEN], rax
    mov     qword [rsp + P_FIRST], 16
    inc     qword [rsp + P_WRONG]
.flags_same:
    rdfsbase rax
    cmp     rax, [rsp + P_FS]
    je      .fs_same
    mov     [rsp + P_SEEN], rax
    mov     qword [rsp + P_FIRST], 17
    inc     qword [rsp + P_WRONG]
.fs_same:
    rdgsbase rax
    cmp     rax, [rsp + P_GS]
    je      .gs_same
    mov     [rsp + P_SEEN], rax
    mov     qword [rsp + P_FIRST], 18
    inc     qword [rsp + P_WRONG]
.gs_same:
    inc     qword [rsp + P_DONE]
    dec     qword [rsp + P_ROUNDS]
    jnz     .round

    mov     rsp, [rsp + P_SAVED_RSP]
    pop     r15
    pop     r14
    pop     r13
    pop     r12
    pop     rbp
    pop     rbx
    ret

; void registers_call(struct pattern *pattern): a system call each round. Compared is what it keeps:
; rbx, rbp, rsp, r12 to r15, and the flags.
global registers_call
registers_call:
    push    rbx
    push    rbp
    push    r12
    push    r13
    push    r14
    push    r15
    mov     [rdi + P_SAVED_RSP], rsp
    mov     rsp, rdi

.round:
    lea     rsp, [rsp + P_RFLAGS]
    popfq
    lea     rsp, [rsp - P_RFLAGS - 8]
    mov     rbx, [rsp + 1 * 8]
    mov     rdi, [rsp + 5 * 8]
    mov     rsi, [rsp + 4 * 8]
    mov     rdx, [rsp + 3 * 8]
    mov     r8, [rsp + 7 * 8]
    mov     r9, [rsp + 8 * 8]
    mov     r10, [rsp + 9 * 8]
    mov     rbp, [rsp + 6 * 8]
    mov     r12, [rsp + 11 * 8]
    mov     r13, [rsp + 12 * 8]
    mov     r14, [rsp + 13 * 8]
    mov     r15, [rsp + 14 * 8]
    mov     rax, [rsp + P_CALL]
    mov     r11, -1
    syscall
    lea     rsp, [rsp + P_SCRATCH + 8]
    pushfq
    lea     rsp, [rsp - P_SCRATCH]
    cld

%assign number 2
    compare rbx
%assign number 7
    compare rbp
%assign number 12
    compare r12
    compare r13
    compare r14
    compare r15
    mov     [rsp + 0 * 8], rax              ; the status, to be looked at
    mov     rax, [rsp + P_SCRATCH]
    xor     rax, [rsp + P_RFLAGS]
    test    eax, 0xcd5
    jz      .flags_same
    mov     rax, [rsp + P_SCRATCH]
    mov     [rsp + P_SEEN], rax
    mov     qword [rsp + P_FIRST], 16
    inc     qword [rsp + P_WRONG]
.flags_same:
    inc     qword [rsp + P_DONE]
    dec     qword [rsp + P_ROUNDS]
    jnz     .round

    mov     rsp, [rsp + P_SAVED_RSP]
    pop     r15
    pop     r14
    pop     r13
    pop     r12
    pop     rbp
    pop     rbx
    ret

; u64 registers_after_call(u64 *after, u64 number, u64 argument): makes the system call, and stores
; the registers after it: rax rcx rdx rsi rdi r8 r9 r10 r11 ds es fs gs ss cs. Returns the status.
global registers_after_call
registers_after_call:
    push    rbx
    mov     rbx, rdi
    mov     rax, rsi
    mov     rdi, rdx
    mov     rsi, 0x1111
    mov     rdx, 0x2222
    mov     r8, 0x3333
    mov     r9, 0x4444
    mov     r10, 0x5555
    syscall
    mov     [rbx + 0 * 8], rax
    mov     [rbx + 1 * 8], rcx
    mov     [rbx + 2 * 8], rdx
    mov     [rbx + 3 * 8], rsi
    mov     [rbx + 4 * 8], rdi
    mov     [rbx + 5 * 8], r8
    mov     [rbx + 6 * 8], r9
    mov     [rbx + 7 * 8], r10
    mov     [rbx + 8 * 8], r11
    mov     ecx, ds
    mov     [rbx + 9 * 8], rcx
    mov     ecx, es
    mov     [rbx + 10 * 8], rcx
    mov     ecx, fs
    mov     [rbx + 11 * 8], rcx
    mov     ecx, gs
    mov     [rbx + 12 * 8], rcx
    mov     ecx, ss
    mov     [rbx + 13 * 8], rcx
    mov     ecx, cs
    mov     [rbx + 14 * 8], rcx
    pop     rbx
    ret

; void registers_step(u64 flags, u64 number): a system call with these flags, perhaps TF among them.
global registers_step, registers_step_call
registers_step:
    mov     rax, rsi
    push    rdi
    popfq
registers_step_call:
    syscall
    nop
    nop
    nop
    pushfq
    pop     rax
    push    0x202
    popfq
    ret

section .note.GNU-stack noalloc noexec nowrite progbits

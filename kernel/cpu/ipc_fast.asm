; IPC in the commonest case: a call to a server that waits, and a reply by a server that then waits again.
;
; Both do exactly what kernel/object/endpoint.c does, for messages without capabilities through a slot in the first
; page, when nothing stands against running the partner at once. Whatever else there may be is left to the long way
; (syscall_slow), which gets everything as it was at the entry:
;   - somebody is ready who is as urgent as the partner; the partner, or the thread itself, is one that needs
;     more care (FPU, cap, halted, faulting): all that is one comparison, see `hurdles` in cpu.h;
;   - another caller is in the queue, or event bits are pending.
; Nothing is changed before the last test has passed.
;
; On entry:  rdi endpoint's slot; rsi r8 r9 r10 the message, which stays there; rcx user's rip; r11 user's rflags;
;            rsp user's; interrupts are off, GS is struct cpu
; Within:    rbx the thread that leaves; r14 the one that goes on; rbp the capability; r12 the endpoint

%include "cpu/layout.inc"

bits 64
default abs

extern syscall_slow

%define SLOTS_PER_PAGE 64
%define CAP_SHIFT 6
%define RIGHT_CALL 8
%define RIGHT_RECEIVE 16
%define OBJECT_ENDPOINT 6
%define THREAD_READY 1
%define THREAD_WAITING 2
%define THREAD_REPLYING 4
%define WAIT_MESSAGE 1

; Saves what the convention of system calls preserves; rbx: the present thread.
%macro save_thread 0
    mov     rax, [gs:CPU_CURRENT]
    mov     [rax + SAVED.rbx], rbx
    mov     rbx, rax
    mov     [rbx + SAVED.rbp], rbp
    mov     [rbx + SAVED.r12], r12
    mov     [rbx + SAVED.r13], r13
    mov     [rbx + SAVED.r14], r14
    mov     [rbx + SAVED.r15], r15
    mov     [rbx + SAVED.rip], rcx
    mov     [rbx + SAVED.rflags], r11
    mov     [rbx + SAVED.rsp], rsp
%endmacro

; rbp: the capability in slot rdi, if it gives right %1. An empty slot gives none.
%macro find_capability 2
    cmp     rdi, SLOTS_PER_PAGE
    jae     %2
    mov     ebp, edi
    shl     ebp, CAP_SHIFT
    add     rbp, [rbx + THREAD_SLOTS]
    test    byte [rbp + CAP_RIGHTS], %1
    jz      %2
%endmacro

; Is r14 the one to run now, and may it go on by SYSRET?
%macro check_partner 1
    mov     ecx, [r14 + THREAD_FAST_SHIFT]  ; never 0: a shift by 0 would leave the flags alone
    mov     eax, [gs:CPU_HURDLES]
    shr     eax, cl
    jnz     %1
    mov     r11, [r14 + SAVED.rip]
    unless_sysret r11, rax, %1
%endmacro

; Charges rbx's time to it and to its share. Destroys rax, rcx, rdx.
%macro charge 0
    rdtsc
    shl     rdx, 32
    or      rax, rdx
    mov     rcx, [gs:CPU_SWITCHED_AT]
    mov     [gs:CPU_SWITCHED_AT], rax
    sub     rax, rcx
    add     [rbx + THREAD_CYCLES], rax
    mov     rcx, [rbx + THREAD_SHARE]
    add     [rcx + SHARE_USED], rax
%endmacro

; Leaves rbx, goes on with r14 at r11, where its system call returns %1. The bases of FS and GS change hands; the data
; segment selectors become null, before the bases, which some processors clear with them.
%macro switch_and_return 1
    mov     [gs:CPU_CURRENT], r14
    mov     rcx, [r14 + THREAD_SPACE]
    cmp     rcx, [gs:CPU_SPACE]
    je      %%same_space
    mov     [gs:CPU_SPACE], rcx
    mov     rcx, [rcx + SPACE_PAGE_TABLE]
    inc     qword [gs:CPU_CR3_LOADS]
    mov     cr3, rcx
%%same_space:
    rdfsbase rax
    mov     [rbx + THREAD_FS_BASE], rax
    mov     rax, [r14 + THREAD_FS_BASE]
    swapgs
    rdgsbase rcx
    mov     [rbx + THREAD_GS_BASE], rcx
    xor     edx, edx                        ; no event bits
    mov     ds, edx
    mov     es, edx
    mov     fs, edx
    mov     gs, edx
    wrfsbase rax
    mov     rcx, [r14 + THREAD_GS_BASE]
    wrgsbase rcx
    mov     rcx, r11
    mov     r11, [r14 + SAVED.rflags]
    mov     rsp, [r14 + SAVED.rsp]
    mov     rbx, [r14 + SAVED.rbx]
    mov     rbp, [r14 + SAVED.rbp]
    mov     r12, [r14 + SAVED.r12]
    mov     r13, [r14 + SAVED.r13]
    mov     r15, [r14 + SAVED.r15]
    mov     r14, [r14 + SAVED.r14]
    mov     eax, %1
    o64 sysret
%endmacro

section .text

; ---- call -----------------------------------------------------------------------------------------------
global ipc_call
ipc_call:
    save_thread
    find_capability RIGHT_CALL, .long_way
    mov     r12, [rbp + CAP_OBJECT]         ; only endpoints can be called
    lea     r13, [r12 + ENDPOINT_SERVERS]
    mov     r14, [r13]                      ; the first that waits...
    cmp     r14, r13
    je      .long_way                       ; ...or nobody
    check_partner .long_way
    mov     rdi, [rbp + CAP_BADGE]

    charge
    mov     rax, [r14]                      ; it waits no more
    mov     [r13], rax
    mov     [rax + 8], r13
    mov     [r14 + THREAD_CALLER], rbx
    mov     [rbx + THREAD_SERVER], r14
    mov     byte [r14 + THREAD_STATE], THREAD_READY
    mov     byte [rbx + THREAD_STATE], THREAD_REPLYING
    inc     qword [rbx + THREAD_FAST_CALLS]
    switch_and_return WAIT_MESSAGE

.long_way:
    xor     eax, eax
    jmp     restore_and_go_slow

; ---- reply and wait -------------------------------------------------------------------------------------
global ipc_reply_wait
ipc_reply_wait:
    save_thread
    mov     r14, [rbx + THREAD_CALLER]
    test    r14, r14
    jz      .long_way
    cmp     byte [rbx + THREAD_BITS_PENDING], 0
    jne     .long_way
    find_capability RIGHT_RECEIVE, .long_way
    mov     r12, [rbp + CAP_OBJECT]
    cmp     byte [r12 + OBJECT_TYPE], OBJECT_ENDPOINT
    jne     .long_way
    lea     rax, [r12 + ENDPOINT_CALLERS]
    cmp     [rax], rax                      ; a list that is empty points to itself
    jne     .long_way
    check_partner .long_way

    charge
    lea     r13, [r12 + ENDPOINT_SERVERS]   ; it waits, behind others
    mov     rax, [r13 + 8]
    mov     [rbx], r13
    mov     [rbx + 8], rax
    mov     [rax], rbx
    mov     [r13 + 8], rbx
    xor     edi, edi                        ; a reply has no badge
    mov     [rbx + THREAD_CALLER], rdi
    mov     byte [r14 + THREAD_STATE], THREAD_READY
    mov     byte [rbx + THREAD_STATE], THREAD_WAITING
    inc     qword [rbx + THREAD_FAST_REPLIES]
    switch_and_return 0

.long_way:
    mov     eax, 1

; eax: the number of the system call. Everything that was used is what it was.
restore_and_go_slow:
    mov     rcx, [rbx + SAVED.rip]
    mov     r11, [rbx + SAVED.rflags]
    mov     rbp, [rbx + SAVED.rbp]
    mov     r12, [rbx + SAVED.r12]
    mov     r13, [rbx + SAVED.r13]
    mov     r14, [rbx + SAVED.r14]
    mov     rbx, [rbx + SAVED.rbx]
    jmp     syscall_slow

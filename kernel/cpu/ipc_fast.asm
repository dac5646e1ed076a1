; IPC in the commonest case: a call to a server that waits, and a reply by a server that then waits again.
;
; Both do exactly what kernel/object/endpoint.c does, for messages without capabilities, when nothing stands
; against running the partner at once. Whatever else there may be (`slow` of either thread: FPU, cap, halted; somebody
; ready who is as urgent; a caller in the queue; event bits; a fault to answer) is left to the long way: syscall_slow
; gets everything as it was at the entry. Nothing is changed before the last test has passed.
;
; On entry:  eax 0 call, 1 reply and wait (flags of `cmp eax, 1`); rdi endpoint's slot; rdx capabilities;
;            rsi r8 r9 r10 the message, which stays there; rcx user's rip; r11 user's rflags; rsp user's
; Within:    rbx the thread that leaves; r14 the one that goes on; r12 the endpoint; rdi the badge

%include "cpu/layout.inc"

bits 64
default abs

extern syscall_slow

%define SLOT_LIMIT 8192
%define SLOTS_PER_PAGE_SHIFT 6
%define CAP_SHIFT 6
%define RIGHT_CALL 8
%define RIGHT_RECEIVE 16
%define OBJECT_ENDPOINT 6
%define THREAD_READY 1
%define THREAD_WAITING 2
%define THREAD_REPLYING 4
%define WAIT_MESSAGE 1
%define USER_RIP_BITS 47

%define SAVED(register) rbx + THREAD_FRAME + frame. %+ register
%define RESTORED(register) r14 + THREAD_FRAME + frame. %+ register

; Saves what the convention of system calls preserves; rbx: the present thread.
%macro save_thread 0
    mov     rax, [gs:CPU_CURRENT]
    mov     [rax + THREAD_FRAME + frame.rbx], rbx
    mov     rbx, rax
    mov     [SAVED(rbp)], rbp
    mov     [SAVED(r12)], r12
    mov     [SAVED(r13)], r13
    mov     [SAVED(r14)], r14
    mov     [SAVED(rip)], rcx
    mov     [SAVED(rflags)], r11
    mov     [SAVED(rsp)], rsp
    mov     dword [SAVED(vector)], VECTOR_SYSCALL
%endmacro

; r12: the endpoint in slot rdi, to which the capability must give right %1; rbp: that capability.
%macro find_endpoint 2
    cmp     rdi, SLOT_LIMIT
    jae     %2
    mov     ebp, edi
    mov     eax, edi
    shr     eax, SLOTS_PER_PAGE_SHIFT
    mov     r12, [rbx + THREAD_SPACE]
    mov     r12, [r12 + SPACE_SLOTS + rax * 8]
    test    r12, r12
    jz      %2
    and     ebp, (1 << SLOTS_PER_PAGE_SHIFT) - 1
    shl     ebp, CAP_SHIFT
    add     rbp, r12
    test    byte [rbp + CAP_RIGHTS], %1     ; an empty slot has no rights
    jz      %2
    mov     r12, [rbp + CAP_OBJECT]
    cmp     byte [r12 + OBJECT_TYPE], OBJECT_ENDPOINT
    jne     %2
%endmacro

; Is r14 the one to run now, and may it go on by SYSRET?
%macro check_partner 1
    mov     al, [rbx + THREAD_SLOW]
    or      al, [r14 + THREAD_SLOW]
    jnz     %1
    mov     ecx, [r14 + THREAD_PRIORITY]
    mov     eax, [gs:CPU_READY]
    shr     eax, cl
    jnz     %1
    bt      qword [RESTORED(rip)], USER_RIP_BITS
    jc      %1
%endmacro

; Charges rbx's time to it and to its share.
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

; Leaves rbx, goes on with r14, whose system call returns %1. The bases of FS and GS change hands; the data
; segment selectors become null, before the bases, which some processors clear with them.
%macro switch_and_return 1
    mov     [gs:CPU_CURRENT], r14
    lea     rax, [RESTORED(end)]
    mov     [gs:CPU_RSP0], rax
    inc     qword [r14 + THREAD_SWITCHES]
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
    mov     rcx, [RESTORED(rip)]
    mov     r11, [RESTORED(rflags)]
    mov     rsp, [RESTORED(rsp)]
    mov     rbx, [RESTORED(rbx)]
    mov     rbp, [RESTORED(rbp)]
    mov     r12, [RESTORED(r12)]
    mov     r13, [RESTORED(r13)]
    mov     r15, [RESTORED(r15)]
    mov     r14, [RESTORED(r14)]
    mov     eax, %1
    o64 sysret
%endmacro

section .text

global ipc_fast
ipc_fast:
    je      reply_and_wait

; ---- call -----------------------------------------------------------------------------------------------
    save_thread
    mov     [SAVED(r15)], r15
    test    rdx, rdx
    jnz     .long_way
    find_endpoint RIGHT_CALL, .long_way
    lea     r13, [r12 + ENDPOINT_SERVERS]
    mov     r14, [r13]                      ; the first that waits...
    cmp     r14, r13
    je      .long_way                       ; ...or nobody
    sub     r14, THREAD_QUEUE
    check_partner .long_way
    mov     rdi, [rbp + CAP_BADGE]

    charge
    mov     rax, [r14 + THREAD_QUEUE]       ; it waits no more
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
reply_and_wait:
    save_thread
    mov     [SAVED(r15)], r15
    test    rdx, rdx
    jnz     .long_way
    mov     r14, [rbx + THREAD_CALLER]
    test    r14, r14
    jz      .long_way
    cmp     byte [r14 + THREAD_FAULTING], 0
    jne     .long_way
    find_endpoint RIGHT_RECEIVE, .long_way
    lea     rax, [r12 + ENDPOINT_CALLERS]
    cmp     [rax], rax                      ; a list that is empty points to itself
    jne     .long_way
    mov     rax, [rbx + THREAD_EVENT]
    test    rax, rax
    jz      .no_event
    cmp     qword [rax + EVENT_PENDING], 0
    jne     .long_way
.no_event:
    check_partner .long_way

    charge
    lea     r13, [r12 + ENDPOINT_SERVERS]   ; it waits, behind others
    lea     rcx, [rbx + THREAD_QUEUE]
    mov     rax, [r13 + 8]
    mov     [rcx], r13
    mov     [rcx + 8], rax
    mov     [rax], rcx
    mov     [r13 + 8], rcx
    xor     edi, edi                        ; a reply has no badge
    mov     [rbx + THREAD_CALLER], rdi
    mov     [r14 + THREAD_SERVER], rdi
    mov     byte [r14 + THREAD_STATE], THREAD_READY
    mov     byte [rbx + THREAD_STATE], THREAD_WAITING
    inc     qword [rbx + THREAD_FAST_REPLIES]
    switch_and_return 0

.long_way:
    mov     eax, 1

; eax: the number of the system call. Everything that was used as a register is what it was.
restore_and_go_slow:
    mov     rcx, [SAVED(rip)]
    mov     rbp, [SAVED(rbp)]
    mov     r12, [SAVED(r12)]
    mov     r13, [SAVED(r13)]
    mov     r14, [SAVED(r14)]
    mov     rbx, [SAVED(rbx)]
    jmp     syscall_slow

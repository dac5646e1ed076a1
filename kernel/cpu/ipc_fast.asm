; IPC in the commonest case: a call to a server that waits, and a reply by a server that then waits
; again.
;
; Both do exactly what kernel/object/endpoint.c does, for messages without capabilities through a
; slot in the first page, when nothing stands against running the partner at once. Whatever else
; there may be is left to the long way (syscall_slow), which gets everything as it was at the entry:
;   - somebody is ready who is as urgent as the partner; the partner, or the thread itself, is one
;     that needs more care (FPU, cap, halted, faulting): all that is one comparison, see `hurdles`
;     in cpu.h;
;   - another caller is in the queue, or event bits are pending.
; Nothing is changed before the last test has passed. What stays stale in a thread that leaves this
; way: the message, the vector and rdx in its frame, the links of its queue, and cpu->loaded (which
; every other entry sets).
;
; On entry:  rdi endpoint's slot; rsi r8 r9 r10 the message, which stays there; rcx user's rip;
;            r11 user's rflags; rsp user's; interrupts are off, GS is struct cpu
; Within:    rbx the thread that leaves; r14 the one that goes on; rbp the capability; r12 the
;            endpoint

%include "cpu/layout.inc"
%include "cpu/switch.inc"

bits 64
default abs

extern syscall_slow, restore_frame


; Saves what the convention of system calls preserves; rbx: the present thread.
%macro save_thread 0
    mov     rax, [gs:CPU_CURRENT]
    save_kept rax
    mov     rbx, rax
    mov     [rbx + SAVED.rip], rcx
    mov     [rbx + SAVED.rflags], r11
    mov     [rbx + SAVED.rsp], rsp
%endmacro

; The server rbx has answered r14 and waits, behind others, at the endpoint r12. rdi becomes 0, as a
; reply has no badge.
%macro reply_done 0
    charge
    lea     r13, [r12 + ENDPOINT_SERVERS]
    mov     rax, [r13 + 8]
    mov     [rbx], r13
    mov     [rbx + 8], rax
    mov     [rax], rbx
    mov     [r13 + 8], rbx
    xor     edi, edi
    mov     [rbx + THREAD_CALLER], rdi
    mov     [r14 + THREAD_CAPS], rdi        ; no capability comes, also if one would be accepted
    mov     byte [r14 + THREAD_STATE], THREAD_READY
    mov     byte [rbx + THREAD_STATE], THREAD_WAITING
    inc     qword [rbx + THREAD_FAST_REPLIES]
%endmacro

section .text

; ---- call ----------------------------------------------------------------------------------------
global ipc_call
ipc_call:
    save_thread
    find_capability RIGHT_CALL, .long_way, rbp, ebp, rbx
    mov     r12, [rbp + CAP_OBJECT]         ; only endpoints can be called
    lea     r13, [r12 + ENDPOINT_SERVERS]
    mov     r14, [r13]                      ; the first that waits...
    cmp     r14, r13
    je      .long_way                       ; ...or nobody
    check_partner r14, .long_way
    mov     rdi, [rbp + CAP_BADGE]

    charge
    mov     rax, [r14]                      ; it waits no more
    mov     [r13], rax
    mov     [rax + 8], r13
    mov     [r14 + THREAD_CALLER], rbx
    mov     [rbx + THREAD_SERVER], r14
    mov     qword [r14 + THREAD_CAPS], 0    ; no capability comes, also if one would be accepted
    mov     byte [r14 + THREAD_STATE], THREAD_READY
    mov     byte [rbx + THREAD_STATE], THREAD_REPLYING
    inc     qword [rbx + THREAD_FAST_CALLS]
    switch_thread
    return_to_partner WAIT_MESSAGE

.long_way:
    xor     eax, eax
    jmp     restore_and_go_slow

; ---- reply and wait ------------------------------------------------------------------------------
global ipc_reply_wait
ipc_reply_wait:
    save_thread
    mov     r14, [rbx + THREAD_CALLER]
    test    r14, r14
    jz      .long_way
    cmp     byte [rbx + THREAD_BITS_PENDING], 0
    jne     .long_way
    find_capability RIGHT_RECEIVE, .long_way, rbp, ebp, rbx
    mov     r12, [rbp + CAP_OBJECT]
    cmp     byte [r12 + OBJECT_TYPE], OBJECT_ENDPOINT
    jne     .long_way
    lea     rax, [r12 + ENDPOINT_CALLERS]
    cmp     [rax], rax                      ; a list that is empty points to itself
    jne     .long_way
    check_partner r14, .maybe_fault
    reply_done
    switch_thread
    return_to_partner 0

; All is as it should be, but the caller needs special care, or somebody else is ready. If it is
; only that the call was a fault, which has been mended, it goes on with all its registers.
.maybe_fault:
    cmp     byte [r14 + THREAD_FAULTING], 0
    je      .long_way
    cmp     rsi, FAULT_RESUME
    jne     .long_way
    mov     ecx, [r14 + THREAD_FAST_SHIFT_MENDED]
    mov     eax, [gs:CPU_HURDLES]
    shr     eax, cl
    jnz     .long_way
    mov     [r14 + THREAD_FAST_SHIFT], ecx
    mov     byte [r14 + THREAD_FAULTING], 0
    reply_done
    switch_thread
    swapgs
    jmp     restore_frame

.long_way:
    mov     eax, 1

; eax: the number of the system call. Everything that was used is what it was.
restore_and_go_slow:
    mov     rcx, [rbx + SAVED.rip]
    mov     rbp, [rbx + SAVED.rbp]
    mov     r12, [rbx + SAVED.r12]
    mov     r13, [rbx + SAVED.r13]
    mov     r14, [rbx + SAVED.r14]
    mov     rbx, [rbx + SAVED.rbx]
    jmp     syscall_slow

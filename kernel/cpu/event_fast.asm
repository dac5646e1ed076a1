; Raising an event in the commonest case: its thread waits, and is more urgent than the present one
; and than anybody who is ready. Then that thread runs at once, and the present one is the next of
; its priority.
;
; Does exactly what call_event_raise (kernel/call/ipc.c) does, and leaves all other cases to it;
; nothing is changed before the last test has passed. It stands in syscall_table, so it is called
; like a function of C: rdi the event's slot, rsi the bits, rdx the window; callee-saved registers
; are still the user's, whose rsp is in struct cpu.

%include "cpu/layout.inc"
%include "cpu/switch.inc"

bits 64
default abs

extern call_event_raise

section .text

global event_raise_fast
event_raise_fast:
    mov     r8, [gs:CPU_CURRENT]
    find_capability RIGHT_RAISE, .long_way, r9, r9d, r8     ; only events can be raised
    test    rdx, rdx
    jnz     .long_way                       ; lazily
    test    rsi, rsi
    jz      .long_way
    mov     rax, [r9 + CAP_BADGE]           ; which bits may be raised; 0: any
    test    rax, rax
    jz      .any_bit
    not     rax
    test    rax, rsi
    jnz     .long_way
.any_bit:
    mov     rax, [r9 + CAP_OBJECT]
    mov     r10, [rax + EVENT_WAITER]
    test    r10, r10
    jz      .long_way
    cmp     byte [r10 + THREAD_STATE], THREAD_WAITING
    jne     .long_way
    mov     eax, [r10 + THREAD_PRIORITY]
    cmp     eax, [r8 + THREAD_PRIORITY]
    jbe     .long_way
    mov     r9, [r8 + THREAD_SHARE]
    lea     rax, [r9 + SHARE_READY]
    cmp     [rax], rax
    jne     .long_way                       ; others of its share are in the queue
    check_partner r10, .long_way

; The present thread is ready, at the front of its queue.
    save_kept r8
    mov     rbx, r8
    mov     r14, r10
    mov     rax, [gs:CPU_USER_RSP]
    mov     [rbx + SAVED.rsp], rax
    mov     dword [rbx + SAVED.vector], VECTOR_SYSCALL
    mov     qword [rbx + SAVED.rax], 0
    inc     qword [rbx + THREAD_RAISED]
    lea     rax, [r9 + SHARE_READY]
    mov     [rax], rbx
    mov     [rax + 8], rbx
    mov     [rbx], rax
    mov     [rbx + 8], rax
    mov     ecx, [rbx + THREAD_PRIORITY]
    mov     eax, ecx
    shl     eax, 4                          ; sizeof(struct list)
    mov     rdi, [gs:0]
    lea     rdi, [rdi + rax + CPU_QUEUE]
    lea     r8, [r9 + SHARE_LINK]
    mov     rax, [rdi]
    mov     [r8], rax
    mov     [r8 + 8], rdi
    mov     [rax + 8], r8
    mov     [rdi], r8
    mov     eax, 1
    shl     eax, cl
    or      [gs:CPU_READY], eax
    shl     eax, HURDLE_SHIFT_0
    or      [gs:CPU_HURDLES], eax

; The other leaves the queue of its endpoint, if it is in one.
    mov     rax, [r14]
    mov     rcx, [r14 + 8]
    mov     [rcx], rax
    mov     [rax + 8], rcx
    mov     byte [r14 + THREAD_STATE], THREAD_READY
    mov     qword [r14 + THREAD_CAPS], 0
    charge
    switch_thread
    mov     rcx, [r14 + SAVED.rip]
    mov     rdx, rsi                        ; the bits, and nothing else
    xor     edi, edi
    xor     esi, esi
    xor     r8d, r8d
    xor     r9d, r9d
    xor     r10d, r10d
    return_to_partner WAIT_EVENT

.long_way:
    jmp     call_event_raise

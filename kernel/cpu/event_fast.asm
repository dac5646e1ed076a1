; Raising an event in the two commonest cases. Its thread waits, and is more urgent than the present
; one and than anybody who is ready: then it runs at once, and the present one is the next of its
; priority. Or the present one waits itself from now on (raise_wait): then only nobody else who is
; ready may be as urgent as the other.
;
; Does exactly what call_event_raise and call_raise_wait (kernel/call/ipc.c) do, and leaves all
; other cases to them; nothing is changed before the last test has passed. Both stand in
; syscall_table, so they are called like functions of C: rdi the event's slot, rsi the bits, rdx the
; window, or the slot of the endpoint; callee-saved registers are still the user's, whose rsp is in
; struct cpu.

%include "cpu/layout.inc"
%include "cpu/switch.inc"

bits 64
default abs

extern call_event_raise, call_raise_wait

section .text

; r10: the thread that waits for the event in slot rdi, for which r8 may raise the bits rsi; else
; goes to %1. Destroys rax, r9.
%macro find_waiter 1
    find_capability RIGHT_RAISE, %1, r9, r9d, r8            ; only events can be raised
    test    rsi, rsi
    jz      %1
    mov     rax, [r9 + CAP_BADGE]           ; which bits may be raised; 0: any
    test    rax, rax
    jz      %%any_bit
    not     rax
    test    rax, rsi
    jnz     %1
%%any_bit:
    mov     rax, [r9 + CAP_OBJECT]
    mov     r10, [rax + EVENT_WAITER]
    test    r10, r10
    jz      %1
    cmp     byte [r10 + THREAD_STATE], THREAD_WAITING
    jne     %1
%endmacro

global event_raise_fast
event_raise_fast:
    mov     r8, [gs:CPU_CURRENT]
    test    rdx, rdx
    jnz     .long_way                       ; lazily
    find_waiter .long_way
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

; rbx is done with; r14, which waited, gets the bits rsi. It leaves the queue of its endpoint, if it
; is in one.
go_to_waiter:
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

event_raise_fast.long_way:
    jmp     call_event_raise

global raise_wait_fast
raise_wait_fast:
    mov     r8, [gs:CPU_CURRENT]
    find_waiter call_raise_wait
    cmp     byte [r8 + THREAD_BITS_PENDING], 0
    jne     call_raise_wait
    cmp     qword [r8 + THREAD_CALLER], 0
    jne     call_raise_wait                 ; somebody waits for its answer
    mov     r11, rdi
    xor     r9d, r9d                        ; the endpoint, or none
    test    rdx, rdx
    jz      .no_endpoint
    mov     rdi, rdx
    find_capability RIGHT_RECEIVE, .long_way, r9, r9d, r8
    mov     r9, [r9 + CAP_OBJECT]
    cmp     byte [r9 + OBJECT_TYPE], OBJECT_ENDPOINT
    jne     .long_way
    lea     rax, [r9 + ENDPOINT_CALLERS]
    cmp     [rax], rax
    jne     .long_way
.may_wait:
    check_partner r10, .maybe_capped
.go:
    save_kept r8
    mov     rbx, r8
    mov     r14, r10
    mov     rax, [gs:CPU_USER_RSP]
    mov     [rbx + SAVED.rsp], rax
    mov     dword [rbx + SAVED.vector], VECTOR_SYSCALL
    inc     qword [rbx + THREAD_RAISED]
    mov     qword [rbx + THREAD_CAPS], 0
    mov     byte [rbx + THREAD_STATE], THREAD_WAITING
    mov     [rbx], rbx                      ; in no queue
    mov     [rbx + 8], rbx
    test    r9, r9
    jz      go_to_waiter
    lea     r13, [r9 + ENDPOINT_SERVERS]    ; or the last of its servers
    mov     rax, [r13 + 8]
    mov     [rbx], r13
    mov     [rbx + 8], rax
    mov     [rax], rbx
    mov     [r13 + 8], rbx
    jmp     go_to_waiter

.no_endpoint:
    cmp     qword [r8 + THREAD_EVENT], 0    ; nothing could ever wake it
    jne     .may_wait
    jmp     .long_way

; Only a cap may be in the way. It is not if there is budget left, and the timer fires no later than
; the budget of whoever had a cap and was chosen last would have ended: then somebody looks again.
; So a cap holds on the average of a few periods, not in each.
.maybe_capped:
    mov     ecx, [r10 + THREAD_FAST_SHIFT_CAPPED]
    mov     eax, [gs:CPU_HURDLES]
    shr     eax, cl
    jnz     .long_way
    mov     rax, [r10 + THREAD_SHARE]
    mov     rcx, [rax + SHARE_USED]
    cmp     rcx, [rax + SHARE_BUDGET_END]
    jae     .long_way
    mov     rax, [gs:CPU_TIMER_ARMED]
    cmp     rax, [gs:CPU_BUDGET_LOOK]
    ja      .long_way
    mov     rcx, [r10 + SAVED.rip]
    unless_sysret rcx, rax, .long_way
    jmp     .go

.long_way:
    mov     rdi, r11
    jmp     call_raise_wait

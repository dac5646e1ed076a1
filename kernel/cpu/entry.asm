; Into the kernel and out of it: system calls, exceptions and interrupts.
;
; There is one kernel stack for each processor, and nothing on it outlives an entry. What has to be
; kept of ring 3 is saved in the frame inside `struct thread`: by a system call only what its
; convention preserves (and the callee-saved registers not before somebody else is to run), by
; exceptions and interrupts everything, because the processor pushes onto that frame (TSS.rsp0 is
; its end) and so do we.
;
; GS: in ring 3 the user's; everywhere below, after SWAPGS, struct cpu. The entries that can come at
; any instruction (NMI, machine check, debug, double fault) have stacks of their own and do not
; touch GS.

%include "cpu/layout.inc"
%include "cpu/switch.inc"

bits 64
default abs

extern syscall_table, syscall_limit, syscall_unknown
extern user_trap, kernel_trap, ist_trap, cpu_choose, cpu_load
extern smap_in_use
extern ipc_call, ipc_reply_wait

section .text

; The registers of a frame, from its beginning to rax.
%macro pop_upper_registers 0
    pop     r15
    pop     r14
    pop     r13
    pop     r12
    pop     rbp
    pop     rbx
    pop     r11
    pop     r10
    pop     r9
    pop     r8
%endmacro

; ---- system calls --------------------------------------------------------------------------------
;
; rax number, rdi rsi rdx r8 r9 r10 arguments, rcx user's rip, r11 user's rflags, rsp user's.
; Interrupts are off, the direction flag is clear, AC is clear (FMASK).

global syscall_entry
syscall_entry:
    swapgs
    cmp     rax, 1
    jb      ipc_call                        ; SYS_CALL
    je      ipc_reply_wait                  ; SYS_REPLY_WAIT

; Where ipc_fast.asm gives up: everything is as above.
global syscall_slow
syscall_slow:
    mov     [gs:CPU_USER_RSP], rsp
    mov     rsp, [gs:CPU_CURRENT]
    mov     [gs:CPU_LOADED], rsp
    mov     [rsp + SAVED.rip], rcx
    mov     [rsp + SAVED.rflags], r11
    inc     qword [rsp + THREAD_SYSCALLS]
    mov     rsp, [gs:CPU_STACK_TOP]
    cmp     rax, [syscall_limit]
    jae     .unknown
    mov     rcx, r8                         ; C takes its arguments in rdi rsi rdx rcx r8 r9
    mov     r8, r9
    mov     r9, r10
    call    [syscall_table + rax * 8]
.done:                                      ; rax: status
    cmp     byte [gs:CPU_ATTENTION], 0
    jne     .leave
    mov     r10, [gs:CPU_CURRENT]
    mov     rcx, [r10 + SAVED.rip]
    unless_sysret rcx, r11, .leave
    mov     r11, [r10 + SAVED.rflags]
    mov     rsp, [gs:CPU_USER_RSP]
    xor     edi, edi                        ; nothing of the kernel's goes out
    xor     esi, esi
    xor     edx, edx
    xor     r8d, r8d
    xor     r9d, r9d
    xor     r10d, r10d
    swapgs
    o64 sysret

.unknown:
    call    syscall_unknown
    jmp     .done

.leave:                                     ; somebody else may run: now the rest is saved
    mov     r10, [gs:CPU_LOADED]
    test    r10, r10
    jz      cpu_leave                       ; the caller is no more
    mov     r11, [gs:CPU_USER_RSP]
    mov     [r10 + SAVED.rsp], r11
    mov     dword [r10 + SAVED.vector], VECTOR_SYSCALL
    mov     [r10 + SAVED.rax], rax
    save_kept r10

; ---- leaving -------------------------------------------------------------------------------------

; Gives up the stack, settles who runs, and goes there. The way out of a system call leads here.
global cpu_leave
cpu_leave:
    cli
    mov     rsp, [gs:CPU_STACK_TOP]
    test    byte [gs:CPU_ATTENTION], ATTENTION_CHOOSE
    jnz     .choose
    mov     r14, [gs:CPU_CURRENT]
    test    r14, r14
    jz      .choose
.chosen:                                    ; r14: who runs
    mov     byte [gs:CPU_ATTENTION], 0
    mov     rbx, [gs:CPU_LOADED]
    cmp     rbx, r14
    je      restore_frame
    test    rbx, rbx
    jz      .with_care
    cmp     dword [r14 + THREAD_FAST_SHIFT], HURDLE_SHIFT_SLOW
    je      .with_care
    bt      dword [gs:CPU_HURDLES], HURDLE_LOADED_BIT
    jc      .with_care
    charge
    switch_thread
    swapgs
    mov     [gs:CPU_LOADED], r14
    inc     qword [gs:CPU_CONTEXT_SWITCHES]
    inc     qword [rbx + THREAD_SWITCHES]

; r14: the thread whose registers come back from its frame.
global restore_frame
restore_frame:
    lea     rsp, [r14 + SAVED.r15]
    pop_upper_registers
    cmp     dword [rsp + frame.vector - frame.rax], VECTOR_SYSCALL
    jne     .by_iret
    mov     rcx, [rsp + frame.rip - frame.rax]
    unless_sysret rcx, r11, .by_iret
    pop     rax
    add     rsp, 8                          ; rcx
    pop     rdx
    pop     rsi
    pop     rdi
    mov     r11, [rsp + frame.rflags - frame.vector]
    mov     rsp, [rsp + frame.rsp - frame.vector]
    swapgs
    o64 sysret

.by_iret:
    pop     rax
    pop     rcx
    pop     rdx
    pop     rsi
    pop     rdi
    add     rsp, 16                         ; vector, error
    swapgs
iret_to_user:
    iretq

cpu_leave.choose:
    call    cpu_choose                      ; rax: a thread; idles while there is none
    mov     r14, rax
    jmp     cpu_leave.chosen

; FPU state, or no thread before: what is rare is done in C.
cpu_leave.with_care:
    mov     rdi, r14
    call    cpu_load
    jmp     restore_frame

; ---- exceptions and interrupts -------------------------------------------------------------------

%macro push_registers 0
    push    rdi
    push    rsi
    push    rdx
    push    rcx
    push    rax
    push    r8
    push    r9
    push    r10
    push    r11
    push    rbx
    push    rbp
    push    r12
    push    r13
    push    r14
    push    r15
%endmacro

%macro pop_registers 0
    pop_upper_registers
    pop     rax
    pop     rcx
    pop     rdx
    pop     rsi
    pop     rdi
%endmacro

; In ring 3 AC may be set, which would switch SMAP off.
%macro clear_ac 0
    cmp     byte [smap_in_use], 0
    je      %%without
    clac
%%without:
%endmacro

; Stack: vector, error, rip, cs, rflags, rsp, ss. From ring 3 that is the thread's frame.
trap:
    test    byte [rsp + frame.cs - frame.vector], 3
    jz      trap_in_kernel
    push_registers
    swapgs
trap_saved:
    cld
    clear_ac
    mov     rdi, rsp
    mov     rsp, [gs:CPU_STACK_TOP]
    call    user_trap
    jmp     cpu_leave

; The same from ring 0: the idle loop was interrupted, an access to user memory has failed, or the
; kernel is broken.
trap_in_kernel:
    cmp     qword [rsp + frame.rip - frame.vector], iret_to_user
    je      trap_in_iret
    push_registers
    cld
    clear_ac
    mov     rdi, rsp
    call    kernel_trap
    pop_registers
    add     rsp, 16
    iretq

; IRET to ring 3 failed on what it found in the frame. The registers are the user's already, GS as
; well. It becomes a fault of the thread: we go back to its frame (the stack that IRET had) and save
; everything again.
trap_in_iret:
    swapgs
    mov     [gs:CPU_SCRATCH], rax
    mov     rax, [rsp]
    mov     [gs:CPU_SCRATCH + 8], rax
    mov     rax, [rsp + 8]
    mov     [gs:CPU_SCRATCH + 16], rax
    mov     rax, [gs:CPU_SCRATCH]
    mov     rsp, [rsp + frame.rsp - frame.vector]
    push    qword [gs:CPU_SCRATCH + 16]
    push    qword [gs:CPU_SCRATCH + 8]
    push_registers
    jmp     trap_saved

; On a stack of its own, from anywhere: ist_trap finds the processor by the stack, and returns only
; if the interrupted code is to go on.
trap_on_ist:
    push_registers
    cld
    clear_ac
    mov     rdi, rsp
    call    ist_trap
    pop_registers
    add     rsp, 16
    iretq

; One entry for each vector. Those with an error code in the low 32: 8, 10 to 14, 17, 21, 29, 30.
%assign vector 0
%rep 256
entry_ %+ vector:
%if vector == 8
    push    vector
    jmp     trap_on_ist
%elif vector == 1 || vector == 2 || vector == 18
    push    0
    push    vector
    jmp     trap_on_ist
%elif vector >= 10 && vector <= 14 || vector == 17 || vector == 21 || vector == 29 || vector == 30
    push    vector
    jmp     trap
%else
    push    0
    push    vector
    jmp     trap
%endif
%assign vector vector + 1
%endrep

section .rodata
align 8
global entry_table
entry_table:
%assign vector 0
%rep 256
    dq entry_ %+ vector
%assign vector vector + 1
%endrep

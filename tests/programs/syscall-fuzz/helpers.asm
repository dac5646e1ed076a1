; The threads of the fuzzer's world: servers, callers, pollers, destroyers, spinners, and those that
; fault.
;
; They use registers only: rsp may be anything, so that no two can meet on a stack.
;   r12   the slot they use at present
;   r13   random state
;   r15   how many calls are left; then they fault, in one way after the other, for as long as
;         somebody lets them go on
; What a call destroys is never needed.

bits 64
default abs

WORLD_FIRST     equ 56                  ; as in fuzz.h
WORLD_COUNT     equ 192
BUDGET          equ 127

SYS_CALL            equ 0
SYS_REPLY_WAIT      equ 1
SYS_WAIT            equ 2
SYS_REPLY           equ 3
SYS_EVENT_RAISE     equ 7
SYS_EVENT_POLL      equ 8
SYS_OBJECT_DESTROY  equ 13
SYS_THREAD_STOP     equ 31
SYS_YIELD           equ 33
SYS_CALL_CAPS       equ 50
SYS_REPLY_WAIT_CAPS equ 51

global helper_entries

section .text

; The next random number.
%macro step 0
    imul    r13, r13, 0x4c957f2d
    add     r13, 0x14057b7f
%endmacro

; A slot of the world, in edx.
%macro random_slot 0
    step
    mov     rax, r13
    shr     rax, 32
    xor     edx, edx
    mov     ecx, WORLD_COUNT
    div     ecx
    add     edx, WORLD_FIRST
%endmacro

; Another slot to use from now on.
%macro other_slot 0
    random_slot
    mov     r12d, edx
%endmacro

; The capability word in rdx: a slot to receive into, and one time in four one to send.
%macro capabilities 0
    random_slot
    mov     edi, edx
    shl     rdi, 32
    random_slot
    test    r13d, 0x30000
    jz      %%send
    xor     edx, edx
%%send:
    or      rdx, rdi
%endmacro

; One of two numbers of system calls, in eax.
%macro either 2
    mov     eax, %1
    test    r13d, 0x100000
    jz      %%chosen
    mov     eax, %2
%%chosen:
%endmacro

; One call less to make.
%macro spend 0
    and     r15, BUDGET
    jz      helper_end
    dec     r15
%endmacro

; Waits, and answers what comes: by a reply, by a reply that waits, or not at all.
helper_server:
    spend
    capabilities
    mov     edi, r12d
    xor     esi, esi
    mov     eax, SYS_WAIT
    syscall
.answer:
    spend
    test    rax, rax
    js      .elsewhere
    test    al, 1                       ; WAIT_MESSAGE
    jz      helper_server
    capabilities
    step
    mov     rsi, r13
    shr     rsi, 40
    and     esi, 3                      ; 1: FAULT_RESUME
    test    r13d, 0x700000
    jz      helper_server
    test    r13d, 0x600000
    jz      .reply
    mov     edi, r12d
    either  SYS_REPLY_WAIT, SYS_REPLY_WAIT_CAPS
    syscall
    jmp     .answer
.reply:
    mov     eax, SYS_REPLY
    syscall
    jmp     helper_server
.elsewhere:
    other_slot
    jmp     helper_server

helper_caller:
    spend
    capabilities
    mov     edi, r12d
    mov     rsi, r13
    mov     r8, r12
    mov     r9, r15
    mov     r10, rsp
    either  SYS_CALL, SYS_CALL_CAPS
    syscall
    test    rax, rax
    jns     helper_caller
    other_slot
    jmp     helper_caller

; Raises and polls events, and waits for its own.
helper_poller:
    spend
    mov     edi, r12d
    mov     rsi, r13
    or      rsi, 1
    xor     edx, edx
    mov     eax, SYS_EVENT_RAISE
    syscall
    mov     edi, r12d
    mov     eax, SYS_EVENT_POLL
    syscall
    other_slot
    test    r13d, 0x30000
    jnz     helper_poller
    xor     edi, edi
    xor     esi, esi
    xor     edx, edx
    mov     eax, SYS_WAIT
    syscall
    jmp     helper_poller

; Destroys and stops things while others use them, and destroy them as well.
helper_destroyer:
    spend
    and     r15, 7
    mov     edi, r12d
    mov     eax, SYS_OBJECT_DESTROY
    syscall
    mov     eax, SYS_YIELD
    syscall
    mov     edi, r12d
    mov     eax, SYS_OBJECT_DESTROY
    syscall
    other_slot
    mov     edi, r12d
    mov     eax, SYS_THREAD_STOP
    syscall
    other_slot
    jmp     helper_destroyer

; Is interrupted at any instruction.
helper_spinner:
    spend
    mov     ecx, 1000
.spin:
    dec     ecx
    jnz     .spin
    mov     eax, SYS_YIELD
    syscall
    jmp     helper_spinner

; Faults of all kinds, one after the other: each is a message to the fault endpoint, if any.
helper_end:
    xor     r15d, r15d
    step
    mov     rax, r13
    shr     rax, 40
    and     eax, 7
    jmp     [ways + rax * 8]
.invalid:
    ud2
.breakpoint:
    int3
    jmp     helper_end
.division:
    xor     ecx, ecx
    div     ecx
.read:
    mov     rax, [16]
.write:
    mov     [helper_end], rax
.execute:
    mov     eax, not_code
    jmp     rax
.not_canonical:
    mov     rax, 1 << 47
    mov     rax, [rax]
.privileged:
    hlt
.floating:
    fld1
    jmp     helper_end

section .rodata
align 8
helper_entries:
    dq helper_server, helper_caller, helper_poller, helper_destroyer, helper_spinner, helper_end
ways:
    dq helper_end.invalid, helper_end.breakpoint, helper_end.division, helper_end.read
    dq helper_end.write, helper_end.execute, helper_end.not_canonical, helper_end.floating

section .data
not_code:
    dq 0

section .note.GNU-stack noalloc noexec nowrite progbits

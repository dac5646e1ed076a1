/*
 * The registers of ring 3, as an entry into the kernel saves them, and the rules by which they go
 * back.
 *
 * A frame is the first thing that an entry makes: entry.asm pushes it straight into the thread that
 * was running, from the last field to the first. Between a saved register and the instruction that
 * trusts it there are two rules: the one for flags is frame_user_rflags below; the one for
 * addresses is the macro unless_sysret in layout.inc, because all who need it are assembly. Both
 * are tested on the host, where emulation cannot hide a mistake.
 */
#pragma once
#include <abi/info.h>

struct trap_frame {
    u64 r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
    u64 vector; /* of the exception or interrupt; VECTOR_SYSCALL for a system call */
    u64 error;
    u64 rip, cs, rflags, rsp, ss; /* as IRET wants them */
};
static_assert(sizeof(struct trap_frame) == 22 * 8, "entry.asm pushes 22 words");

#define VECTOR_SYSCALL 256

/* The order of selectors that SYSCALL and SYSRET demand: kernel code, kernel data, user data, user
 * code. */
#define SELECTOR_KERNEL_CODE 0x08
#define SELECTOR_KERNEL_DATA 0x10
#define SELECTOR_USER_DATA   0x1b
#define SELECTOR_USER_CODE   0x23
#define SELECTOR_TSS         0x28

#define RFLAGS_ALWAYS     0x2ul
#define RFLAGS_TF         0x100ul
#define RFLAGS_IF         0x200ul
#define RFLAGS_ARITHMETIC 0xcd5ul /* CF PF AF ZF SF DF OF */

/* The flags that ring 3 may have, out of a word that somebody asked for: interrupts on, no I/O
 * privilege, no nested task, no alignment-check override. */
static inline u64 frame_user_rflags(u64 wanted)
{
    return (wanted & (RFLAGS_ARITHMETIC | RFLAGS_TF)) | RFLAGS_IF | RFLAGS_ALWAYS;
}

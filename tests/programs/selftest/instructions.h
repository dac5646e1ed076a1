/*
 * Instructions that helpers execute because they fault, or might. Each function can be run by a
 * helper.
 */
#pragma once
#include <base/types.h>

struct instruction {
    const char *name;
    void (*run)(u64 unused);
    u64 vector, or_vector; /* the second: what QEMU's software emulation makes of it */
    bool has_code;
    u64 code;
};
extern const struct instruction instructions[];
extern const u64 instruction_count;

void do_read(u64 address);
void do_write(u64 address);
void do_jump(u64 address);
void do_load_segment(u64 selector);
void do_syscall_at(u64 address);

/* A fault with known registers. */
#define KNOWN_ADDRESS 0x0000003333333338ul
#define KNOWN_RSP     0x0000004444444440ul
#define KNOWN_RBX     0x1111111111111111ul
#define KNOWN_RCX     0x2222222222222222ul
#define KNOWN_R15     0x5555555555555555ul
void do_known_fault(u64 unused);
extern const char known_fault_rip[];

void do_sse(u64 unused);
void do_x87(u64 unused);
void do_mmx(u64 unused);
void do_x87_unmasked(u64 unused);
void do_sse_unmasked(u64 unused);
void do_mxcsr_wrong(u64 unused);

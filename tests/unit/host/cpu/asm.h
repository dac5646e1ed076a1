/*
 * For unit tests, in the place of kernel/cpu/asm.h: the few instructions that the kernel's logic
 * uses. Time is a variable, and loading page tables is counted.
 */
#pragma once
#include <base/types.h>

extern u64 host_tsc;
extern u64 host_cr3, host_cr3_loads;

static inline u64 rdtsc(void)
{
    return host_tsc;
}

static inline void write_cr3(u64 value)
{
    host_cr3 = value;
    host_cr3_loads++;
}

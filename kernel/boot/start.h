/*
 * The way from the first instruction to the first program.
 */
#pragma once
#include <base/types.h>

struct boot_facts;

/* From boot.asm: `info` is the physical address of the loader's information block, `tsc` the
 * time-stamp counter at the first instruction. */
_Noreturn void kernel_start(u64 info, u64 tsc);

/* Makes root out of its module, and runs it (root.c). */
_Noreturn void root_start(const struct boot_facts *facts, u64 tsc);

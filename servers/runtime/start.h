/*
 * How a server begins: what root told it, the grants it was given, and how it ends.
 *
 * Every program defines `int main(void)`. When it returns, the program is over; root hears of that
 * as a fault which fault_is_exit tells from others.
 */
#pragma once
#include <abi/boot.h>
#include <abi/info.h>
#include <abi/start.h>
#include <base/types.h>

/* The start page, read-only. For root, which nobody starts: one that the runtime makes up, with
 * name, tsc_hz and tsc_entry filled in. */
extern const struct start_info *start;

/* For root alone, in all other programs NULL: what the kernel says, and its own start page, in
 * which it may fill in the rest (`log_size` above all: until then nothing is logged). */
extern const struct boot_info *boot_info;
extern struct start_info *root_start;

/* Defined by every program. What it returns is written to the log. */
int main(void);

/* The grant of this kind and name, or NULL: the configuration gave none. */
const struct grant *grant_find(enum grant_kind kind, const char *name);

/* Ends the program. */
_Noreturn void runtime_exit(void);

/* Is this fault, by its words at the fault endpoint (abi/info.h), the end of a program? */
static inline bool fault_is_exit(u64 word0, u64 rsp)
{
    return FAULT_VECTOR(word0) == 6 && rsp == 0;
}

/*
 * Who gets which memory at boot. The order is: what the loader reported as usable, less what is in
 * use already (kernel, modules) and the first megabyte, which is never used; page tables and the
 * frame table; the contiguous reserve; and all that is left goes to the frame allocator.
 */
#pragma once
#include <base/types.h>

struct boot_facts;
struct module;

#define MEMORY_MINIMUM (16ul << 20) /* with less the kernel does not start */

/* What was found, and how it was split. */
struct boot_memory {
    u64 highest;       /* end of the last RAM */
    u64 pages;         /* RAM in all, but for the first megabyte */
    u64 free_pages;    /* of these, handed to the frame allocator */
    u64 reserve_pages; /* and to the contiguous reserve; the rest: kernel and modules */
};
extern struct boot_memory boot_memory;

/* Finds out what is unused, builds the kernel's page tables there, and switches to them. */
void boot_memory_map(const struct boot_facts *facts);

/* Starts the frame allocator and the reserve, with all that is unused. */
void boot_memory_give(void);

/* `pages` frames of unused RAM in a row, zeroed, for good; only before boot_memory_give returns. */
u64 early_pages(u64 pages);

/* Does any RAM but the first megabyte lie in these `bytes` from `phys` on? */
bool boot_memory_overlaps(u64 phys, u64 bytes);

/* Gives the frames of a module to the frame allocator, once nobody needs it any more. */
void boot_memory_release(const struct module *module);

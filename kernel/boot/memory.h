/*
 * Who gets which memory at boot. The order is: what the loader reported as usable, less what is in use
 * already (kernel, modules, the first megabyte); page tables and the frame table; the
 * contiguous reserve; and all that is left goes to the frame allocator.
 */
#pragma once
#include <base/types.h>

struct boot_facts;

#define MEMORY_MINIMUM (16ul << 20) /* below this the kernel does not start */

/* What boot found and took; complete when boot_memory_finish has returned. */
struct boot_memory {
    u64 highest;       /* end of the last RAM */
    u64 managed_pages; /* RAM in all */
    u64 free_pages;    /* handed to the frame allocator */
    u64 reserve_pages; /* contiguous reserve */
};
extern struct boot_memory boot_memory;

/* Splits memory up, builds the kernel's page tables, starts frame allocator and reserve. */
void boot_memory_init(const struct boot_facts *facts);

/* `pages` frames of RAM in a row, zeroed, for good; only until boot_memory_init returns. Panics if there are none. */
u64 early_pages(u64 pages);

/* Gives the frames of a module back that nobody needs any more. */
struct module;
void boot_memory_release(const struct module *module);

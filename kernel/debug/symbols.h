/*
 * Names of functions and lines of source for addresses in the kernel, read from the table that
 * kernel/symbols.py makes at build time and the loader brings as a module. PURE: the host's tests
 * run this code.
 *
 * It works while the kernel is panicking: no state but a description of the table, no allocation,
 * and a table that is damaged gives no name, never a fault.
 */
#pragma once
#include <base/types.h>

/* Offsets in the table count from here (KERNEL_BASE). */
#define SYMBOLS_BASE 0xffffffff80000000ul

struct symbols {
    const u8 *functions, *lines, *files;
    const char *strings;
    u32 function_count, line_count, file_count, string_bytes;
};

/* Where an address is. `function` and `file` are NULL when they are not known. */
struct symbol {
    const char *function, *file;
    u64 offset; /* from the start of the function */
    u32 line;
};

/* Takes the table at `table` into use; false, and a table without names, if it is not one. */
bool symbols_open(struct symbols *symbols, const void *table, u64 size);

/* Looks an address up. */
struct symbol symbols_find(const struct symbols *symbols, u64 address);

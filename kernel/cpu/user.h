/*
 * The memory of ring 3, as the kernel reads and writes it: only here, a word at a time.
 *
 * What ring 3 shares it can change at any moment. So a system call reads each word once, into
 * memory of its own, checks that, and uses that. In debug builds the accessor enforces it: a second
 * read of the same word through the same `struct fetch` returns something else (as far as
 * FETCH_LIMIT words go).
 */
#pragma once
#include <base/types.h>

#define FETCH_LIMIT 80

/* The reads of one system call. Start with `struct fetch fetch = {0}`. */
struct fetch {
    u32 count;
    u64 address[FETCH_LIMIT];
};

/* Reads the word at a user address; false if it cannot be read. */
must_check bool user_fetch(struct fetch *fetch, u64 address, u64 *value);

/* Copies `bytes`, a multiple of 8, from and to aligned user addresses. */
must_check bool user_read(struct fetch *fetch, u64 address, void *to, u64 bytes);
must_check bool user_write(u64 address, const void *from, u64 bytes);

/* user_raw.asm: the instructions themselves. The address has been checked; false if it is not
 * mapped. */
bool user_raw_read(u64 address, u64 *value);
bool user_raw_write(u64 address, u64 value);

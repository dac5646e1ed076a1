/*
 * The few functions on bytes and strings that C programs expect, and that compilers call behind our
 * back, with the names and contracts of the C standard; and one of our own for copying a string
 * into a place of limited size.
 *
 * Programs on the host (tests) get the standard ones from the host's C library, where the
 * sanitizers watch them: string.c is for everything that has no C library, and is never linked
 * beside one. (Its own test renames what it defines.)
 */
#pragma once

#include <base/types.h>

/* Copies `length` bytes; the two places must not overlap. Returns `to`. */
void *memcpy(void *restrict to, const void *restrict from, usize length);

/* Copies `length` bytes; the two places may overlap. Returns `to`. */
void *memmove(void *to, const void *from, usize length);

/* Sets `length` bytes to the low eight bits of `byte`. Returns `to`. */
void *memset(void *to, int byte, usize length);

/* Less than, equal to or greater than 0 as the first differing byte of `a`, unsigned, is. */
int memcmp(const void *a, const void *b, usize length);

/* The bytes of `string` before its terminating 0. */
usize strlen(const char *string);

/* The same, but `limit` if there is no 0 in the first `limit` bytes; looks no further. */
usize strnlen(const char *string, usize limit);

/* Compares strings as memcmp does bytes; strncmp looks at no more than `limit` characters. */
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, usize limit);

/* The first place of `character` in `string`, its terminating 0 included; NULL if there is none. */
char *strchr(const char *string, int character);

/*
 * Copies `from` into the `size` bytes at `to`, as much of it as fits, and always terminates it (if
 * `size` is 0 there is no room for even that, and nothing is written). True when all of it fitted.
 */
must_check static inline bool string_copy(char *to, usize size, const char *from)
{
    if (size == 0)
        return false;
    usize length = strnlen(from, size);
    bool fits = length < size;
    if (!fits)
        length = size - 1;
    memcpy(to, from, length);
    to[length] = 0;
    return fits;
}

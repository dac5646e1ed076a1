/*
 * What every unit test begins with: cmocka and the headers that it wants before it, and a way to
 * hand the code under test a piece of memory that ends exactly where its length says, so that the
 * address sanitizer sees every byte read or written beyond.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <base/types.h>

/* A copy of `length` bytes on the heap, to be freed; of length 0, a place that must not be read. */
static inline void *exact_copy(const void *bytes, usize length)
{
    char *copy = malloc(length);
    assert_non_null(copy);
    for (usize i = 0; i < length; i++)
        copy[i] = ((const char *)bytes)[i];
    return copy;
}

/* The same for a string with its 0. */
static inline char *exact_string(const char *string)
{
    return exact_copy(string, strlen(string) + 1);
}

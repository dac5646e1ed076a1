/*
 * Memory for a program's own use, from its own pool: what is allocated here is charged to nobody
 * else, and the pool's limit is the only one. Not for more than one thread.
 */
#pragma once
#include <base/types.h>

/* At least `size` bytes at an address that suits every type; NULL when the pool is exhausted. */
must_check void *heap_allocate(usize size);

/* The same, filled with zeros. */
must_check void *heap_zeroed(usize size);

/* Gives back what one of the two returned, or NULL. Anything else ends the program with a panic. */
void heap_free(void *address);

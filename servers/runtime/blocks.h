/*
 * An allocator of blocks inside one stretch of memory that can grow at its end: the logic of the
 * heap, without the system calls, so that tests on the host can take it apart.
 *
 * Each block has a header that knows its size and that of the block before it; neighbours that are
 * free are joined at once. Free blocks are listed by size, one list for each power of two, so that
 * allocating looks at few of them however many there are.
 */
#pragma once
#include <base/list.h>
#include <base/types.h>

#define BLOCKS_ALIGNMENT 16u /* of every address handed out */
#define BLOCKS_OVERHEAD  16u /* bytes that each block costs above what was asked for */
#define BLOCKS_LISTS     40  /* blocks are smaller than 2^BLOCKS_LISTS */

struct blocks {
    u8 *base;
    u64 size;      /* bytes from base that are memory already */
    u64 last_size; /* of the block at the end; 0 when there is none */
    u64 used;      /* bytes handed out, headers included */
    struct list free[BLOCKS_LISTS];
};

/* Starts with no memory at `base`, which is aligned to BLOCKS_ALIGNMENT. */
void blocks_init(struct blocks *blocks, void *base);

/* So many more bytes at the end have become memory; a multiple of BLOCKS_ALIGNMENT, at least 32. */
void blocks_extend(struct blocks *blocks, u64 bytes);

/* A block of at least `size` bytes, or NULL when no free one is as large. */
must_check void *blocks_allocate(struct blocks *blocks, u64 size);

/* Gives a block back. False, and nothing done, when no block in use starts at `address`, as far as
 * its header tells. */
must_check bool blocks_free(struct blocks *blocks, void *address);

/* Are all headers and lists in order? For tests. */
bool blocks_are_sound(const struct blocks *blocks);

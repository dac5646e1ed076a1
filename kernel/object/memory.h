/*
 * Memory objects: pages by index, and everything that shows them.
 *
 * A memory object knows the regions of spaces that map it and the ranges that devices may reach by
 * DMA. Its destruction takes its pages away from spaces of its own pool and of pools inside that;
 * if somebody else's space or a device still holds some, it waits in quarantine, charged but out of
 * reach.
 */
#pragma once
#include "memory/radix.h"
#include "object/object.h"

enum memory_layout {
    MEMORY_PAGED,   /* frames of its own, present or absent, in a radix tree */
    MEMORY_RESERVE, /* a stretch of the boot reserve; the first `committed` pages are present */
    MEMORY_FIXED    /* a stretch that is nobody's: device registers, boot modules */
};

struct memory {
    struct object object;
    u64 pages, committed;
    u8 layout, cache;
    bool quarantined;
    union {
        struct radix radix; /* MEMORY_PAGED */
        u64 base;           /* others */
    };
    u64 large; /* a large frame that is being zeroed for large_page; 0: none */
    u64 large_page, large_zeroed;
    u64 cursor;          /* how far destruction has come */
    struct list regions; /* struct region; those of its own pool's spaces first */
    struct list dma;     /* struct dma_hold */
    u64 region_count, dma_count;
};

must_check enum error memory_create(struct pool *pool, u64 pages, bool contiguous,
                                    struct memory **result);

/* An object that shows existing physical memory, and does not own it. */
must_check enum error memory_create_fixed(struct pool *pool, u64 physical, u64 pages,
                                          enum memory_cache cache, struct memory **result);

/* One bite of committing: how many pages from `page` on are now present (0: more calls are needed),
 * or ERR_MEMORY. */
must_check enum error memory_commit_step(struct memory *memory, u64 page, u64 pages, u64 *done);

#define FRAME_NONE (~0ul)

/* Physical address of a page, or FRAME_NONE; *large: it is part of an aligned 2 MiB leaf. */
u64 memory_frame(const struct memory *memory, u64 page, bool *large);

/* Is `pool` the memory's own, or inside that? What such spaces show ends with the memory. */
static inline bool memory_is_own(const struct memory *memory, const struct pool *pool)
{
    return pool_is_inside(pool, memory->object.pool);
}

/* Somebody (a region or a DMA range) has let go of the memory: quarantine may be over. */
void memory_released(struct memory *memory);

must_check enum error memory_empty_step(struct object *object);

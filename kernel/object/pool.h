/*
 * Pools: accounts of memory.
 *
 * A pool that was given N pages can always use N pages: what it gives to a pool inside it is set
 * aside for that one. Objects live in slabs: pages that belong to one pool and hold objects of one
 * size, so that the end of a pool gives back whole pages.
 */
#pragma once
#include "object/object.h"

#define SLAB_CLASSES 4 /* objects of up to 128, 256, 512 and 1024 bytes */

struct pool {
    struct object object;
    u64 pages, used, reserved, quarantined, object_count;
    u32 highest_priority, depth;
    bool stopped;        /* nothing in it, or in pools inside it, can run again */
    struct list link;    /* in one of its parent's lists of children: */
    struct list running; /* those not stopped, */
    struct list ended;   /* those that are, */
    struct list stuck;   /* and of these, those of which only what somebody else holds is left */
    struct list threads, objects, quarantine;
    struct list slabs[SLAB_CLASSES]; /* those with room */
};

/* The pool of all free frames, made once at boot. */
struct pool *pool_init_root(void);

/* Frames have been given to the allocator since. */
void pool_grow_root(struct pool *root);

/* Could so many pages be taken now? */
bool pool_has_room(const struct pool *pool, u64 pages);

/* A zeroed page, or a block of 512 pages with unknown contents, charged to the pool: its physical
 * address, or 0. */
must_check u64 pool_take_page(struct pool *pool);
must_check u64 pool_take_large(struct pool *pool);
void pool_return_page(struct pool *pool, u64 physical);
void pool_return_large(struct pool *pool, u64 physical);

/* Charges memory that does not come from the frames (the boot reserve, boot modules): as a
 * guarantee the pool must have room for it. */
must_check bool pool_charge(struct pool *pool, u64 pages);
void pool_refund(struct pool *pool, u64 pages);

/* Zeroed memory for a structure of `size` bytes (at most a page), aligned to 64; NULL when the pool
 * is full. pool_free takes the same size. */
must_check void *pool_allocate(struct pool *pool, u64 size);
void pool_free(struct pool *pool, void *memory, u64 size);

/* An object of `size` bytes with its header filled in; NULL when the pool is full. */
must_check void *object_allocate(struct pool *pool, enum object_type type, u64 size);

/* The last act of an object's destruction: leaves its pool, and is no more. Its capabilities are
 * gone. It has `size` bytes, `before` of them before the header. */
void object_free(struct object *object, u64 size, u64 before);

/* Is `pool` the same as `ancestor`, or inside it? */
bool pool_is_inside(const struct pool *pool, const struct pool *ancestor);

must_check enum error pool_create(struct pool *parent, u64 pages, u32 highest_priority,
                                  struct pool **result);
must_check enum error pool_destroy_step(struct object *object);

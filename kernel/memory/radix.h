/*
 * A sparse table of frames by page number: what a memory object is made of.
 *
 * Nodes are pages of 512 entries, charged to the pool that owns the table. A leaf is a frame of 4
 * KiB at the lowest level or one of 2 MiB at the level above.
 */
#pragma once
#include "object/pool.h"

struct radix {
    u64 root;   /* address of the top node; 0 while the table is empty */
    u32 height; /* levels: the table covers 512^height pages */
};

/* The frame at `page`: its physical address, or 0. *large says whether a leaf of 2 MiB holds it. */
u64 radix_find(const struct radix *radix, u64 page, bool *large);

/* Enters a frame at an absent page (a large one: at an aligned page with no node below). ERR_MEMORY
 * when there is no room for nodes, ERR_OCCUPIED when there is something already. */
must_check enum error radix_insert(struct radix *radix, struct pool *pool, u64 page, u64 physical,
                                   bool large);

/* May a large leaf be entered at `page`? */
bool radix_large_free(const struct radix *radix, u64 page);

/*
 * One bite of emptying the table: gives back frames and nodes of at most 512 pages from *page on,
 * and moves *page behind them. Adds the frames given back to *returned. True when the whole table
 * is gone.
 */
must_check bool radix_drop(struct radix *radix, struct pool *pool, u64 *page, u64 *returned);

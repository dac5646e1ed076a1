/*
 * Page tables of ring 3: the lower half of a four-level tree, whose table pages are charged to a
 * pool.
 *
 * Only the tables are here; when a translation changes, forgetting the old one (space.c) is the
 * caller's.
 */
#pragma once
#include "memory/pte.h"
#include "object/pool.h"

/* The bits of an entry for rights (READ, WRITE, EXECUTE) and a cache attribute. */
u64 pte_bits(u64 rights, unsigned cache);

/* Maps one page (large: 2 MiB) at `address`. A mapping that is there already stays: it shows the
 * same. (So a large page must not be asked for where small ones were.) ERR_MEMORY when a
 * table is wanting. */
must_check enum error paging_enter(u64 *top, struct pool *pool, u64 address, u64 pte, bool large);

/* The entry that maps `address`, or 0. */
u64 paging_find(const u64 *top, u64 address);

/*
 * One bite of unmapping [*address, end): clears entries, gives back tables that come out empty, and
 * moves *address on. True when `end` is reached. Tables must not be walked by the processor any
 * more before they are reused: flush before the next allocation.
 */
must_check bool paging_clear(u64 *top, struct pool *pool, u64 *address, u64 end);

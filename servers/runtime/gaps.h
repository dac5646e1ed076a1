/*
 * Which stretches of an address range are taken: finds room for a new one, and forgets old ones.
 * Pure bookkeeping, in pages; between two stretches there is always a page that nobody gets, so
 * that running off the end of one is noticed.
 */
#pragma once
#include <base/types.h>

#define GAPS_LIMIT 64 /* stretches at one time */

struct stretch {
    u64 first, pages;
};

struct gaps {
    u64 first, end; /* pages that may be taken: set by the owner */
    u32 count;
    struct stretch taken[GAPS_LIMIT]; /* in ascending order */
};

/* Takes `pages` pages, aligned to a power of two of pages; the first, or 0: there is no room. */
must_check u64 gaps_take(struct gaps *gaps, u64 pages, u64 alignment);

/* Gives back the stretch that starts at `first`; how many pages it had, 0 when there is none. */
u64 gaps_give(struct gaps *gaps, u64 first);

/* The contiguous boot reserve, by a bitmap and first fit; see reserve.h. */
#include "memory/reserve.h"
#include "debug/assert.h"
#include <abi/object.h>

static u64 base;
static u64 total;
static u64 used_count;
static u64 used[RESERVE_PAGES_LIMIT / 64]; /* a bit for each page in use */

void reserve_init(u64 physical, u64 pages)
{
    base = physical;
    total = min(pages, RESERVE_PAGES_LIMIT);
    used_count = 0;
    for (u64 i = 0; i < array_count(used); i++) {
        used[i] = 0;
    }
}

static bool page_used(u64 page)
{
    return used[page / 64] >> page % 64 & 1;
}

static void page_mark(u64 first, u64 pages, bool value)
{
    for (u64 page = first; page < first + pages; page++) {
        invariant(page_used(page) != value);
        used[page / 64] ^= 1ul << page % 64;
    }
}

u64 reserve_take(u64 pages)
{
    u64 run = 0;
    if (pages == 0) {
        return 0;
    }
    for (u64 page = 0; page < total; page++) {
        run = page_used(page) ? 0 : run + 1;
        if (run == pages) {
            u64 first = page + 1 - pages;
            page_mark(first, pages, true);
            used_count += pages;
            return base + first * PAGE_SIZE;
        }
    }
    return 0;
}

void reserve_return(u64 physical, u64 pages)
{
    page_mark((physical - base) / PAGE_SIZE, pages, false);
    used_count -= pages;
}

u64 reserve_total(void)
{
    return total;
}

u64 reserve_used(void)
{
    return used_count;
}

bool reserve_contains(u64 physical)
{
    return physical >= base && physical - base < total * PAGE_SIZE;
}

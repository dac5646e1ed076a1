/*
 * Regions: which memory a space shows where, and the page-table entries that follow from it; see
 * space.h.
 *
 * The array of regions is kept in the order of addresses, so that a fault finds its region by
 * halving.
 */
#include "debug/assert.h"
#include "object/space.h"
#include <base/string.h>

#define POPULATE_BITE 128

/* The number of regions that begin at or below `address`. */
static u64 regions_up_to(const struct space *space, u64 address)
{
    u64 low = 0, high = space->region_count;
    while (low < high) {
        u64 middle = (low + high) / 2;
        if (space->regions[middle]->address <= address) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

struct region *space_region(const struct space *space, u64 address)
{
    u64 count = regions_up_to(space, address);
    if (count == 0) {
        return NULL;
    }
    struct region *region = space->regions[count - 1];
    return address - region->address < region->bytes ? region : NULL;
}

enum error space_map(struct space *space, struct memory *memory, u64 address, u64 first, u64 pages,
                     u64 rights)
{
    u64 bytes = pages * PAGE_SIZE;
    u64 at = regions_up_to(space, address);
    struct region **regions = space->regions;
    bool overlap = (at > 0 && address - regions[at - 1]->address < regions[at - 1]->bytes) ||
                   (at < space->region_count && regions[at]->address - address < bytes);
    if (overlap) {
        return ERR_OCCUPIED;
    }
    if (space->region_count == REGION_LIMIT) {
        return ERR_LIMIT;
    }
    struct region *region = pool_allocate(space->object.pool, sizeof(*region));
    if (!region) {
        return ERR_MEMORY;
    }
    *region = (struct region){.memory = memory,
                              .space = space,
                              .address = address,
                              .bytes = bytes,
                              .first = first,
                              .rights = rights};
    list_init(&region->in_memory);
    if (memory_is_own(memory, space->object.pool)) {
        list_push_front(&memory->regions, &region->in_memory);
    } else {
        list_push_back(&memory->regions, &region->in_memory);
    }
    memory->region_count++;
    memmove(&regions[at + 1], &regions[at], (space->region_count - at) * sizeof(*regions));
    regions[at] = region;
    space->region_count++;
    return ERR_NONE;
}

bool region_remove_step(struct region *region)
{
    struct space *space = region->space;
    struct pool *pool = space->object.pool;
    if (!region->cursor) {
        region->cursor = region->address;
    }
    bool done = paging_clear(space->top, pool, &region->cursor, region->address + region->bytes);
    space_flush(space);
    if (!done) {
        return false;
    }
    struct region **regions = space->regions;
    u64 at = regions_up_to(space, region->address) - 1;
    invariant(regions[at] == region);
    space->region_count--;
    memmove(&regions[at], &regions[at + 1], (space->region_count - at) * sizeof(*regions));
    list_remove(&region->in_memory);
    region->memory->region_count--;
    memory_released(region->memory);
    pool_free(pool, region, sizeof(*region));
    return true;
}

/* Enters the page-table entry for `address` of the region; *pages: how many pages it shows from
 * there on. */
static enum error region_enter(struct region *region, u64 address, u64 *pages)
{
    struct space *space = region->space;
    struct memory *memory = region->memory;
    u64 offset = (address - region->address) / PAGE_SIZE;
    bool large;
    u64 physical = memory_frame(memory, region->first + offset, &large);
    if (physical == FRAME_NONE) {
        return ERR_ABSENT;
    }
    u64 start = align_down(address, LARGE_SIZE);
    large = large && physical % LARGE_SIZE == address % LARGE_SIZE && start >= region->address &&
            start + LARGE_SIZE <= region->address + region->bytes;
    *pages = large ? (start + LARGE_SIZE - address) / PAGE_SIZE : 1;
    physical = large ? align_down(physical, LARGE_SIZE) : physical;
    return paging_enter(space->top, space->object.pool, large ? start : address,
                        physical | pte_bits(region->rights, memory->cache), large);
}

enum error space_populate(struct space *space, u64 address, u64 pages, u64 *done)
{
    *done = 0;
    struct region *region = space_region(space, address);
    if (!region || region->cursor) {
        return ERR_ABSENT;
    }
    pages = min(pages, (region->address + region->bytes - address) / PAGE_SIZE);
    for (u32 entries = 0; *done < pages && entries < POPULATE_BITE; entries++) {
        u64 shown;
        enum error error = region_enter(region, address + *done * PAGE_SIZE, &shown);
        if (error) {
            return *done ? ERR_NONE : error;
        }
        *done = min(pages, *done + shown);
    }
    return ERR_NONE;
}

bool space_writable(struct space *space, u64 address)
{
    return address < USER_END && !space_fault(space, address, true, false);
}

enum error space_fault(struct space *space, u64 address, bool write, bool execute)
{
    struct region *region = space_region(space, address);
    if (!region || region->cursor) {
        return ERR_ABSENT;
    }
    if ((write && !(region->rights & RIGHT_WRITE)) ||
        (execute && !(region->rights & RIGHT_EXECUTE))) {
        return ERR_RIGHTS;
    }
    u64 shown;
    return region_enter(region, align_down(address, PAGE_SIZE), &shown);
}

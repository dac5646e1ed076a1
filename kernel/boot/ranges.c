/*
 * Sets of physical memory as short sorted lists: adding merges, removing may split.
 */
#include "boot/ranges.h"

static void delete_at(struct ranges *ranges, u32 index)
{
    ranges->count--;
    for (u32 i = index; i < ranges->count; i++) {
        ranges->range[i] = ranges->range[i + 1];
    }
}

static u32 smallest(const struct ranges *ranges)
{
    u32 found = 0;
    for (u32 i = 1; i < ranges->count; i++) {
        const struct range *range = &ranges->range[i], *best = &ranges->range[found];
        if (range->end - range->start < best->end - best->start) {
            found = i;
        }
    }
    return found;
}

/* Inserts a range that touches no other where it belongs. */
static void insert(struct ranges *ranges, u64 start, u64 end)
{
    if (ranges->count == RANGES_LIMIT) {
        u32 victim = smallest(ranges);
        if (end - start <= ranges->range[victim].end - ranges->range[victim].start) {
            return;
        }
        delete_at(ranges, victim);
    }
    u32 place = ranges->count++;
    for (; place > 0 && ranges->range[place - 1].start > start; place--) {
        ranges->range[place] = ranges->range[place - 1];
    }
    ranges->range[place] = (struct range){start, end};
}

void ranges_add(struct ranges *ranges, u64 start, u64 end)
{
    if (start >= end) {
        return;
    }
    for (u32 i = 0; i < ranges->count;) {
        struct range range = ranges->range[i];
        if (range.start > end || range.end < start) {
            i++;
            continue;
        }
        start = min(start, range.start);
        end = max(end, range.end);
        delete_at(ranges, i);
    }
    insert(ranges, start, end);
}

void ranges_remove(struct ranges *ranges, u64 start, u64 end)
{
    if (start >= end) {
        return;
    }
    for (u32 i = 0; i < ranges->count;) {
        struct range range = ranges->range[i];
        if (range.start >= end || range.end <= start) {
            i++;
            continue;
        }
        delete_at(ranges, i);
        if (range.start < start) {
            insert(ranges, range.start, start);
        }
        if (range.end > end) {
            insert(ranges, end, range.end);
        }
        i = 0; /* a full list may have dropped any; what was put back is not met again */
    }
}

u64 ranges_total(const struct ranges *ranges)
{
    u64 total = 0;
    for (u32 i = 0; i < ranges->count; i++) {
        total += ranges->range[i].end - ranges->range[i].start;
    }
    return total;
}

u64 ranges_end(const struct ranges *ranges)
{
    return ranges->count ? ranges->range[ranges->count - 1].end : 0;
}

bool ranges_hold(const struct ranges *ranges, u64 start, u64 end)
{
    for (u32 i = 0; i < ranges->count; i++) {
        if (ranges->range[i].start <= start && end <= ranges->range[i].end) {
            return true;
        }
    }
    return false;
}

u64 ranges_take(struct ranges *ranges, u64 bytes, u64 alignment, u64 limit)
{
    for (u32 i = ranges->count; i-- > 0;) {
        struct range range = ranges->range[i];
        u64 end = min(range.end, limit);
        if (end < bytes) {
            continue;
        }
        u64 start = align_down(end - bytes, alignment);
        if (start < range.start) {
            continue;
        }
        ranges_remove(ranges, start, start + bytes);
        return start;
    }
    return RANGES_NONE;
}

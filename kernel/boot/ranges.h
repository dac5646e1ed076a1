/*
 * A set of physical memory, as a short sorted list of page-aligned ranges that do not touch. PURE:
 * the host's tests run this code.
 *
 * The list has a limit. When it is full, the smallest range is dropped: memory is lost, nothing
 * else.
 */
#pragma once
#include <base/types.h>

#define RANGES_LIMIT 64u

struct range {
    u64 start, end; /* [start, end) */
};

struct ranges {
    u32 count;
    struct range range[RANGES_LIMIT];
};

/* Adds [start, end), which may overlap what is there. Nothing if start >= end. */
void ranges_add(struct ranges *ranges, u64 start, u64 end);

/* Removes what is there of [start, end). */
void ranges_remove(struct ranges *ranges, u64 start, u64 end);

/* Bytes in all. */
u64 ranges_total(const struct ranges *ranges);

/* End of the last range; 0 when empty. */
u64 ranges_end(const struct ranges *ranges);

/* Is all of [start, end) in one range? */
bool ranges_hold(const struct ranges *ranges, u64 start, u64 end);

/* Takes `bytes`, starting at a multiple of `alignment`, from the end of the last range that has
 * them below `limit`. Returns their start; RANGES_NONE if there is no such place. */
#define RANGES_NONE (~0ul)
must_check u64 ranges_take(struct ranges *ranges, u64 bytes, u64 alignment, u64 limit);

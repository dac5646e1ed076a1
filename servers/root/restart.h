/*
 * When a server that died is started again: at once the first time, then later and later as long as
 * it keeps dying. Pure.
 */
#pragma once
#include <base/types.h>

#define RESTART_FIRST_NS   100000000ul /* the second time; doubled each time after */
#define RESTART_LONGEST_NS 10000000000ul
#define RESTART_FINE_NS    10000000000ul /* who ran so long is forgiven everything before */

/* Counts a death after `ran` nanoseconds: how many there were in a row, this one included. */
static inline u32 restart_count(u32 deaths, u64 ran)
{
    if (ran >= RESTART_FINE_NS)
        return 1;
    return deaths == UINT32_MAX ? deaths : deaths + 1;
}

/* How long to wait after so many deaths in a row. */
static inline u64 restart_delay(u32 deaths)
{
    u64 delay = RESTART_FIRST_NS;
    if (deaths <= 1)
        return 0;
    for (u32 i = 2; i < deaths && delay < RESTART_LONGEST_NS; i++)
        delay *= 2;
    return min(delay, RESTART_LONGEST_NS);
}

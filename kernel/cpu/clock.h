/*
 * The time-stamp counter as a clock: how fast it runs, and nanoseconds to ticks and back.
 *
 * Conversions multiply by a factor with 32 binary places and saturate: a time too far away to be
 * represented is the end of time, not a wrapped number.
 */
#pragma once
#include <base/types.h>

#define NS_PER_SECOND 1000000000ul

/* Set once by clock_init. */
extern u64 tsc_hz;
extern u64 tsc_per_ns, ns_per_tsc; /* factors for clock_scale */

/* value * factor / 2^32, or all ones if that does not fit. */
static inline u64 clock_scale(u64 value, u64 factor)
{
    unsigned __int128 product = (unsigned __int128)value * factor;
    return product >> 96 ? ~0ul : (u64)(product >> 32);
}

/* The factor that turns a count at `from` a second into one at `to` a second; both below 2^63,
 * `from` not 0. The fraction is found bit by bit, as in division on paper, because 128 bits cannot
 * be divided here. */
static inline u64 clock_factor(u64 to, u64 from)
{
    u64 whole = to / from, rest = to % from, fraction = 0;
    if (whole >> 32) {
        return ~0ul;
    }
    for (int bit = 0; bit < 32; bit++) {
        rest <<= 1;
        fraction = fraction << 1 | (rest >= from);
        if (rest >= from) {
            rest -= from;
        }
    }
    return whole << 32 | fraction;
}

static inline u64 ns_to_tsc(u64 ns)
{
    return clock_scale(ns, tsc_per_ns);
}

static inline u64 tsc_to_ns(u64 ticks)
{
    return clock_scale(ticks, ns_per_tsc);
}

/* Finds out how fast the time-stamp counter and the local APIC's timer run. Needs apic_init. */
void clock_init(void);

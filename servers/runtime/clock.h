/*
 * The processor's clock, and arithmetic between its ticks, or any other clock's, and nanoseconds.
 *
 * Nothing here overflows silently: what does not fit into 64 bits comes out as the largest number.
 * Rates may go up to 18 GHz.
 */
#pragma once
#include <base/scale.h>
#include <base/types.h>

#define NS_PER_SECOND 1000000000ul
#define NS_PER_MS     1000000ul
#define NS_PER_US     1000ul

/* The time-stamp counter. */
static inline u64 tsc(void)
{
    u32 low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (u64)high << 32 | low;
}

/* Nanoseconds in `ticks` of a clock that makes `hz` a second; and back, rounded up. */
static inline u64 clock_to_ns(u64 ticks, u64 hz)
{
    return scale(ticks, NS_PER_SECOND, hz);
}

static inline u64 clock_from_ns(u64 ns, u64 hz)
{
    return scale_up(ns, hz, NS_PER_SECOND);
}

/*
 * The processor's clock, and arithmetic between its ticks, or any other clock's, and nanoseconds.
 *
 * Nothing here overflows silently: what does not fit into 64 bits comes out as the largest number.
 * Rates may go up to 18 GHz.
 */
#pragma once
#include <base/types.h>

#define NS_PER_SECOND 1000000000ul
#define NS_PER_MS     1000000ul
#define NS_PER_US     1000ul

#define RATE_LIMIT (UINT64_MAX / NS_PER_SECOND) /* ticks a second */

/* The time-stamp counter. */
static inline u64 tsc(void)
{
    u32 low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (u64)high << 32 | low;
}

/*
 * value * numerator / denominator, rounded down, without 128-bit division: the whole multiples of
 * the denominator first, then the rest. Right for (denominator - 1) * numerator < 2^64.
 */
static inline u64 clock_scale(u64 value, u64 numerator, u64 denominator)
{
    u64 whole, rest = value % denominator * numerator / denominator;
    if (__builtin_mul_overflow(value / denominator, numerator, &whole) ||
        __builtin_add_overflow(whole, rest, &whole))
        return UINT64_MAX;
    return whole;
}

/* The same, rounded up: for times at which something must not happen too early. It also asks for
 * denominator * numerator < 2^64. */
static inline u64 clock_scale_up(u64 value, u64 numerator, u64 denominator)
{
    u64 whole, rest = (value % denominator * numerator + denominator - 1) / denominator;
    if (__builtin_mul_overflow(value / denominator, numerator, &whole) ||
        __builtin_add_overflow(whole, rest, &whole))
        return UINT64_MAX;
    return whole;
}

/* Nanoseconds in `ticks` of a clock that makes `hz` a second; and back, rounded up. */
static inline u64 clock_to_ns(u64 ticks, u64 hz)
{
    return clock_scale(ticks, NS_PER_SECOND, hz);
}

static inline u64 clock_from_ns(u64 ns, u64 hz)
{
    return clock_scale_up(ns, hz, NS_PER_SECOND);
}

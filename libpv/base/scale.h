/*
 * Multiplying by a fraction: what turns the ticks of one clock into those of another.
 *
 * Nothing overflows silently: what does not fit into 64 bits comes out as UINT64_MAX. No division
 * of 128 bits is needed (freestanding C has none): first the whole multiples of the denominator are
 * scaled, then what is left of it. That is right as long as numerator * denominator < 2^64.
 */
#pragma once

#include <base/types.h>

/* value * numerator / denominator, rounded down. */
static inline u64 scale(u64 value, u64 numerator, u64 denominator)
{
    u64 whole, rest = value % denominator * numerator / denominator;
    if (__builtin_mul_overflow(value / denominator, numerator, &whole) ||
        __builtin_add_overflow(whole, rest, &whole))
        return UINT64_MAX;
    return whole;
}

/* The same, rounded up. */
static inline u64 scale_up(u64 value, u64 numerator, u64 denominator)
{
    u64 rest = value % denominator * numerator;
    u64 whole, part = rest / denominator + (rest % denominator != 0);
    if (__builtin_mul_overflow(value / denominator, numerator, &whole) ||
        __builtin_add_overflow(whole, part, &whole))
        return UINT64_MAX;
    return whole;
}

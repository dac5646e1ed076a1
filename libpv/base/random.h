/*
 * Repeatable random numbers for tests and back-off: the same seed gives the same numbers on every
 * machine, for ever. They are of no use where somebody must not be able to guess them.
 *
 * The seed goes through splitmix64 (so that seeds 1, 2, 3 start far apart, and 0 is as good as any)
 * and the numbers come from xorshift64* (Vigna, "An experimental exploration of
 * Marsaglia's xorshift generators, scrambled", 2016).
 */
#pragma once

#include <base/types.h>

struct random {
    u64 state; /* never 0 */
};

/* One step of splitmix64: moves `*state` on and returns the number for the place left. */
static inline u64 splitmix64(u64 *state)
{
    u64 mixed = *state += 0x9e3779b97f4a7c15;
    mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111eb;
    return mixed ^ mixed >> 31;
}

static inline void random_init(struct random *random, u64 seed)
{
    do
        random->state = splitmix64(&seed);
    while (random->state == 0);
}

/* The next number, any of 64 bits but from a sequence that never repeats within 2^64 - 1. */
static inline u64 random_next(struct random *random)
{
    u64 x = random->state;
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    random->state = x;
    return x * 0x2545f4914f6cdd1d;
}

/* A number below `limit`, which must not be 0; uneven by no more than limit / 2^64. */
static inline u64 random_below(struct random *random, u64 limit)
{
    return (u64)((unsigned __int128)random_next(random) * limit >> 64);
}

/* A number from 2^least to 2^most, each power of two as likely: for times, of which nobody knows
 * how long they should be. */
static inline u64 random_power(struct random *random, u64 least, u64 most)
{
    u64 power = 1ul << (least + random_below(random, most - least));
    return power + random_below(random, power);
}

/*
 * How this program measures: by differences of the time-stamp counter, which QEMU lets count
 * instructions (-icount shift=0). The best of many rounds is reported, so that a round into which a
 * timer interrupt fell does not count; on a quiet machine all rounds are the same.
 */
#pragma once
#include <base/types.h>
#include <runtime/clock.h>

#define ROUNDS 1000

/* Memory that both spaces see at the same address. */
struct shared {
    volatile u64 before;  /* when the round began */
    volatile u64 handler; /* of a fault: how long the handler worked on it */
    u64 best;             /* of the present measurement */
    u64 overhead;         /* between two looks at the clock with nothing in between */
};

/* One round took so long, looking at the clock included. */
static inline void measured(struct shared *shared, u64 ticks)
{
    if (ticks - shared->overhead < shared->best)
        shared->best = ticks - shared->overhead;
}

/* Begins a measurement. */
static inline void measure_begin(struct shared *shared)
{
    shared->best = UINT64_MAX;
}

/* Looks at the clock, for the beginning of a round. */
static inline void round_begin(struct shared *shared)
{
    shared->before = tsc();
}

/* How long the round has lasted. The clock is looked at before anything else is done. */
static inline u64 round_ticks(const struct shared *shared)
{
    u64 now = tsc();
    return now - shared->before;
}

/*
 * Shares: accounts of CPU time.
 *
 * A share has a priority; among shares of the same priority turns go round, each as long as the
 * share's weight says (TURN_NS for each unit of weight). A share with a cap gets at most that much
 * in each period. What a share has used is charged when the processor changes hands; see sched.c.
 */
#pragma once
#include "object/object.h"

#define TURN_NS 10000ul /* for each unit of weight: a weight of 100 runs 1 ms at a time */

struct share {
    struct object object;
    u32 priority, weight;
    u64 cap, cap_ns; /* in a period, in ticks and as it was set; 0: no cap */
    u64 used;        /* ticks in all */
    u64 turn_end;    /* what `used` may reach in the present turn */
    u64 budget_end;  /* what it may reach in `period`, with a cap */
    u64 period;
    u64 throttled;     /* how often the cap was reached */
    struct list ready; /* threads that want to run, but not the one that does */
    struct list link;  /* in a run queue */
    struct list threads;
};

must_check enum error share_create(struct pool *pool, u32 priority, u32 weight, u64 cap_ns,
                                   struct share **result);
void share_set(struct share *share, u32 weight, u64 cap_ns);
must_check enum error share_empty_step(struct object *object);

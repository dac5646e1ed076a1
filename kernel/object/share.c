/* Shares; see share.h. */
#include "object/share.h"
#include "cpu/clock.h"
#include "object/pool.h"
#include "object/thread.h"
#include "sched/sched.h"

#define THREADS_PER_BITE 16

enum error share_create(struct pool *pool, u32 priority, u32 weight, u64 cap_ns,
                        struct share **result)
{
    struct share *share = object_allocate(pool, OBJECT_SHARE, sizeof(*share));
    if (!share) {
        return ERR_MEMORY;
    }
    share->priority = priority;
    list_init(&share->ready);
    list_init(&share->link);
    list_init(&share->threads);
    share_set(share, weight, cap_ns);
    share->turn_end = sched_turn(share);
    *result = share;
    return ERR_NONE;
}

void share_set(struct share *share, u32 weight, u64 cap_ns)
{
    share->weight = weight;
    share->cap_ns = cap_ns;
    share->cap = cap_ns ? max(ns_to_tsc(cap_ns), 1) : 0;
    share->budget_end = share->used + share->cap;
}

enum error share_empty_step(struct object *object)
{
    struct share *share = container_of(object, struct share, object);
    for (unsigned i = 0; i < THREADS_PER_BITE && !list_empty(&share->threads); i++) {
        thread_detach_share(container_of(list_first(&share->threads), struct thread, in_share));
    }
    return list_empty(&share->threads) ? ERR_NONE : ERR_AGAIN;
}

/*
 * Shares: what they are made of, and what becomes of their threads.
 */
#include "check.h"
#include "tests.h"
#include "world.h"

static void spin(u64 index)
{
    for (;;)
        board.count[index]++;
}

void share_life(void)
{
    u32 share = new_slot();
    must(share_create(SLOT_TEST_POOL, share, 0, 1, 0)); /* the lowest of all */
    struct share_info info = share_facts(share);
    same(info.priority, 0);
    same(info.weight, 1);
    same(info.cap_ns, 0);
    same(info.cycles, 0);
    same(info.throttled, 0);
    must(share_set(share, WEIGHT_LIMIT, SHARE_PERIOD_NS));
    info = share_facts(share);
    same(info.weight, WEIGHT_LIMIT);
    same(info.cap_ns, SHARE_PERIOD_NS);
    must(share_set(share, 5, 0));
    same(share_facts(share).cap_ns, 0);
    must(object_destroy_all(share));
}

/* A cap cannot come or go while there are threads; another cap can. */
void share_set_busy(void)
{
    u32 plain = new_share(4), capped = new_slot();
    must(share_create(SLOT_TEST_POOL, capped, 4, 10, SHARE_PERIOD_NS / 2));
    u32 a = helper((struct helper){.run = spin, .argument = 0, .share = plain});
    helper((struct helper){.run = spin, .argument = 1, .share = capped});
    refused(share_set(plain, 10, 1000), ERR_BUSY, 3);
    refused(share_set(capped, 10, 0), ERR_BUSY, 3);
    same(share_set(plain, 20, 0), 0);
    same(share_set(capped, 20, SHARE_PERIOD_NS / 10), 0);
    must(object_destroy_all(a));
    same(share_set(plain, 10, 1000000), 0);
}

/* Time that threads use is their share's, too. */
void share_cycles(void)
{
    u32 share = new_share(4);
    u32 a = helper((struct helper){.run = spin, .argument = 0, .share = share});
    u32 b = helper((struct helper){.run = spin, .argument = 1, .share = share});
    pause_us(20000);
    must(thread_stop(a));
    must(thread_stop(b));
    u64 sum = thread_facts(a).cycles + thread_facts(b).cycles;
    same(share_facts(share).cycles, sum);
    same(board.count[0] > 0 && board.count[1] > 0, true);
    must(object_destroy_all(a));
    pause_us(1000);
    same(share_facts(share).cycles, sum);
}

/* A cap so small that it is less than a tick is a cap all the same. */
void share_tiny_cap(void)
{
    u32 share = new_slot();
    must(share_create(SLOT_TEST_POOL, share, 4, 10, 1));
    u32 thread = helper((struct helper){.run = spin, .argument = 0, .share = share});
    pause_us(100000);
    must(thread_stop(thread));
    between(share_facts(share).throttled, 1, 20);
    between(share_facts(share).cycles, 0, machine_facts().tsc_hz / 1000 * 20);
}

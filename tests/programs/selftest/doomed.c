/*
 * What is put into pools that are to be destroyed; see doomed.h.
 */
#include "doomed.h"
#include "check.h"
#include "world.h"

struct pool_info outside;

/* A pool to be destroyed. */
u32 doomed_pool(void)
{
    outside = pool_facts(SLOT_TEST_POOL);
    return new_pool(POOL_PAGES);
}

/* It is gone and nothing of it is left. */
void is_gone(u32 pool)
{
    struct pool_info now = pool_facts(SLOT_TEST_POOL);
    same(slot_in_use(pool), false);
    same(now.used, outside.used);
    same(now.reserved, outside.reserved);
    same(now.objects, outside.objects);
    same(now.quarantined, outside.quarantined);
}

u32 endpoint_in(u32 pool)
{
    u32 slot = new_slot();
    must(endpoint_create(pool, slot));
    return slot;
}

u32 event_in(u32 pool)
{
    u32 slot = new_slot();
    must(event_create(pool, slot));
    return slot;
}

u32 share_in(u32 pool, u32 priority)
{
    u32 slot = new_slot();
    must(share_create(pool, slot, priority, 100, 0));
    return slot;
}

u32 memory_in(u32 pool, u64 pages)
{
    u32 slot = new_slot();
    must(memory_create(pool, slot, pages, 0));
    must(memory_commit_all(slot, 0, pages));
    return slot;
}

u32 space_in(u32 pool)
{
    u32 slot = new_slot();
    must(space_create(pool, slot));
    return slot;
}

u32 pool_in(u32 pool, u64 pages)
{
    u32 slot = new_slot();
    must(pool_create(pool, slot, pages, TEST_PRIORITY));
    return slot;
}

void doomed_spin(u64 index)
{
    for (;;)
        board.count[index]++;
}

void doomed_call(u64 slot)
{
    struct message m = {.word = {1, 2, 3, 4}};
    board.result[slot % 32] = ipc_call((u32)slot, &m, 0);
}

void doomed_wait(u64 slot)
{
    struct message m = {0};
    board.result[slot % 32] = ipc_wait((u32)slot, 0, &m, 0);
    for (;;)
        board.count[8]++;
}

void doomed_fault(u64 unused)
{
    (void)unused;
    *(volatile u64 *)WINDOW_END = 1;
}

u32 thread_in(u32 pool, void (*run)(u64), u64 argument, u32 fault_endpoint)
{
    return helper((struct helper){.run = run,
                                  .argument = argument,
                                  .pool = pool,
                                  .share = share_in(pool, 5),
                                  .fault = fault_endpoint});
}

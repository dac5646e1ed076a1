/*
 * The end of pools whose memory somebody else holds, by mapping it or for DMA, and of pools in
 * pools: it is quarantined, and the end can be completed when it is let go.
 */
#include "check.h"
#include "doomed.h"
#include "tests.h"
#include "world.h"

/* --- quarantine
 * ----------------------------------------------------------------------------------- */

/* Mapped by somebody outside: it stays as it is for him, until he lets go in one way or another. */
void destroy_mapped(void)
{
    for (unsigned how = 0; how < 3; how++) {
        u32 pool = doomed_pool(), other = new_pool(50);
        u32 space = how == 0 ? SLOT_SPACE : space_in(other);
        u32 memory = memory_in(pool, 600); /* a large page, too */
        must(space_map(space, memory, WINDOW_END, 0, 600, RIGHT_READ | RIGHT_WRITE));
        must(space_populate_all(space, WINDOW_END, how == 0 ? 10 : 600));
        volatile u8 *bytes = (volatile u8 *)WINDOW_END;
        if (how == 0)
            for (u64 page = 0; page < 600; page++)
                bytes[page * PAGE_SIZE] = (u8)page;
        failed_with(object_destroy_all(pool), ERR_BUSY);
        failed_with(object_destroy_all(pool), ERR_BUSY);
        same(slot_in_use(pool), true);
        same(pool_facts(SLOT_TEST_POOL).reserved, outside.reserved + POOL_PAGES + 50);
        failed_with(memory_create(pool, new_slot(), 1, 0), ERR_DEAD);
        u32 refill = new_committed(700); /* others use whatever is free */
        if (how == 0)
            for (u64 page = 0; page < 600; page++)
                if (!same(bytes[page * PAGE_SIZE], (u8)page))
                    break;
        must(object_destroy_all(refill));
        if (how < 2)
            must(space_unmap_all(space, WINDOW_END));
        else
            must(object_destroy_all(other));
        must(object_destroy_all(pool));
        if (how < 2)
            must(object_destroy_all(other));
        is_gone(pool);
    }
}

/* The holder maps it many times, and lets go one by one. */
void destroy_mapped_often(void)
{
    u32 pool = doomed_pool(), memory = memory_in(pool, 4), inner = pool_in(pool, 50);
    u32 deep = memory_in(inner, 4);
    for (u64 i = 0; i < 10; i++)
        must(space_map(SLOT_SPACE, i & 1 ? memory : deep, WINDOW_END + i * LARGE_SIZE, 0, 4,
                       RIGHT_READ));
    for (u64 i = 0; i < 10; i++) {
        failed_with(object_destroy_all(pool), ERR_BUSY);
        must(space_unmap_all(SLOT_SPACE, WINDOW_END + (i * 7 % 10) * LARGE_SIZE));
    }
    must(object_destroy_all(pool));
    is_gone(pool);
}

void destroy_dma(void)
{
    u32 device = new_slot();
    must(device_create(SLOT_MACHINE, SLOT_TEST_POOL, device, DEVICE_PCI, 0xfff8, 0));
    for (unsigned how = 0; how < 2; how++) {
        u32 pool = doomed_pool(), memory = memory_in(pool, 100), reserve = new_slot();
        must(memory_create(pool, reserve, 10, MEMORY_CONTIGUOUS));
        must(dma_map(device, memory, 5, 50));
        must(dma_map(device, reserve, 0, 10));
        failed_with(object_destroy_all(pool), ERR_BUSY);
        must(device_release(device));
        must(object_destroy_all(pool));
        is_gone(pool);
    }
    /* The device in the pool that is destroyed. */
    u32 pool = doomed_pool(), inside = new_slot(), memory = memory_in(pool, 10);
    must(device_create(SLOT_MACHINE, pool, inside, DEVICE_PCI, 0xfff8, 0));
    must(dma_map(inside, memory, 0, 10));
    must(object_destroy_all(pool));
    is_gone(pool);
}

/* What is counted as quarantined is what was paid for: contiguous memory whole, from the beginning;
 * device memory not at all. */
void destroy_quarantined(void)
{
    u32 pool = new_pool(200), contiguous = new_slot(), fixed = new_slot();
    must(memory_create(pool, contiguous, 50, MEMORY_CONTIGUOUS));
    must(memory_commit_all(contiguous, 0, 1));
    must(memory_physical(SLOT_MACHINE, pool, fixed, 0xfee00000, 1, CACHE_UNCACHED));
    void *first = show(contiguous, 50, RIGHT_READ), *second = show(fixed, 1, RIGHT_READ);
    failed_with(object_destroy_all(fixed), ERR_BUSY);
    same(pool_facts(pool).quarantined, 0);
    failed_with(object_destroy_all(contiguous), ERR_BUSY);
    struct pool_info info = pool_facts(pool);
    same(info.quarantined, 50);
    same(info.quarantined <= info.used, true);
    hide(first);
    hide(second);
    must(object_destroy_all(fixed));
    must(object_destroy_all(contiguous));
    same(pool_facts(pool).quarantined, 0);
    same(pool_facts(pool).used, 0);
}

/* --- pools in pools
 * ------------------------------------------------------------------------------- */

void destroy_nested(void)
{
    u32 pool = doomed_pool();
    u32 inner = pool, memory = 0;
    for (u64 pages = 700; pages >= 400; pages -= 100) {
        inner = pool_in(inner, pages);
        memory = memory_in(inner, 20);
        thread_in(inner, doomed_spin, 3, 0);
        thread_in(inner, doomed_wait, endpoint_in(inner), 0);
    }
    must(space_map(SLOT_SPACE, memory, WINDOW_END, 0, 20, RIGHT_READ));
    same(*(volatile u8 *)WINDOW_END, 0);
    failed_with(object_destroy_all(pool), ERR_BUSY);
    same(*(volatile u8 *)WINDOW_END, 0);
    u64 count = board.count[3];
    pause_us(2000);
    same(board.count[3], count);
    must(space_unmap_all(SLOT_SPACE, WINDOW_END));
    must(object_destroy_all(pool));
    is_gone(pool);
}

/* One child has been stopped, or is quarantined, when the parent is destroyed: the others are
 * stopped all the same. In every order of making. */
void destroy_half_done_child(void)
{
    for (unsigned how = 0; how < 8; how++) {
        bool older = how & 1, busy = how & 2, release = how & 4;
        u32 pool = doomed_pool(), first = pool_in(pool, 200), second = pool_in(pool, 200);
        u32 half = older ? first : second, other = older ? second : first;
        u32 memory = memory_in(half, 100);
        thread_in(half, doomed_spin, 4, 0);
        u32 running = thread_in(other, doomed_spin, 5, 0);
        memory_in(other, 30);
        for (unsigned i = 0; i < 40; i++)
            endpoint_in(half); /* more than one step's work */
        if (busy)
            must(space_map(SLOT_SPACE, memory, WINDOW_END, 0, 1, RIGHT_READ));
        status got = busy ? object_destroy_all(half) : object_destroy(half);
        failed_with(got, busy ? ERR_BUSY : ERR_AGAIN);
        if (busy && release)
            must(space_unmap_all(SLOT_SPACE, WINDOW_END));
        u64 count = board.count[5];
        same(state_of(running), THREAD_READY);
        status all = object_destroy_all(pool);
        same(status_code(all), busy && !release ? ERR_BUSY : ERR_NONE);
        count = board.count[5];
        pause_us(2000);
        same(board.count[5], count);
        if (busy && !release) {
            must(space_unmap_all(SLOT_SPACE, WINDOW_END));
            must(object_destroy_all(pool));
        }
        same(slot_in_use(first), false);
        same(slot_in_use(second), false);
        is_gone(pool);
    }
}

/*
 * Pools: what was promised can be used, to the last page, and comes back, to the last page.
 */
#include "check.h"
#include "tests.h"
#include "world.h"

/* The account of a pool is in order, whatever it holds. */
static void sound(u32 pool)
{
    struct pool_info info = pool_facts(pool);
    same(info.used + info.reserved <= info.pages, true);
    same(info.quarantined <= info.used, true);
}

void pool_life(void)
{
    struct pool_info parent = pool_facts(SLOT_TEST_POOL);
    same(parent.pages, TEST_PAGES);
    same(parent.highest_priority, TEST_PRIORITY);
    same(parent.used, 0);
    same(parent.objects, 0);
    same(parent.reserved, 0);
    u32 pool = new_slot();
    must(pool_create(SLOT_TEST_POOL, pool, 100, 7));
    struct pool_info child = pool_facts(pool);
    same(child.pages, 100);
    same(child.used, 0);
    same(child.reserved, 0);
    same(child.quarantined, 0);
    same(child.objects, 0);
    same(child.highest_priority, 7);
    struct pool_info after = pool_facts(SLOT_TEST_POOL);
    same(after.reserved, 100);
    same(after.objects, 1);
    struct cap_info info;
    must(cap_info(pool, &info));
    same(info.type, OBJECT_POOL);
    same(info.rights, RIGHT_READ | RIGHT_WRITE | RIGHT_DESTROY);
    same(info.badge, 0);
    must(object_destroy_all(pool));
    same(slot_in_use(pool), false);
    after = pool_facts(SLOT_TEST_POOL);
    same(after.reserved, 0);
    same(after.used, parent.used);
    same(after.objects, 0);
}

/* Whatever happens outside, a pool can use what it was given; and not more. */
void pool_guarantee(void)
{
    u32 pool = new_slot(), memory = new_slot(), rest = new_slot();
    must(pool_create(SLOT_TEST_POOL, pool, 600, 0));
    /* The others use up all they can. */
    u32 greedy = new_memory(TEST_PAGES);
    status got;
    u64 page = 0;
    while (page < TEST_PAGES && (got = memory_commit(greedy, page, TEST_PAGES - page)) >= 0)
        page += (u64)got;
    failed_with(memory_commit(greedy, page, TEST_PAGES - page), ERR_MEMORY);
    struct pool_info full = pool_facts(SLOT_TEST_POOL);
    between(full.used + full.reserved, TEST_PAGES - 3, TEST_PAGES);
    refused(pool_create(SLOT_TEST_POOL, rest, 600, 0), ERR_MEMORY, 1);
    must(memory_create(pool, memory, 4096, 0));
    page = 0;
    while ((got = memory_commit(memory, page, 600 - page)) >= 0 && page < 600)
        page += (u64)got;
    refused(memory_commit(memory, page, 600 - page), ERR_MEMORY, 1);
    struct pool_info info = pool_facts(pool);
    between(info.used, 598, 600);
    between(memory_facts(memory).committed, 590, 599);
    refused(space_create(pool, rest), ERR_MEMORY, 1);
    must(object_destroy_all(memory));
    same(pool_facts(pool).used, 0);
    same(pool_facts(pool).objects, 0);
}

/* Commits from the beginning on until there is no memory any more, or no progress; how many. */
static u64 commit_what_fits(u32 memory, u64 pages)
{
    u64 page = 0;
    for (unsigned calls = 0; calls < 200 && page < pages; calls++) {
        status got = memory_commit(memory, page, pages - page);
        if (got < 0) {
            failed_with(got, ERR_MEMORY);
            break;
        }
        page += (u64)got;
    }
    return page;
}

/* To the last page, too, where a large page would fit, but not with the tables that it needs. */
void pool_last_pages(void)
{
    for (u64 pages = 510; pages <= 520; pages++) {
        u32 pool = new_pool(pages), memory = new_slot();
        must(memory_create(pool, memory, 2 * LARGE_PAGES, 0));
        u64 committed = commit_what_fits(memory, 2 * LARGE_PAGES);
        same(memory_facts(memory).committed, committed);
        between(committed, pages - 4, pages - 2);
        between(pool_facts(pool).used, pages - 1, pages); /* a table alone would be of no use */
        must(object_destroy_all(memory));
        same(pool_facts(pool).used, 0);
        must(object_destroy_all(pool));
    }
}

/* While a large page is made, somebody else takes the room for its tables: small ones it is. */
void pool_room_taken(void)
{
    u32 pool = new_pool(LARGE_PAGES + 8), memory = new_slot(), other = new_slot();
    must(memory_create(pool, memory, 2 * LARGE_PAGES, 0));
    must(memory_create(pool, other, 100, 0));
    must(memory_commit(memory, 0, 2 * LARGE_PAGES));
    u64 taken = commit_what_fits(other, 100);
    same(pool_facts(pool).used, LARGE_PAGES + 8);
    u64 committed = commit_what_fits(memory, 2 * LARGE_PAGES);
    same(committed, LARGE_PAGES - 2); /* two are tables */
    between(taken, 1, 7);
    same(pool_facts(pool).used, LARGE_PAGES + 8);
    must(object_destroy_all(memory));
    must(object_destroy_all(other));
    same(pool_facts(pool).used, 0);
}

void pool_splitting(void)
{
    u32 a = new_pool(100), b = new_slot(), c = new_slot();
    refused(pool_create(a, b, 101, 0), ERR_MEMORY, 1);
    refused(pool_create(a, b, 100, 0), ERR_MEMORY, 1); /* itself has to be paid, too */
    refused(pool_create(a, b, ~0ul, 0), ERR_MEMORY, 1);
    refused(pool_create(a, b, 1ul << 63, 0), ERR_MEMORY, 1);
    must(pool_create(a, b, 99, 0));
    same(pool_facts(a).reserved, 99);
    same(pool_facts(a).used, 1);
    refused(pool_create(a, c, 1, 0), ERR_MEMORY, 1);
    same(pool_facts(b).highest_priority, 0);
    must(object_destroy_all(b));
    same(pool_facts(a).used, 0);
    must(pool_create(a, b, 49, 3));
    must(pool_create(a, c, 50, 13));
    refused(pool_create(b, new_slot(), 10, 4), ERR_ARGUMENT, 4);
    must(object_destroy_all(a)); /* with what is inside */
    same(slot_in_use(b), false);
    same(slot_in_use(c), false);
}

void pool_depth(void)
{
    u32 outer = SLOT_TEST_POOL, levels = 0;
    u32 pool = new_slot();
    u64 pages = TEST_PAGES / 2;
    while (pool_create(outer, pool, pages, 0) >= 0) {
        outer = pool;
        pool = new_slot();
        pages -= 10;
        levels++;
        must_be(levels < POOL_DEPTH_LIMIT);
    }
    /* The machine's, ours and the test's are three of eight. */
    same(levels, POOL_DEPTH_LIMIT - 3);
    refused(pool_create(outer, pool, 1, 0), ERR_LIMIT, 1);
    sound(SLOT_TEST_POOL);
    must(event_create(outer, pool));
    must(object_destroy_all(outer));
    same(slot_in_use(pool), false);
}

/* Every kind of object: made, destroyed, and the pool as empty as before. */
void pool_accounting(void)
{
    u32 space = new_space(), share = new_share(1), event = new_event(), pci = new_slot();
    must(device_create(SLOT_MACHINE, SLOT_TEST_POOL, pci, DEVICE_PCI, 0, 0));
    u32 pool = new_pool(200), slot = new_slot();
    for (unsigned kind = 0; kind < 12; kind++) {
        u32 made = 0;
        for (unsigned times = 0; times < 40; times++) {
            status result =
                kind == 0    ? pool_create(pool, slot, 2, 0)
                : kind == 1  ? memory_create(pool, slot, 600, 0)
                : kind == 2  ? space_create(pool, slot)
                : kind == 3  ? thread_create(pool, slot, space, share, 0, 0)
                : kind == 4  ? thread_create(pool, slot, space, share, 0, THREAD_FPU)
                : kind == 5  ? share_create(pool, slot, 1, 1, 0)
                : kind == 6  ? endpoint_create(pool, slot)
                : kind == 7  ? event_create(pool, slot)
                : kind == 8  ? device_create(SLOT_MACHINE, pool, slot, DEVICE_PORTS, 0x80, 1)
                : kind == 9  ? irq_create(pci, pool, slot, IRQ_MESSAGE, event, 1)
                : kind == 10 ? memory_create(pool, slot, 5, MEMORY_CONTIGUOUS)
                             : memory_physical(SLOT_MACHINE, pool, slot, 0xfee00000, 1, 2);
            must(result);
            made++;
            must_be(pool_facts(pool).objects == 1);
            if (kind == 1)
                must(memory_commit_all(slot, 100, 60));
            must_be(pool_facts(pool).used > 0);
            must(object_destroy_all(slot));
            if (!same(pool_facts(pool).used, 0) || !same(pool_facts(pool).objects, 0) ||
                !same(pool_facts(pool).reserved, 0))
                return;
        }
        same(made, 40);
    }
}

/* No room: every kind of object is refused, and nothing changes. */
void pool_full(void)
{
    u32 space = new_space(), share = new_share(1), event = new_event();
    u32 pool = new_pool(3), slot = new_slot(), filler = new_slot();
    must(memory_create(pool, filler, 10, 0));
    must(memory_commit(filler, 0, 1)); /* object, table, page */
    same(pool_facts(pool).used, 3);
    refused(pool_create(pool, slot, 1, 0), ERR_MEMORY, 1);
    refused(space_create(pool, slot), ERR_MEMORY, 1);
    refused(thread_create(pool, slot, space, share, 0, 0), ERR_MEMORY, 1);
    refused(thread_create(pool, slot, space, share, 0, THREAD_FPU), ERR_MEMORY, 1);
    refused(memory_create(pool, slot, 5, MEMORY_CONTIGUOUS), ERR_MEMORY, 1);
    refused(memory_commit(filler, 1, 1), ERR_MEMORY, 1);
    struct pool_info info = pool_facts(pool);
    same(info.used, 3);
    same(info.objects, 1);
    /* A space without room for its tables. */
    u32 small = 0, cramped = new_slot(), memory = new_committed(1);
    for (u64 pages = 1; !slot_in_use(cramped) && pages < 10; pages++) {
        small = new_pool(pages);
        ignore_status(space_create(small, cramped)); /* until there is just enough */
    }
    refused(cap_copy(cramped, SLOT_LIMIT - 1, event, RIGHT_RAISE, 0), ERR_MEMORY, 2);
    refused(space_map(cramped, memory, WINDOW, 0, 1, RIGHT_READ), ERR_MEMORY, 1);
    must(object_destroy_all(cramped));
    same(pool_facts(small).used, 0);
}

/* Page tables, and a memory object's own, that run out of memory half-way: nothing changes or is
 * lost. */
void pool_tables(void)
{
    u32 memory = new_committed(1);
    for (u64 pages = 3; pages < 9; pages++) {
        u32 pool = new_pool(pages), space = new_slot();
        must(space_create(pool, space));
        if (space_map(space, memory, WINDOW, 0, 1, RIGHT_READ) >= 0) {
            struct pool_info before = pool_facts(pool);
            status result = space_populate(space, WINDOW, 1);
            if (result < 0) {
                same(result, status_error(ERR_MEMORY, 1));
                same(pool_facts(pool).used, before.used);
            }
            must(space_unmap_all(space, WINDOW));
        }
        same(pool_facts(pool).objects, 1);
        must(object_destroy_all(space));
        u32 deep = new_slot();
        must(memory_create(pool, deep, MEMORY_PAGES_LIMIT, 0));
        for (u64 page = 0; page < MEMORY_PAGES_LIMIT; page += MEMORY_PAGES_LIMIT / 8) {
            struct pool_info before = pool_facts(pool);
            if (memory_commit(deep, page, 1) < 0 && !same(pool_facts(pool).used, before.used))
                break;
        }
        must(object_destroy_all(deep));
        same(pool_facts(pool).used, 0);
        must(object_destroy_all(pool));
    }
}

void pool_no_shares(void)
{
    u32 pool = new_slot();
    must(pool_create(SLOT_TEST_POOL, pool, 20, 0));
    for (u64 priority = 0; priority < 16; priority++)
        refused(share_create(pool, new_slot(), priority, 1, 0), ERR_ARGUMENT, 3);
    u32 other = new_slot(), slot = new_slot();
    must(pool_create(SLOT_TEST_POOL, other, 20, 5));
    refused(share_create(other, slot, 6, 1, 0), ERR_ARGUMENT, 3);
    must(share_create(other, slot, 5, WEIGHT_LIMIT, SHARE_PERIOD_NS));
    struct share_info info = share_facts(slot);
    same(info.priority, 5);
    same(info.weight, WEIGHT_LIMIT);
    same(info.cap_ns, SHARE_PERIOD_NS);
    same(info.cycles, 0);
    same(info.throttled, 0);
}

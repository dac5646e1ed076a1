/*
 * Unit tests of memory/radix.c: the table of frames behind a memory object, compared with an array.
 */
// with: kernel/memory/radix.c kernel/object/pool.c kernel/memory/frames.c kernel/debug/trace.c
#include "pools.h"

#include "memory/radix.h"

#define FRAMES (12 * LARGE_PAGES)

static struct pool *pool;
static struct radix radix;

enum error object_destroy_step(struct object *object)
{
    (void)object;
    return ERR_NONE;
}

static void begin(u32 height, u64 pages)
{
    pool = host_pool(FRAMES, pages);
    radix = (struct radix){.height = height};
}

static u64 find(u64 page)
{
    bool large;
    return radix_find(&radix, page, &large);
}

/* Enters a fresh frame. */
static u64 insert(u64 page, bool large)
{
    u64 physical = large ? pool_take_large(pool) : pool_take_page(pool);
    assert_int_not_equal(physical, 0);
    assert_int_equal(radix_insert(&radix, pool, page, physical, large), ERR_NONE);
    return physical;
}

/* Takes the table apart, looking at each bite; returns how many frames it held. */
static u64 drop(void)
{
    u64 page = 0, total = 0;
    for (bool gone = false; !gone;) {
        u64 before = page, used = pool->used, returned = 0;
        gone = radix_drop(&radix, pool, &page, &returned);
        assert_true(gone || page > before);
        assert_true(returned <= LARGE_PAGES);
        assert_true(used - pool->used - returned <= radix.height); /* nodes */
        total += returned;
    }
    assert_int_equal(radix.root, 0);
    assert_int_equal(pool->used, 0);
    return total;
}

static void test_an_empty_table_costs_nothing(void **state)
{
    (void)state;
    begin(3, 10);
    bool large = true;
    assert_int_equal(radix_find(&radix, 5, &large), 0);
    assert_false(large);
    assert_true(radix_large_free(&radix, 512));
    assert_int_equal(drop(), 0);
}

static void test_small_leaves(void **state)
{
    (void)state;
    for (u32 height = 1; height <= 3; height++) {
        begin(height, 100);
        u64 last = (1ul << 9 * height) - 1;
        u64 first_frame = insert(0, false);
        assert_int_equal(pool->used, 1 + height);
        u64 last_frame = insert(last, false);
        assert_int_equal(pool->used, 2 + height + (height - 1));
        assert_int_equal(find(0), first_frame);
        assert_int_equal(find(last), last_frame);
        assert_int_equal(find(1), 0);
        assert_int_equal(find(last - 1), 0);
        assert_int_equal(radix_insert(&radix, pool, last, PAGE_SIZE, false), ERR_OCCUPIED);
        assert_int_equal(find(last), last_frame);
        assert_int_equal(drop(), 2);
    }
}

static void test_large_leaves(void **state)
{
    (void)state;
    begin(1, 2000);
    assert_false(radix_large_free(&radix, 0)); /* no level for it */
    begin(3, 4 * LARGE_PAGES);
    bool large;
    assert_false(radix_large_free(&radix, 256));
    u64 frame = insert(1024, true);
    for (u64 i = 0; i < LARGE_PAGES; i++) {
        assert_int_equal(radix_find(&radix, 1024 + i, &large), frame + i * PAGE_SIZE);
        assert_true(large);
    }
    assert_int_equal(radix_find(&radix, 1023, &large), 0);
    assert_int_equal(radix_find(&radix, 1536, &large), 0);
    assert_false(radix_large_free(&radix, 1024));
    assert_true(radix_large_free(&radix, 512));
    assert_int_equal(radix_insert(&radix, pool, 1024, PAGE_SIZE, true), ERR_OCCUPIED);
    assert_int_equal(radix_insert(&radix, pool, 1030, PAGE_SIZE, false), ERR_OCCUPIED);
    (void)insert(700, false);
    assert_int_equal(radix_find(&radix, 700, &large) % PAGE_SIZE, 0);
    assert_false(large);
    assert_false(radix_large_free(&radix, 512));
    assert_int_equal(drop(), LARGE_PAGES + 1);
}

/* Without memory for nodes nothing is entered, and nothing is used up. */
static void test_no_memory_for_nodes(void **state)
{
    (void)state;
    for (u64 room = 0; room < 3; room++) {
        begin(3, room + 1);
        u64 frame = pool_take_page(pool);
        assert_int_equal(radix_insert(&radix, pool, 123456, frame, false), ERR_MEMORY);
        assert_int_equal(find(123456), 0);
        assert_int_equal(pool->used, 1);
        pool_return_page(pool, frame);
        assert_int_equal(drop(), 0);
    }
    begin(3, 4);
    u64 frame = pool_take_page(pool);
    assert_true(pool_charge(pool, 1));
    assert_int_equal(radix_insert(&radix, pool, 123456, frame, false), ERR_MEMORY);
    pool_refund(pool, 1);
    assert_int_equal(radix_insert(&radix, pool, 123456, frame, false), ERR_NONE);
    assert_int_equal(find(123456), frame);
    assert_int_equal(drop(), 1);
}

/* Taking a sparse table apart looks at what is there, not at every page that could be. */
static void test_dropping_is_quick(void **state)
{
    (void)state;
    begin(3, 100);
    (void)insert((1ul << 27) - 1, false);
    (void)insert(0, false);
    u64 page = 0, bites = 0, returned = 0;
    while (!radix_drop(&radix, pool, &page, &returned))
        bites++;
    assert_true(bites < 1600);
    assert_int_equal(returned, 2);
    assert_int_equal(pool->used, 0);
}

/* ---- against an array ---- */

#define WINDOWS 5
#define WINDOW  1024ul

static const u64 windows[WINDOWS] = {0, (1ul << 18) - 512, 1ul << 20, (1ul << 26) - 1024,
                                     (1ul << 27) - 1024};
static u64 frames[WINDOWS][WINDOW]; /* 0: absent */
static bool is_large[WINDOWS][WINDOW];

static bool any(u64 window, u64 first)
{
    for (u64 i = 0; i < LARGE_PAGES; i++)
        if (frames[window][first + i])
            return true;
    return false;
}

static void random_insert(struct random *random)
{
    u64 window = random_below(random, WINDOWS), at = random_below(random, WINDOW);
    bool large = random_below(random, 8) == 0;
    u64 first = large ? align_down(at, LARGE_PAGES) : at;
    u64 page = windows[window] + first;
    if (large)
        assert_int_equal(radix_large_free(&radix, page), !any(window, first));
    if (large ? any(window, first) : frames[window][at] != 0) {
        if (!large || is_large[window][first])
            assert_int_equal(radix_insert(&radix, pool, page, PAGE_SIZE, large), ERR_OCCUPIED);
        return;
    }
    u64 physical = large ? pool_take_large(pool) : pool_take_page(pool);
    if (!physical)
        return;
    assert_int_equal(radix_insert(&radix, pool, page, physical, large), ERR_NONE);
    for (u64 i = 0; i < (large ? LARGE_PAGES : 1); i++) {
        frames[window][first + i] = physical + i * PAGE_SIZE;
        is_large[window][first + i] = large;
    }
}

static void test_against_an_array(void **state)
{
    (void)state;
    for (u64 seed = 0; seed < 10; seed++) {
        struct random random;
        random_init(&random, seed);
        begin(3, FRAMES - 2);
        memset(frames, 0, sizeof(frames));
        memset(is_large, 0, sizeof(is_large));
        for (u64 steps = 100 * (seed + 1); steps > 0; steps--)
            random_insert(&random);
        u64 count = 0;
        for (u64 window = 0; window < WINDOWS; window++)
            for (u64 i = 0; i < WINDOW; i++) {
                bool large;
                assert_int_equal(radix_find(&radix, windows[window] + i, &large),
                                 frames[window][i]);
                assert_int_equal(large, is_large[window][i]);
                count += frames[window][i] != 0;
            }
        assert_int_equal(drop(), count);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_empty_table_costs_nothing),
        cmocka_unit_test(test_small_leaves),
        cmocka_unit_test(test_large_leaves),
        cmocka_unit_test(test_no_memory_for_nodes),
        cmocka_unit_test(test_dropping_is_quick),
        cmocka_unit_test(test_against_an_array),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    host_memory_end();
    return failed;
}

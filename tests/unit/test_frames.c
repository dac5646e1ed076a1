/*
 * Unit tests of memory/frames.c: free frames, small and large, compared with a simple array.
 */
// with: kernel/memory/frames.c
#include "kernel.h"

#define CHUNKS 5
#define FRAMES (CHUNKS * LARGE_PAGES)

/* What each frame is, as the test sees it. */
enum state { UNKNOWN, FREE, SMALL, LARGE };
static enum state frame[FRAMES];
static void *table;

static void begin(u64 highest)
{
    free(table);
    table = malloc(frames_table_bytes(highest));
    assert_non_null(table);
    frames_init(table, highest);
    memset(frame, 0, sizeof(frame));
}

static int end(void **state)
{
    (void)state;
    free(table);
    table = NULL;
    return 0;
}

static void give(u64 first, u64 pages)
{
    frames_give(first * PAGE_SIZE, pages);
    for (u64 i = first; i < first + pages; i++)
        frame[i] = FREE;
}

static u64 free_count(void)
{
    u64 count = 0;
    for (u64 i = 0; i < FRAMES; i++)
        count += frame[i] == FREE;
    return count;
}

static bool chunk_is(u64 chunk, enum state state)
{
    for (u64 i = 0; i < LARGE_PAGES; i++)
        if (frame[chunk * LARGE_PAGES + i] != state)
            return false;
    return true;
}

static u64 whole_chunks(void)
{
    u64 count = 0;
    for (u64 chunk = 0; chunk < CHUNKS; chunk++)
        count += chunk_is(chunk, FREE);
    return count;
}

static u64 take(void)
{
    u64 before = whole_chunks(), broken = free_count() - before * LARGE_PAGES;
    u64 physical = frame_take();
    if (!physical) {
        assert_int_equal(free_count(), 0);
        return 0;
    }
    assert_int_equal(physical % PAGE_SIZE, 0);
    assert_true(physical / PAGE_SIZE < FRAMES);
    assert_int_equal(frame[physical / PAGE_SIZE], FREE);
    frame[physical / PAGE_SIZE] = SMALL;
    assert_int_equal(whole_chunks(), broken ? before : before - 1); /* whole ones last */
    return physical;
}

static u64 take_large(void)
{
    u64 physical = frame_take_large();
    if (!physical) {
        assert_int_equal(whole_chunks(), 0);
        return 0;
    }
    assert_int_equal(physical % LARGE_SIZE, 0);
    assert_true(chunk_is(physical / LARGE_SIZE, FREE));
    for (u64 i = 0; i < LARGE_PAGES; i++)
        frame[physical / PAGE_SIZE + i] = LARGE;
    return physical;
}

static void test_nothing_at_first(void **state)
{
    (void)state;
    begin(CHUNKS * LARGE_SIZE);
    assert_int_equal(frames_free_count(), 0);
    assert_int_equal(frame_take(), 0);
    assert_int_equal(frame_take_large(), 0);
    assert_false(frame_is_managed(PAGE_SIZE));
}

static void test_every_frame_once(void **state)
{
    (void)state;
    begin(CHUNKS * LARGE_SIZE);
    give(1, FRAMES - 1);
    assert_int_equal(frames_free_count(), FRAMES - 1);
    for (u64 i = 0; i < FRAMES - 1; i++)
        assert_int_not_equal(take(), 0);
    assert_int_equal(take(), 0);
    assert_int_equal(take_large(), 0);
    assert_int_equal(frames_free_count(), 0);
}

static void test_large_frames_come_from_whole_chunks(void **state)
{
    (void)state;
    begin(CHUNKS * LARGE_SIZE);
    give(10, FRAMES - 20); /* the first and the last chunk are never whole */
    for (u64 i = 0; i < CHUNKS - 2; i++)
        assert_int_not_equal(take_large(), 0);
    assert_int_equal(take_large(), 0);
    assert_int_equal(frames_free_count(), 2 * LARGE_PAGES - 20);
}

/* One frame out, and the chunk is no large frame; the frame back, and it is. */
static void test_a_broken_chunk_heals(void **state)
{
    (void)state;
    begin(LARGE_SIZE * 2);
    give(LARGE_PAGES, LARGE_PAGES);
    u64 small[LARGE_PAGES];
    for (u64 count = 1; count <= LARGE_PAGES; count = count == 1 ? 2 : count * 4) {
        for (u64 i = 0; i < count; i++)
            small[i] = take();
        assert_int_equal(frame_take_large(), 0);
        for (u64 i = 0; i < count; i++) {
            frame_return(small[i]);
            frame[small[i] / PAGE_SIZE] = FREE;
        }
        u64 large = take_large();
        assert_int_equal(large, LARGE_SIZE);
        frame_return_large(large);
        for (u64 i = 0; i < LARGE_PAGES; i++)
            frame[LARGE_PAGES + i] = FREE;
    }
    assert_int_equal(frames_free_count(), LARGE_PAGES);
}

static void test_memory_that_ends_inside_a_chunk(void **state)
{
    (void)state;
    begin(LARGE_SIZE + 3 * PAGE_SIZE);
    assert_int_equal(frames_table_bytes(LARGE_SIZE + 3 * PAGE_SIZE),
                     frames_table_bytes(2 * LARGE_SIZE));
    assert_true(frames_table_bytes(LARGE_SIZE) < frames_table_bytes(LARGE_SIZE + 1));
    give(LARGE_PAGES - 2, 5);
    for (int i = 0; i < 5; i++)
        assert_int_not_equal(take(), 0);
    assert_int_equal(take(), 0);
    assert_true(frame_is_managed(LARGE_SIZE + 2 * PAGE_SIZE));
    assert_true(frame_is_managed(LARGE_SIZE + 2 * PAGE_SIZE + 4095));
    assert_false(frame_is_managed(LARGE_SIZE + 3 * PAGE_SIZE));
    assert_false(frame_is_managed(LARGE_SIZE - 3 * PAGE_SIZE));
    assert_false(frame_is_managed(2 * LARGE_SIZE));
    assert_false(frame_is_managed(~0ul));
}

/* One frame less than a chunk is no chunk. */
static void test_nearly_a_chunk(void **state)
{
    (void)state;
    begin(3 * LARGE_SIZE);
    give(LARGE_PAGES, LARGE_PAGES - 1);
    give(2 * LARGE_PAGES + 1, LARGE_PAGES - 1);
    assert_int_equal(frames_free_count(), 2 * LARGE_PAGES - 2);
    assert_int_equal(frame_take_large(), 0);
}

/* What is beyond the table is left out; what was given before does not come twice. */
static void test_giving_too_much(void **state)
{
    (void)state;
    begin(LARGE_SIZE);
    give(1, 10);
    frames_give(5 * PAGE_SIZE, 10);
    frames_give((LARGE_PAGES - 1) * PAGE_SIZE, 1000);
    assert_int_equal(frames_free_count(), 15);
    u64 taken = frame_take();
    frames_give(taken, 1); /* in use */
    assert_int_equal(frames_free_count(), 14);
}

static void test_wrong_returns_are_noticed(void **state)
{
    (void)state;
    begin(2 * LARGE_SIZE);
    give(1, FRAMES / CHUNKS * 2 - 1);
    u64 small = take();
    frame_return(small);
    frame[small / PAGE_SIZE] = FREE;
    expect_panic(frame_return(small));
    expect_panic(frame_return(0));
    expect_panic(frame_return(2 * LARGE_SIZE));
    expect_panic(frame_return_large(LARGE_SIZE));
    u64 large = take_large();
    expect_panic(frame_return_large(large + PAGE_SIZE));
    frame_return_large(large);
    expect_panic(frame_return_large(large));
}

static void random_step(struct random *random)
{
    u64 page = random_below(random, FRAMES);
    switch (random_below(random, 8)) {
    case 0:
        (void)take_large();
        return;
    case 1:
    case 2:
    case 3:
        for (u64 many = random_below(random, 300); many > 0; many--)
            (void)take();
        return;
    default:
        break;
    }
    if (frame[page] == LARGE) {
        u64 first = align_down(page, LARGE_PAGES);
        frame_return_large(first * PAGE_SIZE);
        for (u64 i = 0; i < LARGE_PAGES; i++)
            frame[first + i] = FREE;
    }
    for (u64 many = random_below(random, 400); many > 0; many--, page = (page + 7) % FRAMES)
        if (frame[page] == SMALL) {
            frame_return(page * PAGE_SIZE);
            frame[page] = FREE;
        }
}

static void test_against_an_array(void **state)
{
    (void)state;
    struct random random;
    for (u64 seed = 0; seed < 20; seed++) {
        random_init(&random, seed);
        begin(CHUNKS * LARGE_SIZE);
        give(1 + random_below(&random, 700), random_below(&random, FRAMES - 701));
        for (u64 i = 0; i < FRAMES; i++)
            assert_int_equal(frame_is_managed(i * PAGE_SIZE), frame[i] != UNKNOWN);
        for (int step = 0; step < 60; step++) {
            random_step(&random);
            assert_int_equal(frames_free_count(), free_count());
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_at_first),
        cmocka_unit_test(test_every_frame_once),
        cmocka_unit_test(test_large_frames_come_from_whole_chunks),
        cmocka_unit_test(test_a_broken_chunk_heals),
        cmocka_unit_test(test_memory_that_ends_inside_a_chunk),
        cmocka_unit_test(test_nearly_a_chunk),
        cmocka_unit_test(test_giving_too_much),
        cmocka_unit_test(test_wrong_returns_are_noticed),
        cmocka_unit_test(test_against_an_array),
    };
    return cmocka_run_group_tests(tests, NULL, end);
}

/*
 * Unit tests of memory/reserve.c: contiguous stretches, compared with an array of pages and first
 * fit.
 */
// with: kernel/memory/reserve.c
#include "kernel.h"

#include "memory/reserve.h"

#define BASE 0x40000000ul

static void test_first_fit(void **state)
{
    (void)state;
    reserve_init(BASE, 10);
    assert_int_equal(reserve_total(), 10);
    assert_int_equal(reserve_take(3), BASE);
    assert_int_equal(reserve_take(4), BASE + 3 * PAGE_SIZE);
    assert_int_equal(reserve_take(4), 0);
    assert_int_equal(reserve_used(), 7);
    assert_int_equal(reserve_take(3), BASE + 7 * PAGE_SIZE);
    assert_int_equal(reserve_take(1), 0);
    reserve_return(BASE + 3 * PAGE_SIZE, 4);
    assert_int_equal(reserve_take(2), BASE + 3 * PAGE_SIZE);
    assert_int_equal(reserve_take(3), 0);
    assert_int_equal(reserve_take(2), BASE + 5 * PAGE_SIZE);
    assert_int_equal(reserve_used(), 10);
}

static void test_odd_sizes(void **state)
{
    (void)state;
    reserve_init(BASE, 10);
    assert_int_equal(reserve_take(0), 0);
    assert_int_equal(reserve_take(11), 0);
    assert_int_equal(reserve_take(~0ul), 0);
    assert_int_equal(reserve_used(), 0);
    reserve_init(0, 0);
    assert_int_equal(reserve_take(1), 0);
    assert_int_equal(reserve_total(), 0);
    reserve_init(BASE, RESERVE_PAGES_LIMIT + 1);
    assert_int_equal(reserve_total(), RESERVE_PAGES_LIMIT);
    assert_int_equal(reserve_take(RESERVE_PAGES_LIMIT + 1), 0);
    assert_int_equal(reserve_take(RESERVE_PAGES_LIMIT), BASE);
    assert_int_equal(reserve_take(1), 0);
}

static void test_contains(void **state)
{
    (void)state;
    reserve_init(BASE, 10);
    assert_false(reserve_contains(BASE - 1));
    assert_true(reserve_contains(BASE));
    assert_true(reserve_contains(BASE + 10 * PAGE_SIZE - 1));
    assert_false(reserve_contains(BASE + 10 * PAGE_SIZE));
    assert_false(reserve_contains(0));
    assert_false(reserve_contains(~0ul));
    reserve_init(0, 0);
    assert_false(reserve_contains(0));
}

static void test_wrong_returns_are_noticed(void **state)
{
    (void)state;
    reserve_init(BASE, 10);
    expect_panic(reserve_return(BASE, 1));
    assert_int_equal(reserve_take(2), BASE);
    reserve_return(BASE, 2);
    expect_panic(reserve_return(BASE, 2));
}

static bool fits(const bool *used, u64 total, u64 first, u64 pages)
{
    for (u64 i = first; i < first + pages; i++)
        if (i >= total || used[i])
            return false;
    return true;
}

static void test_against_an_array(void **state)
{
    (void)state;
    enum { PAGES = 200, STEPS = 20000 };
    bool used[PAGES] = {false};
    u64 length[PAGES] = {0}, count = 0; /* of the stretch that begins here */
    struct random random;
    random_init(&random, 3);
    reserve_init(BASE, PAGES);
    for (int step = 0; step < STEPS; step++) {
        u64 page = random_below(&random, PAGES);
        if (length[page]) {
            reserve_return(BASE + page * PAGE_SIZE, length[page]);
            memset(used + page, 0, length[page]);
            count -= length[page];
            length[page] = 0;
        } else {
            u64 pages = 1 + random_below(&random, 12), first = 0;
            while (first < PAGES && !fits(used, PAGES, first, pages))
                first++;
            u64 expected = first < PAGES ? BASE + first * PAGE_SIZE : 0;
            assert_int_equal(reserve_take(pages), expected);
            if (expected) {
                memset(used + first, 1, pages);
                length[first] = pages;
                count += pages;
            }
        }
        assert_int_equal(reserve_used(), count);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_fit),        cmocka_unit_test(test_odd_sizes),
        cmocka_unit_test(test_contains),         cmocka_unit_test(test_wrong_returns_are_noticed),
        cmocka_unit_test(test_against_an_array),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

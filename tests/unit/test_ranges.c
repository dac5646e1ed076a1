/*
 * Unit tests of boot/ranges.c: sets of memory, compared with a simple array of pages.
 */
// with: kernel/boot/ranges.c
#include "unit.h"

#include <base/random.h>

#include "boot/ranges.h"

static struct ranges ranges;

static void start(void)
{
    ranges.count = 0;
}

static void expect(u32 count, const struct range *expected)
{
    assert_int_equal(ranges.count, count);
    for (u32 i = 0; i < count; i++) {
        assert_int_equal(ranges.range[i].start, expected[i].start);
        assert_int_equal(ranges.range[i].end, expected[i].end);
    }
}

#define EXPECT(...)                                                                                \
    do {                                                                                           \
        const struct range list[] = {__VA_ARGS__};                                                 \
        expect(array_count(list), list);                                                           \
    } while (0)

static void test_add_sorts_and_merges(void **state)
{
    (void)state;
    start();
    ranges_add(&ranges, 0x5000, 0x6000);
    ranges_add(&ranges, 0x1000, 0x2000);
    ranges_add(&ranges, 0x3000, 0x3000);
    ranges_add(&ranges, 0x4000, 0x3000);
    EXPECT({0x1000, 0x2000}, {0x5000, 0x6000});
    ranges_add(&ranges, 0x2000, 0x3000); /* touches */
    EXPECT({0x1000, 0x3000}, {0x5000, 0x6000});
    ranges_add(&ranges, 0x2000, 0x5800); /* overlaps both */
    EXPECT({0x1000, 0x6000});
    ranges_add(&ranges, 0x2000, 0x3000); /* inside */
    EXPECT({0x1000, 0x6000});
}

static void test_remove_cuts_and_splits(void **state)
{
    (void)state;
    start();
    ranges_add(&ranges, 0x1000, 0x9000);
    ranges_remove(&ranges, 0x9000, 0xa000);
    ranges_remove(&ranges, 0x0000, 0x1000);
    ranges_remove(&ranges, 0x4000, 0x4000);
    EXPECT({0x1000, 0x9000});
    ranges_remove(&ranges, 0x3000, 0x4000);
    EXPECT({0x1000, 0x3000}, {0x4000, 0x9000});
    ranges_remove(&ranges, 0x2000, 0x5000);
    EXPECT({0x1000, 0x2000}, {0x5000, 0x9000});
    ranges_remove(&ranges, 0x8000, 0xffff);
    EXPECT({0x1000, 0x2000}, {0x5000, 0x8000});
    ranges_remove(&ranges, 0, ~0ul);
    assert_int_equal(ranges.count, 0);
    assert_int_equal(ranges_end(&ranges), 0);
}

static void test_a_full_list_drops_the_smallest(void **state)
{
    (void)state;
    start();
    for (u64 i = 0; i < RANGES_LIMIT; i++) {
        u64 size = i == 7 ? 0x1000 : 0x4000;
        ranges_add(&ranges, i << 16, (i << 16) + size);
    }
    ranges_add(&ranges, 0x1000000, 0x1000800); /* smaller than all: nothing happens */
    assert_int_equal(ranges.count, RANGES_LIMIT);
    assert_int_equal(ranges.range[7].start, 7 << 16);
    ranges_add(&ranges, 0x1000000, 0x1002000);
    assert_int_equal(ranges.count, RANGES_LIMIT);
    assert_int_equal(ranges.range[7].start, 8 << 16);
    assert_int_equal(ranges_end(&ranges), 0x1002000);

    ranges_remove(&ranges, 0x1000, 0x2000); /* would make one more */
    assert_int_equal(ranges.count, RANGES_LIMIT);
    assert_false(ranges_hold(&ranges, 0x1000, 0x2000));
    assert_true(ranges_hold(&ranges, 0x2000, 0x4000));
}

static void test_hold_and_total(void **state)
{
    (void)state;
    start();
    ranges_add(&ranges, 0x1000, 0x3000);
    ranges_add(&ranges, 0x4000, 0x5000);
    assert_int_equal(ranges_total(&ranges), 0x3000);
    assert_int_equal(ranges_end(&ranges), 0x5000);
    assert_true(ranges_hold(&ranges, 0x1000, 0x3000));
    assert_true(ranges_hold(&ranges, 0x4000, 0x4001));
    assert_false(ranges_hold(&ranges, 0x0fff, 0x3000));
    assert_false(ranges_hold(&ranges, 0x2000, 0x4001));
}

static void test_take_from_the_end_below_a_limit(void **state)
{
    (void)state;
    start();
    ranges_add(&ranges, 0x1000, 0x3000);
    ranges_add(&ranges, 0x10000, 0x20000);
    assert_int_equal(ranges_take(&ranges, 0x1000, 0x1000, ~0ul), 0x1f000);
    assert_int_equal(ranges_take(&ranges, 0x2000, 0x8000, ~0ul), 0x18000);
    EXPECT({0x1000, 0x3000}, {0x10000, 0x18000}, {0x1a000, 0x1f000});
    assert_int_equal(ranges_take(&ranges, 0x2000, 0x1000, 0x11000), 0x1000);
    EXPECT({0x10000, 0x18000}, {0x1a000, 0x1f000});
    assert_int_equal(ranges_take(&ranges, 0x9000, 0x1000, ~0ul), RANGES_NONE);
    assert_int_equal(ranges_take(&ranges, 0x1000, 0x1000, 0x10fff), RANGES_NONE);
    assert_int_equal(ranges_take(&ranges, ~0ul, 1, ~0ul), RANGES_NONE);
}

/* Any order of adding and removing gives the set that it should give. */
static void test_against_an_array(void **state)
{
    (void)state;
    enum { PAGES = 100, STEPS = 20000 }; /* too few pages for the list to be full */
    bool pages[PAGES] = {false};
    struct random random;
    random_init(&random, 1);
    start();
    for (int step = 0; step < STEPS; step++) {
        u64 from = random_below(&random, PAGES), to = random_below(&random, PAGES + 1);
        bool add = random_below(&random, 2);
        (add ? ranges_add : ranges_remove)(&ranges, from, to);
        for (u64 page = from; page < to; page++)
            pages[page] = add;
        u32 index = 0;
        for (u64 page = 0; page < PAGES;) {
            if (!pages[page]) {
                page++;
                continue;
            }
            assert_true(index < ranges.count);
            assert_int_equal(ranges.range[index].start, page);
            while (page < PAGES && pages[page])
                page++;
            assert_int_equal(ranges.range[index++].end, page);
        }
        assert_int_equal(ranges.count, index);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_add_sorts_and_merges),
        cmocka_unit_test(test_remove_cuts_and_splits),
        cmocka_unit_test(test_a_full_list_drops_the_smallest),
        cmocka_unit_test(test_hold_and_total),
        cmocka_unit_test(test_take_from_the_end_below_a_limit),
        cmocka_unit_test(test_against_an_array),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

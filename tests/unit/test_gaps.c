/* Unit tests of servers/runtime/gaps.c. */
// with: servers/runtime/gaps.c
#include "unit.h"

#include <base/random.h>
#include <runtime/gaps.h>

static void test_first_fit(void **state)
{
    (void)state;
    struct gaps gaps = {.first = 100, .end = 200};
    assert_int_equal(gaps_take(&gaps, 10, 1), 100);
    assert_int_equal(gaps_take(&gaps, 10, 1), 111); /* a page stays between */
    assert_int_equal(gaps_take(&gaps, 10, 16), 128);
    assert_int_equal(gaps_take(&gaps, 5, 1), 122);
    assert_int_equal(gaps_take(&gaps, 1, 1), 139);
    assert_int_equal(gaps_give(&gaps, 111), 10);
    assert_int_equal(gaps_give(&gaps, 111), 0);
    assert_int_equal(gaps_give(&gaps, 112), 0);
    assert_int_equal(gaps_take(&gaps, 11, 1), 141); /* would touch its neighbour at 122 */
    assert_int_equal(gaps_take(&gaps, 10, 1), 111);
}

static void test_full(void **state)
{
    (void)state;
    struct gaps gaps = {.first = 100, .end = 200};
    assert_int_equal(gaps_take(&gaps, 0, 1), 0);
    assert_int_equal(gaps_take(&gaps, 101, 1), 0);
    assert_int_equal(gaps_take(&gaps, UINT64_MAX, 1), 0);
    assert_int_equal(gaps_take(&gaps, 1, 1ul << 63), 0);
    assert_int_equal(gaps_take(&gaps, 100, 1), 100);
    assert_int_equal(gaps_take(&gaps, 1, 1), 0);
    assert_int_equal(gaps_give(&gaps, 100), 100);
    assert_int_equal(gaps_take(&gaps, 100, 1), 100);

    struct gaps wide = {.first = 1, .end = 1000000};
    for (u32 i = 0; i < GAPS_LIMIT; i++)
        assert_int_not_equal(gaps_take(&wide, 1, 1), 0);
    assert_int_equal(gaps_take(&wide, 1, 1), 0);
}

/* Against a map of the pages: nothing overlaps or touches, and room that is there is found. */
static void test_random(void **state)
{
    (void)state;
    enum { END = 300 };
    struct random random;
    random_init(&random, 3);
    struct gaps gaps = {.first = 1, .end = END};
    u64 length_at[END] = {0};
    for (u32 round = 0; round < 20000; round++) {
        u64 at = random_next(&random) % END;
        if (length_at[at] != 0) {
            assert_int_equal(gaps_give(&gaps, at), length_at[at]);
            length_at[at] = 0;
        }
        u64 pages = 1 + random_next(&random) % 20, alignment = 1ul << random_next(&random) % 5;
        u64 first = gaps_take(&gaps, pages, alignment);
        if (first == 0)
            continue;
        assert_int_equal(first % alignment, 0);
        assert_true(first + pages <= END);
        for (u64 other = 1; other < END; other++)
            assert_true(length_at[other] == 0 || other + length_at[other] < first ||
                        first + pages < other);
        length_at[first] = pages;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_fit),
        cmocka_unit_test(test_full),
        cmocka_unit_test(test_random),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

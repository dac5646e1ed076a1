/* Unit tests of base/types.h: the arithmetic of addresses, above all where it would wrap around. */
#include "unit.h"

static const u64 TOP = UINT64_MAX;

static void test_widths(void **state)
{
    (void)state;
    assert_int_equal(sizeof(u8) + sizeof(u16) + sizeof(u32) + sizeof(u64), 15);
    assert_int_equal(sizeof(i8) + sizeof(i16) + sizeof(i32) + sizeof(i64), 15);
    assert_true((i8)-1 < 0 && (i16)-1 < 0 && (i32)-1 < 0 && (i64)-1 < 0);
    assert_true((u8)-1 > 0 && (u16)-1 > 0 && (u32)-1 > 0 && (u64)-1 > 0);
}

static void test_array_count(void **state)
{
    (void)state;
    u32 seven[7];
    char text[] = "abc";
    assert_int_equal(array_count(seven), 7);
    assert_int_equal(array_count(text), 4);
}

static void test_container_of(void **state)
{
    (void)state;
    struct outer {
        u64 first;
        u32 second;
    } outer = {1, 2};
    assert_ptr_equal(container_of(&outer.second, struct outer, second), &outer);
    assert_ptr_equal(container_of(&outer.first, struct outer, first), &outer);
}

static void test_likely(void **state)
{
    (void)state;
    assert_true(likely(4));
    assert_false(likely(0));
    u64 volatile beyond_an_int = 1ull << 40;
    assert_true(unlikely(beyond_an_int));
    assert_false(unlikely(0));
}

static void test_min_max(void **state)
{
    (void)state;
    assert_int_equal(min(3, 5), 3);
    assert_int_equal(min(5, 3), 3);
    assert_int_equal(max(3, 5), 5);
    assert_int_equal(max(5, 3), 5);
    assert_true(min(TOP, 1) == 1 && max(1, TOP) == TOP); /* unsigned */
}

static void test_alignment(void **state)
{
    (void)state;
    assert_int_equal(align_down(0, 4096), 0);
    assert_int_equal(align_down(4095, 4096), 0);
    assert_int_equal(align_down(4096, 4096), 4096);
    assert_true(align_down(TOP, 4096) == TOP - 4095);
    assert_int_equal(align_up(0, 4096), 0);
    assert_int_equal(align_up(1, 4096), 4096);
    assert_int_equal(align_up(4096, 4096), 4096);
    assert_int_equal(align_up(77, 1), 77);
    assert_true(align_up(TOP - 4095, 4096) == TOP - 4095);
    assert_int_equal(align_up(TOP - 4094, 4096), 0);
    assert_true(is_aligned(0, 8) && is_aligned(16, 8) && is_aligned(3, 1));
    assert_false(is_aligned(4, 8) || is_aligned(TOP, 2));
}

static void test_power_of_two(void **state)
{
    (void)state;
    assert_false(is_power_of_two(0) || is_power_of_two(3) || is_power_of_two(TOP));
    assert_true(is_power_of_two(1) && is_power_of_two(2) && is_power_of_two(1ull << 63));
}

static void test_range_fits(void **state)
{
    (void)state;
    assert_true(range_fits(0, 10, 10));
    assert_true(range_fits(10, 0, 10));
    assert_true(range_fits(9, 1, 10));
    assert_true(range_fits(0, TOP, TOP));
    assert_false(range_fits(9, 2, 10));
    assert_false(range_fits(11, 0, 10));
    assert_false(range_fits(1, TOP, 10));
    assert_false(range_fits(TOP, 2, 10));
    assert_false(range_fits(TOP, 1, TOP));
}

static void test_ranges_overlap(void **state)
{
    (void)state;
    assert_true(ranges_overlap(0, 10, 9, 1));
    assert_true(ranges_overlap(9, 1, 0, 10));
    assert_true(ranges_overlap(5, 1, 5, 1));
    assert_true(ranges_overlap(TOP, 1, 0, TOP) == false);
    assert_true(ranges_overlap(TOP - 1, 2, TOP, 1));
    assert_false(ranges_overlap(0, 10, 10, 10));
    assert_false(ranges_overlap(10, 10, 0, 10));
    assert_false(ranges_overlap(5, 0, 0, 10));
    assert_false(ranges_overlap(0, 10, 5, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_widths),         cmocka_unit_test(test_array_count),
        cmocka_unit_test(test_container_of),   cmocka_unit_test(test_likely),
        cmocka_unit_test(test_min_max),        cmocka_unit_test(test_alignment),
        cmocka_unit_test(test_power_of_two),   cmocka_unit_test(test_range_fits),
        cmocka_unit_test(test_ranges_overlap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Unit tests of the arithmetic in cpu/clock.h: nanoseconds to ticks and back, from slow processors
 * to fast ones, and at the end of time.
 */
// with:
#include "unit.h"

#include <base/random.h>

#include "cpu/clock.h"

u64 tsc_hz, tsc_per_ns, ns_per_tsc;

static void run_at(u64 hz)
{
    tsc_hz = hz;
    tsc_per_ns = clock_factor(hz, NS_PER_SECOND);
    ns_per_tsc = clock_factor(NS_PER_SECOND, hz);
}

static void expect_near(u64 actual, u64 expected)
{
    u64 difference = actual > expected ? actual - expected : expected - actual;
    assert_true(difference <= expected / 1000000000 + 1);
}

static void test_factors(void **state)
{
    (void)state;
    assert_int_equal(clock_factor(1, 1), 1ul << 32);
    assert_int_equal(clock_factor(3, 2), 3ul << 31);
    assert_int_equal(clock_factor(1, 3), (1ul << 32) / 3);
    assert_int_equal(clock_factor(1, 1ul << 33), 0);
    assert_int_equal(clock_factor(1ul << 31, 1), 1ul << 63);
    assert_int_equal(clock_factor(1ul << 32, 1), ~0ul);
    assert_int_equal(clock_factor(~0ul >> 1, (~0ul >> 1) - 1), (1ul << 32));
}

static void test_at_one_gigahertz_nothing_changes(void **state)
{
    (void)state;
    run_at(1000000000);
    assert_int_equal(ns_to_tsc(0), 0);
    assert_int_equal(ns_to_tsc(123456789123456789), 123456789123456789);
    assert_int_equal(tsc_to_ns(~0ul), ~0ul);
}

static void test_there_and_back(void **state)
{
    (void)state;
    static const u64 rates[] = {1000000, 99999999, 1000000001, 2599965030, 5700000000};
    for (u32 i = 0; i < array_count(rates); i++) {
        run_at(rates[i]);
        expect_near(ns_to_tsc(NS_PER_SECOND), rates[i]);
        expect_near(tsc_to_ns(rates[i]), NS_PER_SECOND);
        expect_near(tsc_to_ns(rates[i] * 86400 * 365), NS_PER_SECOND * 86400 * 365);
    }
}

static void test_the_end_of_time_is_not_wrapped(void **state)
{
    (void)state;
    run_at(5000000000);
    assert_int_equal(ns_to_tsc(~0ul), ~0ul);
    assert_int_equal(ns_to_tsc(~0ul / 5), ~0ul - ~0ul % 5);
    assert_int_equal(ns_to_tsc(~0ul / 5 + 1), ~0ul);
    run_at(1000000);
    assert_int_equal(tsc_to_ns(~0ul), ~0ul);
    assert_true(ns_to_tsc(~0ul) < ~0ul);
}

/* The same with a division of 128 bits, which the host has. */
static void test_against_long_division(void **state)
{
    (void)state;
    struct random random;
    random_init(&random, 9);
    for (int i = 0; i < 100000; i++) {
        u64 to = random_next(&random) >> (1 + random_below(&random, 63));
        u64 from = (random_next(&random) >> (1 + random_below(&random, 63))) | 1;
        unsigned __int128 factor = ((unsigned __int128)to << 32) / from;
        assert_int_equal(clock_factor(to, from), factor >> 64 ? ~0ul : (u64)factor);
        u64 value = random_next(&random) >> random_below(&random, 64);
        unsigned __int128 scaled = (unsigned __int128)value * (u64)factor >> 32;
        if (!(factor >> 64))
            assert_int_equal(clock_scale(value, (u64)factor), scaled >> 64 ? ~0ul : (u64)scaled);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_factors),
        cmocka_unit_test(test_at_one_gigahertz_nothing_changes),
        cmocka_unit_test(test_there_and_back),
        cmocka_unit_test(test_the_end_of_time_is_not_wrapped),
        cmocka_unit_test(test_against_long_division),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

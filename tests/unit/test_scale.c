/* Unit tests of base/scale.h and of the server runtime's clock arithmetic, against 128-bit
 * numbers. */
#include "unit.h"

#include <base/random.h>
#include <base/scale.h>
#include <runtime/clock.h>

static u64 exact(u64 value, u64 numerator, u64 denominator, bool up)
{
    unsigned __int128 product = (unsigned __int128)value * numerator;
    unsigned __int128 result = product / denominator + (up && product % denominator != 0);
    return result > UINT64_MAX ? UINT64_MAX : (u64)result;
}

static void check(u64 value, u64 numerator, u64 denominator)
{
    assert_true(scale(value, numerator, denominator) ==
                exact(value, numerator, denominator, false));
    assert_true(scale_up(value, numerator, denominator) ==
                exact(value, numerator, denominator, true));
}

static void test_edges(void **state)
{
    (void)state;
    const u64 values[] = {0, 1, 2, 999999999, 1000000000, 1000000001, UINT64_MAX / 2, UINT64_MAX};
    const u64 fractions[] = {1, 2, 3, 999999, 1000000, 10000000, 69841279, 4294967295};
    for (u32 v = 0; v < array_count(values); v++) {
        for (u32 n = 0; n < array_count(fractions); n++) {
            for (u32 d = 0; d < array_count(fractions); d++)
                check(values[v], fractions[n], fractions[d]);
        }
    }
}

/* Small numbers as often as large ones. */
static u64 random_any_size(struct random *random)
{
    u64 shift = random_below(random, 64);
    return random_next(random) >> shift;
}

static void test_random(void **state)
{
    (void)state;
    struct random random;
    random_init(&random, 1);
    for (u32 i = 0; i < 100000; i++) {
        u64 value = random_any_size(&random);
        u64 numerator = 1 + random_below(&random, UINT32_MAX);
        check(value, numerator, 1 + random_below(&random, UINT32_MAX));
    }
}

/* Whoever waits until clock_from_ns(t) has waited for t, at every rate up to 18 GHz. */
static void test_never_early(void **state)
{
    (void)state;
    const u64 rates[] = {1, 3579545, 14318180, 999999937, 1000000000, 2399999999, 18000000000};
    struct random random;
    random_init(&random, 2);
    for (u32 r = 0; r < array_count(rates); r++) {
        for (u32 i = 0; i < 10000; i++) {
            u64 ns = random_any_size(&random) >> 8;
            u64 ticks = clock_from_ns(ns, rates[r]);
            assert_true(clock_to_ns(ticks, rates[r]) >= ns || ticks == UINT64_MAX);
            assert_true(ticks == 0 || clock_to_ns(ticks - 1, rates[r]) <= ns);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_edges),
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_never_early),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Unit tests of base/random.h: known values, because a seed printed by a test has to give the same
 * numbers for ever; and that the numbers below a limit are, and reach all of them.
 */
#include "unit.h"

#include <base/random.h>

static void test_splitmix64(void **state)
{
    (void)state;
    u64 seed = 1234567; /* the values that implementations in other languages publish */
    assert_true(splitmix64(&seed) == 6457827717110365317u);
    assert_true(splitmix64(&seed) == 3203168211198807973u);
    assert_true(splitmix64(&seed) == 9817491932198370423u);
}

static void test_xorshift(void **state)
{
    (void)state;
    struct random random = {.state = 1};
    /* By hand: 1 -> 1 ^ 1 << 25 = 0x2000001 -> ^ >> 27 = the same; times the multiplier. */
    assert_true(random_next(&random) == 0x2000001ull * 0x2545f4914f6cdd1d);
    assert_true(random.state == 0x2000001);
}

static void test_seeds(void **state)
{
    (void)state;
    u64 first[64];
    for (u64 seed = 0; seed < array_count(first); seed++) {
        struct random random, again;
        random_init(&random, seed);
        random_init(&again, seed);
        assert_true(random.state != 0);
        first[seed] = random_next(&random);
        assert_true(first[seed] == random_next(&again));
        for (u64 earlier = 0; earlier < seed; earlier++)
            assert_true(first[seed] != first[earlier]);
    }
}

static void test_below(void **state)
{
    (void)state;
    struct random random;
    random_init(&random, 3);
    u32 counts[10] = {0};
    for (u32 i = 0; i < 10000; i++) {
        u64 number = random_below(&random, 10);
        assert_true(number < 10);
        counts[number]++;
        assert_int_equal(random_below(&random, 1), 0);
    }
    for (u32 i = 0; i < 10; i++)
        assert_in_range(counts[i], 850, 1150);
    u64 highest = 0;
    for (u32 i = 0; i < 1000; i++)
        highest = max(highest, random_below(&random, UINT64_MAX));
    assert_true(highest > UINT64_MAX / 100 * 98);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_splitmix64),
        cmocka_unit_test(test_xorshift),
        cmocka_unit_test(test_seeds),
        cmocka_unit_test(test_below),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

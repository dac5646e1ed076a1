/* Unit tests of servers/drivers/hpet.c on registers made of memory: the test plays the device. */
// with: servers/drivers/hpet.c
#include "unit.h"

#include <drivers/hpet.h>

/* The registers that a test looks at or sets, in 32-bit words. */
enum {
    CAPS = 0x00 / 4,
    PERIOD = 0x04 / 4,
    CONF = 0x10 / 4,
    STATUS = 0x20 / 4,
    COUNTER = 0xf0 / 4,
    T1_CONF = 0x120 / 4,
    T1_ROUTES = 0x124 / 4,
    T1_COMPARATOR = 0x128 / 4,
    WORDS = 0x160 / 4
};

static u32 words[WORDS];
static u64 tsc_time_ns;
static struct hpet hpet;

static const struct registers registers = {.base = (volatile u8 *)words, .size = sizeof(words)};
static const struct hpet_route route = {.timer = 1, .line = 20};

u64 home_time_ns(void)
{
    return tsc_time_ns;
}

/* A device with three timers and a period of 10 ns; counter and timers have 64 bits. */
static int setup(void **state)
{
    (void)state;
    memset(words, 0, sizeof(words));
    words[CAPS] = 2u << 8 | 1u << 13;
    words[PERIOD] = 10000000;
    words[T1_CONF] = 1u << 5;
    words[T1_ROUTES] = 1u << 20 | 1u << 2;
    tsc_time_ns = 0;
    return 0;
}

static void set_counter(u64 ticks)
{
    words[COUNTER] = (u32)ticks;
    words[COUNTER + 1] = (u32)(ticks >> 32);
}

static u64 comparator(void)
{
    return words[T1_COMPARATOR] | (u64)words[T1_COMPARATOR + 1] << 32;
}

/* Makes it a device with a counter of 32 bits, which shows `ticks`. */
static void make_short(u32 ticks)
{
    words[CAPS] = 2u << 8;
    words[COUNTER] = ticks;
    words[COUNTER + 1] = 0;
}

static void test_open(void **state)
{
    (void)state;
    words[CONF] = 2;                  /* legacy routing, standing */
    words[T1_CONF] |= 31u << 9 | 0xe; /* periodic, level, on, routed elsewhere */
    set_counter(1ul << 40);
    assert_int_equal(hpet_open(&hpet, registers, route, true), HPET_OK);
    assert_int_equal(words[CONF], 1);
    assert_int_equal(words[T1_CONF], 1u << 5 | 20u << 9);
    assert_int_equal(hpet_ticks(&hpet), 1ul << 40); /* left as it was */
    hpet_arm(&hpet, UINT64_MAX);
    assert_int_equal(words[T1_CONF], 1u << 5 | 20u << 9 | 1u << 2);

    struct hpet_route level = {.timer = 1, .line = 2, .level = true};
    assert_int_equal(hpet_open(&hpet, registers, level, false), HPET_OK);
    assert_int_equal(words[T1_CONF], 1u << 5 | 2u << 9 | 1u << 1);
}

static void test_refusals(void **state)
{
    (void)state;
    struct registers small = registers;
    small.size = 0x13f;
    assert_int_equal(hpet_open(&hpet, small, route, true), HPET_TOO_SMALL);
    small.size = 0xff;
    assert_int_equal(hpet_open(&hpet, small, route, true), HPET_TOO_SMALL);

    struct hpet_route wrong = {.timer = 3, .line = 20};
    assert_int_equal(hpet_open(&hpet, registers, wrong, true), HPET_NO_TIMER);
    wrong = (struct hpet_route){.timer = 1, .line = 21};
    assert_int_equal(hpet_open(&hpet, registers, wrong, true), HPET_BAD_ROUTE);
    wrong.line = 52;
    assert_int_equal(hpet_open(&hpet, registers, wrong, true), HPET_BAD_ROUTE);

    words[PERIOD] = 0;
    assert_int_equal(hpet_open(&hpet, registers, route, true), HPET_BAD_PERIOD);
    words[PERIOD] = 100000001;
    assert_int_equal(hpet_open(&hpet, registers, route, true), HPET_BAD_PERIOD);
    words[PERIOD] = 100000000;
    assert_int_equal(hpet_open(&hpet, registers, route, true), HPET_OK);
    assert_string_equal(hpet_error_text(HPET_OK), "no error");
    for (unsigned error = HPET_OK + 1; error <= HPET_BAD_ROUTE; error++)
        assert_string_not_equal(hpet_error_text(error), "no error");
}

static void test_arm(void **state)
{
    (void)state;
    set_counter(0xfffffff0);
    assert_int_equal(hpet_open(&hpet, registers, route, true), HPET_OK);
    hpet_arm(&hpet, 0x100001000);
    assert_int_equal(comparator(), 0x100001000);
    hpet_arm(&hpet, 0x200000000);
    assert_int_equal(comparator(), 0x200000000);
    hpet_arm(&hpet, 0xffffffff0);
    assert_int_equal(comparator(), 0xffffffff0);
}

/* A time that has passed, or may pass before the hardware takes it in, becomes one shortly
 * ahead. */
static void test_arm_passed(void **state)
{
    (void)state;
    const u64 now = 5ul << 32;
    const u64 passed[] = {0, 1, 4ul << 32, now - 1, now, now + 1, now + 127};
    set_counter(now);
    assert_int_equal(hpet_open(&hpet, registers, route, true), HPET_OK);
    for (u32 i = 0; i < array_count(passed); i++) {
        hpet_arm(&hpet, passed[i]);
        assert_in_range(comparator(), now + 128, now + 1024);
    }
}

/* The lower half of a counter goes on into numbers of 64 bits, and is asked for often enough. */
static void test_short_counter(void **state)
{
    (void)state;
    make_short(12345);
    tsc_time_ns = 70;
    assert_int_equal(hpet_open(&hpet, registers, route, true), HPET_OK);
    assert_int_equal(hpet_ticks(&hpet), 7); /* set by the processor's clock */
    assert_true(words[T1_CONF] & 1u << 8);
    u64 ticks = 7;
    for (u32 i = 0; i < 20; i++) {
        hpet_arm(&hpet, UINT64_MAX);
        assert_int_equal(words[T1_COMPARATOR + 1], 0);
        u32 ahead = words[T1_COMPARATOR] - (u32)ticks;
        assert_in_range(ahead, 1u << 20, 1u << 31);
        ticks += ahead;
        words[COUNTER] = (u32)ticks;
        assert_int_equal(hpet_ticks(&hpet), ticks);
    }
}

/* A successor finds the same time again, though processor and HPET do not quite agree. */
static void test_short_restart(void **state)
{
    (void)state;
    const u64 times[] = {0, 1000, 0x7fffffff, 0x80000000, 0xffffffff, 0x100000000, 0x123456789abc};
    const i64 drifts[] = {0, 1, -1, 1000000, -1000000, 0x70000000, -0x70000000};
    words[CONF] = 1;
    for (u32 t = 0; t < array_count(times); t++) {
        for (u32 d = 0; d < array_count(drifts); d++) {
            i64 tsc_ticks = (i64)times[t] + drifts[d];
            if (tsc_ticks < 0)
                continue;
            make_short((u32)times[t]);
            tsc_time_ns = (u64)tsc_ticks * 10;
            assert_int_equal(hpet_open(&hpet, registers, route, false), HPET_OK);
            assert_int_equal(hpet_ticks(&hpet), times[t]);
            assert_int_equal(words[COUNTER], (u32)times[t]);
        }
    }
}

static void test_interrupt(void **state)
{
    (void)state;
    struct hpet_route level = {.timer = 1, .line = 20, .level = true};
    assert_int_equal(hpet_open(&hpet, registers, level, true), HPET_OK);
    words[STATUS] = 0;
    assert_false(hpet_interrupt(&hpet));
    words[STATUS] = 1;
    assert_false(hpet_interrupt(&hpet)); /* another timer's */
    words[STATUS] = 3;
    assert_true(hpet_interrupt(&hpet));
    assert_int_equal(words[STATUS], 2); /* writing a 1 clears that bit, and no other is written */
}

static void test_units(void **state)
{
    (void)state;
    words[PERIOD] = 69841279; /* 14.318180 MHz */
    assert_int_equal(hpet_open(&hpet, registers, route, true), HPET_OK);
    assert_int_equal(hpet_to_ns(&hpet, 14318180), 1000000004);
    for (u64 ns = 0; ns < 10000; ns++) {
        u64 ticks = hpet_from_ns(&hpet, ns);
        assert_true(hpet_to_ns(&hpet, ticks) >= ns);
        assert_true(ticks == 0 || hpet_to_ns(&hpet, ticks - 1) < ns);
    }
    assert_true(hpet_to_ns(&hpet, UINT64_MAX) == UINT64_MAX);
    words[PERIOD] = 100000; /* 10 GHz: more ticks than nanoseconds */
    assert_int_equal(hpet_open(&hpet, registers, route, true), HPET_OK);
    assert_true(hpet_from_ns(&hpet, UINT64_MAX) == UINT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_open, setup),
        cmocka_unit_test_setup(test_refusals, setup),
        cmocka_unit_test_setup(test_arm, setup),
        cmocka_unit_test_setup(test_arm_passed, setup),
        cmocka_unit_test_setup(test_short_counter, setup),
        cmocka_unit_test_setup(test_short_restart, setup),
        cmocka_unit_test_setup(test_interrupt, setup),
        cmocka_unit_test_setup(test_units, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

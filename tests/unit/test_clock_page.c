/*
 * Unit tests of the clock page: a simulated time-stamp counter and a simulated reference clock,
 * each with faults of its own, and readers that look at every line that was ever published.
 */
// with: libpv/clock.c
#include "unit.h"

#include <base/random.h>
#include <clock.h>
#include <signal.h>

#define SECOND 1000000000ul

/* A machine: true time goes on in nanoseconds, everything else follows from it. */
static struct machine {
    u64 now;
    u64 hz;        /* ticks of the time-stamp counter in a true second */
    u64 period;    /* of the reference clock, in ns: it shows multiples of this */
    u64 jitter;    /* most nanoseconds between the look at one and at the other */
    u64 tsc_start; /* when true time was 0 */
    struct random random;
} machine;

static struct clock_discipline writer;
static struct clock_page page;

static u64 ticks_at(u64 now)
{
    return machine.tsc_start + (u64)((unsigned __int128)now * machine.hz / SECOND);
}

static enum clock_news look(void)
{
    u64 late = machine.jitter ? random_below(&machine.random, machine.jitter) : 0;
    return clock_look(&writer, ticks_at(machine.now + late),
                      machine.now / machine.period * machine.period);
}

static u64 read_page(u64 now)
{
    return clock_line_at(&page.line[page.sequence % 2], ticks_at(now));
}

/* The time that was read last; nobody may ever read an earlier one. */
static u64 seen;

static void read_forward(u64 now)
{
    u64 shown = read_page(now);
    assert_true(shown >= seen);
    seen = shown;
}

/* Lets `ns` of true time go by, with somebody who looks at the clock now and then. */
static void pass(u64 ns)
{
    u64 end = machine.now + ns;
    while (machine.now < end) {
        read_forward(machine.now);
        machine.now += 1 + random_below(&machine.random, ns / 16 + 1);
    }
    machine.now = end;
    read_forward(end);
}

static void machine_start(u64 hz, u64 known_hz, u64 period, u64 jitter)
{
    machine = (struct machine){
        .now = 5 * SECOND,
        .hz = hz,
        .period = period,
        .jitter = jitter,
        .tsc_start = 123456789,
    };
    random_init(&machine.random, hz + period + jitter);
    page = (struct clock_page){0};
    seen = 0;
    clock_begin(&writer, ticks_at(machine.now), SECOND, known_hz);
    assert_int_equal(look(), CLOCK_SAME);
    clock_publish(&page, &writer);
}

/* A look, whose outcome is published a little later, while others read. */
static enum clock_news look_and_publish(void)
{
    enum clock_news news = look();
    for (u32 i = 0; i < 8; i++) {
        machine.now += random_below(&machine.random, 1000000); /* together half the lead */
        read_forward(machine.now);
    }
    if (news != CLOCK_SAME)
        clock_publish(&page, &writer);
    read_forward(machine.now);
    return news;
}

/* By how much the clock is ahead of true time since the machine was started. */
static i64 error_now(void)
{
    return (i64)(read_page(machine.now) - (machine.now - 5 * SECOND + SECOND));
}

static void assert_near(i64 value, i64 expected, i64 most)
{
    if (value > expected + most || value < expected - most)
        print_message("%ld is not %ld, give or take %ld\n", (long)value, (long)expected,
                      (long)most);
    assert_true(value <= expected + most && value >= expected - most);
}

static void test_rates(void **state)
{
    (void)state;
    static const u64 rates[] = {1000000, 99999999, 1000000000, 2599965030, 5700000000};
    for (u32 i = 0; i < array_count(rates); i++) {
        struct clock_discipline clock;
        clock_begin(&clock, 1000, 7, rates[i]);
        u64 exact = (u64)(((unsigned __int128)SECOND << CLOCK_SHIFT) / rates[i]);
        assert_int_equal(clock.line.rate, exact);
        assert_int_equal(clock_line_at(&clock.line, 1000), 7);
        /* Ten years: rounded down, and off by less than a microsecond a year at the very most. */
        u64 years = 10ul * 365 * 86400;
        u64 shown = clock_line_at(&clock.line, 1000 + years * rates[i]) - 7;
        assert_true(shown <= years * SECOND && shown > years * SECOND - 10000000);
    }
}

static void test_converges(void **state)
{
    (void)state;
    static const struct {
        u64 hz, known, period, jitter;
        i64 error_most;
    } machines[] = {
        {1000000000, 1000000000, 10, 0, 20}, /* instructions counted */
        {1000000000, 1000020000, 10, 0, 20}, /* the same, calibrated badly */
        {2600000000, 2599965030, 10, 5000, 6000},
        {2600000000, 2587000000, 70, 3000, 4000}, /* half a percent off */
        {3700000000, 3740000000, 70, 0, 200},
        {900000000, 899000000, 100, 200, 600},
    };
    for (u32 i = 0; i < array_count(machines); i++) {
        machine_start(machines[i].hz, machines[i].known, machines[i].period, machines[i].jitter);
        for (u32 looks = 0; looks < 60; looks++) {
            pass(min(SECOND / 8 << min(looks, 3), SECOND));
            assert_int_equal(look_and_publish(), CLOCK_BENT);
        }
        for (u32 looks = 0; looks < 100; looks++) {
            pass(SECOND - random_below(&machine.random, SECOND / 10));
            assert_int_equal(look_and_publish(), CLOCK_BENT);
            assert_near(error_now(), 0, machines[i].error_most);
        }
    }
}

/* Until it is right it is not in a hurry: never more than a part in a thousand. */
static void test_slope(void **state)
{
    (void)state;
    machine_start(2000000000, 2020000000, 10, 1000);
    for (u32 looks = 0; looks < 100; looks++) {
        pass(SECOND);
        i64 before = error_now();
        u64 began = machine.now;
        assert_int_equal(look_and_publish(), CLOCK_BENT);
        pass(SECOND / 50);
        if (looks > 2)
            assert_near(error_now() - before, 0, (i64)(machine.now - began) / 900);
    }
    assert_near(error_now(), 0, 2000);
}

/* The oscillator warms up: the rate follows. */
static void test_rate_wanders(void **state)
{
    (void)state;
    machine_start(2000000000, 2000000000, 10, 500);
    for (u32 looks = 0; looks < 300; looks++) {
        pass(SECOND);
        assert_int_equal(look_and_publish(), CLOCK_BENT);
        u64 ticks = ticks_at(machine.now);
        machine.hz += 200; /* a tenth of a part in a million, every second */
        machine.tsc_start += ticks - ticks_at(machine.now);
        if (looks > 10)
            assert_near(error_now(), 0, 2000);
    }
}

/* The writer is killed and started again, at any time: no step, and nothing is forgotten. */
static void test_continues(void **state)
{
    (void)state;
    machine_start(2600000000, 2599000000, 10, 500);
    for (u32 lives = 0; lives < 500; lives++) {
        pass(1 + random_below(&machine.random, 3 * SECOND / 2));
        if (random_below(&machine.random, 2))
            assert_int_not_equal(look_and_publish(), CLOCK_DISAGREES);
        pass(1 + random_below(&machine.random, SECOND / 20));
        memset(&writer, 0x55, sizeof(writer));
        /* What it was about to write is left half written. */
        memset(&page.line[(page.sequence + 1) % 2], 0xaa, random_below(&machine.random, 48));
        assert_true(clock_continue(&writer, &page, ticks_at(machine.now), 2599000000));
        assert_int_not_equal(look_and_publish(), CLOCK_DISAGREES);
        if (lives > 100)
            assert_near(error_now(), 0, 300000);
    }
    for (u32 looks = 0; looks < 30; looks++) {
        pass(SECOND);
        assert_int_equal(look_and_publish(), CLOCK_BENT);
    }
    assert_near(error_now(), 0, 1000);
}

static void test_bad_page(void **state)
{
    (void)state;
    machine_start(2600000000, 2600000000, 10, 0);
    u64 now = ticks_at(machine.now);
    struct clock_page good = page;
    struct clock_line *line = &page.line[page.sequence % 2];
    assert_true(clock_continue(&writer, &page, now, 2600000000));
    assert_false(clock_continue(&writer, &page, now, 5200000000)); /* another processor */
    page.magic = 0;
    assert_false(clock_continue(&writer, &page, now, 2600000000));
    page = good;
    line->rate = 0;
    assert_false(clock_continue(&writer, &page, now, 2600000000));
    page = good;
    line->before *= 2;
    assert_false(clock_continue(&writer, &page, now, 2600000000));
    page = good;
    line->after += line->after / 100;
    assert_false(clock_continue(&writer, &page, now, 2600000000));
    page = good;
    line->tsc += 2600000000; /* the counter went back */
    assert_false(clock_continue(&writer, &page, now, 2600000000));
}

/* The reference jumps, backwards and forwards: the clock does not. */
static void test_disagrees(void **state)
{
    (void)state;
    machine_start(2600000000, 2599965030, 10, 100);
    for (u32 looks = 0; looks < 40; looks++) {
        pass(SECOND);
        assert_int_equal(look_and_publish(), CLOCK_BENT);
    }
    i64 before = error_now();
    static const i64 jumps[] = {100l * (i64)SECOND, -50l * (i64)SECOND, 1l << 60, (i64)SECOND / 2};
    for (u32 i = 0; i < array_count(jumps); i++) {
        machine.now += SECOND;
        u64 tsc = ticks_at(machine.now);
        assert_int_equal(clock_look(&writer, tsc, machine.now + (u64)jumps[i]), CLOCK_DISAGREES);
        clock_publish(&page, &writer);
        read_forward(machine.now);
        machine.now += SECOND;
        read_forward(machine.now);
        assert_int_equal(clock_look(&writer, ticks_at(machine.now), machine.now), CLOCK_DISAGREES);
        clock_publish(&page, &writer);
        read_forward(machine.now);
    }
    assert_near(error_now(), before, 100000);
}

/* Two looks in no time at all teach nothing and do no harm. */
static void test_hasty(void **state)
{
    (void)state;
    machine_start(1000000000, 1000000000, 10, 0);
    for (u32 i = 0; i < 100; i++) {
        machine.now += 1000000;
        struct clock_line before = writer.line;
        if (look() == CLOCK_SAME)
            assert_memory_equal(&before, &writer.line, sizeof(before));
        else
            assert_int_equal(writer.line.rate, 1ul << CLOCK_SHIFT);
    }
}

/* An alarm by the reference clock rings when the clock shows the time asked for. */
static void test_alarms(void **state)
{
    (void)state;
    machine_start(2600000000, 2600500000, 10, 0);
    for (u32 looks = 0; looks < 100; looks++) {
        pass(SECOND);
        assert_int_equal(look_and_publish(), CLOCK_BENT);
        for (u32 i = 0; i < 20; i++) {
            u64 due = read_page(machine.now) + random_below(&machine.random, SECOND);
            u64 rings = clock_reference_at(&writer, due);
            i64 off = (i64)(read_page(rings) - due);
            assert_near(off, 0, looks < 8 ? 20000 : 20);
        }
        assert_true(clock_reference_at(&writer, 0) == writer.reference);
        assert_true(clock_reference_at(&writer, UINT64_MAX) > machine.now + SECOND);
    }
}

/* With instructions counted, a tick is a nanosecond, and so it stays. */
static void test_exact(void **state)
{
    (void)state;
    machine_start(1000000000, 1000000000, 10, 0);
    for (u32 looks = 0; looks < 50; looks++) {
        machine.now += SECOND;
        assert_int_equal(look_and_publish(), CLOCK_BENT);
        assert_near(error_now(), 0, 20);
        assert_near((i64)writer.line.rate, 1l << CLOCK_SHIFT, (1l << CLOCK_SHIFT) / 50000000);
    }
}

/* A real page and the host's own counter. */
static void test_read(void **state)
{
    (void)state;
    struct clock_page real = {0};
    assert_false(clock_runs(&real));
    clock_begin(&writer, clock_ticks(), 1000, 1000000000);
    clock_publish(&real, &writer);
    assert_true(clock_runs(&real));
    u64 before = clock_read(&real);
    assert_true(before >= 1000);
    for (u32 i = 0; i < 1000; i++) {
        u64 now = clock_read(&real);
        assert_true(now >= before);
        before = now;
    }
}

/* --- while it is written --------------------------------------------------------------------- */

static struct clock_page real;
static u32 steps, interrupted_at, lines; /* instructions; behind which there come so many lines */
static void (*between)(void);            /* what happens between two instructions */

static void after_instruction(int signal)
{
    (void)signal;
    between();
    steps++;
}

/* Sets the processor's trap flag to what `flag` has: a signal behind each instruction. */
static inline void trap(u64 flag)
{
    __asm__ volatile("lea -128(%%rsp), %%rsp\n\t" /* what lies there is in use */
                     "pushfq\n\t"
                     "andq $~0x100, (%%rsp)\n\t"
                     "orq %0, (%%rsp)\n\t"
                     "popfq\n\t"
                     "lea 128(%%rsp), %%rsp"
                     :
                     : "r"(flag)
                     : "memory", "cc");
}

/* A line that shows the same time as all the others, a tick being a nanosecond, and has no number
 * in common with them. */
static void publish_other(void)
{
    writer.line.tsc = writer.line.ns = random_below(&machine.random, 1ul << 60);
    clock_publish(&real, &writer);
}

static void publish_some(void)
{
    for (u32 i = 0; steps == interrupted_at && i < lines; i++)
        publish_other();
}

/* What the page shows is the time. */
static void read_right(void)
{
    u64 before = clock_ticks(), shown = clock_read(&real), after = clock_ticks();
    if (shown < before || shown > after)
        fail_msg("at instruction %u: %lu is not between %lu and %lu", steps, shown, before, after);
}

/* Whatever is published between two instructions of a reader, it sees one line or another, and no
 * mixture; and it comes to an end. */
static void test_read_while_written(void **state)
{
    (void)state;
    machine_start(1000000000, 1000000000, 10, 0);
    between = publish_some;
    signal(SIGTRAP, after_instruction);
    for (lines = 1; lines <= 2; lines++) {
        interrupted_at = 0;
        do {
            publish_other();
            steps = 0;
            u64 before = clock_ticks();
            trap(0x100);
            u64 shown = clock_read(&real);
            trap(0);
            u64 after = clock_ticks();
            if (shown < before || shown > after)
                fail_msg("with %u lines at instruction %u: %lu is not between %lu and %lu", lines,
                         interrupted_at, shown, before, after);
        } while (interrupted_at++ < steps);
        assert_true(steps > 20); /* it was looked at */
    }
    signal(SIGTRAP, SIG_DFL);
}

/* After each instruction of the writer, which may be its last, the page shows the time. */
static void test_written_while_read(void **state)
{
    (void)state;
    machine_start(1000000000, 1000000000, 10, 0);
    publish_other();
    between = read_right;
    signal(SIGTRAP, after_instruction);
    for (u32 i = 0; i < 4; i++) {
        writer.line.tsc = writer.line.ns = random_below(&machine.random, 1ul << 60);
        steps = 0;
        trap(0x100);
        clock_publish(&real, &writer);
        trap(0);
        assert_true(steps > 20);
        read_right();
    }
    signal(SIGTRAP, SIG_DFL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rates),
        cmocka_unit_test(test_converges),
        cmocka_unit_test(test_slope),
        cmocka_unit_test(test_rate_wanders),
        cmocka_unit_test(test_continues),
        cmocka_unit_test(test_bad_page),
        cmocka_unit_test(test_disagrees),
        cmocka_unit_test(test_hasty),
        cmocka_unit_test(test_alarms),
        cmocka_unit_test(test_exact),
        cmocka_unit_test(test_read),
        cmocka_unit_test(test_read_while_written),
        cmocka_unit_test(test_written_while_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

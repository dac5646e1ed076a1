/*
 * Unit tests of sched/sched.c: caps of shares, and everything at random.
 */
// with: kernel/sched/sched.c kernel/object/share.c
#include "scheduler.h"

/* ---- caps ---- */

static void test_a_cap(void **state)
{
    (void)state;
    struct share *share = new_share(8, 100, 2 * MS);
    struct thread *capped = new_thread_of(share), *low = new_thread(1);
    wake(low);
    wake(capped);
    for (u32 period = 0; period < 100; period++) {
        u64 before = cycles(capped);
        u64 from = period == 0 ? started : cpu->period_end;
        run_until(from + 1);
        expect_runs(capped);
        run_until(from + 2 * MS - 1);
        expect_runs(capped);
        run_until(from + 2 * MS + 1);
        expect_runs(low);
        run_until(from + PERIOD - 1);
        expect_runs(low);
        expect_about(cycles(capped) - before, 2 * MS, 1);
    }
    expect_about(share->throttled, 100, 1);
    expect_about(cycles(low), 800 * MS, 1);
}

static void test_a_cap_with_nobody_else(void **state)
{
    (void)state;
    struct thread *capped = new_thread_of(new_share(8, 100, 3 * MS));
    wake(capped);
    run(1000 * MS);
    expect_about(cycles(capped), 300 * MS, 1);
    sched_charge(cpu, host_tsc);
    expect_about(cpu->idle_cycles, 700 * MS, 1);
    assert_true(timer_interrupts < 210);
}

/* Sleeping and waking does not get around it, and neither do more threads. */
static void test_a_cap_cannot_be_slept_away(void **state)
{
    (void)state;
    struct share *share = new_share(8, 100, 1 * MS);
    struct thread *a = new_thread_of(share), *b = new_thread_of(share);
    struct thread *spins = new_thread(7);
    wake(spins);
    for (u64 i = 0; i < 10000; i++) {
        struct thread *thread = i % 2 ? a : b;
        wake(thread);
        run(50 * US);
        if (thread->state == THREAD_READY)
            put_to_sleep(thread);
        run(50 * US);
    }
    u64 used = cycles(a) + cycles(b);
    assert_true(used <= 101 * MS); /* of 1000 */
    assert_true(used >= 99 * MS);
}

/* Periods that nobody noticed are not saved up. */
static void test_a_cap_after_a_long_sleep(void **state)
{
    (void)state;
    struct thread *capped = new_thread_of(new_share(8, 100, 1 * MS)), *low = new_thread(1);
    wake(low);
    run(205 * MS);
    wake(capped);
    run(100 * MS);
    assert_true(cycles(capped) <= 11 * MS + 100);
    assert_true(cycles(capped) >= 10 * MS);
}

static void test_a_cap_of_everything_and_of_next_to_nothing(void **state)
{
    (void)state;
    struct thread *all = new_thread_of(new_share(8, 100, PERIOD));
    struct thread *little = new_thread_of(new_share(9, 100, 1));
    wake(all);
    wake(little);
    run(1000 * MS);
    assert_true(cycles(little) <= 1000); /* no time passes between two reads here but by a tick */
    assert_true(cycles(all) >= 999 * MS);
}

/* On a slow counter a nanosecond is less than a tick, which is no reason to have no cap. */
static void test_a_cap_below_a_tick(void **state)
{
    (void)state;
    tsc_per_ns = clock_factor(999999000, NS_PER_SECOND);
    struct share *share = new_share(9, 100, 1);
    assert_int_not_equal(share->cap, 0);
    share_set(share, 1, 0);
    assert_int_equal(share->cap, 0);
    tsc_per_ns = 1ul << 32;
}

static void test_a_new_cap(void **state)
{
    (void)state;
    struct share *share = new_share(8, 100, 2 * MS);
    struct thread *capped = new_thread_of(share);
    wake(capped);
    run(100 * MS);
    enter();
    share_set(share, 100, 5 * MS);
    leave();
    u64 before = cycles(capped);
    run(1000 * MS);
    expect_about(cycles(capped) - before, 500 * MS, 2);
}

/* ---- everything at random ---- */

static bool may_run(const struct share *share)
{
    return !share->cap || share->period != cpu->period || share->used < share->budget_end;
}

/* Nobody more urgent waits, unless there is a window; and nobody waits while nothing runs. */
static void check_choice(void)
{
    const struct thread *runs = cpu_current(cpu);
    for (u32 i = 0; i < thread_count; i++) {
        const struct thread *thread = all_threads[i];
        if (thread->state != THREAD_READY || thread == runs || !may_run(thread->share))
            continue;
        if (!is_queued(&cpu->run.queue[thread->priority], &thread->share->link))
            continue; /* throttled until the period ends */
        assert_non_null(runs);
        if (thread->priority > runs->priority)
            assert_true(cpu->lazy_until != TIMER_OFF && host_tsc <= cpu->lazy_until);
    }
}

static void check_times(u64 *most_used)
{
    u64 sum = 0;
    sched_charge(cpu, host_tsc);
    for (u32 i = 0; i < thread_count; i++)
        sum += all_threads[i]->count.cycles;
    assert_int_equal(sum + cpu->idle_cycles, host_tsc - started); /* nothing is lost */
    for (u32 i = 0; i < share_count; i++) {
        const struct share *share = all_shares[i];
        u64 periods = (host_tsc - started) / PERIOD + 1;
        /* What a period leaves over may be used in the next one's beginning, once. */
        if (share->cap)
            assert_true(share->used <= (periods + 1) * (share->cap + 10));
        most_used[i] = max(most_used[i], share->used);
    }
}

static void random_step(struct random *random)
{
    struct thread *thread = all_threads[random_below(random, thread_count)];
    switch (random_below(random, 6)) {
    case 0:
    case 1:
        if (thread->state != THREAD_READY)
            wake_lazily(thread, random_below(random, 2) ? 0 : 1 + random_below(random, MS));
        break;
    case 2:
        if (thread->state == THREAD_READY)
            put_to_sleep(thread);
        break;
    case 3:
        if (cpu_current(cpu))
            yield();
        break;
    default:
        run(random_below(random, 3 * MS));
    }
}

static void test_at_random(void **state)
{
    for (u64 seed = 0; seed < 60; seed++) {
        struct random random;
        u64 most_used[array_count(all_shares)] = {0};
        random_init(&random, seed);
        start(state);
        for (u32 i = 0; i < 8; i++) {
            u64 cap = random_below(&random, 3) ? 0 : 1 + random_below(&random, PERIOD);
            struct share *share = new_share((u32)random_below(&random, PRIORITY_COUNT),
                                            1 + (u32)random_below(&random, 300), cap);
            for (u64 threads = 1 + random_below(&random, 3); threads > 0; threads--)
                (void)new_thread_of(share);
        }
        for (int step = 0; step < 1000; step++) {
            random_step(&random);
            check_choice();
            check_times(most_used);
        }
        end(state);
    }
}

#define test(name) cmocka_unit_test_setup_teardown(test_##name, start, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(a_cap),
        test(a_cap_with_nobody_else),
        test(a_cap_cannot_be_slept_away),
        test(a_cap_after_a_long_sleep),
        test(a_cap_of_everything_and_of_next_to_nothing),
        test(a_cap_below_a_tick),
        test(a_new_cap),
        test(at_random),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

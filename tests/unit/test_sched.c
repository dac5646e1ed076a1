/*
 * Unit tests of sched/sched.c: who runs, for how long, and when the timer is asked for.
 */
// with: kernel/sched/sched.c kernel/object/share.c
#include "scheduler.h"

/* ---- priorities ---- */

static void test_nobody(void **state)
{
    (void)state;
    leave();
    expect_runs(NULL);
    assert_int_equal(timer, TIMER_OFF);
    run(5 * MS);
    sched_charge(cpu, host_tsc);
    assert_int_equal(cpu->idle_cycles, 5 * MS);
}

static void test_the_most_urgent_runs(void **state)
{
    (void)state;
    struct thread *low = new_thread(3), *middle = new_thread(7), *high = new_thread(15);
    wake(low);
    expect_runs(low);
    run(MS);
    wake(high);
    expect_runs(high);
    wake(middle);
    expect_runs(high);
    run(50 * MS);
    expect_runs(high);
    put_to_sleep(high);
    expect_runs(middle);
    run(MS);
    put_to_sleep(middle);
    expect_runs(low);
    assert_int_equal(cycles(low), MS);
    assert_int_equal(cycles(middle), MS);
    assert_int_equal(cycles(high), 50 * MS);
    put_to_sleep(low);
    expect_runs(NULL);
}

static void test_all_priorities(void **state)
{
    (void)state;
    struct thread *thread[PRIORITY_COUNT];
    for (u32 i = 0; i < PRIORITY_COUNT; i++)
        thread[i] = new_thread(i);
    for (u32 i = 0; i < PRIORITY_COUNT; i++)
        wake(thread[(i * 7 + 3) % PRIORITY_COUNT]);
    for (u32 i = PRIORITY_COUNT; i-- > 0;) {
        expect_runs(thread[i]);
        put_to_sleep(thread[i]);
    }
    expect_runs(NULL);
}

/* Who is alone is left alone: no timer is needed. */
static void test_no_timer_without_a_rival(void **state)
{
    (void)state;
    struct thread *high = new_thread(5), *low = new_thread(4);
    wake(high);
    wake(low);
    run(1000 * MS);
    assert_true(timer_interrupts <= 1);
    expect_runs(high);
    assert_int_equal(timer, TIMER_OFF);
}

/* A thread that was preempted goes on before its brothers, and keeps what is left of its turn. */
static void test_preemption_does_not_cost_the_turn(void **state)
{
    (void)state;
    struct thread *a = new_thread(4), *b = new_thread(4), *high = new_thread(9);
    wake(a);
    wake(b);
    run(400 * US);
    expect_runs(a);
    wake(high);
    expect_runs(high);
    run(10 * MS);
    put_to_sleep(high);
    expect_runs(a);
    run(599 * US);
    expect_runs(a);
    run(2 * US);
    expect_runs(b);
}

/* The same when it is the end of a window that costs it the processor. */
static void test_a_window_does_not_cost_the_turn(void **state)
{
    (void)state;
    struct thread *a = new_thread(4), *b = new_thread(4), *high = new_thread(9);
    wake(a);
    wake(b);
    run(400 * US);
    wake_lazily(high, 100 * US);
    run(101 * US);
    expect_runs(high);
    put_to_sleep(high);
    expect_runs(a);
    run(490 * US);
    expect_runs(a);
    run(20 * US);
    expect_runs(b);
}

static void test_ready_threads_can_be_taken_away(void **state)
{
    (void)state;
    struct thread *a = new_thread(4), *b = new_thread(4), *c = new_thread(4);
    wake(a);
    wake(b);
    wake(c);
    put_to_sleep(b);
    run(1001 * US);
    expect_runs(c);
    put_to_sleep(a);
    run(10 * MS);
    expect_runs(c);
    assert_int_equal(cycles(b), 0);
}

/* ---- turns ---- */

static void test_turns_by_weight(void **state)
{
    (void)state;
    struct share *light = new_share(6, 100, 0), *heavy = new_share(6, 300, 0);
    struct thread *a = new_thread_of(light), *b = new_thread_of(heavy);
    assert_int_equal(sched_turn(light), MS);
    assert_int_equal(sched_turn(heavy), 3 * MS);
    wake(a);
    wake(b);
    run(400 * MS);
    expect_about(cycles(a), 100 * MS, 1);
    expect_about(cycles(b), 300 * MS, 1);
    assert_int_equal(cycles(a) + cycles(b), 400 * MS);
    assert_true(timer_interrupts <= 201);
}

static void test_many_weights(void **state)
{
    (void)state;
    static const u32 weights[] = {1, 10, 37, 100, 250, 1000, 10000};
    struct thread *thread[array_count(weights)];
    u64 sum = 0;
    for (u32 i = 0; i < array_count(weights); i++) {
        thread[i] = new_thread_of(new_share(2, weights[i], 0));
        wake(thread[i]);
        sum += weights[i];
    }
    run(sum * 10 * US * 50); /* fifty rounds */
    for (u32 i = 0; i < array_count(weights); i++)
        expect_about(cycles(thread[i]), weights[i] * 10 * US * 50, 3);
}

/* A share's time does not grow with its threads. */
static void test_threads_divide_their_share(void **state)
{
    (void)state;
    struct share *crowded = new_share(6, 100, 0);
    struct thread *a[3], *b = new_thread(6);
    for (u32 i = 0; i < 3; i++) {
        a[i] = new_thread_of(crowded);
        wake(a[i]);
    }
    wake(b);
    run(600 * MS);
    expect_about(cycles(b), 300 * MS, 1);
    for (u32 i = 0; i < 3; i++)
        expect_about(cycles(a[i]), 100 * MS, 2);
}

/* With one share alone its threads take turns among themselves. */
static void test_threads_of_one_share_take_turns(void **state)
{
    (void)state;
    struct share *share = new_share(6, 100, 0);
    struct thread *a = new_thread_of(share), *b = new_thread_of(share);
    wake(a);
    wake(b);
    run(200 * MS);
    expect_about(cycles(a), 100 * MS, 1);
    expect_about(cycles(b), 100 * MS, 1);
}

static void test_yield(void **state)
{
    (void)state;
    struct thread *a = new_thread(6), *b = new_thread(6), *low = new_thread(5);
    wake(low);
    wake(a);
    run(100 * US);
    yield();
    expect_runs(a); /* not to somebody less urgent */
    wake(b);
    run(100 * US);
    yield();
    expect_runs(b);
    run(100 * US);
    yield();
    expect_runs(a); /* with a turn of its own, again */
    run(999 * US);
    expect_runs(a);
    run(2 * US);
    expect_runs(b);
}

/* Somebody urgent who wakes about as often as turns end, by the same interrupt or by another one a
 * little later, must not always save the same one's turn. */
static void interrupted(u64 interval, u64 runs_for, bool by_alarm)
{
    struct thread *a = new_thread(4), *b = new_thread(4), *urgent = new_thread(12);
    wake(a);
    wake(b);
    alarmed = urgent;
    while (host_tsc < started + 1000 * MS) {
        if (by_alarm) {
            sched_set_alarm(cpu, host_tsc + interval);
            while (urgent->state != THREAD_READY)
                run_until(timer);
        } else {
            host_tsc += interval; /* the timer's interrupt would come next */
            wake(urgent);
        }
        expect_runs(urgent);
        run(runs_for);
        put_to_sleep(urgent);
    }
    expect_about(cycles(a), cycles(b), 10);
}

static void test_interruptions_starve_nobody(void **state)
{
    (void)state;
    static const u64 intervals[] = {100 * US,  499 * US,  990 * US, 999 * US,
                                    1000 * US, 1001 * US, 1500 * US};
    for (u32 i = 0; i < array_count(intervals); i++) {
        for (u32 kind = 0; kind < 4; kind++) {
            start(state);
            interrupted(intervals[i], kind & 1 ? 5 * US : 1, kind & 2);
            end(state);
        }
    }
}

/* ---- lazily raised events ---- */

static void test_a_lazy_window(void **state)
{
    (void)state;
    struct thread *raiser = new_thread(5), *server = new_thread(10);
    wake(raiser);
    run(MS);
    wake_lazily(server, 200 * US);
    expect_runs(raiser);
    run(199 * US);
    expect_runs(raiser);
    run(2 * US);
    expect_runs(server);
    put_to_sleep(server);
    expect_runs(raiser);

    wake_lazily(server, 200 * US); /* until the raiser waits */
    run(50 * US);
    put_to_sleep(raiser);
    expect_runs(server);
    put_to_sleep(server);
    expect_runs(NULL);
    wake_lazily(server, 200 * US); /* nobody to spare */
    expect_runs(server);
}

static void test_windows_do_not_add_up(void **state)
{
    (void)state;
    struct thread *raiser = new_thread(5), *a = new_thread(10), *b = new_thread(11);
    wake(raiser);
    wake_lazily(a, 200 * US);
    run(150 * US);
    wake_lazily(b, 200 * US);
    run(51 * US);
    expect_runs(b);
    put_to_sleep(b);
    expect_runs(a);
}

static void test_others_and_a_lazy_window(void **state)
{
    (void)state;
    struct thread *raiser = new_thread(5), *server = new_thread(10);
    struct thread *lower = new_thread(2), *same = new_thread(5), *higher = new_thread(12);
    wake(raiser);
    wake_lazily(server, 200 * US);
    wake(lower); /* no affair of theirs */
    expect_runs(raiser);
    wake_lazily(same, 200 * US);
    expect_runs(raiser);
    run(100 * US);
    expect_runs(raiser);
    wake(higher); /* is awaited now */
    expect_runs(higher);
    put_to_sleep(higher);
    expect_runs(server);
}

static void test_a_turn_ends_inside_a_lazy_window(void **state)
{
    (void)state;
    struct thread *raiser = new_thread(5), *rival = new_thread(5), *server = new_thread(10);
    wake(raiser);
    wake(rival);
    wake_lazily(server, 5 * MS);
    run(1001 * US);
    expect_runs(server); /* the raiser does not run any more */
}

/* ---- the alarm ---- */

static void test_the_alarm(void **state)
{
    (void)state;
    struct thread *a = new_thread(5), *b = new_thread(5);
    sched_set_alarm(cpu, host_tsc + 10 * MS);
    leave();
    run(10 * MS - 1);
    assert_int_equal(alarms, 0);
    run(2);
    assert_int_equal(alarms, 1);
    run(50 * MS);
    assert_int_equal(alarms, 1);

    wake(a);
    wake(b); /* other interrupts of the timer come in between */
    sched_set_alarm(cpu, host_tsc + 10 * MS);
    run(9 * MS);
    assert_true(timer_interrupts > 5);
    assert_int_equal(alarms, 1);
    run(MS + 1);
    assert_int_equal(alarms, 2);

    sched_set_alarm(cpu, host_tsc + 10 * MS);
    run(5 * MS);
    sched_set_alarm(cpu, TIMER_OFF);
    run(50 * MS);
    assert_int_equal(alarms, 2);
    sched_set_alarm(cpu, host_tsc - 1); /* past already */
    run(2);
    assert_int_equal(alarms, 3);
    sched_set_alarm(cpu, 0);
    run(2);
    assert_int_equal(alarms, 4);
}

static void test_an_earlier_alarm(void **state)
{
    (void)state;
    sched_set_alarm(cpu, host_tsc + 20 * MS);
    sched_set_alarm(cpu, host_tsc + 10 * MS);
    run(10 * MS + 1);
    assert_int_equal(alarms, 1);
    sched_set_alarm(cpu, host_tsc + 10 * MS);
    sched_set_alarm(cpu, host_tsc + 20 * MS);
    run(19 * MS);
    assert_int_equal(alarms, 1);
    run(2 * MS);
    assert_int_equal(alarms, 2);
}

#define test(name) cmocka_unit_test_setup_teardown(test_##name, start, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(nobody),
        test(the_most_urgent_runs),
        test(all_priorities),
        test(no_timer_without_a_rival),
        test(preemption_does_not_cost_the_turn),
        test(a_window_does_not_cost_the_turn),
        test(ready_threads_can_be_taken_away),
        test(turns_by_weight),
        test(many_weights),
        test(threads_divide_their_share),
        test(threads_of_one_share_take_turns),
        test(yield),
        test(interruptions_starve_nobody),
        test(a_lazy_window),
        test(windows_do_not_add_up),
        test(others_and_a_lazy_window),
        test(a_turn_ends_inside_a_lazy_window),
        test(the_alarm),
        test(an_earlier_alarm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

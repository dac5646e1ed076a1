/*
 * Unit tests of sched/sched.c: who runs, for how long, and when the timer is asked for. Time is simulated:
 * threads run until the timer fires or the test lets something happen.
 */
// with: kernel/sched/sched.c kernel/object/share.c
#include "kernel.h"

#include "cpu/apic.h"
#include "cpu/clock.h"
#include "object/share.h"
#include "object/thread.h"
#include "sched/sched.h"

#define MS 1000000ul /* ticks: the counter runs at 1 GHz */
#define US 1000ul
#define PERIOD SHARE_PERIOD_NS

u64 tsc_hz = NS_PER_SECOND, tsc_per_ns = 1ul << 32, ns_per_tsc = 1ul << 32;

static struct cpu *cpu;
static u64 timer; /* when it fires */
static u32 timer_interrupts, alarms;
static struct thread *alarmed; /* whom the alarm wakes */
static u64 started;

/* ---- what the scheduler stands on ---- */

void apic_timer_arm(u64 deadline)
{
    timer = deadline;
}

void *object_allocate(struct pool *pool, enum object_type type, u64 size)
{
    struct object *object = calloc(1, size);
    assert_non_null(object);
    object->type = object->kind = (u8)type;
    object->pool = pool;
    return object;
}

void thread_detach_share(struct thread *thread)
{
    (void)thread;
    fail();
}

/* ---- shares and threads ---- */

static struct share *all_shares[32];
static struct thread *all_threads[64];
static u32 share_count, thread_count;

static int start(void **state)
{
    (void)state;
    cpu = host_cpu_init();
    host_tsc = started = 123456789;
    timer = TIMER_OFF;
    timer_interrupts = alarms = 0;
    alarmed = NULL;
    sched_init(cpu);
    return 0;
}

static int end(void **state)
{
    (void)state;
    while (share_count > 0)
        free(all_shares[--share_count]);
    while (thread_count > 0)
        free(all_threads[--thread_count]);
    return 0;
}

static struct share *new_share(u32 priority, u32 weight, u64 cap_ns)
{
    struct share *share;
    assert_int_equal(share_create(NULL, priority, weight, cap_ns, &share), ERR_NONE);
    assert_in_range(share_count, 0, array_count(all_shares) - 1);
    all_shares[share_count++] = share;
    return share;
}

static struct thread *new_thread_of(struct share *share)
{
    struct thread *thread = aligned_alloc(16, align_up(sizeof(struct thread), 16));
    assert_non_null(thread);
    memset(thread, 0, sizeof(*thread));
    list_init(&thread->queue);
    thread->share = share;
    thread->priority = thread->fast_priority = share->priority;
    thread->state = THREAD_STOPPED;
    assert_in_range(thread_count, 0, array_count(all_threads) - 1);
    all_threads[thread_count++] = thread;
    return thread;
}

/* A thread with a share of its own. */
static struct thread *new_thread(u32 priority)
{
    return new_thread_of(new_share(priority, 100, 0));
}

/* ---- the processor ---- */

static bool is_queued(const struct list *head, const struct list *wanted)
{
    list_for_each(node, head)
        if (node == wanted)
            return true;
    return false;
}

/* Everything about the queues that must be so at every moment. */
static void check_queues(void)
{
    const struct run_queue *run = &cpu->run;
    for (u32 priority = 0; priority < PRIORITY_COUNT; priority++) {
        assert_int_equal(run->ready >> priority & 1, !list_empty(&run->queue[priority]));
        assert_int_equal(run->throttled_mask >> priority & 1, !list_empty(&run->throttled[priority]));
    }
    assert_int_equal(cpu->hurdles & ~HURDLE_LOADED, run->ready | HURDLE_ALWAYS);
    for (u32 i = 0; i < share_count; i++) {
        const struct share *share = all_shares[i];
        u32 places = is_queued(&run->queue[share->priority], &share->link) +
                     is_queued(&run->throttled[share->priority], &share->link);
        assert_int_equal(places, !list_empty(&share->ready));
    }
    for (u32 i = 0; i < thread_count; i++) {
        const struct thread *thread = all_threads[i];
        bool waits_its_turn = thread->state == THREAD_READY && thread != cpu_current(cpu);
        assert_int_equal(is_queued(&thread->share->ready, &thread->queue), waits_its_turn);
    }
}

/* The way out of the kernel, as in cpu_exit. */
static void leave(void)
{
    if (cpu->attention & ATTENTION_CHOOSE || !cpu_current(cpu)) {
        sched_choose(cpu);
        sched_arm(cpu);
    }
    cpu->attention = ATTENTION_NONE;
    struct thread *next = cpu_current(cpu);
    cpu->idle = !next;
    if (next && next != cpu->loaded) {
        sched_charge(cpu, host_tsc);
        cpu->loaded = next;
        sched_set_hurdles(cpu);
    }
    check_queues();
}

/* The way in, as in user_trap and kernel_trap. */
static void enter(void)
{
    if (cpu->idle)
        sched_charge(cpu, host_tsc);
    cpu->idle = false;
    if (cpu_current(cpu))
        cpu->loaded = cpu_current(cpu);
}

static void run_until(u64 moment)
{
    while (host_tsc < moment) {
        if (timer > moment) {
            host_tsc = moment;
            return;
        }
        host_tsc = max(host_tsc + 1, timer); /* an interrupt takes its time */
        timer = TIMER_OFF;
        timer_interrupts++;
        enter();
        if (sched_timer(cpu)) {
            alarms++;
            if (alarmed) {
                alarmed->state = THREAD_READY;
                sched_wake(alarmed, 0);
            }
        }
        leave();
    }
}

static void run(u64 ticks)
{
    run_until(host_tsc + ticks);
}

static void wake_lazily(struct thread *thread, u64 window)
{
    enter();
    thread->state = THREAD_READY;
    sched_wake(thread, window);
    leave();
}

static void wake(struct thread *thread)
{
    wake_lazily(thread, 0);
}

/* The thread waits, whether it runs or only wants to. */
static void put_to_sleep(struct thread *thread)
{
    enter();
    thread->state = THREAD_WAITING;
    if (cpu_current(cpu) == thread)
        cpu_set_current(cpu, NULL);
    else
        sched_dequeue(thread);
    leave();
}

static void yield(void)
{
    enter();
    sched_yield(cpu);
    leave();
}

static void expect_runs(const struct thread *thread)
{
    assert_ptr_equal(cpu_current(cpu), thread);
}

static u64 cycles(const struct thread *thread)
{
    sched_charge(cpu, host_tsc);
    return thread->count.cycles;
}

static void expect_about(u64 actual, u64 expected, u64 percent)
{
    u64 difference = actual > expected ? actual - expected : expected - actual;
    if (difference * 100 > expected * percent)
        fail_msg("%lu, but expected %lu within %lu %%", actual, expected, percent);
}

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

/* Somebody urgent who wakes about as often as turns end, by the same interrupt or by another one a little
 * later, must not always save the same one's turn. */
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
    static const u64 intervals[] = {100 * US, 499 * US, 990 * US, 999 * US, 1000 * US, 1001 * US, 1500 * US};
    for (u32 i = 0; i < array_count(intervals); i++) {
        for (u32 kind = 0; kind < 4; kind++) {
            start(state);
            interrupted(intervals[i], kind & 1 ? 5 * US : 1, kind & 2);
            end(state);
        }
    }
}

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
        test(nobody),
        test(the_most_urgent_runs),
        test(all_priorities),
        test(no_timer_without_a_rival),
        test(preemption_does_not_cost_the_turn),
        test(ready_threads_can_be_taken_away),
        test(turns_by_weight),
        test(many_weights),
        test(threads_divide_their_share),
        test(threads_of_one_share_take_turns),
        test(yield),
        test(interruptions_starve_nobody),
        test(a_cap),
        test(a_cap_with_nobody_else),
        test(a_cap_cannot_be_slept_away),
        test(a_cap_of_everything_and_of_next_to_nothing),
        test(a_cap_below_a_tick),
        test(a_new_cap),
        test(a_lazy_window),
        test(windows_do_not_add_up),
        test(others_and_a_lazy_window),
        test(a_turn_ends_inside_a_lazy_window),
        test(the_alarm),
        test(an_earlier_alarm),
        test(at_random),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * A processor for unit tests of sched/sched.c. Time is simulated: threads run until the timer fires
 * or the test lets something happen; after each entry into the kernel everything about the queues
 * is checked. Needs: kernel/sched/sched.c kernel/object/share.c
 */
#pragma once

#include "kernel.h"

#include "cpu/apic.h"
#include "cpu/clock.h"
#include "object/share.h"
#include "object/thread.h"
#include "sched/charge.h"
#include "sched/sched.h"

#define MS     1000000ul /* ticks: the counter runs at 1 GHz */
#define US     1000ul
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

static inline int start(void **state)
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

static inline int end(void **state)
{
    (void)state;
    while (share_count > 0)
        free(all_shares[--share_count]);
    while (thread_count > 0)
        free(all_threads[--thread_count]);
    return 0;
}

static inline struct share *new_share(u32 priority, u32 weight, u64 cap_ns)
{
    struct share *share;
    assert_int_equal(share_create(NULL, priority, weight, cap_ns, &share), ERR_NONE);
    assert_in_range(share_count, 0, array_count(all_shares) - 1);
    all_shares[share_count++] = share;
    return share;
}

static inline struct thread *new_thread_of(struct share *share)
{
    struct thread *thread = aligned_alloc(16, align_up(sizeof(struct thread), 16));
    assert_non_null(thread);
    memset(thread, 0, sizeof(*thread));
    list_init(&thread->queue);
    thread->share = share;
    thread->priority = share->priority;
    thread->fast_shift = share->cap ? HURDLE_SHIFT_SLOW : HURDLE_SHIFT(share->priority);
    thread->state = THREAD_STOPPED;
    assert_in_range(thread_count, 0, array_count(all_threads) - 1);
    all_threads[thread_count++] = thread;
    return thread;
}

/* A thread with a share of its own. */
static inline struct thread *new_thread(u32 priority)
{
    return new_thread_of(new_share(priority, 100, 0));
}

/* ---- the processor ---- */

static inline bool is_queued(const struct list *head, const struct list *wanted)
{
    list_for_each(node, head)
        if (node == wanted)
            return true;
    return false;
}

/* Everything about the queues that must be so at every moment. */
static inline void check_queues(void)
{
    const struct run_queue *run = &cpu->run;
    for (u32 priority = 0; priority < PRIORITY_COUNT; priority++) {
        assert_int_equal(run->ready >> priority & 1, !list_empty(&run->queue[priority]));
        assert_int_equal(run->throttled_mask >> priority & 1,
                         !list_empty(&run->throttled[priority]));
        bool hurdle = run->ready >> priority || (cpu->loaded && cpu->loaded->share->cap);
        assert_int_equal(cpu->hurdles >> HURDLE_SHIFT(priority) != 0, hurdle);
    }
    assert_int_not_equal(cpu->hurdles >> HURDLE_SHIFT_SLOW, 0);
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

/* The way out of the kernel, as in cpu_leave, cpu_choose and cpu_load. */
static inline void leave(void)
{
    if (cpu->attention & ATTENTION_CHOOSE || !cpu_current(cpu)) {
        sched_choose(cpu);
        sched_arm(cpu);
    }
    cpu->attention = ATTENTION_NONE;
    struct thread *next = cpu_current(cpu);
    cpu->idle = !next;
    if (!next) {
        sched_charge(cpu, host_tsc);
        cpu->loaded = NULL;
        cpu->hurdles &= ~HURDLE_LOADED;
    }
    if (next && next != cpu->loaded) {
        sched_charge(cpu, host_tsc);
        cpu->loaded = next;
        cpu->hurdles = (cpu->hurdles & ~HURDLE_LOADED) | (next->share->cap ? HURDLE_LOADED : 0);
    }
    check_queues();
}

/* The way in, as in user_trap and kernel_trap. */
static inline void enter(void)
{
    cpu->idle = false;
    if (cpu_current(cpu))
        cpu->loaded = cpu_current(cpu);
}

static inline void run_until(u64 moment)
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

static inline void run(u64 ticks)
{
    run_until(host_tsc + ticks);
}

static inline void wake_lazily(struct thread *thread, u64 window)
{
    enter();
    thread->state = THREAD_READY;
    sched_wake(thread, window);
    leave();
}

static inline void wake(struct thread *thread)
{
    wake_lazily(thread, 0);
}

/* The thread waits, whether it runs or only wants to. */
static inline void put_to_sleep(struct thread *thread)
{
    enter();
    thread->state = THREAD_WAITING;
    if (cpu_current(cpu) == thread)
        cpu_set_current(cpu, NULL);
    else
        sched_dequeue(thread);
    leave();
}

static inline void yield(void)
{
    enter();
    sched_yield(cpu);
    leave();
}

static inline void expect_runs(const struct thread *thread)
{
    assert_ptr_equal(cpu_current(cpu), thread);
}

static inline u64 cycles(const struct thread *thread)
{
    sched_charge(cpu, host_tsc);
    return thread->count.cycles;
}

static inline void expect_about(u64 actual, u64 expected, u64 percent)
{
    u64 difference = actual > expected ? actual - expected : expected - actual;
    if (difference * 100 > expected * percent)
        fail_msg("%lu, but expected %lu within %lu %%", actual, expected, percent);
}

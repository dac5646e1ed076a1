/* The scheduler; see sched.h. */
#include "sched/sched.h"
#include "cpu/apic.h"
#include "cpu/asm.h"
#include "cpu/clock.h"
#include "debug/assert.h"
#include "object/share.h"
#include "object/thread.h"
#include "sched/charge.h"

#define SHARES_PER_CHOICE 32u /* so many are looked at before interrupts have their turn */

void sched_init(struct cpu *cpu)
{
    for (u32 priority = 0; priority < PRIORITY_COUNT; priority++) {
        list_init(&cpu->run.queue[priority]);
        list_init(&cpu->run.throttled[priority]);
    }
    cpu->hurdles = HURDLE_ALWAYS;
    cpu->timer_armed = cpu->alarm_at = cpu->lazy_until = TIMER_OFF;
    cpu->switched_at = rdtsc();
    cpu->period_end = cpu->switched_at + ns_to_tsc(SHARE_PERIOD_NS);
}

u64 sched_turn(const struct share *share)
{
    return ns_to_tsc(TURN_NS) * share->weight;
}

/* ---- caps ---- */

/* May the share use more of the present period? */
static bool share_may_run(struct cpu *cpu, struct share *share)
{
    if (!share->cap) {
        return true;
    }
    if (share->period != cpu->period) {
        u64 earned = (cpu->period - share->period) * share->cap; /* overdrafts are paid back */
        share->budget_end = min(share->budget_end + earned, share->used + share->cap);
        share->period = cpu->period;
    }
    return share->used < share->budget_end;
}

/* If the period of caps is over, begins the next, and lets the throttled ones run again. */
static void period_roll(struct cpu *cpu, u64 now)
{
    if (now < cpu->period_end) {
        return;
    }
    u64 length = ns_to_tsc(SHARE_PERIOD_NS);
    u64 passed = (now - cpu->period_end) / length + 1;
    cpu->period += passed;
    cpu->period_end += passed * length;
    for (u32 mask = cpu->run.throttled_mask; mask; mask &= mask - 1) {
        u32 priority = (u32)__builtin_ctz(mask);
        list_move_all(&cpu->run.queue[priority], &cpu->run.throttled[priority]);
    }
    cpu->run.ready |= cpu->run.throttled_mask;
    cpu->hurdles |= cpu->run.throttled_mask << HURDLE_SHIFT(0);
    cpu->run.throttled_mask = 0;
}

/* ---- queues ---- */

/* The cap of a share that has ready threads is used up: it waits for the next period. */
static void share_throttle(struct cpu *cpu, struct share *share)
{
    share->throttled++;
    list_push_back(&cpu->run.throttled[share->priority], &share->link);
    cpu->run.throttled_mask |= 1u << share->priority;
}

/* Puts a share that has ready threads and is in no queue into the right one. */
static inline void share_enqueue(struct cpu *cpu, struct share *share, bool front)
{
    struct list *queue = &cpu->run.queue[share->priority];
    u32 bit = 1u << share->priority;
    if (unlikely(share->cap && !share_may_run(cpu, share))) {
        share_throttle(cpu, share);
        return;
    }
    cpu->run.ready |= bit;
    cpu->hurdles |= bit << HURDLE_SHIFT(0);
    if (front) {
        list_push_front(queue, &share->link);
    } else {
        list_push_back(queue, &share->link);
    }
}

/* Takes a share out of its queue. */
static void share_dequeue(struct cpu *cpu, struct share *share)
{
    struct run_queue *run = &cpu->run;
    u32 priority = share->priority;
    list_remove(&share->link);
    if (list_empty(&run->queue[priority])) {
        run->ready &= ~(1u << priority);
        cpu->hurdles &= ~(1u << HURDLE_SHIFT(priority));
    }
    if (list_empty(&run->throttled[priority])) {
        run->throttled_mask &= ~(1u << priority);
    }
}

static inline void enqueue(struct cpu *cpu, struct thread *thread, bool front)
{
    struct share *share = thread->share;
    bool queued = !list_empty(&share->ready);
    if (front) {
        list_push_front(&share->ready, &thread->queue);
    } else {
        list_push_back(&share->ready, &thread->queue);
    }
    if (!queued) {
        share_enqueue(cpu, share, front);
    }
}

void sched_dequeue(struct thread *thread)
{
    list_remove(&thread->queue);
    if (list_empty(&thread->share->ready)) {
        share_dequeue(cpu_this(), thread->share);
    }
}

/* ---- time ---- */

void sched_arm(struct cpu *cpu)
{
    u64 deadline = min(cpu->alarm_at, cpu->lazy_until);
    struct thread *thread = cpu_current(cpu);
    if (thread) {
        struct share *share = thread->share;
        bool rival = cpu->run.ready >> thread->priority & 1;
        if (rival && share->turn_end > share->used) {
            deadline = min(deadline, cpu->switched_at + (share->turn_end - share->used));
        }
        if (share->cap && share->budget_end > share->used) {
            cpu->budget_look = cpu->switched_at + (share->budget_end - share->used);
            deadline = min(deadline, cpu->budget_look);
        }
    }
    if (cpu->run.throttled_mask) {
        deadline = min(deadline, cpu->period_end);
    }
    if (cpu->unfinished) {
        deadline = cpu->switched_at; /* at once */
    }
    if (deadline < cpu->timer_armed) {
        cpu->timer_armed = deadline;
        apic_timer_arm(deadline);
    }
}

void sched_set_alarm(struct cpu *cpu, u64 deadline)
{
    cpu->alarm_at = deadline;
    sched_arm(cpu);
}

bool sched_timer(struct cpu *cpu)
{
    u64 now = rdtsc();
    cpu->timer_armed = TIMER_OFF;
    cpu->attention |= ATTENTION_CHOOSE;
    if (now >= cpu->lazy_until) {
        cpu->lazy_until = TIMER_OFF;
    }
    if (now < cpu->alarm_at) {
        return false;
    }
    cpu->alarm_at = TIMER_OFF;
    return true;
}

/* ---- choosing ---- */

void sched_wake(struct thread *thread, u64 window)
{
    struct cpu *cpu = cpu_this();
    struct thread *current = cpu_current(cpu);
    bool best = !(cpu->run.ready >> thread->priority) && !thread->share->cap;
    if (best && !current) {
        cpu_set_current(cpu, thread);
        return;
    }
    bool urgent = current && thread->priority > current->priority;
    if (best && urgent && !window) {
        enqueue(cpu, current, true);
        cpu_set_current(cpu, thread);
        return;
    }
    enqueue(cpu, thread, false);
    if (current && thread->priority < current->priority) {
        return; /* it has its turn when those above have nothing to do */
    }
    cpu->attention |= ATTENTION_CHOOSE;
    if (urgent && !window) {
        cpu->lazy_until = TIMER_OFF;
    } else if (urgent && cpu->lazy_until == TIMER_OFF) {
        cpu->lazy_until = rdtsc() + window;
    }
}

void sched_yield(struct cpu *cpu)
{
    cpu_current(cpu)->share->turn_end = 0;
    cpu->attention |= ATTENTION_CHOOSE;
}

/* Sends a share that is first in its queue to the back, or to those that are throttled. */
static void share_send_back(struct cpu *cpu, struct share *share)
{
    share_dequeue(cpu, share);
    share_enqueue(cpu, share, false);
}

/* Should the present thread stop here? Then it is put back where it belongs. */
static void preempt(struct cpu *cpu)
{
    struct thread *thread = cpu_current(cpu);
    struct share *share = thread->share;
    bool turn_over = share->used >= share->turn_end;
    if (turn_over) {
        share->turn_end = share->used + sched_turn(share);
    }
    u32 rivals = cpu->run.ready >> thread->priority;
    bool lazy = cpu->lazy_until != TIMER_OFF;
    bool must_go =
        !share_may_run(cpu, share) || (turn_over && rivals & 1) || (rivals >> 1 && !lazy);
    if (!must_go) {
        return;
    }
    cpu_set_current(cpu, NULL);
    if (turn_over && !list_empty(&share->ready)) {
        share_send_back(cpu, share); /* its other threads wait for its next turn too */
    }
    enqueue(cpu, thread, !turn_over);
}

/* Takes the best thread out of the queues. After a number of shares that may not run it gives up
 * for the moment: then cpu->unfinished is true. */
static struct thread *take_best(struct cpu *cpu)
{
    for (u32 looked = 0; cpu->run.ready && looked < SHARES_PER_CHOICE; looked++) {
        u32 priority = 31 - (u32)__builtin_clz(cpu->run.ready);
        struct share *share =
            container_of(list_first(&cpu->run.queue[priority]), struct share, link);
        if (!share_may_run(cpu, share)) {
            share_send_back(cpu, share);
            continue;
        }
        if (share->used >= share->turn_end) { /* it was preempted in its last moment */
            share->turn_end = share->used + sched_turn(share);
            share_send_back(cpu, share);
            continue;
        }
        struct thread *thread = container_of(list_first(&share->ready), struct thread, queue);
        sched_dequeue(thread);
        return thread;
    }
    cpu->unfinished = cpu->run.ready != 0;
    return NULL;
}

void sched_choose(struct cpu *cpu)
{
    u64 now = rdtsc();
    sched_charge(cpu, now);
    period_roll(cpu, now);
    cpu->unfinished = false;
    if (cpu_current(cpu)) {
        preempt(cpu);
    }
    if (!cpu_current(cpu)) {
        cpu->lazy_until = TIMER_OFF;
        cpu_set_current(cpu, take_best(cpu));
    }
}

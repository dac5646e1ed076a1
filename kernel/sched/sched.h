/*
 * Who runs next: fixed priorities, turns by weight inside a priority, caps.
 *
 * The thread that runs is in no queue. Others that want to run are on their share's list, and their
 * share in the queue of its priority, or, having used up its cap, in the queue of throttled shares
 * until the period ends. Everything here takes a short, bounded time.
 */
#pragma once
#include "cpu/cpu.h"

struct thread;
struct share;

void sched_init(struct cpu *cpu);

/* `thread`, which is in no queue, wants to run. It does so at once if nobody runs, or somebody less
 * urgent (not before `window` ticks have passed), else when its turn comes. */
void sched_wake(struct thread *thread, u64 window);

/* `thread` is ready, but is not to run: takes it out of its queue. */
void sched_dequeue(struct thread *thread);

/* The present thread gives up the rest of its turn. */
void sched_yield(struct cpu *cpu);

/* Settles who runs: cpu_current(), NULL if nobody wants to. */
void sched_choose(struct cpu *cpu);

/* Makes the timer fire when the present thread's time ends, or something else is due. */
void sched_arm(struct cpu *cpu);

/* Root's alarm: at `deadline` on the time-stamp counter; TIMER_OFF: never. */
void sched_set_alarm(struct cpu *cpu, u64 deadline);

/* The timer has fired: true if root's alarm was among what was due. */
must_check bool sched_timer(struct cpu *cpu);

/* The ticks of a full turn. */
u64 sched_turn(const struct share *share);

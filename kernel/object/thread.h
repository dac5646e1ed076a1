/*
 * Threads: what the scheduler runs.
 *
 * A thread is in one state at a time. Apart from that it can be *halted*: whatever it waits for can
 * still come about, but it will not run before it is resumed. New threads are halted.
 */
#pragma once
#include "cpu/frame.h"
#include "object/object.h"
#include "sched/sched.h"

struct endpoint;
struct event;
struct share;
struct space;

/* What is counted. System calls that ipc_fast.asm did are in `fast_...` only. */
struct thread_counters {
    u64 cycles, syscalls, calls, replies, faults, interrupts, raised, suppressed;
    u64 switches; /* away from it */
    u64 fast_calls, fast_replies;
};

/* In memory, a thread begins with its saved registers: they end where the structure begins, so that
 * a pointer to a thread is also where an interrupt pushes (TSS.rsp0). frame_of() finds them. */
struct thread {
    struct list queue; /* of its share (READY) or an endpoint (WAITING, CALLING); else stale */
    struct object object;
    struct space *space; /* NULL: destroyed */
    struct share *share; /* NULL: destroyed */
    struct cap *slots;   /* the first page of its space's slots */
    struct list in_space, in_share;
    u8 state; /* enum thread_state_code; READY also while it runs */
    u8 flags; /* enum thread_flags */
    bool halted;
    bool faulting;     /* the call it makes is a fault: its registers are not a message */
    bool root;         /* if it faults, everything ends */
    bool bits_pending; /* in the event bound to it */
    u32 priority;
    u32 fast_shift;        /* what ipc_fast.asm shifts cpu->hurdles by: see there; */
    u32 fast_shift_mended; /* and what that will be when its fault is over; */
    u32 fast_shift_capped; /* and what it would be if its share had no cap */
    struct thread *caller; /* whom it has to answer */
    struct thread *server; /* who has to answer it, in REPLYING */
    u64 badge;             /* of the capability through which it calls */
    u64 caps;           /* the capability word of the IPC it is in; 0 without, as in all fast IPC */
    u64 fault_words[4]; /* the message, when faulting */
    struct event *event; /* bound to it */
    struct cap fault;    /* its fault endpoint */
    u64 fs_base, gs_base;
    void *fpu; /* state of a page, or NULL */
    struct thread_counters count;
} __attribute__((aligned(16)));
static_assert(sizeof(struct trap_frame) % 16 == 0, "an interrupt aligns the stack to 16");

#define THREAD_BYTES (sizeof(struct trap_frame) + sizeof(struct thread))

static inline struct trap_frame *frame_of(const struct thread *thread)
{
    return (struct trap_frame *)(u64)thread - 1;
}

must_check enum error thread_create(struct pool *pool, struct space *space, struct share *share,
                                    const struct cap *fault, u64 flags, struct thread **result);
must_check enum error thread_empty_step(struct object *object);

void thread_halt(struct thread *thread);
/* False if it cannot run any more, its space or share being gone. */
must_check bool thread_resume(struct thread *thread);

/* Settles fast_shift again, after something that it depends on has changed. */
void thread_update_fast(struct thread *thread);

/* Its space, its share is destroyed: it never runs again. */
void thread_detach_space(struct thread *thread);
void thread_detach_share(struct thread *thread);

/* Takes a running or ready thread out of the scheduler's hands, into `state`. */
void thread_leave(struct thread *thread, enum thread_state_code state);

/* What it waited for has come: it is ready. For `window` ticks it does not take the processor from
 * the present thread. */
static inline void thread_ready_after(struct thread *thread, u64 window)
{
    if (unlikely(thread->halted)) {
        thread->state = THREAD_STOPPED;
        return;
    }
    thread->state = THREAD_READY;
    sched_wake(thread, window);
}

static inline void thread_ready(struct thread *thread)
{
    thread_ready_after(thread, 0);
}

/* The same, with the result of its system call. */
static inline void thread_finish(struct thread *thread, status result)
{
    frame_of(thread)->rax = (u64)result;
    thread->caps = 0;
    thread_ready(thread);
}

/* Could `next` run at once, without a choice, if `present` is who runs and waits now? */
static inline bool thread_may_follow(const struct thread *next, const struct thread *present)
{
    const struct cpu *cpu = cpu_this();
    return cpu_current(cpu) == present && !((cpu->hurdles & ~HURDLE_LOADED) >> next->fast_shift);
}

/*
 * Asking in a second thread, which is made for each question. See ask.h.
 */
#include "ask.h"

#include <runtime/clock.h>
#include <runtime/session.h>
#include <runtime/slots.h>
#include <runtime/start.h>
#include <runtime/syscall.h>
#include <runtime/timer.h>

#define EVENT_DONE (1ul << 0) /* the keeper has no interrupts, whose bits these are */

static const struct clock_page *clock;
static struct front_timer timer;
static u64 timer_event; /* 0: it is not open */
static struct front_alarm alarm;

/* The second thread's. */
static u8 stack[2 * PAGE_SIZE] __attribute__((aligned(16)));
static struct {
    void (*job)(void *argument);
    void *argument;
    bool done;
} work;

/* --- time ------------------------------------------------------------------------------------- */

static bool open_timer(void)
{
    if (!clock)
        clock = timer_clock();
    if (timer_event == 0 && timer_open(&timer, "timer", &timer_event) < 0)
        timer_event = 0;
    return clock && timer_event != 0 && clock_runs(clock);
}

static void wait(u64 events)
{
    if (front_may_sleep(&timer.front, 1))
        session_wait(events);
}

/* Sets the alarm; the last one, cancelled in the meantime, has to be back for that. */
static bool set_alarm(void)
{
    if (!open_timer())
        return false;
    while (front_alarm_is_set(&alarm)) {
        if (!front_timer_next(&timer))
            wait(timer_event);
    }
    u64 due = clock_read(clock) + ASK_LIMIT_SECONDS * NS_PER_SECOND;
    bool is_set = front_timer_set(&timer, &alarm, due);
    front_publish(&timer.front);
    return is_set;
}

static void end_alarm(void)
{
    /* If it cannot be cancelled it rings, which comes to the same. */
    if (front_alarm_is_set(&alarm) && front_timer_cancel(&timer, &alarm))
        front_publish(&timer.front);
}

/* --- the thread ------------------------------------------------------------------------------- */

static _Noreturn void run(void)
{
    work.job(work.argument);
    __atomic_store_n(&work.done, true, __ATOMIC_RELEASE);
    ignore_status(event_raise(SLOT_EVENT, EVENT_DONE, 0)); /* the keeper's own: it is there */
    for (;;) {
        struct message m;
        ignore_status(ipc_wait(SLOT_NONE, 0, &m, 0)); /* for its end */
    }
}

/* True: it runs, and is to be destroyed. */
static bool start_thread(u32 thread)
{
    /* The stack is as it is behind a call. */
    struct thread_registers registers = {.rip = (u64)run,
                                         .rsp = (u64)stack + sizeof(stack) - sizeof(u64)};
    work.done = false;
    if (thread_create(SLOT_POOL, thread, SLOT_SPACE, SLOT_SHARE, SLOT_NONE, 0) < 0)
        return false;
    if (thread_write(thread, &registers) >= 0 && thread_resume(thread) >= 0)
        return true;
    ignore_status(object_destroy_all(thread)); /* it was just made */
    return false;
}

static bool is_done(void)
{
    return __atomic_load_n(&work.done, __ATOMIC_ACQUIRE);
}

enum ask_result ask(void (*job)(void *argument), void *argument)
{
    u32 thread = slot_allocate();
    work.job = job;
    work.argument = argument;
    enum ask_result result = ASK_NO_MEMORY;
    if (!set_alarm()) {
        result = ASK_NO_TIME;
    } else if (thread != SLOT_NONE && start_thread(thread)) {
        while (!is_done() && front_alarm_is_set(&alarm)) {
            if (!front_timer_next(&timer))
                wait(timer_event | EVENT_DONE);
        }
        ignore_status(object_destroy_all(thread)); /* nobody else does */
        result = is_done() ? ASK_DONE : ASK_LATE;
    }
    end_alarm();
    if (thread != SLOT_NONE)
        slot_free(thread);
    return result;
}

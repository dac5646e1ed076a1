/*
 * Asking in a second thread, which is made for each question. See ask.h.
 */
#include "ask.h"

#include <runtime/clock.h>
#include <runtime/heap.h>
#include <runtime/session.h>
#include <runtime/slots.h>
#include <runtime/start.h>
#include <runtime/syscall.h>
#include <runtime/timer.h>

#define EVENT_DONE (1ul << 0) /* the keeper has no interrupts, whose bits these are */

#define STACK_BYTES (2 * PAGE_SIZE)

/* All that is needed. It is made when somebody asks for the first time, and then kept. */
struct asker {
    const struct clock_page *clock;
    struct front_timer timer;
    u64 timer_event; /* 0: it is not open */
    struct front_alarm alarm;
    /* The second thread's: */
    void (*job)(void *argument);
    void *argument;
    bool done;
    u8 stack[STACK_BYTES] __attribute__((aligned(16)));
};

static struct asker *asker;

/* --- time ------------------------------------------------------------------------------------- */

static bool open_timer(void)
{
    if (!asker->clock)
        asker->clock = timer_clock();
    if (asker->timer_event == 0 && timer_open(&asker->timer, "timer", &asker->timer_event) < 0)
        asker->timer_event = 0;
    while (asker->timer_event != 0 && front_timer_next(&asker->timer)) {
        /* It is the last alarm; and now it is known whether the session is closed. */
    }
    return asker->clock && clock_runs(asker->clock) && asker->timer_event != 0 &&
           !front_is_closed(&asker->timer.front);
}

/* Waits for the timer, or for these events. */
static void wait(u64 events)
{
    if (!front_timer_next(&asker->timer) && front_may_sleep(&asker->timer.front, 1))
        session_wait(asker->timer_event | events);
}

/* Sets the alarm; the last one, cancelled in the meantime, has to be back for that. */
static bool set_alarm(void)
{
    if (!open_timer())
        return false;
    while (front_alarm_is_set(&asker->alarm))
        wait(0);
    u64 due = clock_read(asker->clock) + ASK_LIMIT_SECONDS * NS_PER_SECOND;
    bool is_set = front_timer_set(&asker->timer, &asker->alarm, due);
    front_publish(&asker->timer.front);
    return is_set;
}

static void end_alarm(void)
{
    /* If it cannot be cancelled it rings, which comes to the same. */
    if (front_alarm_is_set(&asker->alarm) && front_timer_cancel(&asker->timer, &asker->alarm))
        front_publish(&asker->timer.front);
}

/* --- the thread ------------------------------------------------------------------------------- */

static _Noreturn void run(void)
{
    asker->job(asker->argument);
    __atomic_store_n(&asker->done, true, __ATOMIC_RELEASE);
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
                                         .rsp = (u64)asker->stack + STACK_BYTES - sizeof(u64)};
    if (thread_create(SLOT_POOL, thread, SLOT_SPACE, SLOT_SHARE, SLOT_NONE, 0) < 0)
        return false;
    if (thread_write(thread, &registers) >= 0 && thread_resume(thread) >= 0)
        return true;
    ignore_status(object_destroy_all(thread)); /* it was just made */
    return false;
}

static bool is_done(void)
{
    return __atomic_load_n(&asker->done, __ATOMIC_ACQUIRE);
}

/* Until the job is done, or it is too late. */
static enum ask_result wait_for_thread(u32 thread)
{
    while (!is_done() && front_alarm_is_set(&asker->alarm))
        wait(EVENT_DONE);
    ignore_status(object_destroy_all(thread)); /* nobody else does */
    return is_done() ? ASK_DONE : ASK_LATE;
}

enum ask_result ask(void (*job)(void *argument), void *argument)
{
    if (!asker)
        asker = heap_zeroed(sizeof(*asker));
    u32 thread = slot_allocate();
    enum ask_result result = ASK_NO_MEMORY;
    if (asker && thread != SLOT_NONE) {
        asker->job = job;
        asker->argument = argument;
        asker->done = false;
        if (!set_alarm())
            result = ASK_NO_TIME;
        else if (start_thread(thread))
            result = wait_for_thread(thread);
        end_alarm();
    }
    if (thread != SLOT_NONE)
        slot_free(thread);
    return result;
}

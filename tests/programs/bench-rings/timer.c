/*
 * From the expiry of a timer to its client: the alarm's interrupt, the timer server, its completion
 * and the event, until the client runs again and has taken the completion. Nothing else wants the
 * CPU, which has been idle until the alarm.
 *
 * The median is reported, not the best: when the server happens to be awake already, for its look
 * at the clock, the way is shorter. And the clock is left alone for some seconds first: before the
 * timer server knows how the processor's counter and the HPET go together, it may set an alarm a
 * microsecond beside the time.
 */
#include "rings.h"

#include <runtime/clock.h>
#include <runtime/print.h>
#include <runtime/timer.h>

/* From setting an alarm to its expiry, and so much more each time: the alarms come at different
 * distances from whatever else there is. */
#define FIRST_NS (1 * NS_PER_MS)
#define MORE_NS  137ul
#define SETTLE   4u                          /* seconds in which the clock learns its rate */
#define MOST_NS  (1ul << (63 - CLOCK_SHIFT)) /* what can be shifted to the left */

/* How many ticks ago it was that the clock showed `due`. */
static u64 ticks_late(const struct clock_page *page, u64 due)
{
    const struct clock_line *line = &page->line[clock_word(page->sequence) % 2];
    u64 now = tsc(), late = clock_line_at(line, now) - due;
    if (late >= MOST_NS)
        panic("bench-rings: an alarm is early, or late by %lu ns", late);
    return ticks_since(now - (late << CLOCK_SHIFT) / line->after);
}

static u64 wake(const struct clock_page *page, struct front_timer *timer, u64 event, u64 due)
{
    static struct front_alarm alarm;
    if (!front_timer_set(timer, &alarm, due))
        panic("bench-rings: the alarm cannot be set");
    front_publish(&timer->front);
    while (!front_timer_next(timer)) {
        if (front_may_sleep(&timer->front, 1))
            session_wait(event);
    }
    u64 ticks = ticks_late(page, due);
    if (alarm.result != RING_OK)
        panic("bench-rings: the alarm: %s", ring_status_text(alarm.result));
    return ticks;
}

/* Puts the first `count` in order once there is another one after them. */
static void insert(u64 *ticks, u32 count)
{
    u64 last = ticks[count];
    for (; count > 0 && ticks[count - 1] > last; count--)
        ticks[count] = ticks[count - 1];
    ticks[count] = last;
}

void measure_timer(void)
{
    static struct front_timer timer;
    static u64 ticks[ROUNDS];
    u64 event;
    const struct clock_page *page = timer_clock();
    status result = timer_open(&timer, "timer", &event);
    if (result < 0 || !page || !clock_runs(page)) {
        print("bench-rings: no timers, or no clock\n");
        return;
    }
    for (u32 i = 0; i < SETTLE; i++)
        wake(page, &timer, event, clock_read(page) + NS_PER_SECOND);
    for (u32 i = 0; i < ROUNDS; i++) {
        ticks[i] = wake(page, &timer, event, clock_read(page) + FIRST_NS + i * MORE_NS);
        insert(ticks, i);
    }
    figure("timer_wake", ticks[ROUNDS / 2], 1);
}

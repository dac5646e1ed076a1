/*
 * Sessions, and waiting for what they bring. See client.h.
 */
#include "client.h"

#include <base/format.h>
#include <runtime/print.h>

struct end ends[SESSIONS_MOST];
u32 end_count;
const struct clock_page *the_clock;
u64 mistakes;

bool client_open(void)
{
    the_clock = timer_clock();
    if (!the_clock || !clock_runs(the_clock)) {
        print("timer-client: FAILED: there is no clock\n");
        return false;
    }
    for (u32 i = 0; i < SESSIONS_MOST; i++) {
        char name[START_NAME_SIZE];
        format_buffer(name, sizeof(name), "timer%u", i);
        if (timer_open(&ends[i].timer, name, &ends[i].event) < 0)
            break;
        end_count++;
    }
    if (end_count == 0)
        print("timer-client: FAILED: there is no session timer0\n");
    return end_count != 0;
}

/* An alarm came back: nothing about it may be impossible. */
static void look_at(const struct front_alarm *alarm)
{
    u64 seen = now();
    if (alarm->result != 0)
        return;
    u64 first = alarm->rang - (alarm->times - 1) * alarm->period;
    if (alarm->times == 0 || seen < alarm->rang || seen < first + alarm->late) {
        mistakes++;
        print("timer-client: FAILED: due at %lu, %lu periods of %lu, late by %lu, but it is %lu\n",
              first, alarm->times, alarm->period, alarm->late, seen);
    }
}

static struct front_alarm *poll(struct end *end)
{
    struct front_alarm *alarm = front_timer_next(&end->timer);
    if (alarm)
        look_at(alarm);
    return alarm;
}

struct front_alarm *take(struct end *end)
{
    for (;;) {
        struct front_alarm *alarm = poll(end);
        if (alarm)
            return alarm;
        if (front_may_sleep(&end->timer.front, 1))
            session_wait(end->event);
    }
}

struct front_alarm *take_any(struct end **from)
{
    for (;;) {
        u64 events = 0;
        bool may_sleep = true;
        for (u32 i = 0; i < end_count; i++) {
            struct front_alarm *alarm = poll(&ends[i]);
            if (alarm) {
                *from = &ends[i];
                return alarm;
            }
            events |= ends[i].event;
        }
        for (u32 i = 0; i < end_count; i++)
            may_sleep &= front_may_sleep(&ends[i].timer.front, 1);
        if (may_sleep)
            session_wait(events);
    }
}

u32 restarts_of(const struct end *end)
{
    return end->timer.front.g->ctl.restarts;
}

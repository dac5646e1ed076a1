/*
 * From grants to time and timers. See timer.h.
 */
#include <runtime/map.h>
#include <runtime/session.h>
#include <runtime/start.h>
#include <runtime/timer.h>

const struct clock_page *timer_clock(void)
{
    const struct grant *grant = grant_find(GRANT_MEMORY, "clock");
    return grant ? map_memory(grant->slot, 0, 1, RIGHT_READ) : NULL;
}

status timer_open(struct front_timer *timer, const char *name, u64 *event)
{
    status result = session_open(&timer->front, name, event);
    if (result >= 0)
        front_timer_open(timer);
    return result;
}

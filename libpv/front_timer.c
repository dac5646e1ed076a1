/*
 * Timers over a ring. See front_timer.h.
 *
 * A cancellation names the tag of the request that it is about. Tags are used again, but the server
 * reads the ring in its order, and after a restart it is sent again in that order: a cancellation
 * never meets a request that was pushed after it.
 */
#include <front_timer.h>

#define RESERVE_PART 16u    /* of the ring, kept for cancelling */
#define CANCELLATION (u64)0 /* the cookie; others are addresses of alarms */

void front_timer_open(struct front_timer *timer)
{
    u32 reserve = front_credits(&timer->front) / RESERVE_PART;
    timer->reserve = reserve != 0 ? reserve : 1;
    /* A timer waits for as long as it was asked to, and has never killed a server. */
    timer->front.restarts = FRONT_PATIENT;
}

u32 front_timer_room(const struct front_timer *timer)
{
    u32 credits = front_credits(&timer->front);
    return credits > timer->reserve && !front_is_closed(&timer->front) ? credits - timer->reserve
                                                                       : 0;
}

static bool push(struct front_timer *timer, struct front_alarm *alarm)
{
    const struct ring_sqe entry = {.op = TIMER_SET, .arg = alarm->due};
    alarm->set = front_push(&timer->front, &entry, 1, UINT32_MAX, (u64)alarm);
    alarm->tag = front_last_tag(&timer->front);
    return alarm->set;
}

static bool set(struct front_timer *timer, struct front_alarm *alarm, u64 due, u64 period)
{
    if (alarm->set || front_timer_room(timer) == 0)
        return false;
    *alarm = (struct front_alarm){.due = due, .period = period};
    return push(timer, alarm);
}

bool front_timer_set(struct front_timer *timer, struct front_alarm *alarm, u64 due)
{
    return set(timer, alarm, due, 0);
}

bool front_timer_every(struct front_timer *timer, struct front_alarm *alarm, u64 first, u64 period)
{
    return period != 0 && set(timer, alarm, first, period);
}

bool front_timer_cancel(struct front_timer *timer, struct front_alarm *alarm)
{
    if (!alarm->set || alarm->cancelled)
        return false;
    const struct ring_sqe entry = {.op = TIMER_CANCEL, .arg = alarm->tag};
    alarm->cancelled = front_push(&timer->front, &entry, 1, 0, CANCELLATION);
    return alarm->cancelled;
}

/* It rang: for one period, or for all that have passed by now. */
static void ring(struct front_timer *timer, struct front_alarm *alarm)
{
    alarm->times = alarm->period != 0 ? 1 + alarm->late / alarm->period : 1;
    alarm->rang = alarm->due + (alarm->times - 1) * alarm->period;
    if (alarm->period == 0 || alarm->cancelled)
        return;
    alarm->due = alarm->rang + alarm->period;
    if (!push(timer, alarm)) /* only when the session was closed: its credit has just come back */
        alarm->result = RING_GONE;
}

struct front_alarm *front_timer_next(struct front_timer *timer)
{
    struct front_done done;
    while (front_reap(&timer->front, &done)) {
        if (done.cookie == CANCELLATION)
            continue;
        struct front_alarm *alarm = (struct front_alarm *)done.cookie;
        alarm->set = false;
        alarm->late = done.len;
        alarm->result = done.status < 0 ? done.status : 0;
        alarm->times = 0;
        if (alarm->result == 0)
            ring(timer, alarm);
        return alarm;
    }
    front_publish(&timer->front);
    return NULL;
}

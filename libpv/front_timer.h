/*
 * Timers of a client, over a session with the timer server (ring/timer.h): once, or again and
 * again. Times are absolute, of the clock page's clock (clock.h); nothing here looks at a clock.
 *
 *     front_timer_set, _every, _cancel    as many as wanted
 *     front_publish (&timer->front)       once for the batch
 *     front_timer_next...                 until there is no more
 *     front_may_sleep (&timer->front, 1)  then wait for the session's event
 *
 * Each alarm that was set once comes back from front_timer_next exactly once; restarts of the
 * server change nothing of that. A periodic one comes back once for each period, or, when several
 * have passed unnoticed, once for all of them; it stays set, and is due at whole periods after its
 * first time for ever: no delay adds up.
 */
#pragma once
#include <front.h>
#include <ring/timer.h>

/* An alarm: the caller's own, to be left where it is while it is set. All zero to begin with. */
struct front_alarm {
    u64 due;    /* when it is to ring next */
    u64 period; /* 0: once */
    /* What front_timer_next told: */
    u64 rang;   /* for what time; of several, the last */
    u64 late;   /* by how much, at least, that was too late when the server saw it */
    u64 times;  /* periods that it stands for; 1 for those that ring once */
    int result; /* 0, RING_CANCELLED, or RING_GONE: there are no timers any more */
    /* Of front_timer.c alone: */
    u16 tag;
    bool set, cancelled;
};

struct front_timer {
    struct front front;
    u32 reserve; /* credits kept for cancelling */
};

/* To be called once timer->front is open. */
void front_timer_open(struct front_timer *timer);

/* How many alarms can be set now. */
u32 front_timer_room(const struct front_timer *timer);

/* Rings once, when `due` has come. False: it is set already, or there is no room, or the session is
 * closed. */
must_check bool front_timer_set(struct front_timer *timer, struct front_alarm *alarm, u64 due);

/* Rings at `first`, and then each `period` nanoseconds, which must not be 0, until cancelled. */
must_check bool front_timer_every(struct front_timer *timer, struct front_alarm *alarm, u64 first,
                                  u64 period);

/*
 * Asks for an alarm not to ring. It comes back from front_timer_next all the same: with
 * RING_CANCELLED, or with 0, if it rang before. False: it is not set, or was cancelled, or there
 * are too many such requests at once: reap, and try again.
 */
must_check bool front_timer_cancel(struct front_timer *timer, struct front_alarm *alarm);

/* The next alarm that rang or was cancelled. NULL: none at the moment, and all that had to be set
 * anew is published. */
struct front_alarm *front_timer_next(struct front_timer *timer);

static inline bool front_alarm_is_set(const struct front_alarm *alarm)
{
    return alarm->set;
}

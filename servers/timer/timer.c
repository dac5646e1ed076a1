/*
 * The timer server: timers for its sessions (libpv/include/ring/timer.h), and the clock page that
 * tells everybody the time (libpv/include/service/clock.h).
 *
 * One loop: it waits for the alarm or a doorbell, completes what is due, takes a bounded number of
 * requests of each session that has some, sets the alarm to what comes next, once, and waits again.
 * Clients are hostile: what they ask for is checked in client.c, and how often their turn comes is
 * decided in clients.c.
 */
#include <timer/clients.h>
#include <timer/time.h>

#include <runtime/print.h>
#include <runtime/syscall.h>

/* The alarm cannot be set to what is as near as this: it is waited for by looking at the clock. */
#define NEAR_NS 1500ul

static bool has_alarm;
static u64 alarm_at = UINT64_MAX; /* what the alarm is set to; when it has rung, never */

/* Sets the alarm, unless it rings early enough. False: the time is as good as here. */
static bool set_alarm(u64 due)
{
    if (due >= alarm_at || !has_alarm)
        return true;
    if (due <= time_now() + NEAR_NS)
        return false;
    time_alarm(due);
    alarm_at = due;
    return true;
}

/* Does all that can be done at once. True: there is nothing to do before an event comes. */
static bool turn(u64 events)
{
    if (events & (EVENT_SESSIONS | EVENT_ALIVE))
        session_events(events); /* root is called before there are bells to be held */
    u64 now = time_now();
    clients_expire(now);
    clients_wake(events);
    bool more = clients_serve();
    u64 look = time_tend(now);
    u64 due = clients_expire(time_now());
    return set_alarm(min(due, look)) && !more;
}

int main(void)
{
    has_alarm = time_open();
    if (has_alarm)
        clients_start();
    sessions_start();
    session_hold_bells();
    struct message m = {.events = SESSIONS_ALL};
    for (;;) {
        if (time_rang(m.events))
            alarm_at = UINT64_MAX;
        bool may_wait = turn(m.events);
        status got = session_ipc_wait(SLOT_NONE, may_wait ? 0 : WAIT_POLL, &m);
        if (got < 0 && status_code(got) != ERR_EMPTY)
            panic("timer: waiting: %s", error_text(status_code(got)));
        if (got < 0)
            m.events = 0;
    }
}

/*
 * For tests that end the server: alarms are always set, on every session, once and periodic, and
 * each has to come back just as often as it was set. A restart of the server is told when a session
 * has seen it (`timer-client saw restart K`), and when all that was set before has come back
 * (`timer-client after restart K: ...`). A server that dies before it was given its sessions is not
 * counted: nobody sees that one. Every so often a line says how many came back.
 */
#include "../check.h"
#include "client.h"

#include <base/random.h>
#include <runtime/clock.h>

#define REPORT_EVERY 1000u
#define ONCE         60u /* alarms on each session that ring once... */
#define PERIOD       (7 * NS_PER_MS)

struct standing {
    struct front_alarm once[ONCE], periodic;
    u64 first, periods; /* of the periodic one */
    u64 old;            /* of `once`: how many were set before the last restart that was seen */
    bool is_old[ONCE];
    u32 restarts;
};

static struct standing standing[SESSIONS_MOST];
static struct random random;
static u32 seen; /* restarts, by any session */

static void set_once(struct end *end, struct standing *of, u32 i)
{
    check(
        front_timer_set(&end->timer, &of->once[i], now() + random_below(&random, 400 * NS_PER_MS)));
}

static void begin(struct end *end, struct standing *of)
{
    for (u32 i = 0; i < ONCE; i++)
        set_once(end, of, i);
    of->first = now();
    check(front_timer_every(&end->timer, &of->periodic, of->first, PERIOD));
    publish(end);
}

/* Was the server restarted? Then all that is set now is to outlive it. */
static void look_for_restart(struct end *end, struct standing *of)
{
    u32 restarts = restarts_of(end);
    if (restarts == of->restarts)
        return;
    of->restarts = restarts;
    if (restarts > seen) {
        seen = restarts;
        print("timer-client saw restart %u\n", seen);
    }
    of->old = ONCE;
    for (u32 i = 0; i < ONCE; i++)
        of->is_old[i] = true;
}

static void came_back(struct end *end, struct standing *of, struct front_alarm *alarm)
{
    check(alarm->result == 0);
    if (alarm == &of->periodic) {
        of->periods += alarm->times;
        check(alarm->rang == of->first + (of->periods - 1) * PERIOD);
        return;
    }
    u64 i = (u64)(alarm - of->once);
    check(i < ONCE && !front_alarm_is_set(alarm));
    if (of->is_old[i]) {
        of->is_old[i] = false;
        of->old--;
    }
    set_once(end, of, (u32)i);
}

/* Has everything come back that was set before the last restart? */
static bool is_over(void)
{
    u64 old = 0;
    for (u32 i = 0; i < end_count; i++)
        old += standing[i].old;
    return old == 0;
}

void run_standing(void)
{
    random_init(&random, 2);
    for (u32 i = 0; i < end_count; i++)
        begin(&ends[i], &standing[i]);
    u64 back = 0;
    for (u32 reported = 0;;) {
        struct end *end;
        u64 before = now();
        struct front_alarm *alarm = take_any(&end);
        check(now() >= before && mistakes == 0);
        struct standing *of = &standing[end - ends];
        came_back(end, of, alarm);
        look_for_restart(end, of);
        if (++back % REPORT_EVERY == 0)
            print("timer-client standing: %lu back\n", back);
        if (reported == seen || !is_over())
            continue;
        reported = seen;
        print("timer-client after restart %u", reported);
        check_report();
    }
}

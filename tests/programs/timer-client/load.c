/*
 * Load for the server, of several kinds.
 *
 *     load     all sessions full of alarms that come soon, each checked; a line every so often
 *     wake     one alarm at a time, with nothing else to do: what it takes from the moment when it
 *              is due until the client runs. In instructions, if those are counted
 *     storm    a client without manners: alarms of the past, set again at once; cancellations of
 *              everything; doorbells for nothing
 */
#include "client.h"

#include <base/random.h>
#include <host.h>
#include <runtime/clock.h>
#include <runtime/ipc.h>
#include <runtime/print.h>

#define REPORT_EVERY 20000u
#define WAKES        200u
#define STORM_DEPTH  100u

void run_load(void)
{
    static struct front_alarm alarms[SESSIONS_MOST][ALARMS];
    struct random random;
    random_init(&random, 3);
    u64 set = 0, back = 0, worst = 0;
    for (u32 i = 0; i < end_count; i++) {
        for (u32 j = 0; j < ALARMS; j++)
            set += front_timer_set(&ends[i].timer, &alarms[i][j], now());
        publish(&ends[i]);
    }
    for (;;) {
        struct end *end;
        struct front_alarm *alarm = take_any(&end);
        if (alarm->result != 0)
            print("timer-client: FAILED: load: %s\n", ring_status_text(alarm->result));
        worst = max(worst, alarm->late);
        back++;
        set += front_timer_set(&end->timer, alarm, now() + random_below(&random, 50 * NS_PER_MS));
        if (back % REPORT_EVERY != 0)
            continue;
        print("timer-client load: %lu set, %lu back, %lu mistakes, late by %lu ns at most\n", set,
              back, mistakes, worst);
        worst = 0;
    }
}

void run_wake(void)
{
    static struct front_alarm alarm;
    struct end *end = &ends[0];
    u64 least = UINT64_MAX, most = 0, sum = 0;
    for (u32 i = 0; i < WAKES; i++) {
        u64 due = now() + 3 * NS_PER_MS + 137 * i;
        if (!front_timer_set(&end->timer, &alarm, due))
            print("timer-client: FAILED: wake: cannot be set\n");
        publish(end);
        struct message m = {0};
        while (front_may_sleep(&end->timer.front, 1) && !(m.events & end->event)) {
            if (ipc_wait(SLOT_NONE, 0, &m, 0) < 0)
                print("timer-client: FAILED: wake: cannot wait\n");
        }
        u64 late = now() - due;
        if (take(end) != &alarm || late > 1ul << 62 || alarm.late > late)
            print("timer-client: FAILED: wake: %lu ns late, %lu says the server\n", late,
                  alarm.late);
        least = min(least, late);
        most = max(most, late);
        sum += late;
    }
    print("timer-client wake: %lu ns at least, %lu at most, %lu on average\n", least, most,
          sum / WAKES);
}

void run_storm(void)
{
    static struct front_alarm alarms[STORM_DEPTH];
    struct end *end = &ends[0];
    struct front *front = &end->timer.front;
    for (u64 rounds = 1;; rounds++) {
        for (u32 i = 0; i < STORM_DEPTH; i++) {
            if (!front_timer_set(&end->timer, &alarms[i], rounds % 3 == 0 ? now() + i : i) ||
                (i % 5 == 0 && !front_timer_cancel(&end->timer, &alarms[i])))
                continue;
        }
        front_publish(front);
        for (u32 i = 0; i < 20; i++)
            host_ring(front->bell);
        while (front_timer_next(&end->timer)) {
        }
        if (rounds % 1000 == 0)
            print("timer-client storm: %lu rounds\n", rounds);
    }
}

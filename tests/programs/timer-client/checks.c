/*
 * All that a timer server promises to one client: nothing expires early or twice or out of order,
 * what is cancelled does not expire, wrong requests are refused, periodic alarms don't drift, and
 * the clock page shows the time by which all of that is so.
 */
#include "../check.h"
#include "client.h"

#include <base/random.h>
#include <runtime/clock.h>
#include <runtime/start.h>

#define PERIODS 1000u

static struct random random;
static struct front_alarm alarms[SESSIONS_MOST][ALARMS];

static void set(struct end *end, struct front_alarm *alarm, u64 due)
{
    check(front_timer_set(&end->timer, alarm, due));
}

/* Nothing comes back without having been set. */
static void expect_nothing(struct end *end)
{
    check(!front_timer_next(&end->timer));
}

/* An alarm of the past comes back when the server has read all that was published before it. How
 * many others came back meanwhile. */
static u32 wait_until_read(struct end *end)
{
    static struct front_alarm alarm;
    u32 others = 0;
    set(end, &alarm, 0);
    publish(end);
    while (take(end) != &alarm)
        others++;
    check(alarm.result == 0 && alarm.times == 1 && alarm.rang == 0);
    return others;
}

/* Takes `count` alarms that were set for times that were all to come: in their order, unless a new
 * server has found them all due. */
static void take_in_order(struct end *end, u32 count)
{
    u64 before = 0;
    u32 restarts = restarts_of(end);
    for (u32 i = 0; i < count; i++) {
        struct front_alarm *alarm = take(end);
        check(alarm->result == 0 && !front_alarm_is_set(alarm));
        check(alarm->rang == alarm->due);
        check(alarm->rang >= before || restarts_of(end) != restarts);
        before = alarm->rang;
    }
    expect_nothing(end);
}

/* A time that is far enough away for the server to have read everything before; tried again, with
 * more room, on a machine that is slow. */
#define for_each_lead(lead) for (u64 lead = 20 * NS_PER_MS;; lead *= 2)

static void test_clock(void)
{
    u64 before = now(), tsc_before = clock_ticks();
    for (u32 i = 0; i < 100000; i++) {
        u64 seen = now();
        if (seen < before)
            check(!"the clock went backwards");
        before = seen;
    }
    struct end *end = &ends[0];
    u64 began = now();
    set(end, &alarms[0][0], began + 50 * NS_PER_MS);
    publish(end);
    take_in_order(end, 1);
    u64 by_clock = now() - began, by_tsc = clock_to_ns(clock_ticks() - tsc_before, start->tsc_hz);
    check(by_clock >= 50 * NS_PER_MS && by_clock <= by_tsc + by_tsc / 50);
}

/* Several sessions with all their alarms at once. */
static void test_many(void)
{
    u64 base = now() + 5 * NS_PER_MS;
    for (u32 i = 0; i < end_count; i++) {
        for (u32 j = 0; j < ALARMS; j++)
            set(&ends[i], &alarms[i][j], base + random_below(&random, 30 * NS_PER_MS));
        publish(&ends[i]);
    }
    u32 came[SESSIONS_MOST] = {0};
    for (u32 i = 0; i < end_count * ALARMS; i++) {
        struct end *end;
        struct front_alarm *alarm = take_any(&end);
        u64 number = (u64)(end - ends), place = (u64)(alarm - alarms[number]);
        check(place < ALARMS && alarm->result == 0 && alarm->times == 1);
        came[number]++;
    }
    for (u32 i = 0; i < end_count; i++) {
        check(came[i] == ALARMS);
        for (u32 j = 0; j < ALARMS; j++)
            check(!front_alarm_is_set(&alarms[i][j]));
        expect_nothing(&ends[i]);
    }
}

static void test_order(void)
{
    struct end *end = &ends[0];
    for_each_lead(lead)
    {
        u64 base = now() + lead;
        for (u32 i = 0; i < ALARMS; i++)
            set(end, &alarms[0][i], base + random_below(&random, 10 * NS_PER_MS));
        u32 restarts = restarts_of(end), early = wait_until_read(end);
        bool in_time = now() < base && early == 0 && restarts_of(end) == restarts;
        if (in_time)
            take_in_order(end, ALARMS);
        for (u32 i = early; i < ALARMS && !in_time; i++)
            take(end);
        if (in_time)
            break;
    }
}

/* Due at the same time: as they were set. */
static void test_same_time(void)
{
    struct end *end = &ends[0];
    u64 at = now() + 5 * NS_PER_MS;
    for (u32 i = 0; i < ALARMS; i++)
        set(end, &alarms[0][i], at);
    publish(end);
    for (u32 i = 0; i < ALARMS; i++)
        check(take(end) == &alarms[0][i]);
    expect_nothing(end);
}

/* Every other one is cancelled in time. */
static void test_cancel(void)
{
    struct end *end = &ends[0];
    u32 cancelled = 0;
    for (u32 i = 0; i < ALARMS; i++)
        set(end, &alarms[0][i], now() + 3600 * NS_PER_SECOND);
    for (u32 i = 0; i < ALARMS; i += 2) {
        while (!front_timer_cancel(&end->timer, &alarms[0][i])) {
            publish(end); /* too many at once */
            check(take(end)->result == RING_CANCELLED);
            cancelled++;
        }
        check(!front_timer_cancel(&end->timer, &alarms[0][i]));
    }
    publish(end);
    for (; cancelled < ALARMS / 2; cancelled++)
        check(take(end)->result == RING_CANCELLED);
    for (u32 i = 0; i < ALARMS; i++)
        check(front_alarm_is_set(&alarms[0][i]) == (i % 2 == 1));
    for (u32 i = 1; i < ALARMS; i += 2) {
        check(front_timer_cancel(&end->timer, &alarms[0][i]));
        publish(end);
        check(take(end) == &alarms[0][i] && alarms[0][i].result == RING_CANCELLED);
    }
    check(!front_timer_cancel(&end->timer, &alarms[0][0]));
    expect_nothing(end);
}

/* Cancelled at about the time when it is due: one of the two, and once. */
static void test_race(void)
{
    struct end *end = &ends[0];
    struct front_alarm *alarm = &alarms[0][0];
    u32 rang = 0, cancelled = 0;
    for (u32 i = 0; i < 1000; i++) {
        set(end, alarm, now() + random_below(&random, 60 * NS_PER_US));
        publish(end);
        for (u64 until = now() + random_below(&random, 60 * NS_PER_US); now() < until;)
            __builtin_ia32_pause();
        check(front_timer_cancel(&end->timer, alarm));
        publish(end);
        check(take(end) == alarm);
        check(alarm->result == 0 || alarm->result == RING_CANCELLED);
        *(alarm->result == 0 ? &rang : &cancelled) += 1;
        expect_nothing(end);
    }
    print("timer-client: of 1000 at the last moment, %u rang and %u were cancelled\n", rang,
          cancelled);
}

/* As many as there is room for, which come back when they are cancelled; far away is not now. */
static void test_room(void)
{
    struct end *end = &ends[0];
    static struct front_alarm many[RING_ENTRIES];
    check(wait_until_read(end) == 0); /* cancellations as well */
    u32 room = front_timer_room(&end->timer), back = 0;
    check(room >= ALARMS && room < RING_ENTRIES);
    for (u32 i = 0; i < room; i++)
        set(end, &many[i], UINT64_MAX - i);
    check(!front_timer_set(&end->timer, &many[room], 0));
    check(front_timer_room(&end->timer) == 0);
    publish(end);
    for (u32 i = 0; i < room; i++) {
        while (!front_timer_cancel(&end->timer, &many[i])) {
            publish(end);
            check(take(end)->result == RING_CANCELLED);
            back++;
        }
    }
    publish(end);
    for (; back < room; back++)
        check(take(end)->result == RING_CANCELLED);
    check(wait_until_read(end) == 0);
    check(front_timer_room(&end->timer) == room);
}

/* A thousand periods are a thousand periods long. */
static void test_periodic(void)
{
    struct end *end = &ends[0];
    struct front_alarm *alarm = &alarms[0][0];
    u64 first = now() + NS_PER_MS, period = NS_PER_MS - 1, periods = 0;
    check(!front_timer_every(&end->timer, alarm, first, 0));
    check(front_timer_every(&end->timer, alarm, first, period));
    publish(end);
    while (periods < PERIODS) {
        check(take(end) == alarm && alarm->result == 0);
        check(front_alarm_is_set(alarm));
        periods += alarm->times;
        check(alarm->rang == first + (periods - 1) * period);
    }
    check(front_timer_cancel(&end->timer, alarm));
    publish(end);
    do {
        check(take(end) == alarm);
    } while (front_alarm_is_set(alarm));
    expect_nothing(end);
}

static int raw(struct end *end, u32 count, u8 op, u64 argument, u32 *len)
{
    const struct ring_sqe entries[2] = {{.op = op, .arg = argument}, {.op = op, .arg = argument}};
    struct front *front = &end->timer.front;
    struct front_done done;
    check(front_push(front, entries, count, UINT32_MAX, 77));
    front_publish(front);
    while (!front_reap(front, &done)) {
        if (front_may_sleep(front, 1))
            session_wait(end->event);
    }
    check(done.cookie == 77);
    *len = done.len;
    return done.status;
}

static void test_wrong(void)
{
    struct end *end = &ends[0];
    u32 len;
    check(raw(end, 1, 0, 0, &len) == RING_INVALID);
    check(raw(end, 1, TIMER_CANCEL + 1, 0, &len) == RING_INVALID);
    check(raw(end, 1, 255, UINT64_MAX, &len) == RING_INVALID);
    check(raw(end, 2, TIMER_SET, 0, &len) == RING_INVALID);
    check(raw(end, 2, TIMER_CANCEL, 0, &len) == RING_INVALID);
    for (u64 tag = 0; tag < RING_ENTRIES; tag++)
        check(raw(end, 1, TIMER_CANCEL, tag, &len) == RING_ABSENT);
    check(raw(end, 1, TIMER_CANCEL, RING_ENTRIES, &len) == RING_ABSENT);
    check(raw(end, 1, TIMER_CANCEL, 1ul << 32, &len) == RING_ABSENT);
    check(raw(end, 1, TIMER_CANCEL, UINT64_MAX, &len) == RING_ABSENT);
    u64 before = now();
    check(raw(end, 1, TIMER_SET, 0, &len) == RING_OK);
    check(len >= min(before, UINT32_MAX) && len <= min(now(), UINT32_MAX));
    expect_nothing(end);
}

void run_checks(void)
{
    random_init(&random, 1);
    test_clock();
    test_many();
    test_order();
    test_same_time();
    test_cancel();
    test_race();
    test_room();
    test_periodic();
    test_wrong();
    check(mistakes == 0);
    for (u32 i = 0; i < end_count; i++)
        check(ends[i].timer.front.g->ctl.errors == 0 && ends[i].timer.front.s->ctl.errors == 0);
    print("timer-client");
    check_report();
}

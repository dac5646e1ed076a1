/*
 * The victim's sessions, one after the other, and what has to come of each. See victim.h. The
 * argument of its section says how many lives long it does that.
 */
#include "../session-echo/echo.h"
#include "victim.h"

#include <base/format.h>
#include <base/string.h>
#include <runtime/clock.h>
#include <runtime/print.h>
#include <runtime/session.h>
#include <runtime/start.h>
#include <runtime/timer.h>

#define GIVE_UP (200 * NS_PER_MS) /* on a server that need not answer */
#define WAIT    (60 * NS_PER_SECOND)
#define BATCH   32u /* honest requests after each misdeed */

enum end { ENDS_ALL, ENDS_NEVER, ENDS_MAYBE };

/* What a misdeed does to a client: its session is broken, its counter of errors counts, its
 * requests end. */
struct fate {
    const char *misdeed;
    bool closed, errors;
    enum end end;
    bool fails; /* what ends, ends with an error */
};

static const struct fate fates[] = {
    {"wild", true, true, ENDS_ALL, true},          {"back", true, true, ENDS_ALL, false},
    {"many", true, true, ENDS_ALL, true},          {"twice", false, true, ENDS_ALL, false},
    {"unknown", false, true, ENDS_ALL, false},     {"long", false, true, ENDS_ALL, false},
    {"short", false, false, ENDS_ALL, false},      {"status", false, false, ENDS_ALL, false},
    {"silent", false, false, ENDS_NEVER, false},   {"noise", false, false, ENDS_ALL, false},
    {"scribble", false, false, ENDS_MAYBE, false}, {"data", false, false, ENDS_ALL, false},
    {"lies", false, false, ENDS_ALL, false},
};

static u32 checks, failures;
static struct front echo;
static struct front_timer clock;
static u64 echo_event, clock_event;
static const struct clock_page *page;

void check_at(bool holds, const char *what, int line)
{
    checks++;
    if (holds)
        return;
    failures++;
    print("line %d: not so: %s\n", line, what);
}

/* --- honest company --------------------------------------------------------------------------- */

/* A batch of requests, each done once. */
static void honest_batch(void)
{
    u64 open = 0;
    for (u32 i = 0; i < BATCH; i++) {
        check(front_push_one(&echo, RING_HEAD(ECHO, 0, 0), i, UINT32_MAX, i));
        open |= 1ul << i;
    }
    front_publish(&echo);
    while (open) {
        struct front_done done;
        if (!front_reap(&echo, &done)) {
            check(!front_is_closed(&echo));
            if (front_is_closed(&echo))
                return;
            if (front_may_sleep(&echo, 1))
                session_wait(echo_event);
            continue;
        }
        check(done.cookie < BATCH && (open & 1ul << done.cookie) && done.status == RING_OK &&
              done.len == 1);
        open &= ~(1ul << done.cookie);
    }
    check(front_credits(&echo) == RING_ENTRIES && echo.g->ctl.errors == 0);
}

/* --- one session ------------------------------------------------------------------------------ */

/* Until all has ended, or the time is over. True: it has. */
static bool use(const struct user *user, u64 event, u64 patience, struct outcome *outcome)
{
    static struct front_alarm alarm;
    bool over = false, late = false;
    check(front_timer_set(&clock, &alarm, clock_read(page) + patience));
    front_publish(&clock.front);
    while (!late && !(over = user->go_on(outcome))) {
        late = front_timer_next(&clock) != NULL;
        if (!late && user->may_sleep() && front_may_sleep(&clock.front, 1))
            session_wait(event | clock_event);
    }
    if (!late)
        check(front_timer_cancel(&clock, &alarm));
    front_publish(&clock.front);
    while (!late) {
        late = front_timer_next(&clock) != NULL;
        if (!late && front_may_sleep(&clock.front, 1))
            session_wait(clock_event);
    }
    return over;
}

static void judge(const char *name, const struct fate *fate, const struct user *user, bool over,
                  const struct outcome *outcome)
{
    const struct front *front = user->front;
    u32 errors = front->g->ctl.errors;
    print("%s: %u asked, %u right, %u failed, %u errors%s%s\n", name, outcome->asked,
          outcome->right, outcome->failed, errors, front_is_closed(front) ? ", broken" : "",
          over ? "" : ", given up");
    if (fate->end == ENDS_MAYBE)
        return;
    check(over == (fate->end == ENDS_ALL));
    check(front_is_closed(front) == fate->closed);
    check((errors != 0) == fate->errors);
    if (over)
        check(outcome->right + outcome->failed >= outcome->asked);
    if (fate->fails)
        check(outcome->right == 0);
    if (fate->end == ENDS_NEVER)
        check(outcome->right == 0 && outcome->failed == 0);
}

static void suffer(const struct user *user, const struct fate *fate)
{
    char name[START_NAME_SIZE];
    struct outcome outcome = {0};
    u64 event;
    format_buffer(name, sizeof(name), "%s-%s", user->name, fate->misdeed);
    if (session_open(user->front, name, &event) < 0)
        return; /* another test has it */
    check(user->begin(&outcome));
    bool over = use(user, event, fate->end == ENDS_ALL ? WAIT : GIVE_UP, &outcome);
    judge(name, fate, user, over, &outcome);
    honest_batch();
    /* Of no use any more: but those that were closed are left, to be looked at. */
    if (fate->end == ENDS_NEVER)
        session_close(user->front);
}

/* One that never answers, until the operator ends it. */
static void suffer_long(void)
{
    static struct front front;
    struct front_done done;
    u64 event;
    u32 gone = 0;
    check(session_open(&front, "endless", &event) == 0);
    for (u32 i = 0; i < BATCH; i++)
        check(front_push_one(&front, RING_HEAD(1, 0, 0), 0, 0, i));
    front_publish(&front);
    print("victim: waits for session %u\n", front.number);
    while (gone < BATCH) {
        for (; front_reap(&front, &done); gone++)
            check(done.status == RING_GONE);
        if (gone < BATCH && front_may_sleep(&front, 1))
            session_wait(event);
    }
    check(front_is_closed(&front) && front.info->reason == SESSION_BY_OPERATOR);
    honest_batch();
}

int main(void)
{
    page = timer_clock();
    if (!page || !clock_runs(page) || session_open(&echo, "echo", &echo_event) < 0 ||
        timer_open(&clock, "clock", &clock_event) < 0)
        panic("victim: no clock, or no honest sessions");
    for (u32 i = 0; i < user_count; i++) {
        for (u32 j = 0; j < array_count(fates); j++)
            suffer(&users[i], &fates[j]);
    }
    u64 lives = 1;
    if (parse_number(slice_of(start->arguments), &lives) != PARSE_OK)
        panic("victim: the arguments are not a number of lives");
    if (start->restarts + 1 < lives) {
        print("victim life %lu: %u checks, %u failed\n", start->restarts, checks, failures);
        return 0;
    }
    suffer_long();
    print("victim: %u checks, %u failed\n", checks, failures);
    for (;;)
        session_wait(echo_event);
}

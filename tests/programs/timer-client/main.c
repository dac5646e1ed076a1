/*
 * A client of the timer server that sees whether it keeps its promises: nothing expires early or
 * twice or out of order, what is cancelled does not expire, wrong calls are refused, and the clock
 * goes on when the server is restarted.
 *
 * Results are lines in the log: `timer-client: N checks, 0 failed`, and after each restart of the
 * server `timer-client after restart K: ...`. It takes a grant of the service as `timer`.
 */
#include "../check.h"

#include <base/random.h>
#include <runtime/clock.h>
#include <runtime/slots.h>
#include <runtime/start.h>
#include <runtime/syscall.h>
#include <runtime/timer.h>
#include <service/root.h>

#define EXPIRY_BIT 1ul
#define PATIENCE   (2 * NS_PER_SECOND) /* later than this is too late even on a busy host */

/* Long enough for all calls before the first expiry: what is armed for a time that has passed
 * would expire after what was earlier, and rightly. */
#define TIME_TO_ARM (500 * NS_PER_MS)

static u64 due[TIMER_IDS]; /* 0: not armed as far as we know */
static u64 seen_events;

/* Waits until one of these events comes; the others are kept in mind. */
static void wait_for(u64 events)
{
    while (!(seen_events & events)) {
        struct message m;
        status got = ipc_wait(SLOT_NONE, 0, &m, 0);
        check(got == WAIT_EVENT);
        seen_events |= m.events;
    }
}

static u64 now(void)
{
    u64 ns;
    check(timer_now(&ns) == 0);
    return ns;
}

static void arm(u64 id, u64 ns)
{
    due[id] = ns;
    check(timer_arm(id, ns) == 0);
}

/* Takes one expiry, waiting for it; its id. */
static u64 take(u64 *late)
{
    for (;;) {
        u64 id;
        status got = timer_expired(&id, late);
        if (got == 1)
            return id;
        check(got == 0);
        if (got < 0)
            panic("the timer server does not tell: %s", error_text(status_code(got)));
        wait_for(EXPIRY_BIT);
        seen_events &= ~EXPIRY_BIT;
    }
}

/* Takes `count` expiries, which must be due, in order, and each of something that is armed. */
static void take_in_order(unsigned count)
{
    u64 before = 0;
    for (unsigned i = 0; i < count; i++) {
        u64 late, id = take(&late);
        check(id < TIMER_IDS && due[id] != 0);
        if (id >= TIMER_IDS)
            continue;
        check(due[id] >= before);
        check(late < PATIENCE);
        check(now() >= due[id] + late);
        before = due[id];
        due[id] = 0;
    }
}

static void expect_nothing(void)
{
    u64 id, late;
    check(timer_expired(&id, &late) == 0);
}

static status raw_call(u64 word0, u64 word1, u32 slot)
{
    struct message m = {.word = {word0, word1}};
    status result =
        ipc_call(grant_find(GRANT_SERVICE, "timer")->slot, &m, IPC_CAPABILITIES(slot, SLOT_NONE));
    return result < 0 ? result : (status)m.word[0];
}

/* What must be refused before opening, and openings that must be refused. */
static void test_refusals(void)
{
    u64 ns;
    check(status_code(timer_now(&ns)) == ERR_ABSENT);
    check(status_code(timer_arm(1, 1)) == ERR_ABSENT);
    check(status_code(timer_cancel(1)) == ERR_ABSENT);
    check(raw_call(TIMER_OPEN, 0, SLOT_NONE) == status_error(ERR_SLOT, 0));
    check(raw_call(TIMER_OPEN, 0, SLOT_SPACE) == status_error(ERR_TYPE, 0));
    check(raw_call(TIMER_OPEN, 0, SLOT_EVENT) == status_error(ERR_ARGUMENT, 0));
    u32 slot = slot_allocate();
    check(cap_copy(SLOT_SPACE, slot, SLOT_EVENT, RIGHT_READ | RIGHT_RECEIVE, EXPIRY_BIT) == 0);
    check(raw_call(TIMER_OPEN, 0, slot) == status_error(ERR_RIGHTS, 0));
    check(cap_drop(SLOT_SPACE, slot) == 0);
    slot_free(slot);

    check(timer_open(EXPIRY_BIT) == 0);
    check(raw_call(0, 0, SLOT_NONE) == status_error(ERR_SYSCALL, 0));
    check(raw_call(TIMER_EXPIRED + 1, 0, SLOT_NONE) == status_error(ERR_SYSCALL, 0));
    check(raw_call(TIMER_NOW, 0, SLOT_EVENT) == 0); /* a capability that nobody asked for */
    check(timer_arm(TIMER_IDS, 1) == status_error(ERR_ARGUMENT, 1));
    check(timer_arm(UINT64_MAX, 1) == status_error(ERR_ARGUMENT, 1));
    check(timer_cancel(TIMER_IDS) == status_error(ERR_ARGUMENT, 1));
    check(status_code(timer_cancel(0)) == ERR_ABSENT);
    expect_nothing();
}

/* The timer's clock against the processor's, over some milliseconds, with room for a busy host. */
static void test_clock(void)
{
    u64 before = now(), tsc_before = tsc();
    arm(0, before + 20 * NS_PER_MS);
    take_in_order(1);
    u64 after = now();
    u64 by_tsc = clock_to_ns(tsc() - tsc_before, start->tsc_hz);
    check(after - before >= 20 * NS_PER_MS);
    check(after - before < 2 * by_tsc && by_tsc < 2 * (after - before));
}

static void test_many(void)
{
    struct random random;
    random_init(&random, 1);
    u64 base = now() + TIME_TO_ARM;
    for (u64 id = 0; id < TIMER_IDS; id++)
        arm(id, base + random_below(&random, 30 * NS_PER_MS));
    check(now() < base);
    take_in_order(TIMER_IDS);
    expect_nothing();
}

static void test_same_time(void)
{
    u64 at = now() + 5 * NS_PER_MS, late;
    for (u64 id = 20; id > 0; id--)
        arm(id, at);
    for (u64 id = 20; id > 0; id--)
        check(take(&late) == id);
}

/* Every other one is cancelled in time, some others are moved. */
static void test_cancel_and_move(void)
{
    u64 base = now() + TIME_TO_ARM;
    unsigned left = 0;
    for (u64 id = 0; id < 100; id++)
        arm(id, base + id * 10 * NS_PER_US);
    for (u64 id = 0; id < 100; id += 2) {
        status result = timer_cancel(id);
        check(result == 0 || now() >= due[id]);
        if (result == 0)
            due[id] = 0;
    }
    for (u64 id = 1; id < 100; id += 10)
        arm(id, base + 30 * NS_PER_MS - id);
    for (u64 id = 0; id < 100; id++)
        left += due[id] != 0;
    take_in_order(left);
    expect_nothing();
    check(status_code(timer_cancel(1)) == ERR_ABSENT);
}

static void test_passed(void)
{
    u64 late;
    arm(1, 0);
    arm(2, now() - 1);
    check(take(&late) == 1 && late < now());
    check(take(&late) == 2 && late < PATIENCE);
    expect_nothing();
}

/* Far away is not now, and opening again forgets everything. */
static void test_reopen(void)
{
    arm(3, UINT64_MAX);
    arm(4, now() + 3600 * NS_PER_SECOND);
    arm(5, now() + 2 * NS_PER_MS);
    take_in_order(1);
    arm(6, now() + 1 * NS_PER_MS);
    check(timer_open(EXPIRY_BIT) == 0);
    check(status_code(timer_cancel(3)) == ERR_ABSENT);
    check(status_code(timer_cancel(6)) == ERR_ABSENT);
    arm(7, now() + 5 * NS_PER_MS);
    due[6] = 0;
    take_in_order(1);
    expect_nothing();
}

/* The server was restarted: it knows nobody, but the time has gone on. */
static void test_restarted(u64 before, u64 tsc_before)
{
    u64 ns;
    check(status_code(timer_now(&ns)) == ERR_ABSENT);
    check(timer_open(EXPIRY_BIT) == 0);
    u64 elapsed = now() - before;
    u64 by_tsc = clock_to_ns(tsc() - tsc_before, start->tsc_hz);
    check(now() > before);
    check(elapsed < 2 * by_tsc && by_tsc < 2 * elapsed);
    test_many();
    test_passed();
}

static void tell_root(void)
{
    struct message m = {.word = {ROOT_READY}};
    check(ipc_call(SLOT_ROOT, &m, 0) == 0);
}

int main(void)
{
    tell_root();
    test_refusals();
    test_clock();
    test_many();
    test_same_time();
    test_cancel_and_move();
    test_passed();
    test_reopen();
    print("timer-client");
    check_report();

    for (unsigned restarts = 1;; restarts++) {
        u64 before = now(), tsc_before = tsc();
        wait_for(EVENT_PEER_RESTARTED);
        seen_events = 0;
        test_restarted(before, tsc_before);
        print("timer-client after restart %u", restarts);
        check_report();
    }
}

/*
 * A client of the console server that wishes it ill: requests that make no sense, readings without
 * end, rings that break every rule, text without end. Every mistake has to get its answer, and none
 * may cost the server anything; that it still serves the others is for the test to see.
 *
 * The result is a line in the log, `console-client: N checks, 0 failed`. Its sessions are in
 * tests/system/config/console.cfg: there is one more than the server has consoles.
 */
#include "../check.h"

#include <base/random.h>
#include <base/string.h>
#include <host.h>
#include <ring/console.h>
#include <runtime/console.h>
#include <runtime/session.h>
#include <runtime/start.h>

#define NONSENSE 20000u /* random requests */
#define FLOOD    7000u  /* lines */
#define DATA     8192u  /* bytes of a data area */

static struct front front; /* the session in use */
static u64 event;

static void open(const char *name)
{
    struct front_done done;
    check(session_open(&front, name, &event) == 0);
    check(front.data_size == DATA);
    check(!front_reap(&front, &done)); /* after a death of the server page G is made anew in here */
}

/* The next completion; RING_GONE, if none will come. */
static struct front_done reap(void)
{
    struct front_done done = {.status = RING_GONE};
    while (!front_reap(&front, &done) && !front_is_closed(&front)) {
        if (front_may_sleep(&front, 1))
            session_wait(event);
    }
    return done;
}

/* Pushes one request; its status. */
static int ask(u8 op, u32 buf, u64 argument)
{
    check(front_push_one(&front, RING_HEAD(op, 0, buf), argument, UINT32_MAX, 1));
    front_publish(&front);
    return reap().status;
}

/* --- requests --------------------------------------------------------------------------------- */

static void wrong_arguments(void)
{
    static const u8 with_place[] = {CONSOLE_WRITE, CONSOLE_READPOST, CONSOLE_WORDS};
    for (u32 i = 0; i < array_count(with_place); i++) {
        u8 op = with_place[i];
        check(ask(op, 0, DATA + 1) == RING_RANGE);
        check(ask(op, 0, UINT64_MAX) == RING_RANGE);
        check(ask(op, DATA / RING_UNIT, 1) == RING_RANGE);
        check(ask(op, DATA / RING_UNIT - 1, RING_UNIT + 1) == RING_RANGE);
        check(ask(op, UINT32_MAX, UINT64_MAX - UINT32_MAX) == RING_RANGE);
    }
    check(ask(0, 0, 0) == RING_UNSUPPORTED);
    check(ask(CONSOLE_WORDS + 1, 0, 0) == RING_UNSUPPORTED);
    check(ask(UINT8_MAX, 0, 0) == RING_UNSUPPORTED);
    check(ask(CONSOLE_IMM, 0, CONSOLE_IMM_ARG(CONSOLE_IMM_MOST + 1, 0)) == RING_INVALID);
    check(ask(CONSOLE_READPOST, 0, 0) == RING_INVALID);
    check(ask(CONSOLE_MODE, 0, CONSOLE_RAW + 1) == RING_INVALID);
    check(ask(CONSOLE_MODE, 0, 1ul << 32) == RING_INVALID);
    check(ask(CONSOLE_WORDS, 0, DATA) == RING_TOO_LONG);
    struct ring_sqe chain[2] = {{.op = CONSOLE_WRITE, .arg = 1}, {.op = CONSOLE_WRITE, .arg = 1}};
    check(front_push(&front, chain, 2, 1, 0));
    front_publish(&front);
    check(reap().status == RING_INVALID);
}

/* What is odd, and allowed. */
static void odd_arguments(void)
{
    check(ask(CONSOLE_WRITE, 0, 0) == RING_OK);
    check(ask(CONSOLE_WRITE, DATA / RING_UNIT, 0) == RING_OK);
    check(ask(CONSOLE_WRITE, 0, DATA) == RING_OK);
    check(ask(CONSOLE_IMM, UINT32_MAX, 0) == RING_OK);
    check(ask(CONSOLE_WORDS, 0, 0) == RING_OK);
    check(ask(CONSOLE_MODE, 0, CONSOLE_RAW) == RING_OK);
    check(ask(CONSOLE_MODE, 0, CONSOLE_LINES) == RING_OK);
}

/* In full rings; each request is answered once. No reading is posted: it would stay. */
static void nonsense(void)
{
    struct random random;
    random_init(&random, 99);
    for (u64 pushed = 0, done = 0; done < NONSENSE;) {
        for (; pushed < NONSENSE && front_credits(&front) != 0; pushed++) {
            u8 op = (u8)random_below(&random, random_below(&random, 2) ? 256 : CONSOLE_WORDS + 2);
            u64 argument =
                random_below(&random, 2) ? random_next(&random) : random_below(&random, DATA / 16);
            if (op == CONSOLE_READPOST)
                argument |= DATA + 1;
            u32 buf = (u32)random_next(&random) >> random_below(&random, 32);
            check(front_push_one(&front, RING_HEAD(op, random_below(&random, 2) << 1, buf),
                                 argument, UINT32_MAX, 0));
        }
        front_publish(&front);
        check(reap().status <= 0);
        done++;
    }
    check(front_credits(&front) == RING_ENTRIES && front.g->ctl.errors == 0);
    check(ask(CONSOLE_MODE, 0, CONSOLE_LINES) == RING_OK);
}

/* As many readings as there can be; what is written goes on behind them. */
static void readings(void)
{
    while (front_credits(&front) > 1)
        check(front_push_one(&front, RING_HEAD(CONSOLE_READPOST, 0, 64), 4096, 4096, 0));
    for (u32 i = 0; i < 200; i++)
        check(ask(CONSOLE_IMM, 0, CONSOLE_IMM_ARG(1, '.')) == RING_OK);
    check(ask(CONSOLE_IMM, 0, CONSOLE_IMM_ARG(1, '\n')) == RING_OK);
}

/* --- rings ------------------------------------------------------------------------------------ */

/* Publishes what is in page G as `count` more entries; the session is closed for this reason. */
static void break_ring(u32 count, enum session_reason reason)
{
    front.g->ctl.prod += count;
    host_ring(front.bell);
    check(reap().status == RING_GONE);
    check(front_is_closed(&front) && front.info->reason == reason);
}

static void break_rings(void)
{
    open("index");
    break_ring(RING_ENTRIES + 1, SESSION_BAD_INDEX);
    open("tag");
    front.g->sqe[0] = (struct ring_sqe){.op = CONSOLE_WRITE, .tag = RING_ENTRIES};
    break_ring(1, SESSION_BAD_TAG);
    open("twice");
    for (u32 i = 0; i < 2; i++)
        front.g->sqe[i] = (struct ring_sqe){.op = CONSOLE_READPOST, .arg = 1};
    break_ring(2, SESSION_BAD_TAG);
    open("chain");
    front.g->sqe[0] = (struct ring_sqe){.op = CONSOLE_WRITE, .flags = RING_MORE};
    break_ring(1, SESSION_BAD_CHAIN);
    open("version");
    front.g->ctl.version++;
    break_ring(1, SESSION_BAD_RING);
}

/* The consoles are taken by those that come before it. */
static void too_many(void)
{
    open("spare");
    check(reap().status == RING_GONE);
    check(front.info->reason == SESSION_TOO_MANY);
}

/* --- text ------------------------------------------------------------------------------------- */

/* As fast as it goes; escape sequences among it. */
static void flood(void)
{
    check(console_open("flood") == 0);
    for (u32 i = 0; i < FLOOD; i++)
        format(&console_sink, "%s\n", "876543218765432187654321\033]0;");
    console_flush();
}

int main(void)
{
    too_many();
    open("wrong");
    wrong_arguments();
    odd_arguments();
    nonsense();
    open("posts");
    readings();
    break_rings();
    flood();
    print("console-client");
    check_report();
    for (;;)
        session_wait(1);
}

/*
 * Raising an event and waiting in one call: between threads of all kinds, and what it must not pass
 * by.
 */
#include "check.h"
#include "tests.h"
#include "world.h"

#define ROUNDS 500u

static u32 events[2]; /* of the two players */
static u32 endpoint_of[2];

/* Each raises the other's event and waits for its own; the bits say whose turn it was. */
static void play(u64 me)
{
    struct message m = {0};
    u64 mine = 1ul << me, theirs = 1ul << !me;
    if (me == 1)
        board.result[2] = ipc_wait(endpoint_of[me], 0, &m, 0);
    for (u64 i = 0; i < ROUNDS; i++) {
        status got = ipc_raise_wait(events[!me], mine, endpoint_of[me], &m);
        if (got != WAIT_EVENT || m.events != theirs)
            board.count[2]++;
        board.count[me]++;
    }
    ignore_status(event_raise(events[!me], mine, 0)); /* the other may have ended */
}

static u32 player(u64 me, u32 share, u32 space)
{
    u32 thread = helper_stopped(
        (struct helper){.run = play, .argument = me, .share = share, .space = space});
    must(event_bind(events[me], thread));
    must(thread_resume(thread));
    return thread;
}

static void match(u32 first_share, u32 second_share, bool endpoints)
{
    for (u32 i = 0; i < 2; i++) {
        events[i] = new_event();
        endpoint_of[i] = endpoints ? new_endpoint() : SLOT_NONE;
        board.count[i] = 0;
    }
    u64 before = helpers_done;
    player(1, second_share, SLOT_NONE);
    player(0, first_share, SLOT_NONE);
    eventually(helpers_done == before + 2);
    same(board.count[0], ROUNDS);
    same(board.count[1], ROUNDS);
    same(board.count[2], 0);
    same(board.result[2], WAIT_EVENT);
}

static u32 capped(u32 priority, u64 cap_ns)
{
    u32 share = new_slot();
    must(share_create(SLOT_TEST_POOL, share, priority, 100, cap_ns));
    return share;
}

void raise_wait_play(void)
{
    match(new_share(5), new_share(6), false);
    match(new_share(6), new_share(5), true);
    match(new_share(5), new_share(5), false);
}

/* A cap does not make it wrong; a small one makes it slow. */
void raise_wait_capped(void)
{
    match(new_share(5), capped(6, SHARE_PERIOD_NS * 9 / 10), false);
    match(capped(5, SHARE_PERIOD_NS / 2), capped(6, SHARE_PERIOD_NS / 2), true);
    u32 small = capped(6, SHARE_PERIOD_NS / 1000);
    match(new_share(5), small, false);
    same(share_facts(small).cap_ns, SHARE_PERIOD_NS / 1000);
}

/* Who goes on for ever by raising and waiting alone is stopped by a cap, too. */
static void forever(u64 me)
{
    struct message m = {0};
    for (;;) {
        ignore_status(ipc_raise_wait(events[!me], 1, SLOT_NONE, &m)); /* seen by the count */
        board.count[me]++;
    }
}

void raise_wait_cap_holds(void)
{
    u32 share[2];
    for (u32 i = 0; i < 2; i++) {
        events[i] = new_event();
        share[i] = capped(5 + i, SHARE_PERIOD_NS / 10);
    }
    for (u32 i = 0; i < 2; i++) {
        u32 thread =
            helper_stopped((struct helper){.run = forever, .argument = i, .share = share[i]});
        must(event_bind(events[i], thread));
        must(thread_resume(thread));
    }
    struct machine_info before = machine_facts();
    pause_us(300000);
    struct machine_info after = machine_facts();
    same(board.count[0] > 100 && board.count[1] > 100, true);
    same(share_facts(share[0]).throttled + share_facts(share[1]).throttled > 5, true);
    same(after.idle_cycles > before.idle_cycles, true);
}

/* Bits that are pending already, callers in the queue, and one who is still to be answered. */
static void call_once(u64 endpoint)
{
    struct message m = {.word = {7, 8, 9, 10}};
    board.result[5] = ipc_call((u32)endpoint, &m, 0);
    board.word[5] = m.word[0];
}

static void receive(u64 endpoint)
{
    struct message m = {0};
    board.result[0] = ipc_raise_wait(events[0], 4, (u32)endpoint, &m); /* a bit is pending */
    board.word[0] = m.events;
    board.result[1] = ipc_raise_wait(events[0], 4, (u32)endpoint, &m); /* a caller comes */
    board.word[1] = m.word[2];
    board.result[2] = ipc_raise_wait(events[0], 4, (u32)endpoint, &m); /* and is abandoned */
    board.word[2] = m.events;
}

void raise_wait_what_is_there(void)
{
    u64 bits;
    u32 endpoint = new_endpoint();
    events[0] = new_event();
    events[1] = new_event();
    u32 thread = helper_stopped((struct helper){.run = receive, .argument = endpoint});
    must(event_bind(events[1], thread));
    must(event_raise(events[1], 32, 0));
    must(thread_resume(thread));
    eventually(is_in_state(thread, THREAD_WAITING));
    same(board.result[0], WAIT_EVENT);
    same(board.word[0], 32);
    help(call_once, endpoint);
    eventually(helpers_done == 1);
    same(board.result[1], WAIT_MESSAGE);
    same(board.word[1], 9);
    same(status_code(board.result[5]), ERR_DEAD);
    eventually(is_in_state(thread, THREAD_WAITING));
    must(event_raise(events[1], 64, 0));
    eventually(helpers_done == 2);
    same(board.result[2], WAIT_EVENT);
    same(board.word[2], 64);
    same(event_poll(events[0], &bits), 0);
    same(bits, 4);
}

/* Its own event: there is nothing to wait for. */
static void raise_own(u64 event)
{
    struct message m = {0};
    board.result[0] = ipc_raise_wait((u32)event, 6, SLOT_NONE, &m);
    board.word[0] = m.events;
}

void raise_wait_own(void)
{
    u32 event = new_event();
    u32 thread = helper_stopped((struct helper){.run = raise_own, .argument = event});
    must(event_bind(event, thread));
    must(thread_resume(thread));
    eventually(helpers_done == 1);
    same(board.result[0], WAIT_EVENT);
    same(board.word[0], 6);
}

/*
 * Calls, replies and waits: words, badges, capabilities, order, and what becomes of either side
 * when the other one goes. What can take the kernel's short way is done at slots below SLOTS_FAST
 * and above, between equal and different priorities, within a space and between two.
 */
#include "calls.h"
#include "check.h"
#include "tests.h"
#include "world.h"

#define LOW_SLOT SLOT_FAST /* the kernel's fast path looks only at the first slots */
#define WORD(i)  (0x1111111111111111ul * (i))

/* The endpoint that helpers use, in their own table. */
static u32 endpoint;

/* An endpoint in this slot of ours and of `space`. */
static void make_endpoint(u32 slot, u32 space)
{
    endpoint = slot;
    must(endpoint_create(SLOT_TEST_POOL, slot));
    if (space)
        must(cap_copy(space, slot, slot, RIGHT_CALL | RIGHT_RECEIVE, 0));
}

/* --- words
 * ---------------------------------------------------------------------------------------- */

/* Calls `count` times with different words and looks at the answers. */
static void caller(u64 count)
{
    for (u64 i = 0; i < count; i++) {
        struct message m = {.word = {WORD(1) + i, WORD(2) + i, WORD(3) + i, WORD(4) + i}};
        status got = ipc_call(endpoint, &m, 0);
        if (got != 0 || m.word[0] != WORD(5) + i || m.word[1] != WORD(6) + i ||
            m.word[2] != WORD(7) + i || m.word[3] != WORD(8) + i) {
            board.result[0] = got;
            board.word[0] = m.word[0];
            board.word[1] = m.word[1];
            board.word[2] = i;
            board.count[1]++;
        }
        board.count[0]++;
    }
}

/* Serves until there have been `count` calls. */
static void serve(u64 count)
{
    struct message m = {0};
    status got = ipc_wait(endpoint, 0, &m, 0);
    for (u64 i = 0; i < count; i++) {
        bool right = got == WAIT_MESSAGE && m.word[0] == WORD(1) + i && m.word[1] == WORD(2) + i &&
                     m.word[2] == WORD(3) + i && m.word[3] == WORD(4) + i && m.events == 0;
        if (!right) {
            board.result[1] = got;
            board.word[4] = m.word[0];
            board.word[5] = i;
            board.count[3]++;
        }
        m = (struct message){.word = {WORD(5) + i, WORD(6) + i, WORD(7) + i, WORD(8) + i}};
        board.count[2]++;
        got = i + 1 < count ? ipc_reply_wait(endpoint, &m, 0) : ipc_reply(&m, 0);
    }
    board.result[1] = got;
}

/* All words get through, in both directions, a thousand times. */
static void exchange(u32 slot, bool two_spaces, u32 caller_priority, u32 server_priority, u64 flags)
{
    u32 space = two_spaces ? new_image_space() : 0;
    make_endpoint(slot, space);
    board.count[0] = board.count[1] = board.count[2] = board.count[3] = 0;
    helpers_done = 0;
    u32 server = helper((struct helper){
        .run = serve, .argument = 1000, .share = new_share(server_priority), .flags = flags});
    u32 client = helper((struct helper){
        .run = caller, .argument = 1000, .share = new_share(caller_priority), .space = space});
    eventually(helpers_done == 2);
    same(board.count[0], 1000);
    same(board.count[1], 0);
    same(board.count[2], 1000);
    same(board.count[3], 0);
    struct thread_info info = thread_facts(client);
    same(info.calls, 1000);
    between(info.syscalls, 1000, 1001);
    info = thread_facts(server);
    same(info.replies, 1000);
    must(object_destroy_all(server));
    must(object_destroy_all(client));
    must(object_destroy_all(slot));
}

void endpoint_words(void)
{
    static const u32 priorities[][2] = {{5, 5}, {5, 9}, {9, 5}, {5, 13}};
    for (unsigned i = 0; i < array_count(priorities); i++)
        for (unsigned two = 0; two < 2; two++) {
            exchange(LOW_SLOT, two, priorities[i][0], priorities[i][1], 0);
            exchange(new_slot(), two, priorities[i][0], priorities[i][1], 0);
            exchange(LOW_SLOT, two, priorities[i][0], priorities[i][1], THREAD_FPU);
        }
}

/* Both on one share; and with a cap, which the fast path must notice. */
void endpoint_shared_share(void)
{
    u32 share = new_share(6);
    make_endpoint(LOW_SLOT, 0);
    helper((struct helper){.run = serve, .argument = 500, .share = share});
    helper((struct helper){.run = caller, .argument = 500, .share = share});
    eventually(helpers_done == 2);
    same(board.count[1] + board.count[3], 0);
    u32 capped = new_slot();
    must(share_create(SLOT_TEST_POOL, capped, 6, 10, SHARE_PERIOD_NS / 5));
    helper((struct helper){.run = serve, .argument = 500, .share = capped});
    helper((struct helper){.run = caller, .argument = 500, .share = share});
    eventually(helpers_done == 4);
    same(board.count[1] + board.count[3], 0);
    must(object_destroy_all(LOW_SLOT));
}

/* --- badges and order
 * ----------------------------------------------------------------------------- */

void endpoint_badges(void)
{
    u32 own = new_endpoint();
    u32 plain = copy_of(own, RIGHT_CALL, 0), badged = copy_of(own, RIGHT_CALL, ~0ul);
    struct message m = {0};
    help(call_once, plain);
    same(ipc_wait(own, 0, &m, 0), WAIT_MESSAGE);
    same(m.badge, 0);
    same(m.word[0], plain);
    help(call_once, badged);
    same(ipc_reply_wait(own, &m, 0), WAIT_MESSAGE);
    same(m.badge, ~0ul);
    same(m.word[0], badged);
    must(ipc_reply(&m, 0));
    eventually(helpers_done == 2);
}

/* First come, first served; whatever the priorities. */
void endpoint_order(void)
{
    static const u32 priorities[] = {5, 9, 3, 12, 5, 1};
    u32 own = new_endpoint(), thread[6], slot[6];
    for (u32 i = 0; i < 6; i++) {
        slot[i] = copy_of(own, RIGHT_CALL, i + 1);
        thread[i] = help_at(priorities[i], call_once, slot[i]);
        eventually(is_in_state(thread[i], THREAD_CALLING));
    }
    /* One of them does not want to wait any more. */
    must(object_destroy_all(thread[2]));
    static const u64 expected[] = {1, 2, 4, 5, 6};
    struct message m = {0};
    status got = ipc_wait(own, 0, &m, 0);
    for (u32 i = 0; i < 5; i++) {
        same(got, WAIT_MESSAGE);
        same(m.badge, expected[i]);
        same(state_of(thread[expected[i] - 1]), THREAD_REPLYING);
        got = i < 4 ? ipc_reply_wait(own, &m, 0) : ipc_reply(&m, 0);
    }
    eventually(helpers_done == 5);
    failed_with(ipc_wait(own, WAIT_POLL, &m, 0), ERR_EMPTY);
}

/* --- events, and others ------------------------------------------------------------------ */

/* Events come together with a message, and alone. */
void endpoint_events(void)
{
    u32 own = new_endpoint();
    struct message m = {0};
    u32 thread = help(call_once, own);
    eventually(is_in_state(thread, THREAD_CALLING));
    must(event_raise(SLOT_EVENT, 0xf1, 0));
    same(ipc_wait(own, 0, &m, 0), WAIT_MESSAGE | WAIT_EVENT);
    same(m.events, 0xf1);
    same(m.word[0], own);
    must(event_raise(SLOT_EVENT, 0x2, 0));
    m.word[0] = 1;
    same(ipc_reply_wait(own, &m, 0), WAIT_EVENT);
    same(m.events, 2);
    eventually(helpers_done == 1);
    same(ipc_wait(own, WAIT_POLL, &m, 0), status_error(ERR_EMPTY, 0));
    must(event_raise(SLOT_EVENT, 4, 0));
    same(ipc_wait(own, WAIT_POLL, &m, 0), WAIT_EVENT);
    same(m.events, 4);
    same(m.badge | m.word[0] | m.word[1] | m.word[2] | m.word[3], 0);
}

static void wait_for_nothing(u64 unused)
{
    (void)unused;
    struct message m = {0};
    board.result[0] = ipc_wait(SLOT_NONE, 0, &m, 0);
    board.result[1] = ipc_reply_wait(SLOT_NONE, &m, 0);
    board.result[2] = ipc_reply(&m, 0);
}

/* Nothing can ever come: an error, and no endless wait. */
void endpoint_nothing(void)
{
    help(wait_for_nothing, 0);
    eventually(helpers_done == 1);
    failed_with(board.result[0], ERR_ABSENT);
    failed_with(board.result[1], ERR_ABSENT);
    same(board.result[2], status_error(ERR_ABSENT, 0));
}

/* Several servers at one endpoint: the one that has waited longest gets the call. */
void endpoint_servers(void)
{
    u32 own = new_endpoint(), server[4];
    for (u32 i = 0; i < 4; i++) {
        server[i] = help_at(6, serve_and_hang, own);
        eventually(is_in_state(server[i], THREAD_WAITING));
    }
    must(object_destroy_all(server[1]));
    help_at(7, call_once, own);
    eventually(is_in_state(server[0], THREAD_READY));
    same(state_of(server[2]), THREAD_WAITING);
    help_at(7, call_once, own);
    eventually(is_in_state(server[2], THREAD_READY));
    same(state_of(server[3]), THREAD_WAITING);
}

/* A chain: each server calls the next before it answers. */
static void relay(u64 slots)
{
    u32 in = (u32)(slots & 0xffff), out = (u32)(slots >> 16);
    struct message m = {0};
    status got = ipc_wait(in, 0, &m, 0);
    while (got >= 0) {
        m.word[1]++;
        if (out)
            got = ipc_call(out, &m, 0);
        if (got >= 0)
            got = ipc_reply_wait(in, &m, 0);
    }
}

void endpoint_chain(void)
{
    u32 link[6];
    for (u32 i = 0; i < 6; i++)
        link[i] = new_endpoint();
    for (u32 i = 0; i < 6; i++)
        help_at(5 + i, relay, link[i] | (i < 5 ? (u64)link[i + 1] << 16 : 0));
    pause_us(1000);
    for (u64 times = 0; times < 50; times++) {
        struct message m = {.word = {times, 0, 0, 0}};
        must(ipc_call(link[0], &m, 0));
        same(m.word[0], times);
        if (!same(m.word[1], 6))
            break;
    }
}

/*
 * Events: bits, masks, binding, waiting, and laziness.
 */
#include "check.h"
#include "tests.h"
#include "world.h"

#include <runtime/clock.h>
#include <runtime/start.h>

void event_bits(void)
{
    u32 event = new_event();
    u64 bits = 1;
    refused(event_poll(event, &bits), ERR_EMPTY, 0);
    same(bits, 0);
    must(event_raise(event, 1, 0));
    must(event_raise(event, 1ul << 63, 0));
    must(event_raise(event, 0x100, 1000));
    same(event_poll(event, &bits), 0);
    same(bits, 1ul << 63 | 0x101);
    refused(event_poll(event, &bits), ERR_EMPTY, 0);
    must(event_raise(event, ~0ul, 0));
    same(event_poll(event, &bits), 0);
    same(bits, ~0ul);
}

/* What was raised, and what changed nothing. */
void event_counts(void)
{
    u32 event = new_event();
    u64 bits;
    struct thread_info before = thread_facts(SLOT_THREAD);
    must(event_raise(event, 1, 0));
    must(event_raise(event, 1, 0));
    must(event_raise(event, 3, 0));
    must(event_raise(event, 3, 0));
    must(event_raise(event, 2, 500));
    struct thread_info after = thread_facts(SLOT_THREAD);
    same(after.raised - before.raised, 2);
    same(after.suppressed - before.suppressed, 3);
    must(event_poll(event, &bits));
    refused(event_raise(event, 0, 0), ERR_ARGUMENT, 2);
    same(thread_facts(SLOT_THREAD).raised, after.raised);
}

static void wait_events(u64 times)
{
    for (u64 i = 0; i < times; i++) {
        struct message m = {0};
        board.result[i] = ipc_wait(SLOT_NONE, 0, &m, 0);
        board.word[i] = m.events;
        board.count[0]++;
    }
}

void event_binding(void)
{
    u32 event = new_event(), other = new_event();
    u32 thread = helper_stopped((struct helper){.run = wait_events, .argument = 3});
    must(event_raise(event, 5, 0)); /* before it is bound */
    must(event_bind(event, thread));
    refused(event_bind(event, thread), ERR_BUSY, 1);
    refused(event_bind(other, thread), ERR_BUSY, 2);
    u32 second = helper_stopped((struct helper){.run = wait_events, .argument = 1});
    refused(event_bind(event, second), ERR_BUSY, 1);
    must(thread_resume(thread));
    eventually(board.count[0] == 1);
    same(board.result[0], WAIT_EVENT);
    same(board.word[0], 5);
    same(state_of(thread), THREAD_WAITING);
    must(event_raise(event, 8, 0));
    eventually(board.count[0] == 2);
    same(board.word[1], 8);
    /* While it is stopped bits gather; resumed, it has them all. */
    must(thread_stop(thread));
    must(event_raise(event, 16, 0));
    must(event_raise(event, 32, 0));
    pause_us(1000);
    same(board.count[0], 2);
    must(thread_resume(thread));
    eventually(board.count[0] == 3);
    same((board.word[2] & ~48ul) == 0 && (board.word[2] & 16), true);
    /* The thread goes: the event is free again. */
    must(object_destroy_all(thread));
    must(event_bind(event, second));
    must(object_destroy_all(event));
    must(event_bind(other, second));
}

/* Bound to a thread that waits already, with bits pending. */
static void wait_at(u64 endpoint)
{
    struct message m = {0};
    board.result[0] = ipc_wait((u32)endpoint, 0, &m, 0);
    board.word[0] = m.events;
}

void event_bound_late(void)
{
    u32 endpoint = new_endpoint(), event = new_event();
    u32 thread = help(wait_at, endpoint);
    eventually(is_in_state(thread, THREAD_WAITING));
    must(event_raise(event, 9, 0));
    must(event_bind(event, thread));
    eventually(helpers_done == 1);
    same(board.result[0], WAIT_EVENT);
    same(board.word[0], 9);
    /* The event goes while the thread waits at an endpoint as well: it goes on waiting there. */
    thread = help(wait_at, endpoint);
    event = new_event();
    must(event_bind(event, thread));
    eventually(is_in_state(thread, THREAD_WAITING));
    must(object_destroy_all(event));
    same(state_of(thread), THREAD_WAITING);
}

/* --- laziness
 * ------------------------------------------------------------------------------------- */

/* In the meantime the main thread is quiet: it is more urgent than all others, and would end any
 * window. */
#define LAZY_TEST_US 60000

static u32 lazy_event;
static volatile u64 lazy_woken_at, lazy_raised_at;

static void lazy_waiter(u64 unused)
{
    (void)unused;
    struct message m = {0};
    for (;;) {
        ignore_status(ipc_wait(SLOT_NONE, 0, &m, 0)); /* its event is bound: it cannot fail */
        lazy_woken_at = tsc();
        board.count[0]++;
    }
}

static u64 ticks_of_us(u64 us)
{
    return clock_from_ns(us * NS_PER_US, start->tsc_hz);
}

/* Raises, then spins for 20 ms, looking when the waiter came; then ends. */
static void lazy_raiser(u64 window_us)
{
    u64 before = board.count[0];
    lazy_raised_at = tsc();
    board.result[0] = event_raise(lazy_event, 1, window_us * NS_PER_US);
    board.word[0] = board.count[0] - before; /* woken at once? */
    while (tsc() < lazy_raised_at + ticks_of_us(20000))
        ;
    board.word[1] = board.count[0] - before;
    board.word[2] = tsc();
}

static void make_lazy(u32 waiter_priority)
{
    lazy_event = new_event();
    u32 waiter =
        helper_stopped((struct helper){.run = lazy_waiter, .share = new_share(waiter_priority)});
    must(event_bind(lazy_event, waiter));
    must(thread_resume(waiter));
    eventually(is_in_state(waiter, THREAD_WAITING));
}

void event_lazy(void)
{
    make_lazy(9);
    /* Without a window it takes the CPU at once. */
    help(lazy_raiser, 0);
    pause_us(LAZY_TEST_US);
    same(board.word[0], 1);
    /* With one, when it ends: not before. */
    help(lazy_raiser, 5000);
    pause_us(LAZY_TEST_US);
    same(helpers_done, 2);
    same(board.word[0], 0);
    same(board.word[1], 1);
    between((lazy_woken_at - lazy_raised_at) * 1000 / ticks_of_us(1000), 4990, 19000);
    /* With a long one: when the raiser ends. */
    help(lazy_raiser, 900000);
    pause_us(LAZY_TEST_US);
    eventually(board.count[0] == 3);
    same(board.word[0], 0);
    same(board.word[1], 0);
    same(lazy_woken_at >= board.word[2], true);
}

/* When the raiser waits the window is over. */
static void lazy_then_wait(u64 endpoint)
{
    struct message m = {0};
    lazy_raised_at = tsc();
    board.result[0] = event_raise(lazy_event, 1, 500 * NS_PER_MS);
    board.word[0] = board.count[0];
    ignore_status(ipc_wait((u32)endpoint, 0, &m, 0)); /* for nobody: the test ends it */
}

void event_lazy_wait(void)
{
    make_lazy(9);
    help(lazy_then_wait, new_endpoint());
    pause_us(LAZY_TEST_US);
    eventually(board.count[0] == 1);
    same(board.word[0], 0);
    between((lazy_woken_at - lazy_raised_at) * 1000 / ticks_of_us(1000), 0, 100000);
}

/* A less urgent one that is woken meanwhile does not end the window; a more urgent one does not
 * wait. */
static u32 second_event;

static void lazy_with_others(u64 unused)
{
    (void)unused;
    u64 before = board.count[0];
    lazy_raised_at = tsc();
    board.result[8] = event_raise(lazy_event, 1, 100 * NS_PER_MS);
    board.result[9] = event_raise(second_event, 1, 0);
    while (tsc() < lazy_raised_at + ticks_of_us(10000))
        ;
    board.word[8] = board.count[0] - before;
}

void event_lazy_others(void)
{
    make_lazy(9);
    second_event = new_event();
    u32 low =
        helper_stopped((struct helper){.run = wait_events, .argument = 1, .share = new_share(2)});
    must(event_bind(second_event, low));
    must(thread_resume(low));
    eventually(is_in_state(low, THREAD_WAITING));
    help_at(5, lazy_with_others, 0);
    pause_us(LAZY_TEST_US);
    same(helpers_done, 2);
    same(board.word[8], 0);
}

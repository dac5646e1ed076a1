/*
 * A client of the console server that wishes it ill: calls that make no sense, capabilities of the
 * wrong kind or too many of them, text without end. Every mistake has to get its error, and none
 * may cost the server anything; that it still serves the others is for the test to see.
 *
 * The result is a line in the log, `console-client: N checks, 0 failed`. It takes a grant of the
 * service as `console`.
 */
#include "../check.h"

#include <base/random.h>
#include <base/string.h>
#include <runtime/slots.h>
#include <runtime/start.h>
#include <runtime/syscall.h>
#include <service/console.h>

#define OTHERS    2000  /* capabilities that are sent in vain: more than the server has slots for */
#define REOPENS   10000 /* more than it has slots at all */
#define NONSENSE  20000 /* random calls */
#define FLOOD     200000 /* bytes */
#define WANT_ROOM 1ul

static u32 endpoint;
static u32 event_cap;

/* One call; the server's answer. */
static status ask(u64 word0, u64 capabilities)
{
    struct message m = {
        .word = {word0, 0x3132333435363738, 0x3132333435363738, 0x0a32333435363738}};
    status result = ipc_call(endpoint, &m, capabilities);
    return result < 0 ? result : (status)m.word[0];
}

static status ask_with(u64 word0, u32 slot)
{
    return ask(word0, IPC_CAPABILITIES(slot, SLOT_NONE));
}

static bool refuses(status answer, enum error code)
{
    return status_code(answer) == code;
}

static void calls_before_open(void)
{
    for (u64 op = CONSOLE_WRITE; op <= CONSOLE_WORDS; op++)
        check(refuses(ask(op | 1 << 8, 0), ERR_ABSENT));
    check(refuses(ask(0, 0), ERR_SYSCALL));
    check(refuses(ask(CONSOLE_WORDS + 1, 0), ERR_SYSCALL));
    check(refuses(ask(255 | 1 << 8, 0), ERR_SYSCALL));
}

/* Capabilities that are no event which could be raised; and, again and again, one that nobody
 * wants. */
static void wrong_capabilities(void)
{
    u32 bare = slot_allocate(), mute = slot_allocate();
    check(refuses(ask(CONSOLE_OPEN, 0), ERR_ARGUMENT));
    check(refuses(ask_with(CONSOLE_OPEN, SLOT_SHARE), ERR_ARGUMENT));
    check(cap_copy(SLOT_SPACE, bare, SLOT_EVENT, RIGHT_RAISE, 0) == 0);
    check(refuses(ask_with(CONSOLE_OPEN, bare),
                  ERR_ARGUMENT)); /* no badge: it could raise anything */
    check(cap_copy(SLOT_SPACE, mute, SLOT_EVENT, RIGHT_RECEIVE, 4) == 0);
    check(refuses(ask_with(CONSOLE_OPEN, mute), ERR_ARGUMENT));
    for (u32 i = 0; i < OTHERS; i++)
        check(refuses(ask_with(CONSOLE_WRITE | 1 << 8, mute), ERR_ABSENT));
}

static void opens(void)
{
    event_cap = slot_allocate();
    check(cap_copy(SLOT_SPACE, event_cap, SLOT_EVENT, RIGHT_RAISE, WANT_ROOM) == 0);
    for (u32 i = 0; i < REOPENS; i++)
        check(ask_with(CONSOLE_OPEN, event_cap) == 0);
    for (u32 i = 0; i < OTHERS; i++)
        check(ask_with(CONSOLE_MODE, event_cap) == 0);
}

static void wrong_arguments(void)
{
    check(refuses(ask(CONSOLE_WRITE | (CONSOLE_BYTES + 1) << 8, 0), ERR_ARGUMENT));
    check(refuses(ask(CONSOLE_READ | ~0ul << 8, 0), ERR_ARGUMENT));
    check(refuses(ask(CONSOLE_WORDS | 1ul << 63, 0), ERR_ARGUMENT));
    check(refuses(ask(CONSOLE_MODE | (CONSOLE_RAW + 1) << 8, 0), ERR_ARGUMENT));
    check(ask(CONSOLE_READ, 0) == 0);
    check(ask(CONSOLE_WRITE, 0) == 0);
    status added = 0;
    for (u32 i = 0; i < 1000 && added == 0; i++)
        added = ask(CONSOLE_WORDS | CONSOLE_BYTES << 8, 0);
    check(refuses(added, ERR_LIMIT));
    check(ask(CONSOLE_WORDS, 0) == 0);
}

/* An event that is gone, and in whose place there is another one, is not raised. */
static void lost_event(void)
{
    u32 event = slot_allocate(), cap = slot_allocate();
    check(event_create(SLOT_POOL, event) == 0);
    check(cap_copy(SLOT_SPACE, cap, event, RIGHT_RAISE, 8) == 0);
    check(ask_with(CONSOLE_OPEN, cap) == 0);
    check(object_destroy_all(event) == 0);
    check(ask(CONSOLE_WRITE | CONSOLE_BYTES << 8, 0) == CONSOLE_BYTES);
    check(ask_with(CONSOLE_OPEN, event_cap) == 0);
}

static void nonsense(void)
{
    struct random random;
    random_init(&random, 99);
    for (u32 i = 0; i < NONSENSE; i++) {
        struct message m;
        for (u32 j = 0; j < array_count(m.word); j++)
            m.word[j] = random_next(&random);
        if (random_below(&random, 2))
            m.word[0] = random_below(&random, CONSOLE_WORDS + 2) | random_below(&random, 30) << 8;
        check(ipc_call(endpoint, &m, 0) >= 0);
    }
    check(ask_with(CONSOLE_OPEN, event_cap) == 0);
}

/* As fast as it goes; where the console that is shown has no more room, when it has again. */
static void flood(void)
{
    for (u32 sent = 0; sent < FLOOD;) {
        status taken = ask(CONSOLE_WRITE | CONSOLE_BYTES << 8, 0);
        struct message m;
        check(taken >= 0 && taken <= CONSOLE_BYTES);
        if (taken < 0)
            return;
        sent += (u32)taken;
        if (taken < CONSOLE_BYTES)
            check(ipc_wait(SLOT_NONE, 0, &m, 0) == WAIT_EVENT);
    }
}

int main(void)
{
    const struct grant *grant = grant_find(GRANT_SERVICE, "console");
    if (!grant)
        panic("no grant 'console'");
    endpoint = grant->slot;
    calls_before_open();
    wrong_capabilities();
    opens();
    wrong_arguments();
    lost_event();
    nonsense();
    flood();
    print("console-client");
    check_report();
    return 0;
}

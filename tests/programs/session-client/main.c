/*
 * A client of the echo server that sees whether sessions are what service/session.h promises: who
 * may touch what, who may call what, and that requests survive the server's death.
 *
 * Its sessions: `one` and `two` are served, `refused` is not. With the argument `load` it only
 * sends requests, for ever, and reports every so often; with `write-info` or `write-s` it writes
 * where it must not, and dies of it.
 */
#include "../check.h"
#include "../session-echo/echo.h"

#include <base/string.h>
#include <runtime/session.h>
#include <runtime/slots.h>
#include <runtime/start.h>
#include <runtime/syscall.h>
#include <service/root.h>

#define DEPTH        32u
#define CHAIN_MOST   8u
#define REPORT_EVERY 20000u

struct end {
    struct front front;
    u64 event;
    u64 pushed, done; /* of those that carry their number as cookie */
};

static struct end one, two, refused;

static status root_call(u64 call, u64 first, u64 second)
{
    struct message m = {.word = {call, first, second}};
    status result = ipc_call(SLOT_ROOT, &m, 0);
    return result < 0 ? result : (status)m.word[0];
}

static void open(struct end *end, const char *name)
{
    check(session_open(&end->front, name, &end->event) == 0);
}

static bool push(struct end *end, u8 op, u32 count)
{
    struct ring_sqe entries[CHAIN_MOST];
    for (u32 i = 0; i < count; i++)
        entries[i] = (struct ring_sqe){.op = op, .arg = end->pushed};
    if (!front_push(&end->front, entries, count, UINT32_MAX, end->pushed))
        return false;
    end->pushed++;
    return true;
}

/* Waits for the next completion, whatever it is. */
static struct front_done reap(struct end *end)
{
    struct front_done done;
    while (!front_reap(&end->front, &done)) {
        if (front_may_sleep(&end->front, 1))
            session_wait(end->event);
    }
    return done;
}

/* One batch of chains of several lengths, each completed once. */
static void batch(struct end *end, u32 depth)
{
    u64 first = end->pushed, seen = 0;
    for (u32 i = 0; i < depth; i++)
        check(push(end, ECHO, 1 + i % CHAIN_MOST / 2));
    front_publish(&end->front);
    for (u32 i = 0; i < depth; i++) {
        struct front_done done = reap(end);
        u64 index = done.cookie - first;
        check(done.status == RING_OK && index < depth && !(seen & 1ul << index));
        check(done.len == 1 + index % CHAIN_MOST / 2);
        seen |= 1ul << (index & 63);
    }
}

static void test_batches(void)
{
    for (u32 depth = 1; depth <= DEPTH; depth++) {
        batch(&one, depth);
        batch(&two, depth);
    }
    check(front_credits(&one.front) == RING_ENTRIES);
    struct front_done done;
    check(!front_reap(&one.front, &done));
}

/* What root must refuse. */
static void test_calls(void)
{
    u32 number = one.front.number;
    check(status_code(root_call(ROOT_SESSION_RECONNECT, number, 0)) == ERR_BUSY);
    check(status_code(root_call(ROOT_SESSION_RECONNECT, SESSION_LIMIT, 0)) == ERR_ABSENT);
    check(status_code(root_call(ROOT_SESSION_RECONNECT, UINT64_MAX, 0)) == ERR_ABSENT);
    check(status_code(root_call(ROOT_SESSION_RELEASED, SESSION_LIMIT - 1, 0)) == ERR_ABSENT);
    check(status_code(root_call(ROOT_SESSION_REFUSE, number, SESSION_BAD_TAG)) == ERR_ABSENT);
    check(status_code(root_call(ROOT_SESSION_NEXT, SLOT_SPACE, SLOT_SPACE)) == ERR_EMPTY);
    check(status_code(root_call(ROOT_DEVICE_RESET, SLOT_SPACE, 0)) == ERR_ARGUMENT);
    for (u64 i = 0; i <= GRANT_LIMIT; i++) /* none of them is a device */
        check(status_code(root_call(ROOT_DEVICE_RESET, SLOT_GRANTS + i, 0)) == ERR_ARGUMENT);
    check(status_code(root_call(ROOT_DEVICE_RESET, UINT64_MAX, 0)) == ERR_ARGUMENT);
    check(status_code(root_call(ROOT_SESSION_CLOSE, number, 0)) == ERR_RIGHTS);
    check(status_code(root_call(ROOT_TEXT, 0, 0)) == ERR_RIGHTS);
    check(status_code(root_call(ROOT_SESSION_OPEN, 0, 0)) == ERR_RIGHTS);
    check(status_code(root_call(ROOT_SESSION_CLOSE + 1, 0, 0)) == ERR_SYSCALL);
    check(status_code(root_call(0, 0, 0)) == ERR_SYSCALL);
    check(root_call(ROOT_ALIVE, 0, 0) == 0);
}

static void test_refused(void)
{
    check(push(&refused, ECHO, 1));
    front_publish(&refused.front);
    check(reap(&refused).status == RING_GONE);
    check(front_is_closed(&refused.front));
    check(refused.front.info->reason == SESSION_NO_TARGET);
    check(!push(&refused, ECHO, 1));
}

static u32 restarts(struct end *end)
{
    check(push(end, ECHO_RESTARTS, 1));
    front_publish(&end->front);
    return reap(end).len;
}

/* A request that ends every server that takes it is given up in the end; those around it are
 * done, each once. */
static void test_deadly(u8 op)
{
    u32 before = restarts(&two);
    u64 first = one.pushed, seen = 0;
    for (u32 i = 0; i < DEPTH; i++)
        check(push(&one, i == DEPTH / 2 ? op : ECHO, 1));
    front_publish(&one.front);
    for (u32 i = 0; i < DEPTH; i++) {
        struct front_done done = reap(&one);
        u64 index = done.cookie - first;
        check(index < DEPTH && !(seen & 1ul << index));
        seen |= 1ul << (index & 63);
        if (index <= DEPTH / 2)
            continue;
        check(done.status == RING_OK || done.status == RING_IO);
    }
    check(seen == (1ul << DEPTH) - 1);
    check(restarts(&two) == before + FRONT_RESTARTS);
    batch(&one, DEPTH);
    batch(&two, DEPTH);
}

/* What the server holds back is done when it was restarted. */
static void test_kept(void)
{
    check(push(&two, ECHO_KEEP, 3));
    front_publish(&two.front);
    batch(&two, DEPTH);
    check(front_credits(&two.front) == RING_ENTRIES - 3);
}

/* The client lets go of a session: nothing of it can be reached any more, by calls either. */
static void test_release(void)
{
    u32 number = refused.front.number;
    check(root_call(ROOT_SESSION_RELEASED, number, 0) == 0);
    check(status_code(root_call(ROOT_SESSION_RELEASED, number, 0)) == ERR_ABSENT);
    check(status_code(root_call(ROOT_SESSION_RECONNECT, number, 0)) == ERR_ABSENT);
}

static void load(struct end *end)
{
    u64 reported = 0;
    for (;;) {
        while (end->pushed - end->done < DEPTH && push(end, ECHO, 1)) {
        }
        if (end->pushed == end->done)
            panic("session-client: the session is closed");
        front_publish(&end->front);
        struct front_done done = reap(end);
        do {
            if (done.status != RING_OK)
                panic("session-client: FAILED: request %lu: %s", done.cookie,
                      ring_status_text(done.status));
            end->done++;
        } while (front_reap(&end->front, &done));
        if (end->done - reported >= REPORT_EVERY) {
            reported = end->done;
            print("session-client: %lu requests, %u restarts\n", end->done,
                  end->front.info->restarts);
        }
    }
}

/* Where it must not write. */
static void trespass(void *address)
{
    *(volatile u32 *)address = 1;
    print("session-client: FAILED: it could write to %p\n", address);
}

int main(void)
{
    struct end absent;
    open(&one, "one");
    if (strcmp(start->arguments, "load") == 0)
        load(&one);
    if (strcmp(start->arguments, "write-info") == 0)
        trespass((void *)one.front.info);
    if (strcmp(start->arguments, "write-s") == 0)
        trespass((void *)one.front.s);
    open(&two, "two");
    open(&refused, "refused");
    check(status_code(session_open(&absent.front, "absent", &absent.event)) == ERR_ABSENT);
    check(strcmp(one.front.info->client, start->name) == 0);
    check(strcmp(one.front.info->argument, "some argument") == 0);
    check(one.front.data_size == 16384 && two.front.data_size == 8192);
    memset(one.front.data, 1, one.front.data_size);
    test_batches();
    test_calls();
    test_refused();
    test_deadly(ECHO_DIE);
    test_deadly(ECHO_HANG);
    test_kept();
    test_release();
    print("session-client");
    check_report();
    for (;;)
        session_wait(1);
}

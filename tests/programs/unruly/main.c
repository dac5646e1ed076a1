/*
 * A server that misbehaves in the way its arguments say, for the tests of root
 * (tests/system/test_root.py):
 *
 *     exit               returns from main
 *     exit-late          the same, half a second after it said that it is up
 *     page-fault         says that it is up, and touches memory that it has not got
 *     stack-overflow     needs more stack than there is
 *     invalid            executes what is no instruction
 *     idle               says that it is up, and waits for ever
 *     listen             the same, and logs when it is told that a server it calls was restarted
 *     ask                calls the server `other`, and logs what came of it
 *     lend               gives memory of its own to the server `other`, and waits for ever
 *     hold               keeps memory that was lent to it
 *     let-go             the same, until half a second after it was called
 *     dma                hands memory to the device `disk`, and touches memory that it has not got
 *     spin               computes for ever
 *     meddle             calls root for what it may not have, and logs what came of it
 *     stutter            sends root a line for ROOT_SESSION_OPEN, but dies in the middle; its next
 *                        life sends one that is too long, and a whole one; logs what came of it
 */
#include <base/parse.h>
#include <base/string.h>
#include <runtime/clock.h>
#include <runtime/map.h>
#include <runtime/print.h>
#include <runtime/slots.h>
#include <runtime/start.h>
#include <runtime/syscall.h>
#include <service/root.h>

static void must(status result, const char *what)
{
    if (result < 0)
        panic("%s: %s", what, error_text(status_code(result)));
}

static void say_up(void)
{
    struct message m = {.word = {ROOT_READY}};
    must(ipc_call(SLOT_ROOT, &m, 0), "calling root");
}

_Noreturn static void idle(void)
{
    for (;;) {
        struct message m;
        must(ipc_wait(SLOT_NONE, 0, &m, 0), "waiting");
        if (m.events & EVENT_PEER_RESTARTED)
            print("was told of a restart\n");
    }
}

static void page_fault(void)
{
    say_up();
    *(volatile u8 *)0x123456789000 = 1;
}

static void busy(u64 ns)
{
    for (u64 end = tsc() + clock_from_ns(ns, start->tsc_hz); tsc() < end;)
        yield();
}

/* The compiler does not know that the stack ends before the count does. */
static u64 overflow(volatile u64 *depth)
{
    volatile u64 room[64] = {*depth};
    if (++*depth == UINT64_MAX)
        return 0;
    return overflow(depth) + room[*depth % array_count(room)];
}

static u32 grant_slot(void)
{
    const struct grant *grant = grant_find(GRANT_SERVICE, "other");
    if (!grant) {
        print("there is no other\n");
        idle();
    }
    return grant->slot;
}

static void ask(void)
{
    struct message m = {.word = {1, 2, 3, 4}};
    say_up();
    status result = ipc_call(grant_slot(), &m, 0);
    print("the other: %s\n", error_text(status_code(result)));
    idle();
}

static void lend(void)
{
    struct message m = {0};
    u32 memory = slot_allocate();
    must(memory_create(SLOT_POOL, memory, 4, 0), "making memory");
    must(memory_commit_all(memory, 0, 4), "making memory");
    must(ipc_call(grant_slot(), &m, IPC_CAPABILITIES(memory, SLOT_NONE)), "lending memory");
    print("lent memory\n");
    say_up();
    idle();
}

/* Takes memory, keeps it mapped for so long (0: for ever), and answers whoever lent it at once. */
static void hold(u64 ns)
{
    say_up();
    for (;;) {
        struct message m;
        u32 memory = slot_allocate();
        must(ipc_wait(SLOT_SERVICE, 0, &m, IPC_CAPABILITIES(SLOT_NONE, memory)), "waiting");
        void *mapped = map_memory(memory, 0, 4, RIGHT_READ | RIGHT_WRITE);
        must(ipc_reply(&m, 0), "replying");
        if (ns == 0)
            idle();
        busy(ns);
        unmap(mapped);
        print("let go\n");
    }
}

static void dma(void)
{
    const struct grant *disk = grant_find(GRANT_DEVICE, "disk");
    u32 memory = slot_allocate();
    if (!disk)
        panic("there is no disk");
    must(memory_create(SLOT_POOL, memory, 2, 0), "making memory");
    must(memory_commit_all(memory, 0, 2), "making memory");
    must(dma_map(disk->slot, memory, 0, 2), "handing memory to a device");
    print("disk %lx:%lx\n", disk->value[1] & 0xffff, disk->value[1] >> 16);
    page_fault();
}

static void meddle(void)
{
    static const u64 calls[] = {
        0,         ROOT_REFRESH,      ROOT_KILL,          ROOT_LOG,   ROOT_POWER,
        ROOT_TEXT, ROOT_SESSION_OPEN, ROOT_SESSION_CLOSE, UINT64_MAX, ROOT_SESSION_CLOSE + 1,
    };
    for (u32 i = 0; i < array_count(calls); i++) {
        struct message m = {.word = {calls[i]}};
        must(ipc_call(SLOT_ROOT, &m, 0), "calling root");
        print("call %ld: %s\n", (i64)calls[i], error_text(status_code((status)m.word[0])));
    }
    print("device: %s\n", error_text(status_code(device_create(
                              SLOT_GRANTS, SLOT_POOL, slot_allocate(), DEVICE_PORTS, 0x60, 1))));
    print("share: %s\n",
          error_text(status_code(share_create(SLOT_POOL, slot_allocate(), 1, 100, 0))));
    print("pool: %s\n", error_text(status_code(object_destroy_all(SLOT_POOL))));
}

/* A piece of a line for root; what root says to it. */
static status say_line(u64 call, const char *text)
{
    struct message m = {.word = {call}};
    memcpy(&m.word[1], text, strlen(text));
    must(ipc_call(SLOT_ROOT, &m, 0), "calling root");
    return (status)m.word[0];
}

static void stutter(void)
{
    u32 pieces = 0;
    must(say_line(ROOT_TEXT, "nobody "), "a piece of a line");
    if (start->restarts == 0)
        page_fault();
    while (say_line(ROOT_TEXT, "012345678901234567890123") >= 0)
        pieces++;
    print("too long after %u\n", pieces);
    must(say_line(ROOT_TEXT, start->name), "a piece of a line");
    must(say_line(ROOT_TEXT, " none nowhere 4K"), "a piece of a line");
    print("a whole one: %s\n", error_text(status_code(say_line(ROOT_SESSION_OPEN, ""))));
    print("none: %s\n", error_text(status_code(say_line(ROOT_SESSION_OPEN, ""))));
}

int main(void)
{
    struct slice mode = slice_of(start->arguments);
    volatile u64 depth = 0;
    if (slice_equal(mode, "exit"))
        return 0;
    if (slice_equal(mode, "exit-late")) {
        say_up();
        busy(NS_PER_SECOND / 2);
        return 0;
    }
    if (slice_equal(mode, "page-fault"))
        page_fault();
    if (slice_equal(mode, "stack-overflow"))
        return (int)overflow(&depth);
    if (slice_equal(mode, "invalid"))
        __builtin_trap();
    if (slice_equal(mode, "ask"))
        ask();
    if (slice_equal(mode, "lend"))
        lend();
    if (slice_equal(mode, "hold"))
        hold(0);
    if (slice_equal(mode, "let-go"))
        hold(NS_PER_SECOND / 2);
    if (slice_equal(mode, "dma"))
        dma();
    if (slice_equal(mode, "meddle"))
        meddle();
    if (slice_equal(mode, "stutter"))
        stutter();
    say_up();
    while (slice_equal(mode, "spin"))
        ;
    idle();
}

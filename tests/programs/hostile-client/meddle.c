/*
 * The first thread: rewrites a session's pages at random moments. See hostile.h.
 *
 * It is more urgent than any server, so it runs between two instructions of theirs, and they cannot
 * run before it waits. What the worker tells it is one pointer and one word.
 */
#include "../ticker.h"
#include "hostile.h"

#include <runtime/slots.h>

#define WORKER_PRIORITY 8u /* of clients */
#define STACK_BYTES     32768u
#define REWRITES_MOST   12u

static u8 stack[STACK_BYTES] __attribute__((aligned(16)));
static struct ticker ticker;
static struct target *volatile victim;
static u32 thread; /* the worker */
static volatile bool rewrites_all, busy, ended;
u64 meddled;

void meddle(struct target *target, bool all)
{
    victim = NULL;
    while (busy) /* only where several processors are */
        yield();
    rewrites_all = all;
    victim = target;
}

void worker_end(void)
{
    ended = true;
    for (;;)
        yield();
}

#define write(place, value) (*(volatile __typeof__(place) *)&(place) = (__typeof__(place))(value))

static u64 any_word(struct random *random)
{
    u64 shift = random_below(random, 64), word = random_next(random) >> shift;
    return random_below(random, 2) == 0 ? word : UINT64_MAX - word;
}

/* What is asked for, and the data. */
static void rewrite_request(struct target *target, struct random *random)
{
    struct ring_sqe *entry = &target->front.g->sqe[random_below(random, RING_ENTRIES)];
    u64 *data = (u64 *)(void *)target->front.data;
    switch (random_below(random, 4)) {
    case 0:
        write(entry->op, target->kind->op(random));
        break;
    case 1:
        write(entry->buf,
              random_below(random, 2) ? random_below(random, target->units) : any_word(random));
        break;
    case 2:
        write(entry->arg, any_word(random));
        break;
    default:
        for (u32 i = 0; i < 16; i++)
            write(data[random_below(random, target->units * (RING_UNIT / sizeof(u64)))],
                  any_word(random));
    }
}

/* What holds the ring together. */
static void rewrite_ring(struct target *target, struct random *random)
{
    struct ring_page_g *g = target->front.g;
    struct ring_sqe *entry = &g->sqe[random_below(random, RING_ENTRIES)];
    switch (random_below(random, 16)) {
    case 0:
        write(g->ctl.prod, g->ctl.prod + random_below(random, 4));
        break;
    case 1:
        write(g->ctl.prod, any_word(random));
        break;
    case 2:
        write(g->ctl.epoch, random_below(random, 2));
        break;
    case 3:
    case 4:
    case 5:
        write(g->ctl.event, any_word(random));
        break;
    case 6:
    case 7:
        write(entry->flags, random_next(random));
        break;
    case 8:
        write(entry->tag, any_word(random));
        break;
    default:
        write(entry->tag, random_below(random, RING_ENTRIES));
    }
}

static void rewrite_some(struct target *target, struct random *random)
{
    for (u64 left = 1 + random_below(random, REWRITES_MOST); left > 0; left--) {
        if (rewrites_all && random_below(random, 8) == 0)
            rewrite_ring(target, random);
        else
            rewrite_request(target, random);
    }
    meddled++;
}

static void must(status result, const char *what)
{
    if (result < 0)
        panic("hostile-client: %s: %s", what, error_text(status_code(result)));
}

/* Nobody hears of a fault in the worker: it is looked for now and then. */
static void look_at_worker(void)
{
    static u32 looks;
    struct thread_info info;
    if (looks++ % 256 != 0)
        return;
    must(thread_info(thread, &info), "looking at the worker");
    if (info.state == THREAD_STOPPED && !ended)
        panic("hostile-client: the worker has faulted");
}

static void start_worker(void (*worker)(void))
{
    u32 share = slot_allocate();
    thread = slot_allocate();
    struct thread_registers registers = {
        .rip = (u64)worker,
        .rsp = (u64)(stack + sizeof(stack) - sizeof(u64)), /* as if it had been called */
    };
    must(share_create(SLOT_POOL, share, WORKER_PRIORITY, 100, 0), "a share");
    must(thread_create(SLOT_POOL, thread, SLOT_SPACE, share, SLOT_NONE, 0), "a thread");
    must(thread_write(thread, &registers), "its registers");
    must(thread_resume(thread), "its start");
}

void meddle_until_end(void (*worker)(void), u64 seed)
{
    struct random random;
    random_init(&random, seed);
    if (grant_find(GRANT_IRQ, "hpet"))
        ticker_open(&ticker, seed + 1);
    start_worker(worker);
    while (!ended) {
        struct message m = {0};
        must(ipc_wait(SLOT_NONE, 0, &m, 0), "waiting");
        if (ticker.bit == 0 || !(m.events & ticker.bit))
            continue;
        busy = true;
        if (victim)
            rewrite_some(victim, &random);
        busy = false;
        ticker_rang(&ticker);
        look_at_worker();
    }
}

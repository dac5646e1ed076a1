/*
 * Fuzzer of libpv/front.c: a server that writes into page S whatever the bytes say, and dies
 * whenever they say so, in front of a client that pushes, reaps and sleeps.
 *
 * What must hold: each request is reaped once, with a length of at most what it allowed, and never
 * more than were pushed; credits and requests agree; and at the end, when the session is closed,
 * all that is left is reaped and nothing comes after it.
 */
// with: libpv/front.c
#include "input.h"

#include <stdlib.h>
#include <string.h>

#include <front.h>
#include <host.h>

#define REQUESTS 1024u

static void check(bool condition)
{
    if (!condition)
        abort();
}

struct client {
    struct front front;
    struct session_info *info;
    struct ring_page_g *g;
    struct ring_page_s *s;
    bool late; /* root takes its time */
    u32 pushed, reaped;
    u32 entries;       /* outstanding */
    u8 open[REQUESTS]; /* entries of the request, while it is outstanding */
};

static struct client *client;

void host_ring(u64 bell)
{
    check(bell == 78);
}

/* Root's answer: S is zeroed, the epoch moves last. */
static void answer(struct client *c)
{
    if (c->info->state != SESSION_LOST || c->front.epoch == c->info->epoch)
        return;
    memset(c->s, 0, sizeof(*c->s));
    c->info->state = SESSION_WAITING;
    c->info->epoch++;
}

void host_reconnect(u64 number)
{
    check(number == 3 && client->info->state == SESSION_LOST);
    check(client->g->ctl.prod <= client->entries && client->g->ctl.epoch == client->front.epoch);
    if (!client->late)
        answer(client);
}

static void push(struct client *c, u32 count)
{
    struct ring_sqe entries[64];
    memset(entries, 0xee, sizeof(entries));
    if (c->pushed == REQUESTS)
        return;
    bool possible = !c->front.closed && count >= 1 && count <= RING_CHAIN_LIMIT &&
                    count <= c->front.mask + 1 - c->entries;
    check(front_push(&c->front, entries, count, c->pushed, c->pushed) == possible);
    if (!possible)
        return;
    c->open[c->pushed++] = (u8)count;
    c->entries += count;
}

static bool reap(struct client *c)
{
    struct front_done done;
    if (!front_reap(&c->front, &done))
        return false;
    check(done.cookie < c->pushed && c->open[done.cookie] != 0 && done.len <= done.cookie);
    c->entries -= c->open[done.cookie];
    c->open[done.cookie] = 0;
    c->reaped++;
    return true;
}

/* What a server can do to its page, and to itself. */
static void spoil(struct client *c, struct input *input)
{
    struct ring_page_s *s = c->s;
    struct ring_cqe *entry = &s->cqe[s->ctl.prod & c->front.mask];
    switch (next(input) % 8) {
    case 0: /* a completion that may be right */
    case 1:
        entry->tag = next(input) & c->front.mask;
        entry->status = next(input);
        entry->len = next(input);
        s->ctl.prod++;
        break;
    case 2:
        entry->tag = (u16)next32(input);
        entry->len = next32(input);
        break;
    case 3:
        s->ctl.prod += next(input) % 4;
        break;
    case 4:
        s->ctl.event = next32(input);
        break;
    case 5:
        if (c->info->state != SESSION_CLOSED)
            c->info->state = c->info->state == SESSION_WAITING ? SESSION_ATTACHED : SESSION_LOST;
        c->late = next(input) % 2;
        break;
    case 6:
        answer(c);
        break;
    default: {
        u32 word = next32(input);
        memcpy((u8 *)s + next32(input) % (sizeof(*s) - 3), &word, 4);
    }
    }
}

static void run(struct client *c, struct input *input)
{
    while (input->length != 0) {
        u8 step = next(input);
        switch (step % 8) {
        case 0:
            push(c, 1);
            break;
        case 1:
            push(c, step / 8 + next(input) % 4);
            break;
        case 2:
            front_publish(&c->front);
            break;
        case 3:
        case 4:
            reap(c);
            break;
        case 5:
            if (front_may_sleep(&c->front, step))
                check(c->front.failed == 0 || c->info->state != SESSION_ATTACHED ||
                      c->info->epoch != c->front.epoch);
            break;
        default:
            spoil(c, input);
        }
        check(front_credits(&c->front) == (c->front.closed ? 0 : c->front.mask + 1 - c->entries));
    }
}

/* However it was until now, and if root still owes an answer: the end comes, and everything with
 * it. */
static void finish(struct client *c)
{
    c->info->state = SESSION_CLOSED;
    for (u32 i = 0; i <= 2 * REQUESTS && !(front_is_closed(&c->front) && !reap(c)); i++)
        reap(c);
    check(front_is_closed(&c->front));
    check(c->reaped == c->pushed && c->entries == 0 && !reap(c));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    struct client c = {0};
    u8 *base = calloc(3, PAGE_SIZE);
    c.g = (void *)base;
    c.info = (void *)(base + PAGE_SIZE);
    c.s = (void *)(base + 2 * PAGE_SIZE);
    *c.info = (struct session_info){.magic = SESSION_MAGIC,
                                    .version = SESSION_VERSION,
                                    .number = 3,
                                    .log2_n = RING_LOG2_LEAST + next(&input) % RING_LOG2_MOST,
                                    .state = SESSION_ATTACHED};
    client = &c;
    check(front_open(&c.front, base, 78));
    c.front.restarts = next(&input) % 4;
    run(&c, &input);
    finish(&c);
    free(base);
    return 0;
}

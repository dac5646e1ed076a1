/*
 * Fuzzer of libpv/back.c: a client that writes into page G whatever the bytes say, between the
 * calls of a server that takes, completes and publishes. Page G ends where the heap block ends, as
 * does page S, so that a step beyond either is seen.
 *
 * What must hold: no more entries are outstanding than the ring has; a request that was taken has a
 * tag that was not in use, 1 to 32 entries, all of the same tag; there is one completion for each
 * request; a ring that is broken stays so.
 */
// with: libpv/back.c
#include "input.h"

#include <stdlib.h>
#include <string.h>

#include <back.h>
#include <host.h>

static void check(bool condition)
{
    if (!condition)
        abort();
}

static u32 rung;

void host_ring(u64 bell)
{
    check(bell == 77);
    rung++;
}

struct server {
    struct back back;
    struct ring_page_g *g;
    u16 held[RING_ENTRIES]; /* tags of requests taken and not completed */
    u32 count;
    u32 taken, completed;
    bool broken;
};

/* A request was taken: of a tag that none has which is held already. */
static void hold(struct server *server, u16 tag)
{
    check(tag <= server->back.mask);
    for (u32 i = 0; i < server->count; i++)
        check(server->held[i] != tag);
    server->held[server->count++] = tag;
    server->taken++;
    check(back_outstanding(&server->back) <= server->back.mask + 1);
    check(back_outstanding(&server->back) >= server->count);
}

static void take(struct server *server)
{
    struct back_request request;
    enum back_result result = back_take(&server->back, &request);
    check(!server->broken || result == BACK_BROKEN);
    server->broken = result == BACK_BROKEN;
    check(server->broken == (server->back.broken != SESSION_REASON_NONE));
    if (result != BACK_TAKEN)
        return;
    check(request.count >= 1 && request.count <= RING_CHAIN_LIMIT);
    for (u32 i = 0; i < request.count; i++) {
        check(request.entry[i].tag == request.tag);
        check(!(request.entry[i].flags & RING_MORE) == (i + 1u == request.count));
    }
    hold(server, request.tag);
}

/* The short way; the long one, if that does not do. */
static void take_one(struct server *server)
{
    u64 head, arg;
    if (!back_take_one(&server->back, &head, &arg)) {
        take(server);
        return;
    }
    check(!server->broken && !(head & RING_SQE_MORE));
    hold(server, RING_SQE_TAG(head));
}

static void complete(struct server *server, u8 which)
{
    if (server->count == 0)
        return;
    u16 *held = &server->held[which % server->count];
    back_complete(&server->back, *held, which, which);
    *held = server->held[--server->count];
    server->completed++;
}

/* What a client can do to its page. */
static void spoil(struct server *server, struct input *input)
{
    struct ring_page_g *g = server->g;
    struct ring_sqe *entry = &g->sqe[(g->ctl.prod + next(input) % 4) & server->back.mask];
    switch (next(input) % 6) {
    case 0:
        g->ctl.prod += next(input) % 4;
        break;
    case 1: { /* a chain that is right */
        u16 tag = next(input) & server->back.mask;
        for (u32 left = next(input) % 34; left > 0; left--)
            g->sqe[g->ctl.prod++ & server->back.mask] =
                (struct ring_sqe){.tag = tag, .flags = left > 1 ? RING_MORE : 0};
        break;
    }
    case 2:
        entry->tag = next(input) & server->back.mask;
        entry->flags = next(input);
        break;
    case 3:
        entry->tag = (u16)next32(input);
        break;
    case 4:
        g->ctl.event = next32(input);
        break;
    default: {
        u32 word = next32(input);
        memcpy((u8 *)g + next32(input) % (sizeof(*g) - 3), &word, 4);
    }
    }
}

static void run(struct server *server, struct input *input)
{
    while (input->length != 0) {
        u8 step = next(input);
        switch (step % 8) {
        case 0:
            take(server);
            break;
        case 1:
            take_one(server);
            break;
        case 2:
            complete(server, step);
            break;
        case 3:
            back_publish(&server->back);
            check(server->back.s->ctl.prod == server->completed);
            break;
        case 4:
            if (back_may_sleep(&server->back) && !server->broken)
                check(server->back.s->ctl.event == server->g->ctl.prod);
            break;
        case 5:
            if (back_data(&server->back, next32(input), step, next(input)))
                check(server->back.data_size >= RING_UNIT);
            break;
        default:
            spoil(server, input);
        }
        check(server->completed + server->count == server->taken);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    u8 *base = calloc(3, PAGE_SIZE);
    struct session_info *info = (void *)(base + PAGE_SIZE);
    u32 log2_n = RING_LOG2_LEAST + next(&input) % RING_LOG2_MOST;
    *info = (struct session_info){
        .magic = SESSION_MAGIC, .version = SESSION_VERSION, .log2_n = log2_n, .data_size = 200};
    struct server server = {.g = (void *)base};
    server.g->ctl.version = RING_VERSION;
    server.g->ctl.log2_n = (u16)log2_n;
    check(back_open(&server.back, base, 77) == SESSION_REASON_NONE);
    rung = 0;
    run(&server, &input);
    check(rung <= server.completed);
    free(base);
    return 0;
}

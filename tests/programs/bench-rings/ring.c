/*
 * The ring by itself: both ends in this program, over pages of its own, with every wake-up that a
 * client and a server in two spaces would give each other, but nobody to switch to. And the same
 * through a server that does nothing, in a space of its own.
 */
#include "../session-echo/echo.h"
#include "rings.h"

#include <back.h>
#include <runtime/clock.h>
#include <runtime/heap.h>
#include <runtime/ipc.h>
#include <runtime/map.h>
#include <runtime/print.h>
#include <runtime/session_news.h>
#include <runtime/slots.h>
#include <runtime/syscall.h>

#define OWN_BIT (1ul << 40) /* of the program's event; nobody waits for it */

static struct front front;
static struct back back;

/* Pages G, INFO and S, as root would lay them out; there is no data. */
static void *make_pages(void)
{
    u32 memory = slot_allocate();
    if (memory_create(SLOT_POOL, memory, 3, 0) < 0 || memory_commit_all(memory, 0, 3) < 0)
        panic("bench-rings: no memory for a ring");
    u8 *base = map_memory(memory, 0, 3, RIGHT_READ | RIGHT_WRITE);
    struct session_info *info = (struct session_info *)(base + PAGE_SIZE);
    *info = (struct session_info){
        .magic = SESSION_MAGIC,
        .version = SESSION_VERSION,
        .size = sizeof(*info),
        .log2_n = RING_LOG2,
        .state = SESSION_ATTACHED,
    };
    return base;
}

/* What a server does, with requests that need nothing done. */
static void serve(void)
{
    static struct back_request request;
    while (back_take(&back, &request) == BACK_TAKEN)
        back_complete(&back, request.tag, RING_OK, 0);
    back_publish(&back);
    if (!back_may_sleep(&back))
        panic("bench-rings: there should be nothing left");
}

static void batch(void)
{
    struct front_done done;
    for (u32 i = 0; i < DEPTH_MOST; i++) {
        if (!front_push_one(&front, RING_HEAD(ECHO, 0, i), i, 0, i))
            panic("bench-rings: nothing can be pushed");
    }
    front_publish(&front);
    if (!front_may_sleep(&front, DEPTH_MOST))
        panic("bench-rings: done before it was served");
    serve();
    for (u32 i = 0; i < DEPTH_MOST; i++) {
        if (!front_reap(&front, &done))
            panic("bench-rings: a completion is missing");
    }
}

static void measure_alone(void)
{
    void *base = make_pages();
    u64 bell = session_bell(SLOT_EVENT, OWN_BIT);
    if (!front_open(&front, base, bell) || back_open(&back, base, bell) != SESSION_REASON_NONE)
        panic("bench-rings: the ring's own pages are refused");
    u64 best = UINT64_MAX;
    for (u32 round = 0; round < ROUNDS; round++) {
        u64 before = tsc();
        batch();
        best = min(best, ticks_since(before));
    }
    figure("ring_request", best, DEPTH_MOST);
}

static void push_echo(struct lane *lane, u32 index)
{
    if (!front_push_one(&lane->front, RING_HEAD(ECHO, 0, 0), index, 1, 0))
        panic("bench-rings: echo: nothing can be pushed");
}

void measure_ring(void)
{
    static struct lane echo;
    measure_alone();
    if (!lane_open(&echo, "echo"))
        return;
    struct cost cost = measure_batches(&echo, DEPTH_MOST, push_echo);
    figure("ring_request_served", cost.ticks, DEPTH_MOST);
    figure_fraction("ring_request_events", cost.events, ROUNDS * DEPTH_MOST);
}

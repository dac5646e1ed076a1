/*
 * A session for tests of the ring: real pages, laid out as service/session.h says, with the test in
 * the part of root. host_ring and host_reconnect, which the code under test calls, are here.
 *
 * The pages are as far apart as in a real session, so the data area exists as well.
 */
#pragma once
#include "unit.h"

#include <sys/mman.h>

#include <back.h>
#include <front.h>
#include <host.h>

#define WORLD_DATA   65536u
#define WORLD_NUMBER 5u

enum world_bell { WORLD_DOORBELL = 0xd00, WORLD_COMPLETION };

struct world {
    u8 *base;
    struct ring_page_g *g;
    struct session_info *info;
    struct ring_page_s *s;
    struct front front;
    struct back back;
    u32 doorbells, completions; /* rung so far */
    u32 reconnects;
    bool late;               /* root answers host_reconnect only in world_answer */
    void (*ring)(u32 *rung); /* instead of counting; may be NULL */
};

static struct world *world; /* where host_ring and host_reconnect find it */

void host_ring(u64 bell)
{
    assert_true(bell == WORLD_DOORBELL || bell == WORLD_COMPLETION);
    u32 *rung = bell == WORLD_DOORBELL ? &world->doorbells : &world->completions;
    if (world->ring)
        world->ring(rung);
    else
        ++*rung;
}

/* The rest of what root does for a reconnect: S is zeroed, the epoch moves last. */
static inline void world_answer(struct world *w)
{
    assert_int_equal(w->info->state, SESSION_LOST);
    memset(w->s, 0, PAGE_SIZE);
    w->info->state = SESSION_WAITING;
    w->info->epoch++;
}

void host_reconnect(u64 number)
{
    assert_int_equal(number, WORLD_NUMBER);
    world->reconnects++;
    if (!world->late)
        world_answer(world);
}

/* A new session, with both ends open. */
static inline void world_make(struct world *w, u32 log2_n)
{
    *w = (struct world){0};
    w->base = mmap(NULL, SESSION_DATA + WORLD_DATA, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(w->base, MAP_FAILED);
    w->g = (void *)w->base;
    w->info = (void *)(w->base + PAGE_SIZE);
    w->s = (void *)(w->base + 2 * PAGE_SIZE);
    *w->info = (struct session_info){.magic = SESSION_MAGIC,
                                     .version = SESSION_VERSION,
                                     .size = sizeof(*w->info),
                                     .number = WORLD_NUMBER,
                                     .log2_n = log2_n,
                                     .data_size = WORLD_DATA,
                                     .state = SESSION_WAITING};
    world = w;
}

/* A server attaches; root tells a client that knew another one. */
static inline void world_attach(struct world *w)
{
    assert_int_equal(w->info->state, SESSION_WAITING);
    assert_int_equal(back_open(&w->back, w->base, WORLD_COMPLETION), SESSION_REASON_NONE);
    w->info->state = SESSION_ATTACHED;
    w->completions += w->info->epoch != 0;
}

static inline void world_open(struct world *w, u32 log2_n)
{
    world_make(w, log2_n);
    assert_true(front_open(&w->front, w->base, WORLD_DOORBELL));
    world_attach(w);
}

/* The server dies: S stays as it is. */
static inline void world_kill(struct world *w)
{
    memset(&w->back, 0x5a, sizeof(w->back));
    w->info->state = SESSION_LOST;
    w->info->restarts++;
}

static inline void world_close(struct world *w)
{
    w->info->state = SESSION_CLOSED;
    w->info->reason = SESSION_BY_OPERATOR;
}

static inline void world_end(struct world *w)
{
    munmap(w->base, SESSION_DATA + WORLD_DATA);
    world = NULL;
}

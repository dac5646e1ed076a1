/* Unit tests of libpv/front.c: a client in front of servers that lie, die, and never come back. */
// with: libpv/front.c
#include "ring_world.h"

#include "watched.h"

#define EVERY 0xffffffffu /* a limit that no completion exceeds */

/* A world without back.c: the test writes page S itself. */
static void make(struct world *w, u32 log2_n)
{
    world_make(w, log2_n);
    w->info->state = SESSION_ATTACHED;
    assert_true(front_open(&w->front, w->base, WORLD_DOORBELL));
}

static void push(struct world *w, u32 count, u32 limit, u64 cookie)
{
    struct ring_sqe entries[RING_CHAIN_LIMIT];
    for (u32 i = 0; i < count; i++)
        entries[i] = (struct ring_sqe){.op = 1, .tag = 0x7777, .buf = i, .arg = cookie};
    assert_true(front_push(&w->front, entries, count, limit, cookie));
}

static void complete(struct world *w, u16 tag, i16 code, u32 len)
{
    w->s->cqe[w->s->ctl.prod++ & w->front.mask] = (struct ring_cqe){tag, code, len};
}

static void assert_reaped(struct world *w, u64 cookie, int code, u32 len)
{
    struct front_done done;
    assert_true(front_reap(&w->front, &done));
    assert_int_equal(done.cookie, cookie);
    assert_int_equal(done.status, code);
    assert_int_equal(done.len, len);
}

/* A new server is there, of which nothing is known here. */
static void attach(struct world *w)
{
    assert_int_equal(w->info->state, SESSION_WAITING);
    w->info->state = SESSION_ATTACHED;
}

static void assert_nothing(struct world *w)
{
    struct front_done done;
    assert_false(front_reap(&w->front, &done));
}

static void test_open(void **state)
{
    (void)state;
    struct world w;
    for (u32 log2_n = 0; log2_n < 40; log2_n++) {
        world_make(&w, log2_n);
        w.info->epoch = 17;
        bool good = log2_n >= RING_LOG2_LEAST && log2_n <= RING_LOG2_MOST;
        assert_int_equal(front_open(&w.front, w.base, 1), good);
        if (good) {
            assert_int_equal(front_credits(&w.front), 1u << log2_n);
            assert_int_equal(w.g->ctl.log2_n, log2_n);
            assert_int_equal(w.g->ctl.version, RING_VERSION);
            assert_int_equal(w.g->ctl.epoch, 17);
        }
        w.info->magic++;
        assert_false(front_open(&w.front, w.base, 1));
        w.info->magic--;
        w.info->version++;
        assert_false(front_open(&w.front, w.base, 1));
        world_end(&w);
    }
}

static void test_credits(void **state)
{
    (void)state;
    struct world w;
    struct ring_sqe entries[RING_CHAIN_LIMIT + 1] = {0};
    make(&w, RING_LOG2);
    assert_false(front_push(&w.front, entries, 0, 0, 0));
    assert_false(front_push(&w.front, entries, RING_CHAIN_LIMIT + 1, 0, 0));
    push(&w, 32, EVERY, 0);
    push(&w, 32, EVERY, 1);
    push(&w, 32, EVERY, 2);
    push(&w, 31, EVERY, 3);
    assert_int_equal(front_credits(&w.front), 1);
    assert_false(front_push(&w.front, entries, 2, 0, 0));
    push(&w, 1, EVERY, 4);
    assert_int_equal(front_credits(&w.front), 0);
    assert_false(front_push(&w.front, entries, 1, 0, 0));
    assert_false(front_push_one(&w.front, 0, 0, 0, 0));
    front_publish(&w.front);
    assert_int_equal(w.g->ctl.prod, 128);
    assert_int_equal(w.g->ctl.outstanding, 128);
    complete(&w, w.g->sqe[96].tag, 0, 5);
    assert_reaped(&w, 3, 0, 5);
    assert_int_equal(front_credits(&w.front), 31);
    assert_nothing(&w);
    world_end(&w);
}

/* What the server sees of a chain, and what it does not see before it is published. */
static void test_entries(void **state)
{
    (void)state;
    struct world w;
    make(&w, 4);
    push(&w, 1, EVERY, 0);
    u16 first = front_last_tag(&w.front);
    push(&w, 3, EVERY, 0xabc);
    u16 tag = front_last_tag(&w.front);
    assert_int_not_equal(first, tag);
    for (u32 i = 1; i < 4; i++) {
        assert_int_equal(w.g->sqe[i].tag, tag);
        assert_int_equal(w.g->sqe[i].flags, i < 3 ? RING_MORE : 0);
        assert_int_equal(w.g->sqe[i].buf, i - 1);
        assert_int_equal(w.g->sqe[i].arg, 0xabc);
    }
    assert_int_equal(w.g->ctl.prod, 0);
    front_publish(&w.front);
    assert_int_equal(w.g->ctl.prod, 4);
    struct ring_sqe entry = {.op = 9, .flags = 0xff, .tag = 3, .buf = EVERY};
    assert_true(front_push(&w.front, &entry, 1, 0, 0));
    assert_int_equal(w.g->sqe[4].op, 9);
    assert_int_equal(w.g->sqe[4].flags, 0xff & ~RING_MORE);
    assert_int_equal(w.g->sqe[4].tag, front_last_tag(&w.front));
    assert_int_equal(w.g->sqe[4].buf, EVERY);
    world_end(&w);
}

/* --- servers that lie ------------------------------------------------------------------------ */

static void test_wrong_tags(void **state)
{
    (void)state;
    struct world w;
    make(&w, 4);
    for (u32 i = 0; i < 4; i++)
        push(&w, 2, 10, i);
    front_publish(&w.front);
    u16 tag = w.g->sqe[2].tag, inner = w.front.slots[tag].next;
    complete(&w, 16, 0, 1);
    complete(&w, 0xffff, 0, 2);
    complete(&w, inner, 0, 3); /* a slot in use, but no request's tag */
    complete(&w, tag, RING_IO, 4);
    assert_reaped(&w, 1, RING_IO, 4);
    assert_int_equal(w.g->ctl.errors, 3);
    complete(&w, tag, 0, 5); /* once more */
    assert_nothing(&w);
    assert_int_equal(w.g->ctl.errors, 4);
    assert_int_equal(front_credits(&w.front), 10);
    complete(&w, w.g->sqe[0].tag, 0, 10);
    complete(&w, w.g->sqe[4].tag, 7, 11); /* longer than what was asked for */
    assert_reaped(&w, 0, 0, 10);
    assert_reaped(&w, 2, 7, 10);
    assert_int_equal(w.g->ctl.errors, 5);
    push(&w, 1, 10, 4);
    complete(&w, front_last_tag(&w.front), 0, EVERY);
    assert_reaped(&w, 4, 0, 10);
    assert_int_equal(w.g->ctl.errors, 6);
    assert_false(front_is_closed(&w.front));
    world_end(&w);
}

/* The memory of a session is gone: whoever touches it, ends. */
static void take_memory(struct world *w)
{
    assert_int_equal(mprotect(w->base, SESSION_DATA + WORLD_DATA, PROT_NONE), 0);
}

static void give_memory(struct world *w)
{
    assert_int_equal(mprotect(w->base, SESSION_DATA + WORLD_DATA, PROT_READ | PROT_WRITE), 0);
}

/* All `count` requests (cookies from 0) are reaped with RING_GONE, without the session's memory. */
static void assert_gone(struct world *w, u32 count)
{
    struct front_done done;
    u64 seen = 0;
    for (u32 i = 0; i < count; i++) {
        assert_false(front_may_sleep(&w->front, 1));
        assert_true(front_reap(&w->front, &done));
        take_memory(w);
        assert_int_equal(done.status, RING_GONE);
        assert_int_equal(done.len, 0);
        assert_true(done.cookie < count);
        assert_false(seen >> done.cookie & 1);
        seen |= 1ul << done.cookie;
        assert_true(front_is_closed(&w->front));
    }
    assert_nothing(w);
    take_memory(w);
    assert_nothing(w);
    assert_true(front_may_sleep(&w->front, 1));
    front_publish(&w->front);
    struct ring_sqe entry = {0};
    assert_int_equal(front_credits(&w->front), 0);
    assert_false(front_push(&w->front, &entry, 1, 0, 0));
    assert_true(front_is_closed(&w->front));
    give_memory(w);
    world_end(w);
}

static void test_wild_index(void **state)
{
    (void)state;
    static const u32 wild[] = {4, 17, 0x80000000, 0xffffffff};
    struct world w;
    for (u32 i = 0; i < array_count(wild); i++) {
        make(&w, 4);
        push(&w, 1, EVERY, 0);
        push(&w, 5, EVERY, 1);
        front_publish(&w.front);
        push(&w, 1, EVERY, 2); /* not published: still to be reaped */
        w.s->ctl.prod = wild[i];
        assert_false(front_may_sleep(&w.front, 1));
        assert_gone(&w, 3);
    }
}

static void test_closed(void **state)
{
    (void)state;
    struct world w;
    make(&w, 4);
    for (u32 i = 0; i < 4; i++)
        push(&w, 1 + i % 2, EVERY, i);
    front_publish(&w.front);
    complete(&w, w.g->sqe[4].tag, 0, 33); /* came before the end */
    world_close(&w);
    assert_reaped(&w, 3, 0, 33);
    assert_gone(&w, 3);
    make(&w, 4);
    world_close(&w);
    assert_gone(&w, 0);
}

static void complete_and_die(u16 offset)
{
    if (watched.count == 1 && offset == offsetof(struct ring_ctl, prod)) {
        complete(world, world->g->sqe[0].tag, 0, 1);
        world_kill(world);
    }
}

/* A completion that comes between two looks at S, of which the second is after the state's. */
static void test_more_after_the_end(void **state)
{
    (void)state;
    struct world w;
    make(&w, 4);
    push(&w, 1, EVERY, 0);
    push(&w, 1, EVERY, 1);
    front_publish(&w.front);
    struct front_done done;
    watched_begin(w.s, complete_and_die);
    bool found = front_reap(&w.front, &done);
    watched_end();
    assert_true(found && done.cookie == 0);
    assert_int_equal(watched.at[0], offsetof(struct ring_ctl, prod));
    assert_int_equal(watched.at[1], offsetof(struct ring_ctl, prod));
    assert_int_equal(w.reconnects, 0);
    assert_nothing(&w);
    assert_int_equal(w.reconnects, 1);
    world_end(&w);
}

/* --- servers that die ------------------------------------------------------------------------ */

static void test_reconnect(void **state)
{
    (void)state;
    struct world w;
    make(&w, 4);
    for (u32 i = 0; i < 5; i++)
        push(&w, 1 + i % 3, EVERY, i); /* 1, 2, 3, 1, 2 entries */
    front_publish(&w.front);
    complete(&w, w.g->sqe[3].tag, 0, 2);
    complete(&w, w.g->sqe[0].tag, 0, 0);
    assert_reaped(&w, 2, 0, 2);
    push(&w, 2, EVERY, 5); /* in slots that come before those of older requests */
    world_kill(&w);
    push(&w, 1, EVERY, 6);
    w.g->ctl.errors = 3;
    w.g->ctl.event = 77;
    assert_reaped(&w, 0, 0, 0);
    assert_nothing(&w);
    assert_int_equal(w.reconnects, 1);
    assert_int_equal(w.g->ctl.prod, 8);
    assert_int_equal(w.g->ctl.event, 0);
    assert_int_equal(w.g->ctl.epoch, 1);
    assert_int_equal(w.g->ctl.restarts, 1);
    assert_int_equal(w.g->ctl.errors, 3);
    static const u8 cookies[] = {1, 1, 3, 4, 4, 5, 5, 6};
    for (u32 i = 0; i < 8; i++) {
        assert_int_equal(w.g->sqe[i].arg, cookies[i]);
        bool more = i < 7 && cookies[i + 1] == cookies[i];
        assert_int_equal(w.g->sqe[i].flags, more ? RING_MORE : 0);
        if (more)
            assert_int_equal(w.g->sqe[i].tag, w.g->sqe[i + 1].tag);
    }
    complete(&w, w.g->sqe[5].tag, 0, 6);
    assert_reaped(&w, 5, 0, 6);
    push(&w, 1, EVERY, 7);
    front_publish(&w.front);
    assert_int_equal(w.g->sqe[8].arg, 7);
    assert_int_equal(w.g->ctl.prod, 9);
    world_end(&w);
}

/* Deaths: RING_IO for those that saw FRONT_RESTARTS, and only for those. */
static void test_restarts(void **state)
{
    (void)state;
    struct world w;
    make(&w, 4);
    for (u32 death = 1; death <= FRONT_RESTARTS; death++) {
        push(&w, 2, EVERY, death);
        front_publish(&w.front);
        world_kill(&w);
        assert_nothing(&w);
        assert_int_equal(w.reconnects, death);
        assert_int_equal(w.g->ctl.prod, 2 * (death < FRONT_RESTARTS ? death : death - 1));
    }
    assert_true(front_may_sleep(&w.front, 1));
    attach(&w); /* now the last one's device does nothing any more */
    assert_false(front_may_sleep(&w.front, 1));
    assert_reaped(&w, 1, RING_IO, 0);
    assert_nothing(&w);
    world_kill(&w);
    assert_nothing(&w);
    attach(&w);
    assert_reaped(&w, 2, RING_IO, 0);
    w.front.restarts = FRONT_PATIENT;
    for (u32 death = 0; death < 300; death++) {
        assert_nothing(&w);
        assert_int_equal(w.g->ctl.prod, 2);
        world_kill(&w);
    }
    assert_nothing(&w);
    complete(&w, w.g->sqe[0].tag, 0, 1);
    assert_reaped(&w, 3, 0, 1);
    assert_int_equal(front_credits(&w.front), 16);
    for (u32 i = 0; i < 16; i++) { /* a slot does not remember */
        push(&w, 1, EVERY, 4);
        assert_int_equal(w.front.slots[front_last_tag(&w.front)].restarts, 0);
    }
    world_end(&w);
}

/* Nobody completes a request that is given up: not the server that came and died before the client
 * looked, and the next one gives its memory back. */
static void test_given_up(void **state)
{
    (void)state;
    struct world w;
    make(&w, 4);
    push(&w, 3, EVERY, 1);
    push(&w, 1, EVERY, 2);
    front_publish(&w.front);
    w.front.restarts = 1;
    u16 tags[2] = {w.g->sqe[0].tag, w.g->sqe[3].tag};
    world_kill(&w);
    assert_nothing(&w);
    attach(&w);
    complete(&w, tags[0], 0, 1);
    complete(&w, tags[1], 0, 1);
    world_kill(&w);
    u32 errors = w.g->ctl.errors;
    assert_nothing(&w);
    assert_int_equal(w.g->ctl.errors, errors + 2);
    assert_nothing(&w);
    assert_int_equal(w.reconnects, 2);
    assert_true(front_may_sleep(&w.front, 9));
    world_close(&w);
    assert_reaped(&w, 1, RING_GONE, 0);
    assert_reaped(&w, 2, RING_GONE, 0);
    assert_nothing(&w);
    world_end(&w);
}

/* A server that wrote nonsense and died of it: the session lives. */
static void test_wild_index_of_the_dead(void **state)
{
    (void)state;
    struct world w;
    make(&w, 4);
    push(&w, 1, EVERY, 1);
    front_publish(&w.front);
    w.s->ctl.prod = 99;
    world_kill(&w);
    assert_nothing(&w);
    assert_int_equal(w.reconnects, 1);
    assert_int_equal(w.g->ctl.errors, 1);
    assert_false(front_is_closed(&w.front));
    complete(&w, w.g->sqe[0].tag, 0, 1);
    assert_reaped(&w, 1, 0, 1);
    world_end(&w);
}

/* Between host_reconnect and root's answer nothing of S is read, whatever the client does. */
static void test_late_answer(void **state)
{
    (void)state;
    struct world w;
    make(&w, 4);
    w.late = true;
    push(&w, 1, EVERY, 0);
    front_publish(&w.front);
    w.s->ctl.prod = 0;
    world_kill(&w);
    assert_nothing(&w);
    assert_int_equal(w.reconnects, 1);
    u32 rung = w.doorbells;
    assert_int_equal(mprotect(w.s, PAGE_SIZE, PROT_NONE), 0);
    for (u32 i = 1; i < 4; i++) {
        assert_nothing(&w);
        assert_true(front_may_sleep(&w.front, 2));
        push(&w, 1, EVERY, i);
        front_publish(&w.front);
    }
    assert_int_equal(mprotect(w.s, PAGE_SIZE, PROT_READ | PROT_WRITE), 0);
    assert_int_equal(w.reconnects, 1);
    assert_int_equal(w.doorbells, rung);
    assert_int_equal(w.g->ctl.prod, 4);
    world_answer(&w);
    assert_nothing(&w);
    assert_int_equal(w.g->sqe[3].arg, 3);
    complete(&w, w.g->sqe[3].tag, 0, 0);
    assert_reaped(&w, 3, 0, 0);
    world_kill(&w);
    assert_nothing(&w);
    assert_int_equal(w.reconnects, 2);
    world_end(&w);
}

/* `more` is never more than what can come: else nobody would wake us. */
static void test_coalescing(void **state)
{
    (void)state;
    struct world w;
    make(&w, RING_LOG2);
    assert_true(front_may_sleep(&w.front, 5));
    assert_int_equal(w.g->ctl.event, 0);
    push(&w, 32, EVERY, 0); /* many entries, few requests */
    push(&w, 32, EVERY, 1);
    push(&w, 1, EVERY, 2);
    front_publish(&w.front);
    assert_true(front_may_sleep(&w.front, 100));
    assert_int_equal(w.g->ctl.event, 2);
    assert_true(front_may_sleep(&w.front, 2));
    assert_int_equal(w.g->ctl.event, 1);
    complete(&w, w.g->sqe[0].tag, 0, 0);
    assert_true(front_may_sleep(&w.front, 2));
    assert_false(front_may_sleep(&w.front, 1));
    assert_reaped(&w, 0, 0, 0);
    assert_true(front_may_sleep(&w.front, 100));
    assert_int_equal(w.g->ctl.event, 2);
    world_kill(&w);
    assert_false(front_may_sleep(&w.front, 1));
    world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_open),
        cmocka_unit_test(test_credits),
        cmocka_unit_test(test_entries),
        cmocka_unit_test(test_wrong_tags),
        cmocka_unit_test(test_wild_index),
        cmocka_unit_test(test_closed),
        cmocka_unit_test(test_more_after_the_end),
        cmocka_unit_test(test_reconnect),
        cmocka_unit_test(test_restarts),
        cmocka_unit_test(test_given_up),
        cmocka_unit_test(test_wild_index_of_the_dead),
        cmocka_unit_test(test_late_answer),
        cmocka_unit_test(test_coalescing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

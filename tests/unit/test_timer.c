/*
 * Unit tests of the timer server's queue and clients: real rings, with the test as the client, and
 * a plain table of what is set.
 */
// with: servers/timer/queue.c servers/timer/client.c libpv/front.c libpv/back.c
// with: libpv/front_timer.c
#include "ring_world.h"

#include <base/random.h>
#include <front_timer.h>
#include <runtime/step.h>
#include <timer/client.h>

enum { WORLDS = 2 };

static struct world worlds[WORLDS];
static struct client clients[WORLDS];
static struct queue queue;
static struct alarm *storage[WORLDS * RING_ENTRIES];

void step(enum step where)
{
    (void)where;
}

static int setup(void **state)
{
    (void)state;
    queue = (struct queue){0};
    assert_null(queue_set_storage(&queue, storage, array_count(storage)));
    for (u32 i = 0; i < WORLDS; i++) {
        world_open(&worlds[i], RING_LOG2);
        client_init(&clients[i], &worlds[i].back);
    }
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    for (u32 i = 0; i < WORLDS; i++)
        world_end(&worlds[i]);
    return 0;
}

static u16 push(u32 number, u8 op, u64 argument, u64 cookie)
{
    const struct ring_sqe entry = {.op = op, .arg = argument};
    assert_true(front_push(&worlds[number].front, &entry, 1, UINT32_MAX, cookie));
    return front_last_tag(&worlds[number].front);
}

/* The server reads all that was pushed. */
static void serve(u32 number)
{
    world = &worlds[number];
    front_publish(&worlds[number].front);
    assert_int_equal(client_take(&clients[number], &queue, UINT32_MAX), BACK_EMPTY);
    back_publish(&worlds[number].back);
}

static void expire_until(u64 now)
{
    for (struct alarm *alarm; (alarm = queue_first(&queue)) && alarm->deadline <= now;)
        client_expire(alarm->client, &queue, alarm, now);
    for (u32 i = 0; i < WORLDS; i++) {
        world = &worlds[i];
        back_publish(&worlds[i].back);
    }
}

static void assert_done(u32 number, u64 cookie, int result, u32 len)
{
    struct front_done done;
    assert_true(front_reap(&worlds[number].front, &done));
    assert_int_equal(done.cookie, cookie);
    assert_int_equal(done.status, result);
    assert_int_equal(done.len, len);
}

static void assert_nothing(u32 number)
{
    struct front_done done;
    assert_false(front_reap(&worlds[number].front, &done));
}

static void test_order(void **state)
{
    (void)state;
    assert_null(queue_first(&queue));
    push(0, TIMER_SET, 300, 7);
    push(0, TIMER_SET, 100, 5);
    push(0, TIMER_SET, 300, 6); /* as late as 7, set after it */
    push(0, TIMER_SET, 200, 8);
    serve(0);
    push(1, TIMER_SET, 250, 9);
    serve(1);
    expire_until(99);
    assert_nothing(0);
    expire_until(100);
    assert_done(0, 5, RING_OK, 0);
    assert_nothing(0);
    expire_until(1000);
    assert_done(0, 8, RING_OK, 800);
    assert_done(0, 7, RING_OK, 700);
    assert_done(0, 6, RING_OK, 700);
    assert_nothing(0);
    assert_done(1, 9, RING_OK, 750);
    assert_null(queue_first(&queue));
}

static void test_lateness(void **state)
{
    (void)state;
    push(0, TIMER_SET, 0, 1);
    serve(0);
    expire_until(UINT32_MAX - 1ul);
    assert_done(0, 1, RING_OK, UINT32_MAX - 1);
    push(0, TIMER_SET, 0, 2);
    serve(0);
    expire_until(1ul << 40);
    assert_done(0, 2, RING_OK, UINT32_MAX);
}

static void test_cancel(void **state)
{
    (void)state;
    u16 first = push(0, TIMER_SET, 100, 1);
    u16 second = push(0, TIMER_SET, 200, 2);
    u16 third = push(0, TIMER_CANCEL, second, 3);
    serve(0);
    assert_done(0, 2, RING_CANCELLED, 0);
    assert_done(0, 3, RING_OK, 0);
    push(0, TIMER_CANCEL, second, 4); /* not any more, and this is its own tag by now */
    push(0, TIMER_CANCEL, third, 5);
    serve(0);
    assert_done(0, 4, RING_ABSENT, 0);
    assert_done(0, 5, RING_ABSENT, 0);
    expire_until(100);
    push(0, TIMER_CANCEL, first, 6);
    serve(0);
    assert_done(0, 1, RING_OK, 0);
    assert_done(0, 6, RING_ABSENT, 0);
    push(1, TIMER_CANCEL, first, 7); /* that of another session */
    serve(1);
    assert_done(1, 7, RING_ABSENT, 0);
}

static void test_wrong(void **state)
{
    (void)state;
    static const u64 tags[] = {RING_ENTRIES, 1ul << 16, 1ul << 32, UINT64_MAX};
    for (u32 i = 0; i < array_count(tags); i++) {
        push(0, TIMER_CANCEL, tags[i], i);
        serve(0);
        assert_done(0, i, RING_ABSENT, 0);
    }
    for (u32 op = 0; op < 256; op++) {
        if (op == TIMER_SET || op == TIMER_CANCEL)
            continue;
        push(0, (u8)op, op, op);
        serve(0);
        assert_done(0, op, RING_INVALID, 0);
    }
    const struct ring_sqe chain[3] = {{.op = TIMER_SET}, {.op = TIMER_SET}, {.op = TIMER_SET}};
    assert_true(front_push(&worlds[0].front, chain, 3, UINT32_MAX, 8));
    serve(0);
    assert_done(0, 8, RING_INVALID, 0);
    assert_null(queue_first(&queue));
}

static void test_quantum(void **state)
{
    (void)state;
    for (u32 i = 0; i < 10; i++)
        push(0, TIMER_SET, 100 + i, i);
    front_publish(&worlds[0].front);
    assert_int_equal(client_take(&clients[0], &queue, 4), BACK_TAKEN);
    assert_int_equal(queue.count, 4);
    assert_int_equal(client_take(&clients[0], &queue, 4), BACK_TAKEN);
    assert_int_equal(client_take(&clients[0], &queue, 4), BACK_EMPTY);
    assert_int_equal(queue.count, 10);
}

/* A client that breaks the rules of the ring: its timers go, the others' stay. */
static void test_broken(void **state)
{
    (void)state;
    push(0, TIMER_SET, 100, 1);
    serve(0);
    push(1, TIMER_SET, 100, 2);
    serve(1);
    worlds[0].g->ctl.prod += 1000;
    assert_int_equal(client_take(&clients[0], &queue, UINT32_MAX), BACK_BROKEN);
    client_close(&clients[0], &queue);
    assert_int_equal(queue.count, 1);
    assert_true(queue_is_sound(&queue));
    expire_until(100);
    assert_done(1, 2, RING_OK, 0);
}

static void test_close(void **state)
{
    (void)state;
    for (u32 i = 0; i < RING_ENTRIES; i++) {
        push(0, TIMER_SET, 10 + i % 7, i);
        push(1, TIMER_SET, 10 + i % 5, i);
    }
    serve(0);
    serve(1);
    expire_until(10);
    client_close(&clients[0], &queue);
    assert_true(queue_is_sound(&queue));
    expire_until(UINT64_MAX);
    struct front_done done;
    u32 told = 0;
    while (front_reap(&worlds[1].front, &done))
        told++;
    assert_int_equal(told, RING_ENTRIES);
    assert_int_equal(queue.count, 0);
}

static void test_storage_moves(void **state)
{
    (void)state;
    struct queue small = {0};
    struct alarm *first[2], *second[4];
    struct alarm alarms[4] = {0};
    assert_null(queue_set_storage(&small, first, 2));
    queue_arm(&small, &alarms[0], 30);
    queue_arm(&small, &alarms[1], 20);
    assert_ptr_equal(queue_set_storage(&small, second, 4), first);
    queue_arm(&small, &alarms[2], 40);
    queue_arm(&small, &alarms[3], 10);
    assert_true(queue_is_sound(&small));
    const u32 order[] = {3, 1, 0, 2};
    for (u32 i = 0; i < 4; i++) {
        assert_ptr_equal(queue_first(&small), &alarms[order[i]]);
        assert_true(queue_cancel(&small, queue_first(&small)));
        assert_false(queue_cancel(&small, &alarms[order[i]]));
    }
}

/* Random setting, cancelling and waiting; every completion must be in the table, and due. */
static void test_random(void **state)
{
    (void)state;
    static u64 due[RING_ENTRIES]; /* by cookie; 0: not set */
    static u16 tags[RING_ENTRIES];
    struct random random;
    random_init(&random, 5);
    u64 now = 1;
    for (u32 round = 0; round < 50000; round++) {
        u64 i = random_below(&random, 100);
        if (due[i] == 0) {
            due[i] = now + 1 + random_below(&random, 1000);
            tags[i] = push(0, TIMER_SET, due[i], i);
        } else if (random_below(&random, 8) == 0) {
            push(0, TIMER_CANCEL, tags[i], 1000 + i);
        }
        if (random_below(&random, 4) != 0)
            serve(0);
        now += random_below(&random, 8);
        expire_until(now);
        u64 before = 0;
        for (struct front_done done; front_reap(&worlds[0].front, &done);) {
            if (done.cookie >= 1000) {
                assert_true(done.status == RING_OK || done.status == RING_ABSENT);
                continue;
            }
            assert_int_not_equal(due[done.cookie], 0);
            if (done.status == RING_OK) {
                assert_true(due[done.cookie] + done.len <= now);
                assert_true(due[done.cookie] >= before || done.len < now - before);
                before = due[done.cookie];
            } else {
                assert_int_equal(done.status, RING_CANCELLED);
            }
            due[done.cookie] = 0;
        }
        if (round % 256 == 0)
            assert_true(queue_is_sound(&queue));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_order, setup, teardown),
        cmocka_unit_test_setup_teardown(test_lateness, setup, teardown),
        cmocka_unit_test_setup_teardown(test_cancel, setup, teardown),
        cmocka_unit_test_setup_teardown(test_wrong, setup, teardown),
        cmocka_unit_test_setup_teardown(test_quantum, setup, teardown),
        cmocka_unit_test_setup_teardown(test_broken, setup, teardown),
        cmocka_unit_test_setup_teardown(test_close, setup, teardown),
        cmocka_unit_test_setup_teardown(test_storage_moves, setup, teardown),
        cmocka_unit_test_setup_teardown(test_random, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

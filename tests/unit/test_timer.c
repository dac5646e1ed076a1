/* Unit tests of the timer server's queue and clients, against a plain table of what is armed. */
// with: servers/timer/queue.c servers/timer/client.c
#include "unit.h"

#include <base/random.h>
#include <timer/client.h>

enum { CLIENTS = 2 };

static struct queue queue;
static struct alarm *storage[CLIENTS * TIMER_IDS];
static struct client clients[CLIENTS];

static int setup(void **state)
{
    (void)state;
    queue = (struct queue){0};
    assert_null(queue_set_storage(&queue, storage, array_count(storage)));
    for (u16 i = 0; i < CLIENTS; i++)
        client_init(&clients[i], i);
    return 0;
}

static void expire_until(u64 now)
{
    for (struct alarm *alarm; (alarm = queue_first(&queue)) && alarm->deadline <= now;)
        client_expire(&clients[alarm->client], &queue, alarm, now);
}

static void assert_told(struct client *client, u64 id, u64 late)
{
    struct alarm *alarm = client_take_expired(client);
    assert_non_null(alarm);
    assert_int_equal(alarm->id, id);
    assert_int_equal(alarm->late, late);
}

static void test_order(void **state)
{
    (void)state;
    assert_null(queue_first(&queue));
    assert_int_equal(client_arm(&clients[0], &queue, 7, 300), 0);
    assert_int_equal(client_arm(&clients[0], &queue, 5, 100), 0);
    assert_int_equal(client_arm(&clients[0], &queue, 6, 300), 0); /* as late as 7, armed after it */
    assert_int_equal(client_arm(&clients[0], &queue, 1023, 200), 0);
    expire_until(99);
    assert_null(client_take_expired(&clients[0]));
    assert_false(clients[0].must_raise);
    expire_until(250);
    assert_true(clients[0].must_raise);
    expire_until(1000);
    assert_told(&clients[0], 5, 150);
    assert_told(&clients[0], 1023, 50);
    assert_told(&clients[0], 7, 700);
    assert_told(&clients[0], 6, 700);
    assert_null(client_take_expired(&clients[0]));
    assert_null(queue_first(&queue));
}

static void test_wrong_ids(void **state)
{
    (void)state;
    const u64 wrong[] = {TIMER_IDS, 65536, 1ul << 32, UINT64_MAX};
    for (u32 i = 0; i < array_count(wrong); i++) {
        assert_int_equal(client_arm(&clients[0], &queue, wrong[i], 1),
                         status_error(ERR_ARGUMENT, 1));
        assert_int_equal(client_cancel(&clients[0], &queue, wrong[i]),
                         status_error(ERR_ARGUMENT, 1));
    }
    assert_null(queue_first(&queue));
}

static void test_move_and_cancel(void **state)
{
    (void)state;
    assert_int_equal(client_arm(&clients[0], &queue, 1, 100), 0);
    assert_int_equal(client_arm(&clients[0], &queue, 2, 200), 0);
    assert_int_equal(client_arm(&clients[0], &queue, 1, 300), 0); /* later */
    assert_int_equal(queue_first(&queue)->id, 2);
    assert_int_equal(client_arm(&clients[0], &queue, 1, 50), 0); /* earlier */
    assert_int_equal(queue_first(&queue)->id, 1);
    assert_int_equal(client_cancel(&clients[0], &queue, 1), 0);
    assert_int_equal(client_cancel(&clients[0], &queue, 1), status_error(ERR_ABSENT, 1));
    expire_until(200);
    assert_int_equal(client_cancel(&clients[0], &queue, 2), status_error(ERR_ABSENT, 1));
    assert_told(&clients[0], 2, 0);
    assert_null(client_take_expired(&clients[0]));
}

/* Armed again before it was told: only the new expiry counts. */
static void test_arm_expired(void **state)
{
    (void)state;
    assert_int_equal(client_arm(&clients[0], &queue, 1, 100), 0);
    assert_int_equal(client_arm(&clients[0], &queue, 2, 101), 0);
    expire_until(200);
    assert_int_equal(client_arm(&clients[0], &queue, 1, 500), 0);
    assert_told(&clients[0], 2, 99);
    assert_null(client_take_expired(&clients[0]));
    expire_until(501);
    assert_told(&clients[0], 1, 1);
}

static void test_close(void **state)
{
    (void)state;
    for (u16 id = 0; id < TIMER_IDS; id++) {
        assert_int_equal(client_arm(&clients[0], &queue, id, 10 + id % 7), 0);
        assert_int_equal(client_arm(&clients[1], &queue, id, 10 + id % 5), 0);
    }
    expire_until(10);
    client_close(&clients[0], &queue);
    assert_true(queue_is_sound(&queue));
    assert_null(client_take_expired(&clients[0]));
    expire_until(UINT64_MAX);
    u32 told = 0;
    while (client_take_expired(&clients[1]))
        told++;
    assert_int_equal(told, TIMER_IDS);
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
    }
}

/* Random arming, moving, cancelling and waiting; every expiry must be in the table, and due. */
static void test_random(void **state)
{
    (void)state;
    static u64 due[TIMER_IDS]; /* 0: not armed */
    struct random random;
    random_init(&random, 5);
    u64 now = 1;
    for (u32 round = 0; round < 100000; round++) {
        u64 id = random_next(&random) % TIMER_IDS;
        if (random_next(&random) % 4 != 0) {
            due[id] = now + 1 + random_next(&random) % 1000;
            assert_int_equal(client_arm(&clients[1], &queue, id, due[id]), 0);
        } else {
            status expected = due[id] != 0 ? 0 : status_error(ERR_ABSENT, 1);
            assert_int_equal(client_cancel(&clients[1], &queue, id), expected);
            due[id] = 0;
        }
        now += random_next(&random) % 4;
        expire_until(now);
        u64 before = 0;
        for (struct alarm *alarm; (alarm = client_take_expired(&clients[1]));) {
            assert_true(due[alarm->id] != 0 && due[alarm->id] <= now && due[alarm->id] >= before);
            assert_int_equal(alarm->late, now - due[alarm->id]);
            before = due[alarm->id];
            due[alarm->id] = 0;
        }
        if (round % 256 != 0)
            continue;
        assert_true(queue_is_sound(&queue));
        u32 armed = 0;
        for (u32 i = 0; i < TIMER_IDS; i++) {
            armed += due[i] != 0;
            assert_true(due[i] == 0 || due[i] > now);
        }
        assert_int_equal(queue.count, armed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_order, setup),
        cmocka_unit_test_setup(test_wrong_ids, setup),
        cmocka_unit_test_setup(test_move_and_cancel, setup),
        cmocka_unit_test_setup(test_arm_expired, setup),
        cmocka_unit_test_setup(test_close, setup),
        cmocka_unit_test_setup(test_storage_moves, setup),
        cmocka_unit_test_setup(test_random, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

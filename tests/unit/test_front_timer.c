/* Unit tests of the front end for timers, with the test as the server. */
// with: libpv/front_timer.c libpv/front.c libpv/back.c
#include "ring_world.h"

#include <base/random.h>
#include <front_timer.h>

static struct world w;
static struct front_timer timer;

static int setup(void **state)
{
    (void)state;
    world_make(&w, RING_LOG2);
    assert_true(front_open(&timer.front, w.base, WORLD_DOORBELL));
    front_timer_open(&timer);
    world_attach(&w);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    world_end(&w);
    return 0;
}

/* The server reads one request; its tag. */
static u16 taken(u8 op, u64 argument)
{
    struct back_request request;
    front_publish(&timer.front);
    assert_int_equal(back_take(&w.back, &request), BACK_TAKEN);
    assert_int_equal(request.count, 1);
    assert_int_equal(request.entry[0].op, op);
    assert_int_equal(request.entry[0].arg, argument);
    return request.tag;
}

static void assert_all_taken(void)
{
    struct back_request request;
    front_publish(&timer.front);
    assert_int_equal(back_take(&w.back, &request), BACK_EMPTY);
}

static void complete(u16 tag, int result, u32 len)
{
    back_complete(&w.back, tag, result, len);
    back_publish(&w.back);
}

static void restart(void)
{
    world_kill(&w);
    assert_null(front_timer_next(&timer));
    world_attach(&w);
}

static void test_once(void **state)
{
    (void)state;
    struct front_alarm alarm = {0};
    assert_true(front_timer_set(&timer, &alarm, 1000));
    assert_true(front_alarm_is_set(&alarm));
    assert_false(front_timer_set(&timer, &alarm, 1000));
    assert_false(front_timer_every(&timer, &alarm, 1000, 5));
    u16 tag = taken(TIMER_SET, 1000);
    assert_null(front_timer_next(&timer));
    complete(tag, RING_OK, 17);
    assert_ptr_equal(front_timer_next(&timer), &alarm);
    assert_false(front_alarm_is_set(&alarm));
    assert_int_equal(alarm.result, 0);
    assert_int_equal(alarm.rang, 1000);
    assert_int_equal(alarm.late, 17);
    assert_int_equal(alarm.times, 1);
    assert_null(front_timer_next(&timer));
    assert_all_taken();
}

static void test_cancel(void **state)
{
    (void)state;
    struct front_alarm alarm = {0}, other = {0};
    assert_false(front_timer_cancel(&timer, &alarm));
    assert_true(front_timer_set(&timer, &other, 5));
    assert_true(front_timer_set(&timer, &alarm, 1000));
    assert_true(front_timer_cancel(&timer, &alarm));
    assert_false(front_timer_cancel(&timer, &alarm));
    taken(TIMER_SET, 5);
    u16 tag = taken(TIMER_SET, 1000), second = taken(TIMER_CANCEL, tag);
    complete(tag, RING_CANCELLED, 0);
    assert_ptr_equal(front_timer_next(&timer), &alarm);
    assert_int_equal(alarm.result, RING_CANCELLED);
    complete(second, RING_OK, 0);
    assert_null(front_timer_next(&timer));

    /* It had rung already. */
    assert_true(front_timer_set(&timer, &alarm, 2000));
    tag = taken(TIMER_SET, 2000);
    assert_true(front_timer_cancel(&timer, &alarm));
    complete(tag, RING_OK, 1);
    complete(taken(TIMER_CANCEL, tag), RING_ABSENT, 0);
    assert_ptr_equal(front_timer_next(&timer), &alarm);
    assert_int_equal(alarm.result, 0);
    assert_null(front_timer_next(&timer));
}

static void test_periodic(void **state)
{
    (void)state;
    struct front_alarm alarm = {0};
    assert_false(front_timer_every(&timer, &alarm, 1000, 0));
    assert_true(front_timer_every(&timer, &alarm, 1000, 10));
    u64 due = 1000;
    static const u32 late[] = {0, 9, 10, 11, 1000, 0, UINT32_MAX, 3};
    for (u32 i = 0; i < array_count(late); i++) {
        complete(taken(TIMER_SET, due), RING_OK, late[i]);
        assert_ptr_equal(front_timer_next(&timer), &alarm);
        assert_int_equal(alarm.result, 0);
        assert_int_equal(alarm.times, 1 + late[i] / 10);
        assert_int_equal(alarm.rang, due + late[i] / 10 * 10);
        assert_true(front_alarm_is_set(&alarm));
        assert_null(front_timer_next(&timer));
        due += (1 + late[i] / 10ul) * 10;
    }
    u16 tag = taken(TIMER_SET, due);
    assert_true(front_timer_cancel(&timer, &alarm));
    complete(tag, RING_OK, 25);
    complete(taken(TIMER_CANCEL, tag), RING_ABSENT, 0);
    assert_ptr_equal(front_timer_next(&timer), &alarm);
    assert_int_equal(alarm.times, 3);
    assert_false(front_alarm_is_set(&alarm));
    assert_null(front_timer_next(&timer));
    assert_all_taken();
}

/* There is always room to cancel something. */
static void test_room(void **state)
{
    (void)state;
    static struct front_alarm alarms[RING_ENTRIES];
    u32 room = front_timer_room(&timer);
    assert_true(room >= 100 && room < RING_ENTRIES);
    for (u32 i = 0; i < room; i++)
        assert_true(front_timer_set(&timer, &alarms[i], i));
    assert_false(front_timer_set(&timer, &alarms[room], 0));
    assert_int_equal(front_timer_room(&timer), 0);
    u32 cancelled = 0;
    while (front_timer_cancel(&timer, &alarms[cancelled]))
        cancelled++;
    assert_int_equal(cancelled, RING_ENTRIES - room);
    assert_false(alarms[cancelled].cancelled);
}

/* A new server reads everything again, each once, and completes what is for this time. */
static void serve_one(u32 requests, u64 due)
{
    struct back_request request;
    u32 found = 0;
    for (u32 i = 0; i < requests; i++) {
        assert_int_equal(back_take(&w.back, &request), BACK_TAKEN);
        assert_int_equal(request.entry[0].op, TIMER_SET);
        if (request.entry[0].arg != due)
            continue;
        complete(request.tag, RING_OK, 0);
        found++;
    }
    assert_int_equal(found, 1);
    assert_all_taken();
}

static void test_restarts(void **state)
{
    (void)state;
    struct front_alarm alarm = {0}, periodic = {0};
    assert_true(front_timer_set(&timer, &alarm, 1000000));
    assert_true(front_timer_every(&timer, &periodic, 50, 100));
    front_publish(&timer.front);
    for (u32 i = 0; i < 10 * FRONT_RESTARTS; i++) {
        restart();
        serve_one(2, 50 + 100 * i);
        if (i % 2) /* it dies before the client has looked */
            world_kill(&w);
        assert_ptr_equal(front_timer_next(&timer), &periodic);
        assert_int_equal(periodic.result, 0);
        assert_int_equal(periodic.rang, 50 + 100 * i);
        assert_null(front_timer_next(&timer));
        if (i % 2)
            world_attach(&w);
    }
    restart();
    serve_one(2, 1000000);
    assert_ptr_equal(front_timer_next(&timer), &alarm);
    assert_int_equal(alarm.result, 0);
}

static void test_closed(void **state)
{
    (void)state;
    struct front_alarm alarm = {0}, periodic = {0}, third = {0};
    assert_true(front_timer_set(&timer, &alarm, 1000));
    assert_true(front_timer_every(&timer, &periodic, 50, 100));
    assert_true(front_timer_cancel(&timer, &alarm));
    front_publish(&timer.front);
    world_close(&w);
    for (u32 i = 0; i < 2; i++) {
        struct front_alarm *back = front_timer_next(&timer);
        assert_true(back == &alarm || back == &periodic);
        assert_int_equal(back->result, RING_GONE);
        assert_false(front_alarm_is_set(back));
    }
    assert_null(front_timer_next(&timer));
    assert_false(front_timer_set(&timer, &third, 1));
    assert_int_equal(front_timer_room(&timer), 0);
}

/* Nothing that a server says makes an alarm come back twice, or one that was not set. */
static void test_wild(void **state)
{
    (void)state;
    static struct front_alarm alarms[50];
    struct random random;
    random_init(&random, 3);
    for (u32 round = 0; round < 20000 && !front_is_closed(&timer.front); round++) {
        u32 i = (u32)random_below(&random, 50);
        u64 due = random_next(&random);
        if (!front_alarm_is_set(&alarms[i]))
            assert_true(front_timer_set(&timer, &alarms[i], due));
        else if (random_below(&random, 4) == 0)
            (void)!front_timer_cancel(&timer, &alarms[i]);
        front_publish(&timer.front);
        if (front_credits(&timer.front) < RING_ENTRIES) {
            w.s->cqe[w.s->ctl.prod % RING_ENTRIES] =
                (struct ring_cqe){.tag = (u16)random_below(&random, RING_ENTRIES + 8),
                                  .status = (i16)random_next(&random),
                                  .len = (u32)random_next(&random)};
            w.s->ctl.prod++;
        }
        bool was_set[50];
        for (u32 j = 0; j < 50; j++)
            was_set[j] = front_alarm_is_set(&alarms[j]);
        for (struct front_alarm *back; (back = front_timer_next(&timer));) {
            assert_true(back >= alarms && back < alarms + 50 && was_set[back - alarms]);
            assert_false(front_alarm_is_set(back));
            was_set[back - alarms] = false;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_cancel, setup, teardown),
        cmocka_unit_test_setup_teardown(test_periodic, setup, teardown),
        cmocka_unit_test_setup_teardown(test_room, setup, teardown),
        cmocka_unit_test_setup_teardown(test_restarts, setup, teardown),
        cmocka_unit_test_setup_teardown(test_closed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_wild, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Unit tests of the moments in libpv/front.c when the server is dead and root has not answered yet:
 * it may answer between any two instructions of the client, or never, because the session has been
 * closed. What can happen there in general is in tests/model/reconnect.pml.
 */
// with: libpv/front.c libpv/back.c
#include "ring_world.h"

#include "watched.h"

static struct world *w; /* of the running test */

static void push(u64 cookie)
{
    struct ring_sqe entry = {.op = 1, .arg = cookie};
    assert_true(front_push(&w->front, &entry, 1, 0, cookie));
}

static void assert_taken(u64 cookie)
{
    struct back_request request;
    assert_int_equal(back_take(&w->back, &request), BACK_TAKEN);
    assert_int_equal(request.entry[0].arg, cookie);
    back_complete(&w->back, request.tag, 0, 0);
}

static void assert_reaped(u64 cookie, int code)
{
    struct front_done done;
    assert_true(front_reap(&w->front, &done));
    assert_int_equal(done.cookie, cookie);
    assert_int_equal(done.status, code);
}

static void assert_nothing(void)
{
    struct front_done done;
    assert_false(front_reap(&w->front, &done));
}

/* A client with request 0 whose server has died, and that waits for root's answer. */
static void make_reconnecting(struct world *new)
{
    w = new;
    world_open(w, 4);
    w->late = true;
    push(0);
    front_publish(&w->front);
    world_kill(w);
    assert_nothing();
    assert_int_equal(w->reconnects, 1);
    assert_true(front_may_sleep(&w->front, 1));
}

/* The session was closed when its client had just seen that it is LOST: root refuses, and the
 * client must not wait for ever. */
static void test_closed_before_answer(void **state)
{
    (void)state;
    struct world new;
    make_reconnecting(&new);
    push(1);
    front_publish(&w->front);
    push(2);
    world_close(w);
    assert_false(front_may_sleep(&w->front, 1));
    for (u64 cookie = 0; cookie < 3; cookie++)
        assert_reaped(cookie, RING_GONE);
    assert_nothing();
    assert_true(front_is_closed(&w->front));
    assert_true(front_may_sleep(&w->front, 1));
    assert_int_equal(w->reconnects, 1);
    world_end(w);
}

/* The same, when it had nothing under way. */
static void test_closed_before_answer_idle(void **state)
{
    (void)state;
    struct world new;
    make_reconnecting(&new);
    world_answer(w);
    world_attach(w);
    assert_taken(0);
    back_publish(&w->back);
    assert_reaped(0, 0);
    world_kill(w);
    assert_nothing();
    world_close(w);
    assert_nothing();
    assert_true(front_is_closed(&w->front));
    assert_true(front_may_sleep(&w->front, 1));
    world_end(w);
}

/* Root answers when the client has seen that it did not; a new server looks, and sleeps. */
static void answer(u16 offset)
{
    assert_int_equal(offset, offsetof(struct session_info, epoch));
    if (watched.count != 1)
        return;
    world_answer(w);
    world_attach(w);
    assert_taken(0);
    struct back_request request;
    assert_int_equal(back_take(&w->back, &request), BACK_EMPTY);
    assert_true(back_may_sleep(&w->back));
}

static void test_answer_while_publishing(void **state)
{
    (void)state;
    struct world new;
    make_reconnecting(&new);
    push(1);
    u32 rung = w->doorbells;
    watched_begin(w->info, answer);
    front_publish(&w->front);
    watched_end();
    assert_int_equal(w->doorbells, rung + 1);
    assert_taken(1);
    back_publish(&w->back);
    assert_reaped(0, 0);
    assert_reaped(1, 0);
    assert_nothing();
    world_end(w);
}

/* It answers when the client is about to sleep: the first completion rings. */
static void test_answer_while_falling_asleep(void **state)
{
    (void)state;
    struct world new;
    make_reconnecting(&new);
    assert_true(front_may_sleep(&w->front, 100));
    world_answer(w);
    world_attach(w);
    u32 rung = w->completions;
    assert_taken(0);
    back_publish(&w->back);
    assert_int_equal(w->completions, rung + 1);
    assert_reaped(0, 0);
    world_end(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_closed_before_answer),
        cmocka_unit_test(test_closed_before_answer_idle),
        cmocka_unit_test(test_answer_while_publishing),
        cmocka_unit_test(test_answer_while_falling_asleep),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

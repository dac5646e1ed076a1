/* Unit tests of a ring as a whole: both ends over real pages, without a hostile side. */
// with: libpv/front.c libpv/back.c
#include "ring_world.h"

/* Pushes a request of `count` entries whose arguments go up from `arg`. */
static void push(struct world *w, u32 count, u64 arg, u64 cookie)
{
    struct ring_sqe entries[RING_CHAIN_LIMIT];
    for (u32 i = 0; i < count; i++)
        entries[i] = (struct ring_sqe){.op = 3, .flags = RING_FUA, .buf = 7 + i, .arg = arg + i};
    assert_true(front_push(&w->front, entries, count, 1000, cookie));
}

static void test_one(void **state)
{
    (void)state;
    struct world w;
    struct back_request request;
    struct front_done done;
    world_open(&w, RING_LOG2);
    assert_int_equal(back_take(&w.back, &request), BACK_EMPTY);
    assert_true(back_may_sleep(&w.back));
    push(&w, 1, 0x123456789abcdef0, 42);
    assert_int_equal(back_take(&w.back, &request), BACK_EMPTY);
    assert_int_equal(w.doorbells, 0);
    front_publish(&w.front);
    assert_int_equal(w.doorbells, 1);
    assert_false(front_reap(&w.front, &done));
    assert_true(front_may_sleep(&w.front, 1));
    assert_int_equal(back_take(&w.back, &request), BACK_TAKEN);
    assert_int_equal(request.count, 1);
    assert_int_equal(request.tag, front_last_tag(&w.front));
    assert_int_equal(request.entry[0].op, 3);
    assert_int_equal(request.entry[0].flags, RING_FUA);
    assert_int_equal(request.entry[0].buf, 7);
    assert_int_equal(request.entry[0].arg, 0x123456789abcdef0);
    back_complete(&w.back, request.tag, RING_RANGE, 77);
    assert_false(front_reap(&w.front, &done));
    back_publish(&w.back);
    assert_int_equal(w.completions, 1);
    assert_true(front_reap(&w.front, &done));
    assert_int_equal(done.cookie, 42);
    assert_int_equal(done.status, RING_RANGE);
    assert_int_equal(done.len, 77);
    assert_false(front_reap(&w.front, &done));
    assert_int_equal(front_credits(&w.front), RING_ENTRIES);
    world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Unit tests of libpv/back.c: a server in front of clients that break every rule. */
// with: libpv/back.c
#include "ring_world.h"

#include "watched.h"

#define entry_at(w, index) ((w).g->sqe[(index) % RING_ENTRIES])

/* A world without front.c: the test writes page G itself. */
static void make(struct world *w, u32 log2_n)
{
    world_make(w, log2_n);
    w->g->ctl.version = RING_VERSION;
    w->g->ctl.log2_n = (u16)log2_n;
    world_attach(w);
}

static void publish(struct world *w, u32 prod)
{
    w->g->ctl.prod = prod;
}

static void assert_broken(struct world *w, enum session_reason reason)
{
    static struct back_request request;
    u32 outstanding = back_outstanding(&w->back);
    for (u32 i = 0; i < 3; i++) {
        assert_int_equal(back_take(&w->back, &request), BACK_BROKEN);
        assert_string_equal(session_reason_text(w->back.broken), session_reason_text(reason));
        assert_true(back_may_sleep(&w->back));
        w->g->ctl.prod++;
    }
    assert_int_equal(w->s->ctl.errors, 1);
    assert_int_equal(back_outstanding(&w->back), outstanding);
    world_end(w);
}

static u16 take(struct world *w, u32 count)
{
    static struct back_request request;
    assert_int_equal(back_take(&w->back, &request), BACK_TAKEN);
    assert_int_equal(request.count, count);
    return request.tag;
}

static void test_open(void **state)
{
    (void)state;
    struct world w;
    for (u32 log2_n = 0; log2_n < 40; log2_n++) {
        world_make(&w, log2_n);
        bool good = log2_n >= RING_LOG2_LEAST && log2_n <= RING_LOG2_MOST;
        assert_int_equal(back_open(&w.back, w.base, 1) == SESSION_REASON_NONE, good);
        if (good) {
            assert_int_equal(w.back.mask, (1u << log2_n) - 1);
            assert_int_equal(w.s->ctl.log2_n, log2_n);
            assert_int_equal(w.s->ctl.version, RING_VERSION);
        }
        w.info->magic++;
        assert_int_equal(back_open(&w.back, w.base, 1), SESSION_BAD_RING);
        w.info->magic--;
        w.info->version++;
        assert_int_equal(back_open(&w.back, w.base, 1), SESSION_BAD_RING);
        world_end(&w);
    }
}

/* A client that opens its end only now is not refused; a page of another kind is. */
static void test_page(void **state)
{
    (void)state;
    struct world w;
    static struct back_request request;
    make(&w, 3);
    w.g->ctl.version = 0;
    assert_int_equal(back_take(&w.back, &request), BACK_EMPTY);
    w.g->ctl.version = RING_VERSION;
    publish(&w, 1);
    take(&w, 1);
    w.g->ctl.version = 0; /* looked at once */
    publish(&w, 2);
    entry_at(w, 1).tag = 1;
    take(&w, 1);
    world_end(&w);
    for (u32 how = 0; how < 5; how++) {
        make(&w, 3);
        w.g->ctl.version += how == 0;
        w.g->ctl.log2_n = how == 1 ? 4 : how == 2 ? 3 + 16 : 3;
        w.g->ctl.log2_n = how == 3 ? 0xffff : w.g->ctl.log2_n;
        w.g->ctl.epoch += how == 4;
        publish(&w, 1);
        assert_broken(&w, SESSION_BAD_RING);
    }
}

static void test_index(void **state)
{
    (void)state;
    static const u32 wild[] = {9, 10, 0x80000000, 0xffffffff, 0xfffffff8};
    struct world w;
    for (u32 i = 0; i < array_count(wild); i++) {
        make(&w, 3);
        publish(&w, wild[i]);
        assert_broken(&w, SESSION_BAD_INDEX);
    }
    /* What was taken and not completed counts. */
    make(&w, 3);
    for (u32 i = 0; i < 8; i++)
        entry_at(w, i).tag = (u16)i;
    publish(&w, 8);
    for (u32 i = 0; i < 8; i++)
        assert_int_equal(take(&w, 1), i);
    static struct back_request request;
    assert_int_equal(back_take(&w.back, &request), BACK_EMPTY);
    back_complete(&w.back, 3, 0, 0);
    publish(&w, 10);
    assert_broken(&w, SESSION_BAD_INDEX);
    /* An index that goes back. */
    make(&w, 3);
    publish(&w, 1);
    take(&w, 1);
    publish(&w, 0);
    assert_false(back_may_sleep(&w.back));
    assert_broken(&w, SESSION_BAD_INDEX);
}

static void test_tag(void **state)
{
    (void)state;
    struct world w;
    static const u16 wild[] = {8, 127, 128, 0x8000, 0xffff};
    for (u32 i = 0; i < array_count(wild); i++) {
        make(&w, 3);
        entry_at(w, 0).tag = wild[i];
        publish(&w, 1);
        assert_broken(&w, SESSION_BAD_TAG);
    }
    for (u32 more = 0; more < 2; more++) { /* twice: as one entry, and as a chain */
        make(&w, 3);
        entry_at(w, 0).tag = entry_at(w, 1).tag = 5;
        entry_at(w, 1).flags = (u8)more;
        entry_at(w, 2).tag = 5;
        publish(&w, 3);
        assert_int_equal(take(&w, 1), 5);
        assert_broken(&w, SESSION_BAD_TAG);
    }
}

static void chain(struct world *w, u32 at, u32 count, u16 tag)
{
    for (u32 i = 0; i < count; i++)
        entry_at(*w, at + i) = (struct ring_sqe){
            .tag = tag, .flags = i + 1 < count ? RING_MORE : 0, .buf = i, .arg = at + i};
}

static void test_chains(void **state)
{
    (void)state;
    struct world w;
    static struct back_request request;
    make(&w, RING_LOG2);
    chain(&w, 0, 32, 100);
    chain(&w, 32, 2, 101);
    publish(&w, 34);
    assert_int_equal(back_take(&w.back, &request), BACK_TAKEN);
    assert_int_equal(request.count, 32);
    for (u32 i = 0; i < 32; i++) {
        assert_int_equal(request.entry[i].buf, i);
        assert_int_equal(request.entry[i].arg, i);
    }
    assert_int_equal(back_outstanding(&w.back), 32);
    assert_int_equal(take(&w, 2), 101);
    assert_int_equal(back_outstanding(&w.back), 34);
    back_complete(&w.back, 100, -3, 9);
    assert_int_equal(back_outstanding(&w.back), 2);
    back_complete(&w.back, 100, -3, 9); /* not there any more: the server's own mistake */
    assert_int_equal(back_outstanding(&w.back), 2);
    assert_int_equal(w.s->ctl.errors, 1);
    back_complete(&w.back, 101, 0, 0);
    assert_int_equal(back_outstanding(&w.back), 0);
    assert_int_equal(w.s->ctl.prod, 0);
    back_publish(&w.back);
    assert_int_equal(w.s->ctl.prod, 2);
    assert_int_equal(w.s->cqe[0].tag, 100);
    assert_int_equal(w.s->cqe[0].status, -3);
    assert_int_equal(w.s->cqe[0].len, 9);
    assert_int_equal(w.s->cqe[1].tag, 101);
    world_end(&w);
}

static void test_bad_chains(void **state)
{
    (void)state;
    struct world w;
    make(&w, RING_LOG2);
    chain(&w, 0, 33, 1);
    publish(&w, 33);
    assert_broken(&w, SESSION_BAD_CHAIN);
    make(&w, RING_LOG2); /* torn: its end is not published */
    chain(&w, 0, 4, 1);
    publish(&w, 3);
    assert_broken(&w, SESSION_BAD_CHAIN);
    make(&w, RING_LOG2);
    chain(&w, 0, 4, 1);
    entry_at(w, 2).tag = 2;
    publish(&w, 4);
    assert_broken(&w, SESSION_BAD_CHAIN);
    make(&w, 1); /* without end, in the smallest ring */
    chain(&w, 0, 3, 1);
    publish(&w, 2);
    assert_broken(&w, SESSION_BAD_CHAIN);
}

static void test_wrong_completions(void **state)
{
    (void)state;
    struct world w;
    make(&w, 3);
    publish(&w, 1);
    take(&w, 1);
    back_complete(&w.back, 1, 0, 0);
    back_complete(&w.back, 8, 0, 0);
    back_complete(&w.back, 0xffff, 0, 0);
    assert_int_equal(w.s->ctl.errors, 3);
    back_publish(&w.back);
    assert_int_equal(w.s->ctl.prod, 0);
    back_complete(&w.back, 0, 0, 0);
    back_publish(&w.back);
    assert_int_equal(w.s->ctl.prod, 1);
    world_end(&w);
}

static void test_data(void **state)
{
    (void)state;
    struct world w;
    make(&w, 3);
    u32 end = WORLD_DATA / RING_UNIT;
    assert_ptr_equal(back_data(&w.back, 0, 0, WORLD_DATA), w.base + SESSION_DATA);
    assert_ptr_equal(back_data(&w.back, 1, 3, 5), w.base + SESSION_DATA + RING_UNIT + 3);
    assert_null(back_data(&w.back, 0, 0, WORLD_DATA + 1));
    assert_null(back_data(&w.back, 0, 1, WORLD_DATA));
    assert_non_null(back_data(&w.back, end - 1, 0, RING_UNIT));
    assert_null(back_data(&w.back, end - 1, 0, RING_UNIT + 1));
    assert_null(back_data(&w.back, end - 1, 1, RING_UNIT));
    assert_non_null(back_data(&w.back, end, 0, 0));
    assert_null(back_data(&w.back, end, 1, 0));
    assert_null(back_data(&w.back, 0xffffffff, 0xffffffff, 0));
    assert_null(back_data(&w.back, 0xffffffff, 0xffffffff, 0xffffffffffffffff));
    assert_null(back_data(&w.back, 0, 0xffffffff, 1));
    assert_null(back_data(&w.back, 0, 0, 0xffffffffffffffff));
    world_end(&w);
}

/* Every word of page G is read once for each request, in the first build of the compiler's mind as
 * in any other. */
static void test_reads_once(void **state)
{
    (void)state;
    struct world w;
    static struct back_request request;
    make(&w, RING_LOG2);
    chain(&w, 0, 1, 7);
    chain(&w, 1, 32, 8);
    publish(&w, 33);
    for (u32 turn = 0; turn < 2; turn++) {
        watched_begin(w.g, NULL);
        enum back_result result = back_take(&w.back, &request);
        watched_end();
        assert_int_equal(result, BACK_TAKEN);
        assert_int_equal(request.count, turn == 0 ? 1 : 32);
        watched_assert_once(turn == 0 ? 2 : 8);
        /* prod, version, log2_n, epoch; and two words of each entry */
        assert_int_equal(watched.count, turn == 0 ? 4 + 2 : 64);
    }
    world_end(&w);
}

static struct world *changed;

static void spoil(u16 offset)
{
    memset((u8 *)changed->g + offset / 8 * 8, 0xff, 8);
}

/* The short way takes what is known and of one entry, and leaves all else as it is. */
static void test_take_one(void **state)
{
    (void)state;
    struct world w;
    u64 head, arg;
    make(&w, 3);
    chain(&w, 0, 1, 5);
    chain(&w, 1, 2, 6);
    chain(&w, 3, 1, 7);
    chain(&w, 4, 1, 7);
    publish(&w, 5);
    assert_false(back_take_one(&w.back, &head, &arg)); /* nobody has looked */
    assert_int_equal(back_look(&w.back), BACK_TAKEN);
    assert_true(back_take_one(&w.back, &head, &arg));
    assert_int_equal(RING_SQE_TAG(head), 5);
    assert_int_equal(RING_SQE_BUF(head), w.g->sqe[0].buf);
    assert_int_equal(RING_SQE_OP(head), w.g->sqe[0].op);
    assert_int_equal(arg, w.g->sqe[0].arg);
    assert_false(back_take_one(&w.back, &head, &arg));
    assert_int_equal(take(&w, 2), 6);
    assert_true(back_take_one(&w.back, &head, &arg));
    assert_false(back_take_one(&w.back, &head, &arg)); /* its tag is in use */
    assert_int_equal(back_outstanding(&w.back), 4);
    back_complete_one(&w.back, 7, RING_OK, 3);
    back_complete(&w.back, 6, RING_OK, 0);
    back_publish(&w.back);
    assert_int_equal(w.s->ctl.prod, 2);
    assert_int_equal(w.s->cqe[0].tag, 7);
    assert_int_equal(w.s->cqe[0].len, 3);
    assert_int_equal(back_outstanding(&w.back), 1);
    assert_true(back_take_one(&w.back, &head, &arg)); /* now it is not */
    assert_false(back_take_one(&w.back, &head, &arg));
    assert_int_equal(w.s->ctl.errors, 0);
    world_end(&w);
    make(&w, 3);
    chain(&w, 0, 1, 8); /* no tag of this ring */
    publish(&w, 1);
    assert_int_equal(back_look(&w.back), BACK_TAKEN);
    assert_false(back_take_one(&w.back, &head, &arg));
    assert_broken(&w, SESSION_BAD_TAG);
}

/* A word that changes as soon as it was read makes no difference. */
static void test_changes(void **state)
{
    (void)state;
    struct world w;
    static struct back_request request;
    make(&w, RING_LOG2);
    changed = &w;
    chain(&w, 0, 5, 9);
    publish(&w, 5);
    w.back.met = true; /* `prod` and `version` share words with others */
    assert_int_equal(back_look(&w.back), BACK_TAKEN);
    watched_begin(w.g, spoil);
    enum back_result result = back_take(&w.back, &request);
    watched_end();
    assert_int_equal(result, BACK_TAKEN);
    assert_int_equal(request.tag, 9);
    assert_int_equal(request.count, 5);
    for (u32 i = 0; i < 5; i++) {
        assert_int_equal(request.entry[i].tag, 9);
        assert_int_equal(request.entry[i].buf, i);
        assert_int_equal(request.entry[i].arg, i);
        assert_int_equal(entry_at(w, i).tag, 0xffff);
    }
    assert_int_equal(back_take(&w.back, &request), BACK_EMPTY);
    assert_int_equal(w.back.entries[9], 5);
    world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_open),
        cmocka_unit_test(test_page),
        cmocka_unit_test(test_index),
        cmocka_unit_test(test_tag),
        cmocka_unit_test(test_chains),
        cmocka_unit_test(test_bad_chains),
        cmocka_unit_test(test_wrong_completions),
        cmocka_unit_test(test_data),
        cmocka_unit_test(test_take_one),
        cmocka_unit_test(test_reads_once),
        cmocka_unit_test(test_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

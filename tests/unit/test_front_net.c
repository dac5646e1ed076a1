/* Unit tests of the net session's client end, against a server that the test plays itself. */
// with: libpv/front_net.c libpv/front.c libpv/back.c
#include "unit.h"

#include "net_session.h"

#define POST      16u
#define DATA_SIZE (64ul * FRONT_NET_BUFFER)

static struct net_session session;
static struct front_net *const client = &session.client;

static int teardown(void **state)
{
    (void)state;
    free(session.base);
    return 0;
}

/* Takes a request that must be there, with this operation. */
static struct back_request take(u8 op)
{
    struct back_request request;
    assert_int_equal(back_take(&session.back, &request), BACK_TAKEN);
    assert_int_equal(request.count, 1);
    assert_int_equal(request.entry[0].op, op);
    return request;
}

static u8 *place(const struct back_request *request)
{
    const struct ring_sqe *entry = &request->entry[0];
    u8 *data = back_data(&session.back, entry->buf, NET_ARG_OFFSET(entry->arg),
                         NET_ARG_LENGTH(entry->arg));
    assert_non_null(data);
    return data;
}

static const u8 address[NET_MAC] = {2, 4, 6, 8, 10, 12};

static void answer_info(u32 length)
{
    struct back_request request = take(NET_INFO);
    struct net_info info = {.link = 1};
    memcpy(info.mac, address, sizeof(address));
    memcpy(back_data(&session.back, request.entry[0].buf, 0, sizeof(info)), &info, sizeof(info));
    back_complete(&session.back, request.tag, RING_OK, length);
    back_publish(&session.back);
}

static int setup(void **state)
{
    (void)state;
    struct net_frame none;
    session_make(&session, 0, DATA_SIZE);
    assert_true(front_net_open(client, POST));
    assert_false(client->known);
    answer_info(sizeof(struct net_info));
    assert_false(front_net_receive(client, &none));
    return 0;
}

static void take_posted(u16 tags[POST])
{
    for (u32 i = 0; i < POST; i++) {
        struct back_request request = take(NET_RXPOST);
        assert_true(NET_ARG_LENGTH(request.entry[0].arg) >= NET_FRAME_MOST);
        memset(place(&request), 'a' + (int)i, NET_FRAME_MOST);
        tags[i] = request.tag;
    }
    struct back_request request;
    assert_int_equal(back_take(&session.back, &request), BACK_EMPTY);
}

static void test_open(void **state)
{
    (void)state;
    assert_true(client->known);
    assert_memory_equal(client->info.mac, address, sizeof(address));
    assert_true(front_net_ask(client));
    assert_false(client->known);
    assert_false(front_net_open(client, RING_ENTRIES));
    session.client.front.data_size = (POST + 1) * FRONT_NET_BUFFER;
    assert_false(front_net_open(client, POST)); /* none left to send */
}

/* An answer of which the server says that it has not written all of it is none. */
static void test_short_answer(void **state)
{
    (void)state;
    struct net_frame none;
    u16 tags[POST];
    take_posted(tags);
    u32 available = client->available;
    for (u32 missing = 2; missing-- != 0;) {
        assert_true(front_net_ask(client));
        front_net_publish(client);
        answer_info(sizeof(struct net_info) - missing);
        assert_false(front_net_receive(client, &none));
        assert_int_equal(client->known, missing == 0);
        assert_int_equal(client->available, available);
    }
}

/* A client that only receives never wakes the server, for as many frames as there are numbers; then
 * it sends one, and does. */
static void test_quiet_for_long(void **state)
{
    (void)state;
    struct net_frame frame;
    const struct ring_producer *sq = &client->front.sq;
    u16 tags[POST];
    for (u32 i = 0; i < 10 * RING_ENTRIES; i++) {
        front_net_publish(client);
        assert_true(sq->next - sq->published <= RING_ENTRIES);
        take_posted(tags);
        for (u32 post = 0; post < POST; post++)
            back_complete(&session.back, tags[post], RING_OK, 60);
        back_publish(&session.back);
        assert_true(back_may_sleep(&session.back));
        while (front_net_receive(client, &frame))
            front_net_give_back(client, frame.data);
    }
    u32 raised = client->front.g->ctl.raised;
    assert_true(front_net_send(client, front_net_frame(client), 60, 0, 0));
    front_net_publish(client);
    assert_int_equal(client->front.g->ctl.raised, raised + 1);
}

/* Frames come in the order of their completions, where the server has put them; given back, they
 * are posted again. */
static void test_receive(void **state)
{
    (void)state;
    u16 tags[POST];
    struct net_frame frames[POST], none;
    for (u32 round = 0; round < 40; round++) {
        take_posted(tags);
        assert_false(front_net_receive(client, &none));
        assert_true(front_net_may_sleep(client, 1));
        for (u32 i = 0; i < POST; i++)
            back_complete(&session.back, tags[i], NET_RX_CHECKSUM_GOOD, 60 + i);
        back_publish(&session.back);
        assert_false(front_net_may_sleep(client, 1));
        for (u32 i = 0; i < POST; i++) {
            assert_true(front_net_receive(client, &frames[i]));
            assert_int_equal(frames[i].length, 60 + i);
            assert_int_equal(frames[i].flags, NET_RX_CHECKSUM_GOOD);
            assert_int_equal(frames[i].data[i], 'a' + i);
        }
        assert_false(front_net_receive(client, &none));
        for (u32 i = 0; i < POST; i++)
            front_net_give_back(client, frames[i].data);
        front_net_publish(client);
    }
}

static void test_send(void **state)
{
    (void)state;
    u16 tags[POST];
    take_posted(tags);
    for (u32 round = 0; round < 100; round++) {
        u8 *frame = front_net_frame(client);
        assert_non_null(frame);
        memset(frame, (int)round, 99);
        assert_true(front_net_send(client, frame, 99, 34, 16));
        front_net_publish(client);
        struct back_request request = take(NET_TX);
        assert_int_equal(request.entry[0].arg, NET_TX_ARG(99, 0, 34, 16));
        assert_ptr_equal(place(&request), frame);
        assert_int_equal(frame[98], (u8)round);
        back_complete(&session.back, request.tag, round % 2 ? RING_REFUSED : RING_OK, 0);
        back_publish(&session.back);
    }
    struct net_frame none;
    assert_false(front_net_receive(client, &none));
    assert_int_equal(client->counters.refused, 50);
}

/* All buffers are out; those that come back while one is looked for are not lost, nor are frames
 * that were received meanwhile. */
static void test_all_out(void **state)
{
    (void)state;
    u16 tags[POST];
    struct net_frame frame;
    take_posted(tags);
    u32 sent = 0;
    for (u8 *buffer; (buffer = front_net_frame(client)); sent++)
        assert_true(front_net_send(client, buffer, 60, 0, 0));
    assert_int_equal(sent, 64 - POST);
    front_net_publish(client);
    for (u32 i = 0; i < POST; i++)
        back_complete(&session.back, tags[i], RING_OK, 100 + i);
    back_publish(&session.back);
    assert_null(front_net_frame(client)); /* takes the arrivals, and finds no buffer */
    assert_false(front_net_may_sleep(client, 1));
    struct back_request request = take(NET_TX);
    back_complete(&session.back, request.tag, RING_OK, 0);
    back_publish(&session.back);
    u8 *buffer = front_net_frame(client);
    assert_ptr_equal(buffer, place(&request));
    for (u32 i = 0; i < POST; i++) {
        assert_true(front_net_receive(client, &frame));
        assert_int_equal(frame.length, 100 + i);
        front_net_give_back(client, frame.data);
    }
    assert_false(front_net_receive(client, &frame));
}

/* Each buffer is in one place: free, out, posted or with the caller. */
static void test_no_buffer_twice(void **state)
{
    (void)state;
    bool seen[64] = {false};
    u16 tags[POST];
    take_posted(tags);
    for (u32 i = 0; i < POST; i++)
        back_complete(&session.back, tags[i], RING_OK, 60);
    back_publish(&session.back);
    struct net_frame frame;
    for (u8 *buffer; (buffer = front_net_frame(client)) || front_net_receive(client, &frame);) {
        u64 number = (u64)((buffer ? buffer : frame.data) - client->front.data) / FRONT_NET_BUFFER;
        assert_true(number < 64 && !seen[number]);
        seen[number] = true;
    }
    for (u32 i = 0; i < 64; i++)
        assert_true(seen[i]);
}

/* What a hostile server says about frames. */
static void test_wrong_lengths(void **state)
{
    (void)state;
    static const u32 lengths[] = {0, NET_FRAME_LEAST - 1, NET_FRAME_MOST + 1, 5000, UINT32_MAX};
    u16 tags[POST];
    struct net_frame none;
    take_posted(tags);
    for (u32 i = 0; i < array_count(lengths); i++)
        back_complete(&session.back, tags[i], RING_OK, lengths[i]);
    back_complete(&session.back, tags[array_count(lengths)], RING_IO, 60);
    back_publish(&session.back);
    assert_false(front_net_receive(client, &none));
    assert_int_equal(client->counters.malformed, array_count(lengths));
    front_net_publish(client); /* they are posted again */
    for (u32 i = 0; i <= array_count(lengths); i++)
        (void)take(NET_RXPOST).tag;
}

/* The session ends: everything comes back, and nothing is sent any more. */
static void test_closed(void **state)
{
    (void)state;
    struct net_frame none;
    u8 *held = front_net_frame(client);
    assert_true(front_net_send(client, front_net_frame(client), 60, 0, 0));
    front_net_publish(client);
    ((struct session_info *)(session.base + PAGE_SIZE))->state = SESSION_CLOSED;
    assert_false(front_net_receive(client, &none));
    assert_true(front_is_closed(&client->front));
    assert_int_equal(client->posted, 0);
    assert_int_equal(client->available, 63);
    assert_false(front_net_send(client, held, 60, 0, 0));
    front_net_publish(client);
    assert_int_equal(client->available, 64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_open, setup, teardown),
        cmocka_unit_test_setup_teardown(test_short_answer, setup, teardown),
        cmocka_unit_test_setup_teardown(test_quiet_for_long, setup, teardown),
        cmocka_unit_test_setup_teardown(test_receive, setup, teardown),
        cmocka_unit_test_setup_teardown(test_send, setup, teardown),
        cmocka_unit_test_setup_teardown(test_all_out, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_buffer_twice, setup, teardown),
        cmocka_unit_test_setup_teardown(test_wrong_lengths, setup, teardown),
        cmocka_unit_test_setup_teardown(test_closed, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

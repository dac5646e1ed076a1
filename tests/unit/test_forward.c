/* Unit tests of the net server's forwarding, in a world of three sessions and a wire. */
// with: servers/net/forward.c servers/net/port.c servers/net/switch.c servers/net/mac.c
// with: libpv/front_net.c libpv/front.c libpv/back.c libpv/base/checksum.c libpv/base/parse.c
#include "unit.h"

#include "net_world.h"

#include <base/checksum.h>

/* --- between sessions ------------------------------------------------------------------------ */

static void test_lengths(void **state)
{
    (void)state;
    for (u32 length = NET_FRAME_LEAST; length <= NET_FRAME_MOST; length++) {
        u32 from = length / 2 % 2, to = 1 - from;
        memset(session[to].back.data, JUNK, DATA_SIZE);
        assert_true(send(from, address(to), address(from), length, length));
        front_net_publish(&session[from].client);
        serve();
        assert_received(to, from, length, length);
        assert_int_equal(refused(from), 0);
    }
    assert_int_equal(session[0].port.counters.sent + session[1].port.counters.sent, 1501);
}

/* Who has posted no more room loses what comes then; the sender does not notice. */
static void test_no_room(void **state)
{
    (void)state;
    struct net_frame frame;
    for (u32 round = 0; round < 3; round++) {
        for (u32 i = 0; i < POST + 9; i++)
            assert_true(send(0, address(1), address(0), 100, i));
        front_net_publish(&session[0].client);
        serve();
        assert_int_equal(refused(0), 0);
        for (u32 i = 0; i < POST; i++) {
            assert_true(front_net_receive(&session[1].client, &frame));
            assert_frame(frame.data, 100, address(1), address(0), i);
            front_net_give_back(&session[1].client, frame.data);
        }
        assert_false(front_net_receive(&session[1].client, &frame));
        front_net_publish(&session[1].client);
        assert_int_equal(session[1].port.counters.dropped_full, 9 * (round + 1));
        assert_int_equal(session[1].port.counters.received, POST * (round + 1));
    }
}

/* Every bit of the source counts, also when a right frame has just gone the same way. */
static void test_source(void **state)
{
    (void)state;
    for (u32 bit = 0; bit < 48; bit++) {
        memset(session[1].back.data, JUNK, DATA_SIZE);
        assert_true(send(0, address(1), address(0), 60, bit));
        assert_true(send(0, address(1), address(0) ^ 1ul << bit, 60, bit));
        front_net_publish(&session[0].client);
        serve();
        assert_received(1, 0, 60, bit);
        assert_int_equal(refused(0), 1);
    }
    assert_int_equal(session[0].port.counters.dropped_filter, 48);
    assert_int_equal(wire.sent, 0);
}

/* Every bit of the destination does: what is another's, or nobody's, goes to the wire. */
static void test_destination(void **state)
{
    (void)state;
    for (u32 bit = 1; bit < 48; bit++) {
        memset(session[1].back.data, JUNK, DATA_SIZE);
        assert_true(send(0, address(1), address(0), 60, bit));
        assert_true(send(0, address(1) ^ 1ul << bit, address(0), 60, bit));
        front_net_publish(&session[0].client);
        serve();
        assert_received(1, 0, 60, bit);
        forward_reap(&net, 0);
        ports_publish(&net);
        assert_int_equal(refused(0), 0);
    }
    assert_int_equal(wire.sent, 47);
}

/* Frames and room in both directions, so that each end meets requests while it looks for others:
 * all frames arrive in their order, or are counted. */
static void test_both_ways(void **state)
{
    (void)state;
    struct net_frame frame;
    u32 next[2] = {0}, seen[2] = {0}, got[2] = {0}, chance = 1;
    for (u32 round = 0; round < 20000; round++) {
        chance = chance * 1664525 + 1013904223;
        u32 me = chance >> 31;
        struct front_net *client = &session[me].client;
        for (u32 i = chance >> 24 & 15; i != 0; i--)
            next[me] += send(me, address(1 - me), address(me), 60 + (chance >> 16 & 255), next[me]);
        if (chance & 0x1000)
            front_net_publish(client);
        if (chance & 0x2000)
            serve();
        for (u32 i = chance >> 20 & 15; i != 0 && front_net_receive(client, &frame); i--) {
            u32 number = seen[me];
            while (number < next[1 - me] && byte_of(number, 12) != frame.data[12])
                number++;
            assert_true(number < next[1 - me]);
            assert_frame(frame.data, frame.length, address(me), address(1 - me), number);
            seen[me] = number + 1;
            got[me]++;
            front_net_give_back(client, frame.data);
        }
    }
    for (u32 me = 0; me < 2; me++)
        front_net_publish(&session[me].client);
    serve();
    for (u32 me = 0; me < 2; me++) {
        while (front_net_receive(&session[me].client, &frame))
            got[me]++;
        assert_int_equal(refused(me), 0);
    }
    for (u32 me = 0; me < 2; me++) {
        const struct port_counters *mine = &session[me].port.counters;
        assert_int_equal(mine->sent, next[me]);
        assert_int_equal(mine->received, got[me]);
        assert_int_equal(mine->received + mine->dropped_full, next[1 - me]);
        assert_true(got[me] > 10000);
    }
}

/* Who looks for room meets frames, whose client saw no need to ring: they are not forgotten. */
static void test_frames_on_the_way(void **state)
{
    (void)state;
    struct net_frame frame;
    for (u32 i = 0; i < 5; i++)
        assert_true(send(1, address(0), address(1), 60, i));
    front_net_publish(&session[1].client);
    bells = 0;
    assert_true(send(0, address(1), address(0), 60, 9));
    front_net_publish(&session[0].client);
    serve();
    for (u32 i = 0; i < 5; i++) {
        assert_true(front_net_receive(&session[0].client, &frame));
        assert_frame(frame.data, 60, address(0), address(1), i);
    }
    assert_true(front_net_receive(&session[1].client, &frame));
    assert_int_equal(refused(0) + refused(1), 0);
}

/* A session that ends gets nothing any more, and its successor does. */
static void test_successor(void **state)
{
    (void)state;
    assert_true(send(0, address(1), address(0), 60, 1));
    front_net_publish(&session[0].client);
    serve();
    assert_received(1, 0, 60, 1);
    assert_true(port_close(&net, &session[1].port));
    assert_true(send(0, address(1), address(0), 60, 2));
    front_net_publish(&session[0].client);
    serve();
    assert_int_equal(wire.sent, 1); /* who knows where that address is now */
    port_forget(&net, &session[1].port);
    close_session(1);
    open_session(1, address(1));
    assert_true(front_net_open(&session[1].client, POST));
    serve();
    assert_true(send(0, address(1), address(0), 60, 3));
    front_net_publish(&session[0].client);
    serve();
    assert_received(1, 0, 60, 3);
}

/* --- strange requests ------------------------------------------------------------------------ */

static const struct {
    u64 head, arg;
    int wrong;
} strange[] = {
    {RING_HEAD(0, 0, 0), NET_TX_ARG(60, 0, 0, 0), RING_UNSUPPORTED},
    {RING_HEAD(NET_INFO + 1, 0, 0), NET_TX_ARG(60, 0, 0, 0), RING_UNSUPPORTED},
    {RING_HEAD(0xff, 0, 0), UINT64_MAX, RING_UNSUPPORTED},
    {RING_HEAD(NET_TX, 0, 0), 0, RING_INVALID},
    {RING_HEAD(NET_TX, 0, 0), NET_TX_ARG(13, 0, 0, 0), RING_INVALID},
    {RING_HEAD(NET_TX, 0, 0), NET_TX_ARG(1515, 0, 0, 0), RING_INVALID},
    {RING_HEAD(NET_TX, 0, 0), NET_TX_ARG(0xffff, 0, 0, 0), RING_INVALID},
    {RING_HEAD(NET_TX, 0, 0), NET_TX_ARG(60, 64, 0, 0), RING_INVALID},
    {RING_HEAD(NET_TX, 0, 0), NET_TX_ARG(60, 0x8000, 0, 0), RING_INVALID},
    {RING_HEAD(NET_TX, 0, 0), NET_TX_ARG(60, 0xffff, 0, 0), RING_INVALID},
    {RING_HEAD(NET_TX, 0, 0), NET_TX_ARG(60, 0, 13, 0), RING_INVALID},
    {RING_HEAD(NET_TX, 0, 0), NET_TX_ARG(60, 0, 15, 0), RING_INVALID},
    {RING_HEAD(NET_TX, 0, 0), NET_TX_ARG(60, 0, 34, 25), RING_INVALID},
    {RING_HEAD(NET_TX, 0, 0), NET_TX_ARG(1514, 0, 34, 93), RING_INVALID},
    {RING_HEAD(NET_TX, 0, 0), NET_TX_ARG(60, 0, 0, 6), RING_INVALID},
    {RING_HEAD(NET_TX, 0, 0), NET_TX_ARG(60, 0, 0xffff, 0xffff), RING_INVALID},
    {RING_HEAD(NET_TX, 0, DATA_SIZE / 64 - 1), NET_TX_ARG(65, 0, 0, 0), RING_RANGE},
    {RING_HEAD(NET_TX, 0, DATA_SIZE / 64 - 1), NET_TX_ARG(60, 5, 0, 0), RING_RANGE},
    {RING_HEAD(NET_TX, 0, DATA_SIZE / 64), NET_TX_ARG(60, 0, 0, 0), RING_RANGE},
    {RING_HEAD(NET_TX, 0, 0xffffffff), NET_TX_ARG(1514, 63, 0, 0), RING_RANGE},
    {RING_HEAD(NET_RXPOST, 0, 0), NET_RX_ARG(0, 0), RING_TOO_LONG},
    {RING_HEAD(NET_RXPOST, 0, 0), NET_RX_ARG(1513, 0), RING_TOO_LONG},
    {RING_HEAD(NET_RXPOST, 0, 0), NET_RX_ARG(1514, 64), RING_INVALID},
    {RING_HEAD(NET_RXPOST, 0, DATA_SIZE / 64 - 23), NET_RX_ARG(1514, 0), RING_RANGE},
    {RING_HEAD(NET_RXPOST, 0, DATA_SIZE / 64 - 24), NET_RX_ARG(1537, 0), RING_RANGE},
    {RING_HEAD(NET_RXPOST, 0, DATA_SIZE / 64 - 24), NET_RX_ARG(1514, 23), RING_RANGE},
    {RING_HEAD(NET_RXPOST, 0, 0xffffffff), NET_RX_ARG(0xffff, 63), RING_RANGE},
    {RING_HEAD(NET_INFO, 0, DATA_SIZE / 64), 0, RING_RANGE},
};

/* Each once, and right room before and after it. `looking`: it is met when somebody has a frame
 * for this session; else in its own turn. */
static void push_strange(bool looking)
{
    struct front *front = &session[2].client.front;
    struct front_done done;
    for (u32 i = 0; i < array_count(strange); i++) {
        u64 room = RING_HEAD(NET_RXPOST, 0, DATA_SIZE / 64 - 24);
        assert_true(front_push_one(front, strange[i].head, strange[i].arg, 100, i));
        assert_true(front_push_one(front, room, NET_RX_ARG(1514, 22), NET_FRAME_MOST, 1000));
        front_publish(front);
        if (looking)
            bells = 0;
        assert_true(send(0, address(2), address(0), 1514, i));
        front_net_publish(&session[0].client);
        serve();
        assert_true(front_reap(front, &done));
        assert_int_equal(done.cookie, i);
        assert_int_equal(done.status, strange[i].wrong);
        assert_true(front_reap(front, &done));
        assert_int_equal(done.cookie, 1000);
        assert_int_equal(done.status, 0);
        assert_int_equal(done.len, 1514);
        assert_false(front_reap(front, &done));
        assert_frame(front->data + DATA_SIZE - 1514, 1514, address(2), address(0), i);
        assert_true(front_may_sleep(front, 1));
        assert_int_equal(refused(0), 0);
    }
}

static void test_strange(void **state)
{
    (void)state;
    push_strange(false);
    push_strange(true);
    assert_int_equal(session[2].port.counters.dropped_full, 0);
    assert_int_equal(session[2].port.counters.sent, 0);
}

/* Chains have no meaning here, and tags that are in use end the session; nobody else notices. */
static void test_broken(void **state)
{
    (void)state;
    struct front *front = &session[2].client.front;
    struct front_done done;
    const struct ring_sqe chain[2] = {{.op = NET_TX, .arg = 60}, {.op = NET_TX, .arg = 60}};
    assert_true(front_push(front, chain, 2, 0, 7));
    front_publish(front);
    serve();
    assert_true(front_reap(front, &done));
    assert_int_equal(done.status, RING_INVALID);
    assert_int_equal(net.broken, 0);
    for (u32 i = 0; i < 3; i++) { /* the first is used at once, the second is kept */
        assert_true(front_push_one(front, RING_HEAD(NET_RXPOST, 0, 0), 1514, 1514, i));
        ring_words(&front->g->sqe[(front->sq.next - 1) & front->mask])[0] |= 0x7f0000;
    }
    front_publish(front);
    assert_true(send(0, address(2), address(0), 60, 0));
    front_net_publish(&session[0].client);
    bells &= 1;
    serve();
    assert_int_equal(session[2].back.broken, SESSION_BAD_TAG);
    port_stop(&net, &session[2].port);
    assert_true(send(0, address(2), address(0), 60, 0));
    assert_true(send(0, address(1), address(0), 60, 0));
    front_net_publish(&session[0].client);
    serve();
    assert_int_equal(refused(0), 0);
    assert_int_equal(net.broken, 0);
    assert_int_equal(session[1].port.counters.received, 1);
}

/* --- the wire -------------------------------------------------------------------------------- */

/* What is too much for the wire waits, and leaves in its order; each sending is done when the wire
 * has read it. */
static void test_wire(void **state)
{
    (void)state;
    static const u32 lengths[] = {14, 60, 127, 128, 129, 200, 1000, 1514};
    u32 count = array_count(lengths);
    wire.room = 3;
    for (u32 i = 0; i < count; i++)
        assert_true(send(0, FAR, address(0), lengths[i], i));
    front_net_publish(&session[0].client);
    for (u32 done = 0; done < count; done += 3) {
        serve();
        assert_int_equal(wire.sent, min(done + 3, count));
        front_net_collect(&session[0].client);
        forward_reap(&net, 0);
    }
    serve();
    assert_int_equal(refused(0), 0);
    assert_int_equal(session[0].port.at_wires, 0);
    for (u32 i = 0; i < count; i++) {
        assert_int_equal(wire.lengths[i], lengths[i]);
        assert_frame(wire.frames[i], lengths[i], FAR, address(0), i);
    }
}

/* A wire that is always full is shared: whoever waited for room gets some. */
static void test_full_for_long(void **state)
{
    (void)state;
    u32 pushed[2] = {0}, left[2] = {0};
    wire.room = 2;
    while (wire.sent + wire.room <= WIRE_FRAMES) {
        for (u32 i = 0; i < 2; i++) {
            front_net_collect(&session[i].client);
            while (session[i].client.sending < 8)
                assert_true(send(i, FAR, address(i), 60, pushed[i]++));
            front_net_publish(&session[i].client);
        }
        serve();
        forward_reap(&net, 0);
        ports_publish(&net);
    }
    for (u32 i = 0; i < wire.sent; i++) {
        u32 sender = mac_source(wire.frames[i]) == address(1);
        assert_frame(wire.frames[i], 60, FAR, address(sender), left[sender]++);
    }
    assert_in_range(left[0], wire.sent / 2 - 2, wire.sent / 2 + 2);
}

/* A checksum is filled in for a card that cannot, in the copy; a session is told it is left. */
static void test_checksum(void **state)
{
    (void)state;
    struct front_net *client = &session[0].client;
    for (u32 length = 60; length <= NET_FRAME_MOST; length += 101) {
        u8 *frame = front_net_frame(client);
        assert_non_null(frame);
        write_frame(frame, length, MAC_MASK, address(0), length);
        u32 start = 14 + length % 20 * 2, at = length % 7;
        assert_true(front_net_send(client, frame, length, start, at));
        front_net_publish(client);
        serve();
        struct net_frame got;
        assert_true(front_net_receive(&session[1].client, &got));
        assert_int_equal(got.flags, NET_RX_CHECKSUM_LEFT);
        assert_frame(got.data, length, MAC_MASK, address(0), length);
        front_net_give_back(&session[1].client, got.data);
        front_net_publish(&session[1].client);
        const u8 *sent = wire.frames[wire.sent - 1];
        u16 place = (u16)(sent[start + at] | sent[start + at + 1] << 8);
        u16 expected = internet_checksum(internet_sum(0, frame + start, length - start));
        assert_int_equal(place, expected);
        for (u32 i = 0; i < length; i++)
            assert_true(sent[i] == frame[i] || i - start - at < 2);
        forward_reap(&net, 0);
        ports_publish(&net);
        assert_int_equal(refused(0), 0);
    }
}

/* A broadcast goes to all; its buffer is the sender's again when the wire has read it too. */
static void test_broadcast(void **state)
{
    (void)state;
    struct net_frame frame;
    assert_true(send(0, MAC_MASK, address(0), 500, 9));
    front_net_publish(&session[0].client);
    serve();
    front_net_collect(&session[0].client);
    assert_int_equal(session[0].client.sending, 1);
    assert_true(front_net_receive(&session[1].client, &frame));
    assert_frame(frame.data, 500, MAC_MASK, address(0), 9);
    assert_int_equal(session[2].port.counters.dropped_full, 1);
    assert_frame(wire.frames[0], 500, MAC_MASK, address(0), 9);
    forward_reap(&net, 0);
    ports_publish(&net);
    assert_int_equal(refused(0), 0);
}

static void test_from_wire(void **state)
{
    (void)state;
    u8 bytes[200];
    struct net_frame frame;
    write_frame(bytes, sizeof(bytes), address(1), FAR, 5);
    wire.coming = bytes;
    wire.coming_length = sizeof(bytes);
    serve();
    assert_true(front_net_receive(&session[1].client, &frame));
    assert_int_equal(frame.length, sizeof(bytes));
    assert_int_equal(frame.flags, NET_RX_CHECKSUM_GOOD);
    assert_frame(frame.data, frame.length, address(1), FAR, 5);
    write_frame(bytes, sizeof(bytes), address(1), address(0), 5); /* that address is taken */
    wire.coming = bytes;
    serve();
    write_frame(bytes, sizeof(bytes), FAR, address(1) ^ 0x200, 5); /* for somebody else */
    wire.coming = bytes;
    serve();
    for (u32 i = 0; i < SESSIONS; i++)
        assert_int_equal(session[i].port.counters.received, i == 1);
    assert_int_equal(forward_counters(0)->filtered, 1);
    assert_int_equal(forward_counters(0)->unwanted, 1);
}

/* A session's memory is in use until the wire has read it. */
static void test_close_at_wire(void **state)
{
    (void)state;
    for (u32 i = 0; i < 3; i++)
        assert_true(send(0, FAR, address(0), 1000, i));
    front_net_publish(&session[0].client);
    serve();
    assert_false(port_close(&net, &session[0].port));
    assert_int_equal(net.idle, 0);
    serve();
    assert_int_equal(net.idle, 0);
    forward_reap(&net, 0);
    assert_int_equal(net.idle, SWITCH_BIT(0));
    assert_int_equal(net.dirty, 0);
    front_net_collect(&session[0].client);
    assert_int_equal(session[0].client.sending, 3); /* nobody completes them */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_lengths, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_room, setup, teardown),
        cmocka_unit_test_setup_teardown(test_source, setup, teardown),
        cmocka_unit_test_setup_teardown(test_destination, setup, teardown),
        cmocka_unit_test_setup_teardown(test_both_ways, setup, teardown),
        cmocka_unit_test_setup_teardown(test_frames_on_the_way, setup, teardown),
        cmocka_unit_test_setup_teardown(test_successor, setup, teardown),
        cmocka_unit_test_setup_teardown(test_strange, setup, teardown),
        cmocka_unit_test_setup_teardown(test_broken, setup, teardown),
        cmocka_unit_test_setup_teardown(test_wire, setup, teardown),
        cmocka_unit_test_setup_teardown(test_full_for_long, setup, teardown),
        cmocka_unit_test_setup_teardown(test_checksum, setup, teardown),
        cmocka_unit_test_setup_teardown(test_broadcast, setup, teardown),
        cmocka_unit_test_setup_teardown(test_from_wire, setup, teardown),
        cmocka_unit_test_setup_teardown(test_close_at_wire, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * A client that asks for what it must not have: every field of a request at and over its limits.
 * Each is refused with the right status, and the other session goes on as if nothing had been.
 * (What breaks the ring's own rules, and not the net's, is in other tests.)
 */
#include "../check.h"
#include "client.h"

static struct end net, peer;

static int ask_chain(const struct ring_sqe *entries, u32 count)
{
    struct front *front = &net.net.front;
    struct front_done done;
    if (!front_push(front, entries, count, UINT32_MAX, 0))
        fail("nothing can be pushed");
    front_publish(front);
    while (!front_reap(front, &done)) {
        if (front_is_closed(front))
            fail("the session was closed");
        if (front_may_sleep(front, 1))
            session_wait(net.event);
    }
    return done.status;
}

static int ask(u8 op, u32 buf, u64 arg)
{
    const struct ring_sqe entry = {.op = op, .buf = buf, .arg = arg};
    return ask_chain(&entry, 1);
}

/* The buffer of the data area from which this mode sends, with a sound frame in it. */
static void prepare(void)
{
    header_write(net.net.front.data, peer.mac, net.mac, ETHERTYPE_TEST);
}

static void test_lengths(void)
{
    check(ask(NET_TX, 0, NET_TX_ARG(0, 0, 0, 0)) == RING_INVALID);
    check(ask(NET_TX, 0, NET_TX_ARG(NET_FRAME_LEAST - 1, 0, 0, 0)) == RING_INVALID);
    check(ask(NET_TX, 0, NET_TX_ARG(NET_FRAME_LEAST, 0, 0, 0)) == RING_OK);
    check(ask(NET_TX, 0, NET_TX_ARG(NET_FRAME_MOST, 0, 0, 0)) == RING_OK);
    check(ask(NET_TX, 0, NET_TX_ARG(NET_FRAME_MOST + 1, 0, 0, 0)) == RING_INVALID);
    check(ask(NET_TX, 0, NET_TX_ARG(0xffff, 0, 0, 0)) == RING_INVALID);
    check(ask(NET_TX, 0, NET_TX_ARG(60, RING_UNIT, 0, 0)) == RING_INVALID);
    check(ask(NET_TX, 0, UINT64_MAX) == RING_INVALID);
}

static void test_places(void)
{
    u32 units = (u32)(net.net.front.data_size / RING_UNIT);
    u8 *last = net.net.front.data + net.net.front.data_size - RING_UNIT;
    header_write(last, peer.mac, net.mac, ETHERTYPE_TEST);
    check(ask(NET_TX, units - 1, NET_TX_ARG(RING_UNIT, 0, 0, 0)) == RING_OK);
    check(ask(NET_TX, units - 1, NET_TX_ARG(RING_UNIT + 1, 0, 0, 0)) == RING_RANGE);
    check(ask(NET_TX, units - 1, NET_TX_ARG(RING_UNIT, 1, 0, 0)) == RING_RANGE);
    check(ask(NET_TX, units, NET_TX_ARG(60, 0, 0, 0)) == RING_RANGE);
    check(ask(NET_TX, UINT32_MAX, NET_TX_ARG(60, 63, 0, 0)) == RING_RANGE);
    check(ask(NET_RXPOST, units, NET_RX_ARG(2048, 0)) == RING_RANGE);
    check(ask(NET_RXPOST, UINT32_MAX, NET_RX_ARG(0xffff, 63)) == RING_RANGE);
    check(ask(NET_RXPOST, 0, NET_RX_ARG(2048, RING_UNIT)) == RING_INVALID);
    check(ask(NET_RXPOST, 0, NET_RX_ARG(NET_FRAME_MOST - 1, 0)) == RING_TOO_LONG);
    check(ask(NET_RXPOST, 0, NET_RX_ARG(0, 0)) == RING_TOO_LONG);
    check(ask(NET_INFO, units, 0) == RING_RANGE);
    check(ask(NET_INFO, UINT32_MAX, 0) == RING_RANGE);
    check(ask(NET_INFO, units - 1, 0) == RING_OK);
}

static void test_checksums(void)
{
    check(ask(NET_TX, 0, NET_TX_ARG(200, 0, 34, 16)) == RING_OK);
    check(ask(NET_TX, 0, NET_TX_ARG(200, 0, 14, 0)) == RING_OK);
    check(ask(NET_TX, 0, NET_TX_ARG(200, 0, 126, 0)) == RING_OK);
    check(ask(NET_TX, 0, NET_TX_ARG(200, 0, 126, 1)) == RING_INVALID);
    check(ask(NET_TX, 0, NET_TX_ARG(200, 0, 12, 0)) == RING_INVALID);
    check(ask(NET_TX, 0, NET_TX_ARG(200, 0, 35, 0)) == RING_INVALID);
    check(ask(NET_TX, 0, NET_TX_ARG(60, 0, 58, 0)) == RING_OK);
    check(ask(NET_TX, 0, NET_TX_ARG(60, 0, 58, 1)) == RING_INVALID);
    check(ask(NET_TX, 0, NET_TX_ARG(200, 0, 0xffff, 0xffff)) == RING_INVALID);
    check(ask(NET_TX, 0, NET_TX_ARG(200, 0, 34, 0xffff)) == RING_INVALID);
}

static void test_operations(void)
{
    for (u32 op = 0; op < 256; op++) {
        if (op < NET_TX || op > NET_INFO)
            check(ask((u8)op, 0, 0) == RING_UNSUPPORTED);
    }
    struct ring_sqe chain[RING_CHAIN_LIMIT];
    for (u32 i = 0; i < RING_CHAIN_LIMIT; i++)
        chain[i] = (struct ring_sqe){.op = NET_TX, .arg = NET_TX_ARG(60, 0, 0, 0)};
    check(ask_chain(chain, 2) == RING_INVALID);
    check(ask_chain(chain, RING_CHAIN_LIMIT) == RING_INVALID);
}

/* What was sent rightly has come to the peer, and what was not has not. */
static void test_peer(void)
{
    struct net_frame frame;
    u32 came = 0;
    for (; front_net_receive(&peer.net, &frame); came++) {
        check(memcmp(frame.data, peer.mac, NET_MAC) == 0);
        check(memcmp(frame.data + NET_MAC, net.mac, NET_MAC) == 0);
        front_net_give_back(&peer.net, frame.data);
    }
    front_net_publish(&peer.net);
    check(came == 7);
}

void hostile(void)
{
    status opened = session_open(&net.net.front, "net", &net.event);
    if (opened < 0)
        fail("no session");
    end_open(&peer, "peer");
    check(ask(NET_INFO, 0, 0) == RING_OK);
    struct net_info info;
    memcpy(&info, net.net.front.data, sizeof(info));
    net.mac = info.mac;
    prepare();
    test_lengths();
    prepare();
    test_places();
    prepare();
    test_checksums();
    test_operations();
    test_peer();
    print("net-client hostile");
    check_report();
}

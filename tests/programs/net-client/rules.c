/*
 * Both ends of the switch in one program: what ring/net.h and the switch promise, one thing after
 * the other. `net` has the broadcast limit 5 in its argument, `peer` the usual one.
 */
#include "../check.h"
#include "client.h"

#include <runtime/clock.h>
#include <runtime/start.h>
#include <runtime/syscall.h>

#define BATCH           32u
#define BROADCASTS      5u
#define BROADCASTS_PEER 100u
#define WINDOW_NS       (10 * NS_PER_MS)

static const u8 everybody[NET_MAC] = {255, 255, 255, 255, 255, 255};
static const u8 stranger[NET_MAC] = {0x52, 0x54, 0x00, 0x99, 0x99, 0x99};
static const u8 pause_frames[NET_MAC] = {0x01, 0x80, 0xc2, 0x00, 0x00, 0x01};

static struct end one, two;

/* Queues a frame with bytes that follow from `mark`. */
static void send(struct end *end, const u8 *to, const u8 *from, u32 length, u8 mark)
{
    u8 *frame = front_net_frame(&end->net);
    if (!frame)
        fail("no buffer to send from");
    header_write(frame, to, from, ETHERTYPE_TEST);
    for (u32 i = HEADER_BYTES; i < length; i++)
        frame[i] = (u8)(mark + i);
    check(front_net_send(&end->net, frame, length, 0, 0));
}

/* The next frame must be the one that was sent with these. */
static void expect(struct end *end, const struct end *from, u32 length, u8 mark)
{
    struct net_frame frame = end_receive(end, "a frame");
    check(frame.length == length);
    check(memcmp(frame.data + NET_MAC, from->mac, NET_MAC) == 0);
    bool right = true;
    for (u32 i = HEADER_BYTES; i < min(length, frame.length); i++)
        right = right && frame.data[i] == (u8)(mark + i);
    check(right);
    front_net_give_back(&end->net, frame.data);
}

/* All that was sent is done, and nothing has come of it to this end. */
static void expect_nothing(struct end *end)
{
    struct net_frame frame;
    end_finish(&one);
    end_finish(&two);
    check(!front_net_receive(&end->net, &frame));
}

/* Every length, in both directions. */
static void test_lengths(void)
{
    for (u32 length = NET_FRAME_LEAST; length <= NET_FRAME_MOST; length++) {
        struct end *from = length % 2 ? &one : &two, *to = length % 2 ? &two : &one;
        send(from, to->mac, from->mac, length, (u8)length);
        front_net_publish(&from->net);
        expect(to, from, length, (u8)length);
    }
    expect_nothing(&one);
    expect_nothing(&two);
}

static void test_batches(void)
{
    for (u32 round = 0; round < 50; round++) {
        for (u32 i = 0; i < BATCH; i++)
            send(&one, two.mac, one.mac, NET_FRAME_MOST - i, (u8)(round + i));
        front_net_publish(&one.net);
        for (u32 i = 0; i < BATCH; i++)
            expect(&two, &one, NET_FRAME_MOST - i, (u8)(round + i));
        front_net_publish(&two.net);
        end_finish(&one);
    }
    check(one.net.counters.refused == 0 && two.net.counters.refused == 0);
}

/* Sources that are not the sender's do not get through, and are counted. */
static void test_filter(void)
{
    u64 before = end_info(&one).dropped_filter, refused = one.net.counters.refused;
    send(&one, two.mac, two.mac, 60, 1);
    send(&one, two.mac, stranger, 60, 1);
    send(&one, two.mac, everybody, 60, 1);
    send(&one, pause_frames, one.mac, 60, 1);
    expect_nothing(&two);
    check(one.net.counters.refused - refused == 4);
    check(end_info(&one).dropped_filter - before == 4);
    /* to nobody here, and to itself: not wrong, but nobody gets it */
    send(&one, stranger, one.mac, 60, 1);
    send(&one, one.mac, one.mac, 60, 1);
    expect_nothing(&two);
    expect_nothing(&one);
    check(one.net.counters.refused - refused == 4);
}

static void wait_ns(u64 ns)
{
    u64 begin = tsc();
    while (clock_to_ns(tsc() - begin, start->tsc_hz) < ns)
        yield();
}

/* Of a flood of broadcasts as many pass as fit into the windows of time that it took. */
static void flood(struct end *from, struct end *to, u32 allowed)
{
    u64 dropped = end_info(from).dropped_limit, passed = 0;
    const u32 frames = 600;
    wait_ns(2 * WINDOW_NS);
    u64 begin = tsc();
    for (u32 i = 0; i < frames; i++) {
        struct net_frame frame;
        send(from, everybody, from->mac, 60, (u8)i);
        if (i % 16 != 15)
            continue;
        end_finish(from);
        for (; front_net_receive(&to->net, &frame); passed++)
            front_net_give_back(&to->net, frame.data);
        front_net_publish(&to->net);
    }
    end_finish(from);
    u64 windows = clock_to_ns(tsc() - begin, start->tsc_hz) / WINDOW_NS + 2;
    for (struct net_frame frame; front_net_receive(&to->net, &frame); passed++)
        front_net_give_back(&to->net, frame.data);
    front_net_publish(&to->net);
    u64 limited = end_info(from).dropped_limit - dropped;
    check(passed + limited == frames);
    check(passed <= windows * allowed);
    check(passed >= min(frames, allowed));
    print("net-client: of %u broadcasts %lu passed in %lu windows of 10 ms\n", frames, passed,
          windows);
}

/* Who posts nothing loses what is sent to it, and nobody waits for it. */
static void test_no_room(void)
{
    u64 before = end_info(&two).dropped_full;
    for (u32 round = 0; round < 4; round++) {
        for (u32 i = 0; i < BATCH; i++)
            send(&one, two.mac, one.mac, 60, (u8)(round * BATCH + i));
        end_finish(&one);
    }
    for (u32 i = 0; i < POSTED; i++)
        expect(&two, &one, 60, (u8)i);
    front_net_publish(&two.net);
    struct net_info info = end_info(&two);
    check(info.dropped_full - before == 4 * BATCH - POSTED);
    struct net_frame frame;
    check(!front_net_receive(&two.net, &frame));
}

/* A checksum that is left to be filled in is marked as such. */
static void test_checksum_left(void)
{
    u8 *sent = front_net_frame(&one.net);
    header_write(sent, two.mac, one.mac, ETHERTYPE_TEST);
    check(front_net_send(&one.net, sent, 100, 34, 16));
    front_net_publish(&one.net);
    struct net_frame frame = end_receive(&two, "a frame");
    check(frame.length == 100 && frame.flags == NET_RX_CHECKSUM_LEFT);
    front_net_give_back(&two.net, frame.data);
    send(&one, two.mac, one.mac, 100, 0);
    front_net_publish(&one.net);
    frame = end_receive(&two, "a frame");
    check(frame.flags == 0);
    front_net_give_back(&two.net, frame.data);
    front_net_publish(&two.net);
}

static void test_counters(void)
{
    struct net_info left = end_info(&one), right = end_info(&two);
    send(&one, two.mac, one.mac, 200, 7);
    front_net_publish(&one.net);
    expect(&two, &one, 200, 7);
    struct net_info left_after = end_info(&one), right_after = end_info(&two);
    check(left_after.sent == left.sent + 1 && left_after.received == left.received);
    check(right_after.received == right.received + 1 && right_after.sent == right.sent);
    check(left.flags & NET_CAN_CHECKSUM);
}

void rules(void)
{
    end_open(&one, "net");
    end_open(&two, "peer");
    test_lengths();
    test_batches();
    test_filter();
    flood(&one, &two, BROADCASTS);
    flood(&two, &one, BROADCASTS_PEER);
    test_no_room();
    test_checksum_left();
    test_counters();
    print("net-client rules");
    check_report();
}

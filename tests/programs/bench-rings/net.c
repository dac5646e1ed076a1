/*
 * Packets from one session to another, through the switch: what both clients and the server do for
 * each, from the sender's buffer to the receiver's having been given back, without the one copy.
 * Of 394 instructions that a packet takes, about
 *
 *      48   the sender's request, and 41 its completion
 *      44   the receiver's posting of a buffer, and 57 its receiving
 *     150   the server: 35 to take and check each of the two requests, 25 to see where the packet
 *           goes, 20 for each of the two completions
 *      54   a share of what there is for a batch: two system calls that wake and wait, the kernel's
 *           two switches, and a turn of the server's loop
 */
#include "rings.h"

#include <base/string.h>
#include <front_net.h>
#include <runtime/clock.h>
#include <runtime/print.h>

#define POSTED  64u
#define BATCHES 4u /* measured as one, so that what is done in every other batch counts too */

struct net_lane {
    struct front_net net;
    u64 event;
};

static struct net_lane left, right;

static bool open(struct net_lane *lane, const char *name)
{
    status result = session_open(&lane->net.front, name, &lane->event);
    if (result < 0) {
        print("bench-rings: session %s: %s\n", name, error_text(status_code(result)));
        return false;
    }
    if (!front_net_open(&lane->net, POSTED))
        panic("bench-rings: session %s is too small", name);
    while (front_net_collect(&lane->net), !lane->net.known) {
        if (front_may_sleep(&lane->net.front, 1))
            session_wait(lane->event);
    }
    return true;
}

/* Writes the same addresses into all buffers that frames may be sent from. */
static void address_frames(void)
{
    for (u64 at = 0; at < left.net.front.data_size; at += FRONT_NET_BUFFER) {
        memcpy(left.net.front.data + at, right.net.info.mac, NET_MAC);
        memcpy(left.net.front.data + at + NET_MAC, left.net.info.mac, NET_MAC);
    }
}

/* What the copy of one packet costs, as the server does it. */
static u64 copy_ticks(void)
{
    u64 best = UINT64_MAX;
    u8 *data = left.net.front.data;
    for (u32 i = 0; i < ROUNDS; i++) {
        u64 before = tsc();
        memcpy(data, data + FRONT_NET_BUFFER, NET_FRAME_MOST);
        best = min(best, ticks_since(before));
    }
    return best;
}

static void send_batch(void)
{
    for (u32 i = 0; i < DEPTH_MOST; i++) {
        u8 *frame = front_net_frame(&left.net);
        if (!frame)
            panic("bench-rings: no buffer for packet %u", i);
        if (!front_net_send(&left.net, frame, NET_FRAME_MOST, 0, 0))
            panic("bench-rings: packet %u cannot be sent", i);
    }
    front_net_publish(&left.net);
}

static void receive_batch(void)
{
    struct net_frame frame;
    for (u32 count = 0; count < DEPTH_MOST;) {
        if (front_net_receive(&right.net, &frame)) {
            count++;
            if (frame.length != NET_FRAME_MOST)
                panic("bench-rings: a packet has %u bytes", frame.length);
            front_net_give_back(&right.net, frame.data);
        } else if (front_net_may_sleep(&right.net, DEPTH_MOST - count)) {
            session_wait(right.event);
        }
    }
    front_net_publish(&right.net);
    front_net_collect(&left.net);
}

static u64 events(void)
{
    const struct front *a = &left.net.front, *b = &right.net.front;
    return (u64)a->g->ctl.raised + a->s->ctl.raised + b->g->ctl.raised + b->s->ctl.raised;
}

void measure_net(void)
{
    if (!open(&left, "left") || !open(&right, "right"))
        return;
    address_frames();
    u64 best = UINT64_MAX, copy = copy_ticks(), before_events = events();
    for (u32 round = 0; round < ROUNDS; round++) {
        u64 before = tsc();
        for (u32 i = 0; i < BATCHES; i++) {
            send_batch();
            receive_batch();
        }
        best = min(best, ticks_since(before));
    }
    u32 packets = BATCHES * DEPTH_MOST;
    figure("switch_packet", best - packets * copy, packets);
    figure_fraction("switch_packet_events", events() - before_events, ROUNDS * packets);
}

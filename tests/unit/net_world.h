/*
 * Sessions of the net server with both their ends, and a wire, all in a test's memory; and the
 * server's loop, as servers/net/main.c has it.
 */
#pragma once
#include "net_session.h"

#include "../../servers/net/forward.h"
#include "../../servers/net/wire.h"

#define SESSIONS  3u
#define POST      16u
#define DATA_SIZE (64ul * FRONT_NET_BUFFER)
#define FAR       0x0b00000000feul /* an address behind the wire */
#define JUNK      0xa5             /* in posted buffers, where nothing was received */

static struct net_session session[SESSIONS];
static struct net net;

/* Those of two sessions differ in two bits. */
static u64 address(u32 number)
{
    return 0x000203040002ul | 1ul << (40 + number);
}

/* --- a wire ---------------------------------------------------------------------------------- */

#define WIRE_FRAMES 64u

static struct {
    u32 room; /* how many frames it takes before it is full */
    u32 sent, reaped;
    u8 frames[WIRE_FRAMES][NET_FRAME_MOST];
    u32 lengths[WIRE_FRAMES];
    u64 cookies[WIRE_FRAMES];
    const u8 *coming; /* a frame that arrives */
    u32 coming_length;
} wire;

/* This one can compute none. */
bool e1000_can_checksum(const u8 *head, u32 head_length, u32 length, u32 start, u32 at)
{
    (void)head, (void)head_length, (void)length, (void)start, (void)at;
    return false;
}

enum e1000_sent wire_send(u32 number, const struct wire_frame *frame)
{
    assert_int_equal(number, 0);
    if (wire.sent - wire.reaped == wire.room)
        return E1000_FULL;
    assert_true(wire.sent < WIRE_FRAMES);
    u8 *to = wire.frames[wire.sent];
    memcpy(to, frame->head, frame->head_length);
    u32 length = frame->head_length;
    for (u32 i = 0; i < frame->count; i++) {
        memcpy(to + length, (const void *)frame->pieces[i].bus, frame->pieces[i].length);
        length += frame->pieces[i].length;
    }
    assert_int_equal(length, frame->length);
    wire.lengths[wire.sent] = length;
    wire.cookies[wire.sent++] = frame->cookie;
    return E1000_QUEUED;
}

u32 wire_reap(u32 number, u64 *cookies, u32 limit)
{
    u32 count = 0;
    while (number == 0 && count < limit && wire.reaped < wire.sent)
        cookies[count++] = wire.cookies[wire.reaped++];
    return count;
}

bool wire_receive(u32 number, struct e1000_frame *frame)
{
    if (number != 0 || !wire.coming)
        return false;
    *frame = (struct e1000_frame){wire.coming, wire.coming_length, true};
    wire.coming = NULL;
    return true;
}

/* --- the server ------------------------------------------------------------------------------ */

/* Runs until the server would sleep. Only those whose doorbells rang are looked at. */
static void serve(void)
{
    bool more = true;
    while (more) {
        net.busy |= bells & ((1ul << SESSIONS) - 1);
        bells = 0;
        forward_wire(&net, 0);
        forward_sessions(&net);
        ports_publish(&net);
        more = (net.busy & ~net.blocked) != 0 || !ports_may_sleep(&net);
    }
}

static void open_session(u32 number, u64 mac)
{
    struct net_session *s = &session[number];
    const struct net_argument argument = {mac, NET_BROADCASTS};
    s->port = (struct port){0};
    session_make(s, number, DATA_SIZE);
    memset(s->back.data, JUNK, DATA_SIZE);
    assert_true(port_open(&net, &s->port, &s->back, &argument));
    assert_int_equal(s->port.number, number);
    u64 *pages = malloc(DATA_SIZE / PAGE_SIZE * sizeof(u64));
    for (u64 i = 0; i < DATA_SIZE / PAGE_SIZE; i++)
        pages[i] = (u64)s->back.data + i * PAGE_SIZE;
    s->port.pages[0] = pages;
}

static void close_session(u32 number)
{
    free(session[number].port.pages[0]);
    free(session[number].base);
}

/* All sessions are there; the last has nobody who posts, and is for strange requests. */
static int setup(void **state)
{
    (void)state;
    memset(&net, 0, sizeof(net));
    memset(&wire, 0, sizeof(wire));
    bells = 0;
    wire.room = WIRE_FRAMES;
    switch_init(&net.sw, 1000);
    switch_set_wire(&net.sw, 0, true);
    for (u32 i = 0; i < SESSIONS; i++)
        open_session(i, address(i));
    for (u32 i = 0; i < SESSIONS - 1; i++)
        assert_true(front_net_open(&session[i].client, POST));
    serve();
    for (u32 i = 0; i < SESSIONS - 1; i++) {
        front_net_collect(&session[i].client);
        assert_true(session[i].client.known);
        assert_int_equal(mac_read(session[i].client.info.mac), address(i));
    }
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    for (u32 i = 0; i < SESSIONS; i++)
        close_session(i);
    return 0;
}

/* --- frames ---------------------------------------------------------------------------------- */

static u8 byte_of(u32 number, u32 at)
{
    return (u8)(number * 31 + at * 7);
}

static void write_frame(u8 *frame, u32 length, u64 to, u64 from, u32 number)
{
    for (u32 i = 0; i < length; i++)
        frame[i] = byte_of(number, i);
    mac_write(frame, to);
    mac_write(frame + NET_MAC, from);
}

static bool send(u32 sender, u64 to, u64 from, u32 length, u32 number)
{
    struct front_net *client = &session[sender].client;
    u8 *frame = front_net_frame(client);
    if (!frame)
        return false;
    write_frame(frame, length, to, from, number);
    assert_true(front_net_send(client, frame, length, 0, 0));
    return true;
}

static void assert_frame(const u8 *frame, u32 length, u64 to, u64 from, u32 number)
{
    assert_int_equal(mac_destination(frame), to);
    assert_int_equal(mac_read(frame + NET_MAC), from);
    for (u32 i = 2 * NET_MAC; i < length; i++)
        assert_int_equal(frame[i], byte_of(number, i));
}

/* Takes a frame that must be there, and nothing behind it; then no other. */
static void assert_received(u32 receiver, u32 sender, u32 length, u32 number)
{
    struct front_net *client = &session[receiver].client;
    struct net_frame frame;
    assert_true(front_net_receive(client, &frame));
    assert_int_equal(frame.length, length);
    assert_int_equal(frame.flags, 0);
    assert_frame(frame.data, length, address(receiver), address(sender), number);
    for (u32 i = length; i < FRONT_NET_BUFFER; i++)
        assert_int_equal(frame.data[i], JUNK);
    front_net_give_back(client, frame.data);
    assert_false(front_net_receive(client, &frame));
    front_net_publish(client);
}

/* All that was sent is done; how many sendings were refused since it was asked last. */
static u64 refused(u32 sender)
{
    struct front_net *client = &session[sender].client;
    front_net_collect(client);
    assert_int_equal(client->sending, 0);
    u64 count = client->counters.refused;
    client->counters.refused = 0;
    return count;
}

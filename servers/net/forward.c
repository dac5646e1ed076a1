/*
 * Forwarding of frames. See forward.h.
 */
#include <base/checksum.h>
#include <base/string.h>
#include <net/forward.h>
#include <net/wire.h>
#include <runtime/step.h>

static struct forward_counters counters[SWITCH_WIRES];

const struct forward_counters *forward_counters(u32 wire)
{
    return &counters[wire];
}

/* --- to a session ---------------------------------------------------------------------------- */

/* A frame in two parts: its head, if it was copied, and what follows it. */
struct parts {
    const u8 *head, *rest;
    u32 head_length, rest_length;
    int flags; /* enum net_rx_flag */
};

static void deliver(struct net *net, struct port *port, const struct parts *parts)
{
    if (!port_has_room(port)) {
        port_take(net, port); /* it may have posted some meanwhile */
        if (!port_has_room(port)) {
            port->counters.dropped_full++;
            return;
        }
    }
    const struct port_room *room = &port->rooms[port->first_room++ % RING_ENTRIES];
    if (parts->head_length != 0)
        memcpy(room->to, parts->head, parts->head_length);
    if (parts->rest_length != 0)
        memcpy(room->to + parts->head_length, parts->rest, parts->rest_length);
    step(STEP_DEVICE_DONE);
    port->counters.received++;
    port_complete(net, port, room->tag, parts->flags, parts->head_length + parts->rest_length);
    step(STEP_COMPLETED);
}

static void deliver_to_all(struct net *net, u64 ports, const struct parts *parts)
{
    for (; ports != 0; ports &= ports - 1)
        deliver(net, net->ports[__builtin_ctzll(ports)], parts);
}

/* --- to a wire ------------------------------------------------------------------------------- */

/* Where the device finds `length` bytes at `offset` of the session's data area. */
static u32 find_pieces(const u64 *pages, u64 offset, u32 length, struct dma_piece *pieces)
{
    u32 count = 0;
    while (length != 0) {
        u32 in_page = (u32)(offset % PAGE_SIZE), part = (u32)min(length, PAGE_SIZE - in_page);
        pieces[count++] = (struct dma_piece){
            .bus = pages[offset / PAGE_SIZE] + in_page,
            .length = part,
        };
        offset += part;
        length -= part;
    }
    return count;
}

/* Fills in a checksum that the device cannot: the sum over the rest of the frame. */
static void fill_checksum(u8 *head, u32 head_length, const struct port_frame *frame)
{
    u64 sum = internet_sum(0, head + frame->start, head_length - frame->start);
    sum = internet_sum(sum, frame->from + head_length, frame->length - head_length);
    u16 checksum = internet_checksum(sum);
    if (checksum == 0)
        checksum = 0xffff; /* the same number; and in UDP, 0 would say that there is none */
    memcpy(head + frame->start + frame->at, &checksum, sizeof(checksum));
}

/* Sends to one wire. False: it is full. */
static bool send_to_wire(struct port *port, u32 wire, const struct port_frame *frame,
                         const u8 *head, u32 head_length)
{
    u8 filled[PORT_HEAD];
    struct dma_piece pieces[WIRE_PIECES];
    u32 rest = frame->length - head_length;
    struct wire_frame out = {
        .head = head,
        .head_length = head_length,
        .length = frame->length,
        .pieces = pieces,
        .start = frame->start,
        .at = frame->at,
        .cookie = WIRE_NO_COOKIE,
    };
    if (out.start != 0 &&
        !e1000_can_checksum(head, head_length, frame->length, frame->start, frame->at)) {
        memcpy(filled, head, head_length);
        fill_checksum(filled, head_length, frame);
        out.head = filled;
        out.start = out.at = 0;
    }
    if (rest != 0) {
        u64 offset = (u64)(frame->from + head_length - port->back->data);
        out.count = find_pieces(port->pages[wire], offset, rest, pieces);
        out.cookie = (u64)port->number << 16 | frame->tag;
    }
    enum e1000_sent result = wire_send(wire, &out);
    if (result == E1000_QUEUED) {
        counters[wire].sent++;
        if (rest != 0) {
            port->readers[frame->tag]++;
            port->at_wires++;
        }
    } else if (result != E1000_FULL) {
        counters[wire].dropped++;
    }
    return result != E1000_FULL;
}

/* Sends to a set of wires. False: to a single one, and it is full. */
static bool send_to_wires(struct port *port, u64 wires, bool alone, const struct port_frame *frame,
                          const u8 *head, u32 head_length)
{
    bool single = alone && (wires & (wires - 1)) == 0;
    for (; wires != 0; wires &= wires - 1) {
        u32 wire = (u32)__builtin_ctzll(wires);
        if (port->pages[wire] && !send_to_wire(port, wire, frame, head, head_length)) {
            if (single)
                return false;
            counters[wire].dropped++;
        }
    }
    return true;
}

void forward_reap(struct net *net, u32 wire)
{
    u64 cookies[32];
    u32 count;
    do {
        count = wire_reap(wire, cookies, array_count(cookies));
        for (u32 i = 0; i < count; i++) {
            if (cookies[i] != WIRE_NO_COOKIE)
                port_was_sent(net, net->ports[cookies[i] >> 16], (u32)(cookies[i] & 0xffff));
        }
    } while (count == array_count(cookies));
}

/* --- from a session -------------------------------------------------------------------------- */

/* What does not pass: counts it, and tells the sender if it was its own fault. */
static void drop(struct net *net, struct port *port, const struct port_frame *frame,
                 enum switch_drop why)
{
    if (why == SWITCH_FILTERED) {
        port->counters.dropped_filter++;
        port_complete(net, port, frame->tag, RING_REFUSED, 0);
    } else {
        port->counters.dropped_limit++;
        port_complete(net, port, frame->tag, RING_OK, 0);
    }
}

/* Moves one frame. False: a wire is full, and it has to be tried again. */
static bool forward_frame(struct net *net, struct port *port, const struct port_frame *frame)
{
    u8 head[PORT_HEAD];
    u32 head_length = (u32)min(frame->length, PORT_HEAD);
    memcpy(head, frame->from, head_length);
    struct switch_way way = switch_from_session(&net->sw, port->number, head, net->now);
    if (unlikely(way.drop > SWITCH_NOWHERE)) {
        drop(net, port, frame, way.drop);
        return true;
    }
    u64 wires = way.ports >> SWITCH_SESSIONS, sessions = way.ports & net->sw.sessions;
    if (wires != 0 && !send_to_wires(port, wires, sessions == 0, frame, head, head_length))
        return false;
    port->counters.sent++;
    const struct parts parts = {
        .head = head,
        .rest = frame->from + head_length,
        .head_length = head_length,
        .rest_length = frame->length - head_length,
        .flags = frame->start != 0 ? NET_RX_CHECKSUM_LEFT : 0,
    };
    deliver_to_all(net, sessions, &parts);
    if (port->readers[frame->tag] == 0) {
        port_complete(net, port, frame->tag, RING_OK, 0);
        step(STEP_COMPLETED);
    }
    return true;
}

bool forward_session(struct net *net, struct port *port)
{
    for (u32 i = 0; i < FORWARD_QUANTUM && port_has_frame(port); i++) {
        const struct port_frame *frame = &port->frames[port->first_frame % RING_ENTRIES];
        if (!forward_frame(net, port, frame))
            return false;
        port->first_frame++;
    }
    if (!port_has_frame(port))
        net->busy &= ~SWITCH_BIT(port->number);
    return true;
}

/* --- from a wire ----------------------------------------------------------------------------- */

u32 forward_wire(struct net *net, u32 wire)
{
    struct e1000_frame frame;
    u32 count = 0;
    for (; count < FORWARD_QUANTUM && wire_receive(wire, &frame); count++) {
        counters[wire].received++;
        struct switch_way way = switch_from_wire(&net->sw, wire, frame.data);
        if (way.drop == SWITCH_FILTERED)
            counters[wire].filtered++;
        else if (way.drop == SWITCH_NOWHERE)
            counters[wire].unwanted++;
        const struct parts parts = {
            .rest = frame.data,
            .rest_length = frame.length,
            .flags = frame.checksum_good ? NET_RX_CHECKSUM_GOOD : 0,
        };
        deliver_to_all(net, way.ports, &parts);
    }
    return count;
}

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

static inline u32 length_of(const struct port_frame *frame)
{
    return NET_ARG_LENGTH(frame->arg);
}

static inline u32 start_of(const struct port_frame *frame)
{
    return NET_ARG_START(frame->arg);
}

static inline u32 at_of(const struct port_frame *frame)
{
    return NET_ARG_AT(frame->arg);
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
    struct port_room room;
    if (!port_next_room(net, port, &room)) {
        port->counters.dropped_full++;
        return;
    }
    memcpy(room.to, parts->head, parts->head_length);
    memcpy(room.to + parts->head_length, parts->rest, parts->rest_length);
    step(STEP_DEVICE_DONE);
    port->counters.received++;
    port_complete(net, port, room.tag, parts->flags, parts->head_length + parts->rest_length);
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
    u64 sum = internet_sum(0, head + start_of(frame), head_length - start_of(frame));
    sum = internet_sum(sum, frame->from + head_length, length_of(frame) - head_length);
    u16 checksum = internet_checksum(sum);
    if (checksum == 0)
        checksum = 0xffff; /* the same number; and in UDP, 0 would say that there is none */
    memcpy(head + start_of(frame) + at_of(frame), &checksum, sizeof(checksum));
}

/* Sends to one wire. False: it is full. */
static bool send_to_wire(struct port *port, u32 wire, const struct port_frame *frame,
                         const u8 *head, u32 head_length)
{
    u8 filled[PORT_HEAD];
    struct dma_piece pieces[WIRE_PIECES];
    u32 rest = length_of(frame) - head_length;
    struct wire_frame out = {
        .head = head,
        .head_length = head_length,
        .length = length_of(frame),
        .pieces = pieces,
        .start = start_of(frame),
        .at = at_of(frame),
        .cookie = WIRE_NO_COOKIE,
    };
    if (out.start != 0 &&
        !e1000_can_checksum(head, head_length, length_of(frame), start_of(frame), at_of(frame))) {
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

/* Moves one frame to wherever it goes. False: a wire is full, and it has to be tried again. */
static bool forward_anywhere(struct net *net, struct port *port, const struct port_frame *frame)
{
    u8 head[PORT_HEAD] = {0};
    u32 head_length = (u32)min(length_of(frame), PORT_HEAD);
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
        .rest_length = length_of(frame) - head_length,
        .flags = frame->flags,
    };
    deliver_to_all(net, sessions, &parts);
    if (port->readers[frame->tag] == 0) {
        port_complete(net, port, frame->tag, RING_OK, 0);
        step(STEP_COMPLETED);
    }
    return true;
}

/* A word of the client's memory, wherever it lies: read once. */
struct anywhere {
    volatile u64 word;
} __attribute__((packed, may_alias));

static inline u64 read_anywhere(const u8 *from)
{
    return ((const struct anywhere *)from)->word;
}

static inline void write_anywhere(u8 *to, u64 word)
{
    ((struct anywhere *)to)->word = word;
}

/*
 * The session that a frame goes to which begins with `first`, and has `rest` of its source address
 * after that. NULL: to none, or to more, or to no session; or its source is not the sender's own.
 */
static struct port *find_receiver(struct net *net, struct port *port, u64 first, u32 rest)
{
    if ((first >> 48 | (u64)rest << 16) != port->mac)
        return NULL;
    u32 number = switch_find(&net->sw, first & MAC_MASK);
    if (number == SWITCH_PORTS || number == port->number)
        return NULL;
    port->last_first = first;
    port->last_receiver = net->ports[number];
    return port->last_receiver;
}

/*
 * The short way, between two sessions: of the frame no more than its addresses is looked at, so no
 * more is copied before. False: it goes somewhere else, or nowhere; forward_anywhere knows.
 */
static inline bool forward_between_sessions(struct net *net, struct port *port,
                                            const struct port_frame *frame)
{
    u32 length = length_of(frame);
    if (unlikely(length < 2 * sizeof(u64)))
        return false;
    u64 first = read_anywhere(frame->from), second = read_anywhere(frame->from + sizeof(u64));
    u32 rest = (u32)second;
    struct port *receiver = port->last_receiver;
    if (unlikely(first != port->last_first || rest != (u32)(port->mac >> 16) || !receiver)) {
        receiver = find_receiver(net, port, first, rest);
        if (!receiver)
            return false;
    }
    struct port_room room;
    if (likely(port_next_room(net, receiver, &room))) {
        write_anywhere(room.to, first);
        write_anywhere(room.to + sizeof(u64), second);
        memcpy(room.to + 2 * sizeof(u64), frame->from + 2 * sizeof(u64), length - 2 * sizeof(u64));
        step(STEP_DEVICE_DONE);
        receiver->counters.received++;
        port_complete(net, receiver, room.tag, frame->flags, length);
    } else {
        receiver->counters.dropped_full++;
    }
    port->counters.sent++;
    back_complete_one(port->back, (u16)frame->tag, RING_OK, 0);
    step(STEP_COMPLETED);
    return true;
}

/* Moves one frame. False: a wire is full. Those that go the long way are copied, so that the others
 * can live in registers. */
static inline bool forward_one(struct net *net, struct port *port, struct port_frame frame)
{
    if (likely(forward_between_sessions(net, port, &frame)))
        return true;
    const struct port_frame copy = frame;
    if (forward_anywhere(net, port, &copy))
        return true;
    port_put_back(net, port, &copy);
    return false;
}

/* Sends what the session has queued, at most a quantum. False: a wire is full. */
static bool forward_session(struct net *net, struct port *port)
{
    struct port_frame frame;
    net->busy &= ~port->bit;
    if (port->stopped)
        return true;
    net->awake |= port->bit;
    net->dirty |= port->bit;
    for (u32 i = 0; i < FORWARD_QUANTUM; i++) {
        if (!port_next_frame(net, port, &frame))
            return true;
        if (!forward_one(net, port, frame))
            return false;
    }
    net->busy |= port->bit;
    return true;
}

void forward_sessions(struct net *net)
{
    u64 before = net->busy & (SWITCH_BIT(net->first) - 1);
    u64 turns[] = {net->busy & ~before, before};
    net->blocked = 0;
    for (u32 i = 0; i < array_count(turns); i++) {
        for (u64 left = turns[i]; left != 0; left &= left - 1) {
            u32 number = (u32)__builtin_ctzll(left);
            if (forward_session(net, net->ports[number]))
                continue;
            net->first = number; /* the last one counts: so each of them is first in its turn */
            net->blocked |= SWITCH_BIT(number);
        }
    }
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
            .head = frame.data,
            .rest = frame.data,
            .rest_length = frame.length,
            .flags = frame.checksum_good ? NET_RX_CHECKSUM_GOOD : 0,
        };
        deliver_to_all(net, way.ports, &parts);
    }
    return count;
}

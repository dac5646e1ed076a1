/*
 * A port of the switch that is a session: what its client asked for and was not done yet.
 *
 * Requests are taken from the ring, checked, and sorted here. Who looks for a frame to be sent
 * (port_next_frame) and meets room for received ones on the way puts it aside, and who looks for
 * room (port_next_room) does the same with frames. Neither heap of them can overflow, because a
 * client has at most as many requests outstanding as its ring has entries.
 *
 * Completions are given to the ring here and published once a turn (ports_publish), so `net->dirty`
 * says for whom. Nothing in here makes a system call. What the client writes is copied once,
 * checked, and then the copy is used.
 */
#pragma once
#include <back.h>
#include <drivers/device.h>
#include <net/switch.h>
#include <runtime/step.h>

#define PORT_HEAD 128u /* bytes of a frame that are copied into the server's own memory */

/* A frame that the client wants to send. All of it was checked to be inside the data area. */
struct port_frame {
    u8 *from;
    u64 arg; /* NET_ARG_LENGTH, _START and _AT: as in the request */
    u32 tag;
    int flags; /* for a session that gets it: enum net_rx_flag */
};

/* Room of at least NET_FRAME_MOST bytes for a received frame. */
struct port_room {
    u8 *to;
    u32 tag;
};

struct port_counters {
    u64 sent, received; /* frames */
    u64 dropped_full;   /* to this session: it had posted no room */
    u64 dropped_filter; /* from it: not its own address, or not for forwarding */
    u64 dropped_limit;  /* from it: too many broadcasts */
};

struct port {
    struct back *back;
    void *session; /* of the runtime; nothing of it is used here */
    u32 number;
    u64 bit;      /* SWITCH_BIT(number) */
    bool stopped; /* broken or closing: nothing is done for it any more */
    bool closing;
    u64 mac;
    u64 last_first;             /* the first eight bytes of its last frame for a session... */
    struct port *last_receiver; /* ...and where that went; NULL: to be looked up */
    struct port_counters counters;
    u64 *pages[SWITCH_WIRES];   /* bus addresses of the data area's pages, for each wire */
    u32 at_wires;               /* sendings whose payload a wire still reads */
    u8 readers[RING_ENTRIES];   /* by tag: how many wires read the payload */
    u32 first_frame, end_frame; /* run freely */
    u32 room_count;
    struct port_frame frames[RING_ENTRIES];
    struct port_room rooms[RING_ENTRIES];
};

/* The switch and all its ports. The sets have a bit for each session's port. */
struct net {
    struct net_switch sw;
    struct port *ports[SWITCH_SESSIONS];
    u64 now;     /* the time-stamp counter when the turn began */
    u64 awake;   /* has been looked at since its doorbell was armed */
    u64 busy;    /* may have frames to send */
    u64 blocked; /* a wire was full in this turn */
    u32 first;   /* number of the session whose turn comes first */
    u64 dirty;   /* has completions that are not published */
    u64 broken;  /* has broken a rule of the ring: is to be refused */
    u64 idle;    /* is closing, and no wire reads its memory any more */
    u64 wires;   /* a bit for each that there is */
    bool link;   /* one is up */
};

/* Adds `port` to the switch. False: its address is in use, or all numbers are. */
must_check bool port_open(struct net *net, struct port *port, struct back *back,
                          const struct net_argument *argument);

/* Stops working for it: what it asked for is never completed. */
void port_stop(struct net *net, struct port *port);

/* Stops, and takes it out of the switch. True: its memory is not in use any more; else it will be
 * in `net->idle` when it is not. Then its number can be given up by port_forget. */
must_check bool port_close(struct net *net, struct port *port);
void port_forget(struct net *net, struct port *port);

/* The next frame that it wants to send. False: there is none. */
must_check static inline bool port_next_frame(struct net *net, struct port *port,
                                              struct port_frame *frame);

/* Room for a frame to it. False: it has posted none. */
must_check static inline bool port_next_room(struct net *net, struct port *port,
                                             struct port_room *room);

/* Puts back what port_next_frame gave last, to be given next time. */
void port_put_back(struct net *net, struct port *port, const struct port_frame *frame);

/* The wire that read the payload of this sending does not any more. */
void port_was_sent(struct net *net, struct port *port, u32 tag);

/* Publishes the completions of all ports. */
void ports_publish(struct net *net);

/* True: no port has anything to take, and the doorbells ring when they have; those that are blocked
 * are left alone. Else those that have are busy. */
must_check bool ports_may_sleep(struct net *net);

static inline void port_complete(struct net *net, struct port *port, u32 tag, int result, u32 len)
{
    back_complete_one(port->back, (u16)tag, result, len); /* take lets no chain through */
    net->dirty |= port->bit;
}

/* --- taking requests, inline ----------------------------------------------------------------- */

/* Is this a place for a checksum that can be filled in? */
static inline bool port_checksum_fits(u64 arg)
{
    u32 start = NET_ARG_START(arg), at = NET_ARG_AT(arg);
    return start >= NET_FRAME_LEAST && start % 2 == 0 &&
           start + at + sizeof(u16) <= min(NET_ARG_LENGTH(arg), PORT_HEAD);
}

/* Is the offset inside the unit? */
static inline bool port_offset_fits(u64 arg)
{
    return !(arg & NET_RX_ARG(0, 0xffff & ~(RING_UNIT - 1)));
}

/* The place that a request names; NULL: not inside the data area. (The sum has 39 bits at most.) */
static inline u8 *port_place(const struct port *port, u64 head, u64 arg)
{
    const struct back *back = port->back;
    u64 at = (u64)RING_SQE_BUF(head) * RING_UNIT + NET_ARG_OFFSET(arg);
    return likely(at + NET_ARG_LENGTH(arg) <= back->data_size) ? back->data + at : NULL;
}

/* Checks a frame to be sent: RING_OK, or what is wrong with it. */
static inline int port_check_frame(const struct port *port, u64 head, u64 arg,
                                   struct port_frame *frame)
{
    if (unlikely(NET_ARG_LENGTH(arg) - NET_FRAME_LEAST > NET_FRAME_MOST - NET_FRAME_LEAST ||
                 !port_offset_fits(arg)))
        return RING_INVALID;
    frame->flags = 0;
    if (arg >> 32 != 0) {
        if (!port_checksum_fits(arg))
            return RING_INVALID;
        frame->flags = NET_RX_CHECKSUM_LEFT;
    }
    frame->from = port_place(port, head, arg);
    frame->arg = arg;
    frame->tag = RING_SQE_TAG(head);
    return likely(frame->from != NULL) ? RING_OK : RING_RANGE;
}

/* Checks room for a frame: likewise. */
static inline int port_check_room(const struct port *port, u64 head, u64 arg,
                                  struct port_room *room)
{
    if (unlikely(!port_offset_fits(arg)))
        return RING_INVALID;
    if (unlikely(NET_ARG_LENGTH(arg) < NET_FRAME_MOST))
        return RING_TOO_LONG;
    room->to = port_place(port, head, arg);
    room->tag = RING_SQE_TAG(head);
    return likely(room->to != NULL) ? RING_OK : RING_RANGE;
}

/* The long ways: what is next in the ring is something else, or not known to be there, or there are
 * queues. `head` and `arg` are a request that was taken, for which nothing was done yet. */
void port_sort(struct net *net, struct port *port, u64 head, u64 arg);
must_check bool port_look_for_frame(struct net *net, struct port *port, struct port_frame *frame);
must_check bool port_look_for_room(struct net *net, struct port *port, struct port_room *room);

static inline bool port_next_frame(struct net *net, struct port *port, struct port_frame *frame)
{
    u64 head, arg;
    struct port_frame found;
    if (likely(port->first_frame == port->end_frame && back_take_one(port->back, &head, &arg))) {
        step(STEP_TAKEN);
        if (likely(RING_SQE_OP(head) == NET_TX &&
                   port_check_frame(port, head, arg, frame) == RING_OK))
            return true;
        port_sort(net, port, head, arg);
    }
    if (!port_look_for_frame(net, port, &found))
        return false;
    *frame = found;
    return true;
}

static inline bool port_next_room(struct net *net, struct port *port, struct port_room *room)
{
    u64 head, arg;
    struct port_room found;
    if (likely(back_take_one(port->back, &head, &arg))) {
        step(STEP_TAKEN);
        if (likely(RING_SQE_OP(head) == NET_RXPOST &&
                   port_check_room(port, head, arg, room) == RING_OK))
            return true;
        port_sort(net, port, head, arg);
    }
    if (!port_look_for_room(net, port, &found))
        return false;
    *room = found;
    return true;
}

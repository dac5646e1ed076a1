/*
 * A port of the switch that is a session: what its client asked for and was not done yet.
 *
 * Requests are taken from the ring, checked, and sorted here: frames to be sent into one queue,
 * rooms for received frames into another. Neither can overflow, because a client has at most as
 * many requests outstanding as its ring has entries. Completions are given to the ring here and
 * published once a turn (port_publish), so `net->dirty` says for whom.
 *
 * Nothing in here makes a system call. What the client writes is copied once, checked, and then the
 * copy is used; of frames, the first PORT_HEAD bytes.
 */
#pragma once
#include <back.h>
#include <drivers/device.h>
#include <net/switch.h>

#define PORT_HEAD 128u /* bytes of a frame that are copied into the server's own memory */

/* A frame that the client wants to send. All of it was checked to be inside the data area. */
struct port_frame {
    u8 *from;
    u16 tag;
    u16 length;
    u16 start, at; /* where the checksum begins, and goes; 0: none to fill in */
};

/* Room of at least NET_FRAME_MOST bytes for a received frame. */
struct port_room {
    u8 *to;
    u16 tag;
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
    bool stopped; /* broken or closing: nothing is done for it any more */
    bool closing;
    u64 mac;
    struct port_counters counters;
    u64 *pages[SWITCH_WIRES]; /* bus addresses of the data area's pages, for each wire */
    u32 at_wires;             /* sendings whose payload a wire still reads */
    u8 readers[RING_ENTRIES]; /* by tag: how many wires read the payload */
    u32 first_frame, end_frame, first_room, end_room; /* run freely */
    struct port_frame frames[RING_ENTRIES];
    struct port_room rooms[RING_ENTRIES];
};

/* The switch and all its ports. The sets have a bit for each session's port. */
struct net {
    struct net_switch sw;
    struct port *ports[SWITCH_SESSIONS];
    u64 now;    /* the time-stamp counter when the turn began */
    u64 awake;  /* has been looked at since its doorbell was armed */
    u64 busy;   /* has frames to send */
    u64 dirty;  /* has completions that are not published */
    u64 broken; /* has broken a rule of the ring: is to be refused */
    u64 idle;   /* is closing, and no wire reads its memory any more */
    bool link;  /* a wire is up */
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

/* Takes what the client has pushed, at most a ring full. */
void port_take(struct net *net, struct port *port);

/* Takes from all that are awake. */
void ports_take(struct net *net);

/* The wire that read the payload of this sending does not any more. */
void port_was_sent(struct net *net, struct port *port, u32 tag);

/* Publishes the completions of all ports. */
void ports_publish(struct net *net);

/* True: no port has anything to take, and the doorbells ring when they have. */
must_check bool ports_may_sleep(struct net *net);

static inline void port_complete(struct net *net, struct port *port, u16 tag, int result, u32 len)
{
    back_complete(port->back, tag, result, len);
    net->dirty |= SWITCH_BIT(port->number);
}

static inline bool port_has_frame(const struct port *port)
{
    return port->first_frame != port->end_frame;
}

static inline bool port_has_room(const struct port *port)
{
    return port->first_room != port->end_room;
}

/*
 * The switch: to which ports does a frame go? Pure: it looks at the two addresses of a frame and
 * says where, and moves nothing.
 *
 * A port is a session or a wire (a network card). Sessions come first in the numbering, so that a
 * set of ports is a word of 64 bits. What holds:
 *
 *   - A session's address is fixed, and its own: frames with another source do not pass, and no
 *     frame from elsewhere with this source does. It is never learnt.
 *   - A session gets frames for its address, broadcasts and multicasts, and nothing else.
 *   - Addresses on the wires are learnt from the frames that come from there, in a table of bounded
 *     size; who was not heard for the last SWITCH_AGE frames is forgotten. A session's frame for
 *     an address that is not known goes to all wires.
 *   - Nothing goes from one wire to another: the machine is no bridge, and cannot close a loop.
 *   - A session sends a limited number of broadcasts and multicasts in each window of time.
 */
#pragma once
#include <net/mac.h>

#define SWITCH_SESSIONS 62u
#define SWITCH_WIRES    2u
#define SWITCH_PORTS    (SWITCH_SESSIONS + SWITCH_WIRES)
#define SWITCH_WIRE(n)  (SWITCH_SESSIONS + (n)) /* the port number of a wire */
#define SWITCH_BIT(n)   (1ul << (n))

#define SWITCH_SETS 256u /* of the table of what was learnt */
#define SWITCH_WAYS 4u
#define SWITCH_AGE  (1ul << 18)

/* A table from addresses of sessions to ports: at most a quarter full. */
#define SWITCH_BUCKETS 256u

struct switch_session {
    u64 mac;                 /* MAC_NONE: not in use */
    u64 window;              /* when the present window of its broadcasts began */
    u32 broadcasts, allowed; /* in the window: so far, and at most */
};

struct switch_learnt {
    u64 mac;
    u64 heard : 56, wire : 8; /* number of the frame when it was last heard; where */
};

struct net_switch {
    u64 window;          /* length of a window, in the unit of `now` */
    u64 sessions, wires; /* the ports that there are, as sets */
    u64 taken;           /* numbers of sessions that are in use, or not free again yet */
    u64 frames;          /* that came from wires */
    struct switch_session session[SWITCH_SESSIONS];
    u8 bucket[SWITCH_BUCKETS]; /* port + 1; 0: empty */
    struct switch_learnt learnt[SWITCH_SETS][SWITCH_WAYS];
};

enum switch_drop {
    SWITCH_PASSES,
    SWITCH_NOWHERE,  /* nobody is there who would get it */
    SWITCH_FILTERED, /* the source is not the sender's, or it is not for forwarding */
    SWITCH_LIMITED   /* one broadcast or multicast too many */
};

/* Where a frame goes. */
struct switch_way {
    u64 ports; /* 0 unless it passes */
    enum switch_drop drop;
};

/* An empty switch; `window` is the time in which broadcasts are counted. */
void switch_init(struct net_switch *sw, u64 window);

/* Is it a session's address? */
must_check bool switch_has(const struct net_switch *sw, u64 mac);

/* The port of a new session, or SWITCH_PORTS: there is none left, or the address is in use. */
must_check u32 switch_add(struct net_switch *sw, const struct net_argument *argument);

/* The session's address is free; its number only when switch_free says so. */
void switch_remove(struct net_switch *sw, u32 port);
void switch_free(struct net_switch *sw, u32 port);

/* Adds the wire of this number, below SWITCH_WIRES, or takes it away with all that was learnt. */
void switch_set_wire(struct net_switch *sw, u32 wire, bool present);

/* Where a session's frame, of at least NET_FRAME_LEAST bytes, goes. `now` is the time, of any clock
 * that goes forward. */
must_check struct switch_way switch_from_session(struct net_switch *sw, u32 port, const u8 *frame,
                                                 u64 now);

/* Where a frame from a wire goes. */
must_check struct switch_way switch_from_wire(struct net_switch *sw, u32 wire, const u8 *frame);

/* --- what is inline -------------------------------------------------------------------------- */

/* Eight well-mixed bits (Fibonacci hashing). */
static inline u32 switch_hash(u64 mac)
{
    return (u32)(mac * 0x9e3779b97f4a7c15ul >> 56);
}

/* The session with this address; SWITCH_PORTS if there is none. */
static inline u32 switch_find(const struct net_switch *sw, u64 mac)
{
    for (u32 i = switch_hash(mac);; i = (i + 1) % SWITCH_BUCKETS) {
        u32 port = sw->bucket[i];
        if (port == 0)
            return SWITCH_PORTS;
        if (likely(sw->session[port - 1].mac == mac))
            return port - 1;
    }
}

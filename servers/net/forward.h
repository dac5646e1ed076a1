/*
 * Forwarding: moves frames from a session or a wire to where the switch says.
 *
 * A frame from session to session is copied once, from the sender's data area into the room that
 * the receiver has posted; what is looked at of it is read before, into registers or the server's
 * own memory, and that is what the receiver gets. To a wire goes a copied head, and the rest is
 * read by the device from the sender's data area; the sending completes when the device has read
 * it. A frame from a wire is copied once, from the device's buffer into the room.
 *
 * Nobody waits for a receiver: who has posted no room loses the frame. A sender waits for a wire
 * that is full, if its frame goes nowhere else.
 */
#pragma once
#include <net/port.h>

#define FORWARD_QUANTUM 64u /* frames of one session, or wire, in a turn */

/* Sends what the sessions have queued, at most a quantum of each. Those for which a wire was full
 * are `net->blocked`; the last of them comes first next time, so nobody has a wire for itself. */
void forward_sessions(struct net *net);

/* Takes up to a quantum of frames from a wire. How many there were. */
u32 forward_wire(struct net *net, u32 wire);

/* Completes the sendings that a wire is done with. */
void forward_reap(struct net *net, u32 wire);

/* Counters of a wire, as the switch sees it. */
struct forward_counters {
    u64 sent, received;
    u64 dropped;  /* to the wire: broadcasts when it was full, and everything when it was down */
    u64 filtered; /* from it: with the source of a session, or not for forwarding */
    u64 unwanted; /* from it: for somebody else */
};
const struct forward_counters *forward_counters(u32 wire);

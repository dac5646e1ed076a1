/*
 * The protocol of the net server, for the keeper: which network cards and ports there are, and what
 * went through them. Clients do not call it; they have sessions (ring/net.h).
 *
 * The last three words of a reply; word 0 is a status. ERR_ARGUMENT: there is no card or port of
 * this number.
 */
#pragma once
#include <base/types.h>

/* Word 0 of a call. Word 1 is the number of a card or port, below what NET_COUNT says; they have
 * gaps. */
enum net_call {
    NET_COUNT = 1,    /* numbers of cards; of ports */
    NET_CARD,         /* NET_CARD_... words; frames that it sent; that it received */
    NET_CARD_DROPPED, /* frames to it that were dropped because it was full or down; frames from it
                         that were not allowed; that were for somebody else */
    NET_CARD_ERRORS,  /* frames that were damaged; resets; register accesses */
    NET_PORT,         /* NET_PORT_... words; frames that the session sent; that it received */
    NET_PORT_DROPPED, /* frames to it, no room; from it, not allowed; from it, too many
                         broadcasts */
    NET_CARD_BYTES    /* in the frames that it sent; that it received; its interrupts */
};

/* The first word of NET_CARD and NET_PORT: the address, its first byte lowest, and then... */
#define NET_MAC_OF(word)       ((word)&0xfffffffffffful)
#define NET_CARD_LINK          (1ul << 48)           /* the link is up */
#define NET_CARD_82574L        (1ul << 49)           /* else an 82540EM */
#define NET_PORT_SESSION(word) ((u32)((word) >> 48)) /* ...the session's number */

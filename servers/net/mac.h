/*
 * Ethernet addresses, as numbers: the first byte of the address is the lowest of the number. Pure.
 */
#pragma once
#include <base/parse.h>
#include <base/types.h>
#include <ring/net.h>

#define MAC_MASK      0xfffffffffffful
#define MAC_MULTICAST 1ul /* set in multicasts, and in the broadcast */
#define MAC_NONE      0ul

/* Frames to 01:80:c2:00:00:00 to 0f (IEEE 802.1D, table 7-10) are for the switch that they reach
 * first: spanning trees, and pauses of the wire. They are never forwarded. */
#define MAC_LOCAL      0x0000c28001ul
#define MAC_LOCAL_MASK 0xf0fffffffffful

/* The addresses at the beginning of a frame of at least NET_FRAME_LEAST bytes. */
static inline u64 mac_destination(const u8 *frame)
{
    u64 word;
    __builtin_memcpy(&word, frame, sizeof(word));
    return word & MAC_MASK;
}

static inline u64 mac_source(const u8 *frame)
{
    u64 word;
    __builtin_memcpy(&word, frame + 4, sizeof(word));
    return word >> 16;
}

static inline u64 mac_read(const u8 bytes[NET_MAC])
{
    u64 mac = 0;
    for (u32 i = 0; i < NET_MAC; i++)
        mac |= (u64)bytes[i] << 8 * i;
    return mac;
}

static inline void mac_write(u8 bytes[NET_MAC], u64 mac)
{
    for (u32 i = 0; i < NET_MAC; i++)
        bytes[i] = (u8)(mac >> 8 * i);
}

/* The words of a session's argument (ring/net.h), read. */
struct net_argument {
    u64 mac;
    u32 broadcasts; /* and multicasts, in each 10 ms */
};

#define NET_BROADCASTS      100u /* without a word about it */
#define NET_BROADCASTS_MOST 1000000u

/* Reads `MAC [broadcast=PACKETS]`. False: it is not that, or the address is no one's own. */
must_check bool net_argument_read(struct slice text, struct net_argument *argument);

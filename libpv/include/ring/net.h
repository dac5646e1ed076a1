/*
 * Network sessions: Ethernet frames, without their checksum (FCS). A session's argument in the
 * configuration is `MAC [broadcast=PACKETS]`: its address, and how many broadcasts and multicasts
 * it may send in each 10 ms.
 *
 *     NET_TX      arg = NET_TX_ARG(length, offset, checksum start, checksum offset): a frame of
 *                 `length` bytes that begins `offset` bytes into the unit `buf`. If checksum start
 *                 is not 0, the Internet checksum of the bytes from there to the end is put at
 *                 checksum start + checksum offset, which holds the sum of the pseudo header.
 *                 Checksum start is even and behind the Ethernet header, and the place of the
 *                 checksum is in the first 128 bytes. RING_REFUSED: the frame's source is not the
 *                 session's address, or it is for the switch itself (IEEE 802.1D)
 *     NET_RXPOST  arg = NET_RX_ARG(capacity, offset): room for a frame, of at least NET_FRAME_MOST
 *                 bytes. Its completion's `len` is the length received, its status 0 or NET_RX_
 *                 flags. The server looks for it when it has a frame: it can be published without
 *                 ringing the doorbell.
 *     NET_INFO    writes a struct net_info to `buf`
 */
#pragma once
#include <ring/ring.h>

enum net_op { NET_TX = 1, NET_RXPOST, NET_INFO };

#define NET_FRAME_LEAST 14u
#define NET_FRAME_MOST  1514u
#define NET_MAC         6u

#define NET_TX_ARG(length, offset, start, at)                                                      \
    ((u64)(length) | (u64)(offset) << 16 | (u64)(start) << 32 | (u64)(at) << 48)
#define NET_RX_ARG(capacity, offset) ((u64)(capacity) | (u64)(offset) << 16)
#define NET_ARG_LENGTH(arg)          ((u32)((arg)&0xffff))
#define NET_ARG_OFFSET(arg)          ((u32)((arg) >> 16 & 0xffff)) /* below RING_UNIT */
#define NET_ARG_START(arg)           ((u32)((arg) >> 32 & 0xffff))
#define NET_ARG_AT(arg)              ((u32)((arg) >> 48))

enum net_rx_flag {
    NET_RX_CHECKSUM_GOOD = 1, /* the frame's TCP or UDP checksum was looked at, and is right */
    NET_RX_CHECKSUM_LEFT = 2  /* it comes from another session, which left it to be filled in */
};

struct net_info {
    u8 mac[NET_MAC];
    u8 link; /* 1: there is a wire, and it is up */
    u8 unused;
    u32 flags; /* enum net_info_flag */
    u32 padding;
    /* Of this session, since it was attached: */
    u64 sent, received, dropped_full, dropped_filter, dropped_limit;
};

static_assert(sizeof(struct net_info) == 56, "format");

enum net_info_flag { NET_CAN_CHECKSUM = 1 };

/*
 * The frames of the network card's test, which both sides can make and check: nic-probe, and
 * tests/system/test_nic.py at the other end of the wire.
 *
 * What a frame is follows from its number: its length, its protocol, and each byte of its payload,
 * which begins with the number.
 */
#pragma once
#include <base/types.h>

#define TYPE_IPV4    0x0800u
#define TYPE_ARP     0x0806u
#define TYPE_CONTROL 0x88b5u /* what the other end wants: a letter and a number, see main.c */
#define TYPE_ECHO    0x88b6u /* comes back as it is, to where it came from */
#define TYPE_PLAIN   0x88b7u /* a numbered frame without IP */

struct test_frame {
    u32 length;
    u32 header;    /* the bytes before the payload */
    u32 start, at; /* the checksum that is left to the device; start = 0: none */
};

static inline u32 get16(const u8 *bytes)
{
    return (u32)bytes[0] << 8 | bytes[1];
}

static inline void put16(u8 *bytes, u32 value)
{
    bytes[0] = (u8)(value >> 8);
    bytes[1] = (u8)value;
}

/* Makes frame number `number`: by its last two bits UDP, UDP without a checksum, TCP, UDP. */
struct test_frame frame_make(u8 *bytes, const u8 *to, const u8 *from, u32 number);

/* Asks who has the other end's address. */
u32 frame_make_arp(u8 *bytes, const u8 *from);

/* Where the number and the payload of a received frame are; 0: it is none of these. */
u32 frame_payload(const u8 *bytes, u32 length);

/* Is the payload what it has to be for its number? */
bool frame_is_right(const u8 *bytes, u32 length, u32 payload, u32 number);

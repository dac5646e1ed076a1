/* Making and checking the frames of the network card's test. See frames.h. */
#include "frames.h"

#include <base/checksum.h>
#include <base/string.h>

#define ETHERNET 14u
#define IP       20u
#define UDP      8u
#define TCP      20u

static const u8 own_ip[4] = {10, 0, 2, 15};
static const u8 other_ip[4] = {10, 0, 2, 2};

static u8 pattern(u32 number, u32 index)
{
    return (u8)(number * 7 + index * 13);
}

static void put_ethernet(u8 *bytes, const u8 *to, const u8 *from, u32 type)
{
    memcpy(bytes, to, 6);
    memcpy(bytes + 6, from, 6);
    put16(bytes + 12, type);
}

static void put_ip(u8 *ip, u32 length, u32 protocol, u32 number)
{
    memset(ip, 0, IP);
    ip[0] = 0x45;
    put16(ip + 2, length);
    put16(ip + 4, number & 0xffff);
    ip[8] = 64;
    ip[9] = (u8)protocol;
    memcpy(ip + 12, own_ip, 4);
    memcpy(ip + 16, other_ip, 4);
    u16 sum = internet_checksum(internet_sum(0, ip, IP));
    memcpy(ip + 10, &sum, 2);
}

/* The sum of the pseudo header, as it has to be in the place of the checksum. */
static void put_pseudo_sum(u8 *place, u32 protocol, u32 length)
{
    u8 pseudo[12];
    memcpy(pseudo, own_ip, 4);
    memcpy(pseudo + 4, other_ip, 4);
    put16(pseudo + 8, protocol);
    put16(pseudo + 10, length);
    u16 sum = (u16)~internet_checksum(internet_sum(0, pseudo, sizeof(pseudo)));
    memcpy(place, &sum, 2);
}

struct test_frame frame_make(u8 *bytes, const u8 *to, const u8 *from, u32 number)
{
    u32 length = 60 + number * 389 % (1514 - 60 + 1);
    bool tcp = (number & 3) == 2;
    u32 protocol = tcp ? 6 : 17, start = ETHERNET + IP, at = tcp ? 16 : 6;
    u8 *segment = bytes + start;
    put_ethernet(bytes, to, from, TYPE_IPV4);
    put_ip(bytes + ETHERNET, length - ETHERNET, protocol, number);
    memset(segment, 0, TCP);
    put16(segment, 7);
    put16(segment + 2, 9);
    if (tcp)
        segment[12] = 5 << 4; /* the length of its header */
    else
        put16(segment + 4, length - start);
    bool checksum = (number & 3) != 1;
    if (checksum)
        put_pseudo_sum(segment + at, protocol, length - start);
    u32 payload = start + (tcp ? TCP : UDP);
    for (u32 i = payload; i < length; i++)
        bytes[i] = pattern(number, i - payload);
    memcpy(bytes + payload, &number, 4);
    return (struct test_frame){length, payload, checksum ? start : 0, checksum ? at : 0};
}

u32 frame_make_arp(u8 *bytes, const u8 *from)
{
    static const u8 all[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    static const u8 request[8] = {0, 1, 8, 0, 6, 4, 0, 1};
    memset(bytes, 0, 60);
    put_ethernet(bytes, all, from, TYPE_ARP);
    memcpy(bytes + 14, request, 8);
    memcpy(bytes + 22, from, 6);
    memcpy(bytes + 28, own_ip, 4);
    memcpy(bytes + 38, other_ip, 4);
    return 60;
}

u32 frame_payload(const u8 *bytes, u32 length)
{
    u32 type = get16(bytes + 12), payload = ETHERNET;
    if (type == TYPE_IPV4 && length >= ETHERNET + IP)
        payload += IP + (bytes[ETHERNET + 9] == 6 ? TCP : UDP);
    else if (type != TYPE_PLAIN)
        return 0;
    return payload + 4 <= length ? payload : 0;
}

bool frame_is_right(const u8 *bytes, u32 length, u32 payload, u32 number)
{
    for (u32 i = payload + 4; i < length; i++)
        if (bytes[i] != pattern(number, i - payload))
            return false;
    return true;
}

/*
 * A small host on the wire: it answers ARP, ping, and UDP datagrams to port 7 ("echo", RFC 862), as
 * 10.0.2.15. The checksums of UDP are left to the net server, those of received datagrams are
 * looked at here if nobody has done so. Fields are in the order of bytes of the wire.
 */
#include "client.h"

#define ETHER_IP   0x0008u /* as header_write takes them */
#define ETHER_ARP  0x0608u
#define PROTO_ICMP 1u
#define PROTO_UDP  17u
#define PORT_ECHO  7u

#define AT_IP       HEADER_BYTES
#define AT_PROTOCOL (AT_IP + 9u)
#define AT_SOURCE   (AT_IP + 12u)
#define AT_TARGET   (AT_IP + 16u)
#define AT_BODY     (AT_IP + 20u) /* headers with options are left alone */

static const u8 address[4] = {10, 0, 2, 15};
static struct end end;
static u64 answered, checksums_good, checksums_wrong;

static void write_sum(u8 *at, u16 sum)
{
    memcpy(at, &sum, sizeof(sum));
}

static void swap(u8 *a, u8 *b, u32 length)
{
    for (u32 i = 0; i < length; i++) {
        u8 byte = a[i];
        a[i] = b[i];
        b[i] = byte;
    }
}

/* ARP (RFC 826): who has our address? */
static bool answer_arp(u8 *frame, u32 length)
{
    static const u8 request[] = {0, 1, 8, 0, 6, 4, 0, 1};
    u8 *arp = frame + HEADER_BYTES;
    if (length < HEADER_BYTES + 28 || memcmp(arp, request, sizeof(request)) != 0 ||
        memcmp(arp + 24, address, sizeof(address)) != 0)
        return false;
    arp[7] = 2;
    memcpy(arp + 18, arp + 8, 10); /* the asker becomes the target */
    memcpy(arp + 8, end.mac, NET_MAC);
    memcpy(arp + 14, address, sizeof(address));
    memcpy(frame, arp + 18, NET_MAC);
    memcpy(frame + NET_MAC, end.mac, NET_MAC);
    return true;
}

static u64 pseudo_sum(const u8 *frame, u32 length)
{
    const u8 rest[4] = {0, frame[AT_PROTOCOL], (u8)(length >> 8), (u8)length};
    return internet_sum(internet_sum(0, frame + AT_SOURCE, 8), rest, sizeof(rest));
}

/* Is the checksum of this datagram right? */
static bool datagram_is_right(const struct net_frame *frame, u32 length)
{
    u64 sum = internet_sum(pseudo_sum(frame->data, length), frame->data + AT_BODY, length);
    bool right = internet_checksum(sum) == 0;
    if (frame->flags & NET_RX_CHECKSUM_GOOD) {
        checksums_good++;
        if (!right)
            fail("a checksum that is wrong was called good");
    }
    checksums_wrong += !right;
    return right;
}

/* Sends the datagram back; the checksum begins at AT_BODY and goes 6 bytes further. */
static bool answer_udp(const struct net_frame *frame, u32 length)
{
    u8 *body = frame->data + AT_BODY;
    if (length < 8 || read16(body + 2) != PORT_ECHO || read16(body + 4) != length ||
        !datagram_is_right(frame, length))
        return false;
    swap(frame->data + AT_SOURCE, frame->data + AT_TARGET, 4);
    swap(body, body + 2, 2);
    write_sum(body + 6, (u16)~internet_checksum(pseudo_sum(frame->data, length)));
    return true;
}

static bool answer_ping(u8 *frame, u32 length)
{
    u8 *body = frame + AT_BODY;
    if (length < 8 || body[0] != 8 || internet_checksum(internet_sum(0, body, length)) != 0)
        return false;
    swap(frame + AT_SOURCE, frame + AT_TARGET, 4);
    body[0] = 0;
    write_sum(body + 2, 0);
    write_sum(body + 2, internet_checksum(internet_sum(0, body, length)));
    return true;
}

/* Answers in the frame's own buffer. False: there is nothing to answer. */
static bool answer_ip(const struct net_frame *frame, u32 *length, u32 *start, u32 *at)
{
    u8 *ip = frame->data + AT_IP;
    if (frame->length < AT_BODY || ip[0] != 0x45 ||
        memcmp(frame->data + AT_TARGET, address, sizeof(address)) != 0)
        return false;
    u32 total = read16(ip + 2);
    if (total < 20 || AT_IP + total > frame->length)
        return false;
    swap(frame->data, frame->data + NET_MAC, NET_MAC);
    memcpy(frame->data + NET_MAC, end.mac, NET_MAC);
    *length = AT_IP + total;
    if (frame->data[AT_PROTOCOL] == PROTO_ICMP)
        return answer_ping(frame->data, total - 20);
    *start = AT_BODY;
    *at = 6;
    return frame->data[AT_PROTOCOL] == PROTO_UDP && answer_udp(frame, total - 20);
}

static void serve(const struct net_frame *frame)
{
    u32 length = frame->length, start = 0, at = 0;
    u16 type;
    memcpy(&type, frame->data + 2 * NET_MAC, sizeof(type));
    bool has_answer = type == ETHER_ARP  ? answer_arp(frame->data, frame->length)
                      : type == ETHER_IP ? answer_ip(frame, &length, &start, &at)
                                         : false;
    if (!has_answer) {
        front_net_give_back(&end.net, frame->data);
        return;
    }
    front_net_send(&end.net, frame->data, length, start, at); /* if not, it is asked again */
    if (++answered % 1000 == 0)
        print("net-client: %lu answers, the card has seen %lu good checksums\n", answered,
              checksums_good);
}

void wire(void)
{
    end_open(&end, "net");
    for (;;) {
        struct net_frame frame;
        while (front_net_receive(&end.net, &frame))
            serve(&frame);
        front_net_publish(&end.net);
        end_wait(&end);
    }
}

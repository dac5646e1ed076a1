/* Fuzzes the switch: sessions come and go and frames arrive as the bytes say; a plain list of the
 * sessions knows what has to hold. */
// with: servers/net/switch.c servers/net/mac.c libpv/base/parse.c
#include <stdlib.h>
#include <string.h>

#include "../../servers/net/switch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct net_switch sw;
static u64 addresses[SWITCH_SESSIONS]; /* 0: not in use */

static void demand(bool holds)
{
    if (!holds)
        abort();
}

/* Few different addresses, so that they meet: small numbers, and now and then a group. */
static u64 address(u8 byte)
{
    return byte == 0xff ? MAC_MASK : (u64)(byte & 0x7f) << 1 | (byte >> 7 && byte < 0x90);
}

static u32 owner(u64 mac)
{
    for (u32 i = 0; i < SWITCH_SESSIONS; i++) {
        if (mac != 0 && addresses[i] == mac)
            return i;
    }
    return SWITCH_PORTS;
}

static u64 present(void)
{
    u64 set = 0;
    for (u32 i = 0; i < SWITCH_SESSIONS; i++)
        set |= addresses[i] ? SWITCH_BIT(i) : 0;
    return set;
}

static void add(u64 mac, u8 limit)
{
    const struct net_argument argument = {.mac = mac, .broadcasts = limit};
    if (mac == MAC_NONE || (mac & MAC_MULTICAST))
        return;
    u32 port = switch_add(&sw, &argument);
    if (owner(mac) != SWITCH_PORTS || !~(present() | 3ul << SWITCH_SESSIONS)) {
        demand(port == SWITCH_PORTS);
    } else {
        demand(port < SWITCH_SESSIONS && addresses[port] == 0);
        addresses[port] = mac;
    }
}

static void send(u32 port, u64 to, u64 from, u64 now)
{
    u8 frame[NET_FRAME_LEAST];
    mac_write(frame, to);
    mac_write(frame + NET_MAC, from);
    struct switch_way way = switch_from_session(&sw, port, frame, now);
    demand((way.ports != 0) == (way.drop == SWITCH_PASSES));
    demand(!(way.ports & SWITCH_BIT(port)));
    demand(!(way.ports & ~(present() | sw.wires)));
    demand((from != addresses[port]) <= (way.drop == SWITCH_FILTERED));
    if (from == addresses[port] && !(to & MAC_MULTICAST) && owner(to) != SWITCH_PORTS)
        demand(way.ports == (SWITCH_BIT(owner(to)) & ~SWITCH_BIT(port)));
    else if (!(to & MAC_MULTICAST))
        demand(!(way.ports & present()));
}

static void receive(u32 wire, u64 to, u64 from)
{
    u8 frame[NET_FRAME_LEAST];
    mac_write(frame, to);
    mac_write(frame + NET_MAC, from);
    struct switch_way way = switch_from_wire(&sw, wire, frame);
    demand((way.ports != 0) == (way.drop == SWITCH_PASSES));
    demand(!(way.ports & ~present()));
    if (!(sw.wires & SWITCH_BIT(SWITCH_WIRE(wire))))
        demand(way.drop == SWITCH_NOWHERE);
    else if (owner(from) != SWITCH_PORTS)
        demand(way.drop == SWITCH_FILTERED);
    else if (!(to & MAC_MULTICAST) && way.ports)
        demand(way.ports == SWITCH_BIT(owner(to)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    u64 now = 0;
    struct net_argument argument;
    if (net_argument_read((struct slice){(const char *)data, size}, &argument))
        demand(argument.mac != 0 && !(argument.mac & MAC_MULTICAST) && !(argument.mac >> 48) &&
               argument.broadcasts <= NET_BROADCASTS_MOST);
    switch_init(&sw, 16);
    memset(addresses, 0, sizeof(addresses));
    for (; size >= 4; data += 4, size -= 4) {
        u32 port = data[1] % SWITCH_SESSIONS;
        now += data[0] >> 4;
        switch (data[0] % 8) {
        case 0:
            add(address(data[2]), data[3]);
            break;
        case 1:
            if (addresses[port] != 0) {
                switch_remove(&sw, port);
                switch_free(&sw, port);
            }
            addresses[port] = 0;
            break;
        case 2:
            switch_set_wire(&sw, data[1] % SWITCH_WIRES, data[2] & 1);
            break;
        case 3:
        case 4:
            receive(data[1] % SWITCH_WIRES, address(data[2]), address(data[3]));
            break;
        default:
            if (addresses[port] != 0)
                send(port, address(data[2]), data[3] & 1 ? addresses[port] : address(data[3]), now);
        }
    }
    demand(present() == sw.sessions);
    return 0;
}

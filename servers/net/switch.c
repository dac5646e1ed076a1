/*
 * The switch. See switch.h for what it promises.
 */
#include <base/string.h>
#include <net/switch.h>

static_assert(SWITCH_PORTS == 64, "a set of ports is a word");
static_assert(SWITCH_SESSIONS * 4 <= SWITCH_BUCKETS, "searches are short, and end");

static void insert(struct net_switch *sw, u32 port)
{
    u32 i = switch_hash(sw->session[port].mac);
    while (sw->bucket[i] != 0)
        i = (i + 1) % SWITCH_BUCKETS;
    sw->bucket[i] = (u8)(port + 1);
}

void switch_init(struct net_switch *sw, u64 window)
{
    memset(sw, 0, sizeof(*sw));
    sw->window = window;
}

bool switch_has(const struct net_switch *sw, u64 mac)
{
    return switch_find(sw, mac) != SWITCH_PORTS;
}

u32 switch_add(struct net_switch *sw, const struct net_argument *argument)
{
    u64 free = ~sw->taken & (SWITCH_BIT(SWITCH_SESSIONS) - 1);
    if (free == 0 || switch_has(sw, argument->mac))
        return SWITCH_PORTS;
    u32 port = (u32)__builtin_ctzll(free);
    sw->session[port] = (struct switch_session){
        .mac = argument->mac,
        .allowed = argument->broadcasts,
    };
    sw->sessions |= SWITCH_BIT(port);
    sw->taken |= SWITCH_BIT(port);
    insert(sw, port);
    return port;
}

void switch_remove(struct net_switch *sw, u32 port)
{
    sw->sessions &= ~SWITCH_BIT(port);
    sw->session[port].mac = MAC_NONE;
    memset(sw->bucket, 0, sizeof(sw->bucket));
    for (u64 left = sw->sessions; left != 0; left &= left - 1)
        insert(sw, (u32)__builtin_ctzll(left));
}

void switch_free(struct net_switch *sw, u32 port)
{
    sw->taken &= ~SWITCH_BIT(port);
}

void switch_set_wire(struct net_switch *sw, u32 wire, bool present)
{
    u64 bit = SWITCH_BIT(SWITCH_WIRE(wire));
    sw->wires = present ? sw->wires | bit : sw->wires & ~bit;
    for (u32 i = 0; i < SWITCH_SETS * SWITCH_WAYS; i++) {
        struct switch_learnt *entry = &sw->learnt[i / SWITCH_WAYS][i % SWITCH_WAYS];
        if (entry->wire == wire)
            *entry = (struct switch_learnt){0};
    }
}

/* The wires on which the address was heard: one, or all if it is not known. */
static u64 wires_of(const struct net_switch *sw, u64 mac)
{
    const struct switch_learnt *set = sw->learnt[switch_hash(mac)];
    for (u32 i = 0; mac != MAC_NONE && i < SWITCH_WAYS; i++) {
        if (set[i].mac == mac && sw->frames - set[i].heard < SWITCH_AGE)
            return SWITCH_BIT(SWITCH_WIRE(set[i].wire));
    }
    return sw->wires;
}

/* Notes where the address was heard, in its own place or that of whoever was silent longest. */
static void learn(struct net_switch *sw, u64 mac, u32 wire)
{
    struct switch_learnt *set = sw->learnt[switch_hash(mac)], *place = set;
    for (u32 i = 0; i < SWITCH_WAYS; i++) {
        if (set[i].mac == mac) {
            place = &set[i];
            break;
        }
        if (set[i].mac == MAC_NONE || (place->mac != MAC_NONE && set[i].heard < place->heard))
            place = &set[i];
    }
    *place = (struct switch_learnt){.mac = mac, .heard = sw->frames, .wire = (u8)wire};
}

/* True: one more broadcast or multicast is allowed to the session, and counted. */
static bool may_broadcast(struct net_switch *sw, struct switch_session *session, u64 now)
{
    if (now - session->window >= sw->window) {
        session->window = now;
        session->broadcasts = 0;
    }
    if (session->broadcasts >= session->allowed)
        return false;
    session->broadcasts++;
    return true;
}

static struct switch_way dropped(enum switch_drop why)
{
    return (struct switch_way){.drop = why};
}

static struct switch_way passes_to(u64 ports)
{
    return (struct switch_way){.ports = ports, .drop = ports ? SWITCH_PASSES : SWITCH_NOWHERE};
}

struct switch_way switch_from_session(struct net_switch *sw, u32 port, const u8 *frame, u64 now)
{
    struct switch_session *session = &sw->session[port];
    u64 to = mac_destination(frame);
    if (unlikely(mac_source(frame) != session->mac))
        return dropped(SWITCH_FILTERED);
    if (to & MAC_MULTICAST) {
        if ((to & MAC_LOCAL_MASK) == MAC_LOCAL)
            return dropped(SWITCH_FILTERED);
        if (!may_broadcast(sw, session, now))
            return dropped(SWITCH_LIMITED);
        return passes_to((sw->sessions | sw->wires) & ~SWITCH_BIT(port));
    }
    u32 receiver = switch_find(sw, to);
    if (receiver == port)
        return dropped(SWITCH_NOWHERE);
    return passes_to(receiver != SWITCH_PORTS ? SWITCH_BIT(receiver) : wires_of(sw, to));
}

struct switch_way switch_from_wire(struct net_switch *sw, u32 wire, const u8 *frame)
{
    u64 to = mac_destination(frame), from = mac_source(frame);
    if (!(sw->wires & SWITCH_BIT(SWITCH_WIRE(wire))))
        return dropped(SWITCH_NOWHERE); /* a late one, of a wire that has gone */
    sw->frames++;
    if ((from & MAC_MULTICAST) || from == MAC_NONE || switch_has(sw, from))
        return dropped(SWITCH_FILTERED);
    if ((to & MAC_LOCAL_MASK) == MAC_LOCAL)
        return dropped(SWITCH_FILTERED);
    learn(sw, from, wire);
    if (to & MAC_MULTICAST)
        return passes_to(sw->sessions);
    u32 receiver = switch_find(sw, to);
    return passes_to(receiver != SWITCH_PORTS ? SWITCH_BIT(receiver) : 0);
}

/*
 * Ports that are sessions. See port.h.
 */
#include <base/string.h>
#include <net/port.h>
#include <runtime/step.h>

static_assert((RING_ENTRIES & (RING_ENTRIES - 1)) == 0,
              "queues are indexed by free-running numbers");

bool port_open(struct net *net, struct port *port, struct back *back,
               const struct net_argument *argument)
{
    u32 number = switch_add(&net->sw, argument);
    if (number == SWITCH_PORTS)
        return false;
    port->back = back;
    port->number = number;
    port->mac = argument->mac;
    net->ports[number] = port;
    net->awake |= SWITCH_BIT(number);
    return true;
}

void port_stop(struct net *net, struct port *port)
{
    u64 others = ~SWITCH_BIT(port->number);
    port->stopped = true;
    port->first_frame = port->end_frame;
    port->first_room = port->end_room;
    net->awake &= others;
    net->busy &= others;
    net->dirty &= others;
    net->broken &= others;
}

bool port_close(struct net *net, struct port *port)
{
    port_stop(net, port);
    port->closing = true;
    switch_remove(&net->sw, port->number);
    return port->at_wires == 0;
}

void port_forget(struct net *net, struct port *port)
{
    switch_free(&net->sw, port->number);
    net->ports[port->number] = NULL;
}

/* Checks a frame to be sent, and queues it. */
static void take_frame(struct net *net, struct port *port, const struct ring_sqe *entry, u16 tag)
{
    u32 length = NET_ARG_LENGTH(entry->arg), offset = NET_ARG_OFFSET(entry->arg);
    u32 start = NET_ARG_START(entry->arg), at = NET_ARG_AT(entry->arg);
    bool sound = length >= NET_FRAME_LEAST && length <= NET_FRAME_MOST && offset < RING_UNIT;
    if (start != 0)
        sound = sound && start >= NET_FRAME_LEAST && start % 2 == 0 &&
                start + at + sizeof(u16) <= min(length, PORT_HEAD);
    if (unlikely(!sound)) {
        port_complete(net, port, tag, RING_INVALID, 0);
        return;
    }
    u8 *from = back_data(port->back, entry->buf, offset, length);
    if (unlikely(!from)) {
        port_complete(net, port, tag, RING_RANGE, 0);
        return;
    }
    port->frames[port->end_frame++ % RING_ENTRIES] = (struct port_frame){
        .from = from,
        .tag = tag,
        .length = (u16)length,
        .start = (u16)start,
        .at = (u16)at,
    };
    net->busy |= SWITCH_BIT(port->number);
}

/* Checks room for a frame, and queues it. */
static void take_room(struct net *net, struct port *port, const struct ring_sqe *entry, u16 tag)
{
    u32 capacity = NET_ARG_LENGTH(entry->arg), offset = NET_ARG_OFFSET(entry->arg);
    u8 *to = back_data(port->back, entry->buf, offset, capacity);
    int wrong = RING_OK;
    if (offset >= RING_UNIT)
        wrong = RING_INVALID;
    else if (capacity < NET_FRAME_MOST)
        wrong = RING_TOO_LONG;
    else if (!to)
        wrong = RING_RANGE;
    if (unlikely(wrong))
        port_complete(net, port, tag, wrong, 0);
    else
        port->rooms[port->end_room++ % RING_ENTRIES] = (struct port_room){.to = to, .tag = tag};
}

static void tell_info(struct net *net, struct port *port, const struct ring_sqe *entry, u16 tag)
{
    const struct port_counters *counters = &port->counters;
    struct net_info info = {
        .link = net->link,
        .flags = NET_CAN_CHECKSUM,
        .sent = counters->sent,
        .received = counters->received,
        .dropped_full = counters->dropped_full,
        .dropped_filter = counters->dropped_filter,
        .dropped_limit = counters->dropped_limit,
    };
    mac_write(info.mac, port->mac);
    u8 *to = back_data(port->back, entry->buf, 0, sizeof(info));
    if (to)
        memcpy(to, &info, sizeof(info));
    port_complete(net, port, tag, to ? RING_OK : RING_RANGE, to ? sizeof(info) : 0);
}

static void take_request(struct net *net, struct port *port, const struct back_request *request)
{
    const struct ring_sqe *entry = &request->entry[0];
    if (unlikely(request->count != 1))
        port_complete(net, port, request->tag, RING_INVALID, 0);
    else if (entry->op == NET_TX)
        take_frame(net, port, entry, request->tag);
    else if (entry->op == NET_RXPOST)
        take_room(net, port, entry, request->tag);
    else if (entry->op == NET_INFO)
        tell_info(net, port, entry, request->tag);
    else
        port_complete(net, port, request->tag, RING_UNSUPPORTED, 0);
}

void port_take(struct net *net, struct port *port)
{
    struct back_request request;
    if (port->stopped)
        return;
    net->awake |= SWITCH_BIT(port->number);
    for (u32 i = 0; i < RING_ENTRIES; i++) {
        enum back_result result = back_take(port->back, &request);
        if (result == BACK_EMPTY)
            return;
        if (unlikely(result == BACK_BROKEN)) {
            net->broken |= SWITCH_BIT(port->number);
            return;
        }
        step(STEP_TAKEN);
        take_request(net, port, &request);
    }
}

void ports_take(struct net *net)
{
    for (u64 left = net->awake; left != 0; left &= left - 1)
        port_take(net, net->ports[__builtin_ctzll(left)]);
}

void port_was_sent(struct net *net, struct port *port, u32 tag)
{
    port->at_wires--;
    if (--port->readers[tag] != 0)
        return;
    step(STEP_DEVICE_DONE);
    if (!port->stopped)
        port_complete(net, port, (u16)tag, RING_OK, 0);
    else if (port->closing && port->at_wires == 0)
        net->idle |= SWITCH_BIT(port->number);
}

void ports_publish(struct net *net)
{
    for (u64 left = net->dirty; left != 0; left &= left - 1)
        back_publish(net->ports[__builtin_ctzll(left)]->back);
    net->dirty = 0;
}

bool ports_may_sleep(struct net *net)
{
    for (u64 left = net->awake; left != 0; left &= left - 1) {
        u32 number = (u32)__builtin_ctzll(left);
        if (!back_may_sleep(net->ports[number]->back))
            return false;
        net->awake &= ~SWITCH_BIT(number);
    }
    return true;
}

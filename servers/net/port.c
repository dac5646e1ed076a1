/*
 * Ports that are sessions. See port.h.
 */
#include <base/string.h>
#include <net/port.h>

/* Somebody has come or gone. */
static void forget_receivers(struct net *net)
{
    for (u32 i = 0; i < SWITCH_SESSIONS; i++) {
        if (net->ports[i])
            net->ports[i]->last_receiver = NULL;
    }
}

bool port_open(struct net *net, struct port *port, struct back *back,
               const struct net_argument *argument)
{
    u32 number = switch_add(&net->sw, argument);
    if (number == SWITCH_PORTS)
        return false;
    port->back = back;
    port->number = number;
    port->bit = SWITCH_BIT(number);
    port->mac = argument->mac;
    net->ports[number] = port;
    net->awake |= port->bit;
    forget_receivers(net);
    return true;
}

void port_stop(struct net *net, struct port *port)
{
    u64 others = ~port->bit;
    port->stopped = true;
    port->first_frame = port->end_frame;
    port->room_count = 0;
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
    forget_receivers(net);
    return port->at_wires == 0;
}

void port_forget(struct net *net, struct port *port)
{
    switch_free(&net->sw, port->number);
    net->ports[port->number] = NULL;
}

static void tell_info(struct net *net, struct port *port, u64 head)
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
    u8 *to = back_data(port->back, RING_SQE_BUF(head), 0, sizeof(info));
    if (to)
        memcpy(to, &info, sizeof(info));
    port_complete(net, port, RING_SQE_TAG(head), to ? RING_OK : RING_RANGE, to ? sizeof(info) : 0);
}

void port_sort(struct net *net, struct port *port, u64 head, u64 arg)
{
    int wrong = RING_UNSUPPORTED;
    switch (RING_SQE_OP(head)) {
    case NET_TX:
        wrong = port_check_frame(port, head, arg, &port->frames[port->end_frame % RING_ENTRIES]);
        if (wrong == RING_OK) {
            port->end_frame++;
            net->busy |= port->bit;
        }
        break;
    case NET_RXPOST:
        wrong = port_check_room(port, head, arg, &port->rooms[port->room_count]);
        if (wrong == RING_OK)
            port->room_count++;
        break;
    case NET_INFO:
        tell_info(net, port, head);
        return;
    }
    if (wrong != RING_OK)
        port_complete(net, port, RING_SQE_TAG(head), wrong, 0);
}

/* Takes one request and sorts it. False: there is none. */
static bool take(struct net *net, struct port *port)
{
    struct back_request request;
    enum back_result result = back_take(port->back, &request);
    if (result == BACK_BROKEN)
        net->broken |= port->bit;
    if (result != BACK_TAKEN)
        return false;
    step(STEP_TAKEN);
    if (request.count == 1) {
        const ring_word *words = ring_words_const(&request.entry[0]);
        port_sort(net, port, words[0], words[1]);
    } else {
        back_complete(port->back, request.tag, RING_INVALID, 0);
        net->dirty |= port->bit;
    }
    return true;
}

bool port_look_for_frame(struct net *net, struct port *port, struct port_frame *frame)
{
    for (u32 left = RING_ENTRIES; port->first_frame == port->end_frame; left--) {
        if (left == 0 || !take(net, port))
            return false;
    }
    *frame = port->frames[port->first_frame++ % RING_ENTRIES];
    return true;
}

bool port_look_for_room(struct net *net, struct port *port, struct port_room *room)
{
    if (port->stopped)
        return false;
    net->awake |= port->bit;
    for (u32 left = RING_ENTRIES; left != 0; left--) {
        u32 before = port->room_count;
        if (!take(net, port) || port->room_count != before)
            break;
    }
    if (port->room_count == 0)
        return false;
    *room = port->rooms[--port->room_count];
    return true;
}

void port_put_back(struct net *net, struct port *port, const struct port_frame *frame)
{
    port->frames[--port->first_frame % RING_ENTRIES] = *frame;
    net->busy |= port->bit;
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
        net->idle |= port->bit;
}

void ports_publish(struct net *net)
{
    for (u64 left = net->dirty; left != 0; left &= left - 1)
        back_publish(net->ports[__builtin_ctzll(left)]->back);
    net->dirty = 0;
}

bool ports_may_sleep(struct net *net)
{
    bool may_sleep = true;
    for (u64 left = net->awake & ~net->blocked; left != 0; left &= left - 1) {
        u32 number = (u32)__builtin_ctzll(left);
        if (back_may_sleep(net->ports[number]->back)) {
            net->awake &= ~SWITCH_BIT(number);
        } else {
            net->busy |= SWITCH_BIT(number);
            may_sleep = false;
        }
    }
    return may_sleep;
}

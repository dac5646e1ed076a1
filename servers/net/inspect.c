/*
 * Answers for the keeper. See inspect.h. A caller is not trusted: whatever it asks, nothing
 * changes.
 */
#include <abi/error.h>
#include <net/forward.h>
#include <net/inspect.h>
#include <net/wires.h>
#include <runtime/session.h>
#include <service/net.h>

static status card(u64 call, u64 number, u64 word[4])
{
    const struct e1000 *card = number < SWITCH_WIRES ? wire_card((u32)number) : NULL;
    if (!card)
        return status_error(ERR_ARGUMENT, 1);
    const struct forward_counters *seen = forward_counters((u32)number);
    if (call == NET_CARD) {
        word[1] = mac_read(card->mac) | (card->link_up ? NET_CARD_LINK : 0) |
                  (card->device == E1000_82574L ? NET_CARD_82574L : 0);
        word[2] = card->counters.sent;
        word[3] = card->counters.received;
    } else if (call == NET_CARD_DROPPED) {
        word[1] = seen->dropped;
        word[2] = seen->filtered;
        word[3] = seen->unwanted;
    } else if (call == NET_CARD_BYTES) {
        word[1] = card->counters.sent_bytes;
        word[2] = card->counters.received_bytes;
        word[3] = card->counters.interrupts;
    } else {
        word[1] = card->counters.bad_length + card->counters.bad_frame;
        word[2] = card->counters.resets;
        word[3] = card->counters.register_accesses;
    }
    return 0;
}

static status port(const struct net *net, u64 call, u64 number, u64 word[4])
{
    const struct port *port = number < SWITCH_SESSIONS ? net->ports[number] : NULL;
    if (!port)
        return status_error(ERR_ARGUMENT, 1);
    const struct session *session = port->session;
    if (call == NET_PORT) {
        word[1] = port->mac | (u64)session->number << 48;
        word[2] = port->counters.sent;
        word[3] = port->counters.received;
    } else {
        word[1] = port->counters.dropped_full;
        word[2] = port->counters.dropped_filter;
        word[3] = port->counters.dropped_limit;
    }
    return 0;
}

void inspect(const struct net *net, u64 word[4])
{
    u64 call = word[0], number = word[1];
    word[1] = word[2] = word[3] = 0;
    switch (call) {
    case NET_COUNT:
        word[1] = SWITCH_WIRES;
        word[2] = SWITCH_SESSIONS;
        word[0] = 0;
        break;
    case NET_CARD:
    case NET_CARD_DROPPED:
    case NET_CARD_ERRORS:
    case NET_CARD_BYTES:
        word[0] = (u64)card(call, number, word);
        break;
    case NET_PORT:
    case NET_PORT_DROPPED:
        word[0] = (u64)port(net, call, number, word);
        break;
    default:
        word[0] = (u64)status_error(ERR_SYSCALL, 0);
    }
}

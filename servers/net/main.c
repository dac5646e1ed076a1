/*
 * The net server: a switch between its sessions and the wires of its network cards. Configuration:
 *
 *     pci  nic0 8086:10d3 optional     a card that drivers/e1000.h knows
 *     dma  nic0 1M                     the memory that it works in
 *
 * and the same for nic1. A client's session has the argument `MAC [broadcast=PACKETS]`
 * (ring/net.h).
 *
 * The loop takes turns. In a turn, each session whose client has asked for something, and each wire
 * that has brought frames, gets a quantum; and then, once for the turn, the cards are told what to
 * send and the clients what was done. It sleeps when a turn has left nothing to do. switch.h says
 * where frames go, forward.h how they are moved.
 */
#include <net/forward.h>
#include <net/inspect.h>
#include <net/sessions.h>
#include <net/wires.h>
#include <runtime/clock.h>
#include <runtime/print.h>
#include <runtime/start.h>
#include <runtime/syscall.h>

#define WINDOW_NS (10 * NS_PER_MS) /* in which broadcasts are counted */
#define TURNS     16u              /* after which it looks for events, whatever else there is */

static struct net net;

/* Those whose doorbells may have rung get their turn. */
static void wake(u64 events)
{
    for_each_session(session, events)
    {
        const struct port *port = session->owner;
        net.busy |= SWITCH_BIT(port->number);
    }
}

/* Lets each session send what it has, and each wire bring what it has, up to a quantum. True: there
 * is more that could be done at once. */
static bool forward(void)
{
    bool more = false;
    for (u64 left = net.wires; left != 0; left &= left - 1) {
        u32 wire = (u32)__builtin_ctzll(left);
        forward_reap(&net, wire);
        more |= forward_wire(&net, wire) == FORWARD_QUANTUM;
    }
    forward_sessions(&net);
    return more || (net.busy & ~net.blocked) != 0;
}

/* One turn. True: another one has something to do at once. */
static bool turn(void)
{
    net.now = tsc();
    bool more = forward();
    wires_flush();
    ports_publish(&net);
    sessions_tidy();
    return more || !ports_may_sleep(&net) || !wires_may_sleep();
}

/* Waits for calls and events, or only looks for them while there is work. The events that came. */
static u64 wait(bool work, struct message *m)
{
    status got = session_ipc_wait(SLOT_SERVICE, work ? WAIT_POLL : 0, m);
    if (got < 0 && status_code(got) == ERR_EMPTY)
        return 0;
    if (got < 0)
        panic("net: waiting: %s", error_text(status_code(got)));
    u64 events = got & WAIT_EVENT ? m->events : 0;
    if (got & WAIT_MESSAGE) {
        inspect(&net, m->word);
        ignore_status(ipc_reply(m, 0)); /* the caller may be gone */
    }
    return events;
}

int main(void)
{
    switch_init(&net.sw, clock_from_ns(WINDOW_NS, start->tsc_hz));
    sessions_for(&net);
    session_hold_bells();
    wires_open(&net);
    sessions_start();

    struct message m;
    for (;;) {
        bool more = true;
        for (u32 i = 0; more && i < TURNS; i++)
            more = turn();
        u64 events = wait(more, &m);
        if (events == 0)
            continue;
        session_events(events);
        wires_events(&net, events);
        wake(events);
    }
}

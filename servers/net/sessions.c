/*
 * Sessions become ports, and end. See sessions.h.
 */
#include <base/string.h>
#include <net/sessions.h>
#include <net/wires.h>
#include <runtime/heap.h>
#include <runtime/print.h>

static struct net *net;

void sessions_for(struct net *given)
{
    net = given;
}

enum session_reason session_opened(struct session *session)
{
    const char *text = session->info->argument;
    struct net_argument argument;
    if (!net_argument_read((struct slice){text, strnlen(text, SESSION_ARGUMENT)}, &argument))
        return SESSION_BAD_ARGUMENT;
    if (switch_has(&net->sw, argument.mac))
        return SESSION_IN_USE;
    struct port *port = heap_zeroed(sizeof(*port));
    if (!port || !wires_show(port, session->data_slot, session->back.data_size)) {
        heap_free(port);
        return SESSION_NO_MEMORY;
    }
    if (!port_open(net, port, &session->back, &argument)) {
        wires_hide(port, session->data_slot);
        heap_free(port);
        return SESSION_TOO_MANY;
    }
    port->session = session;
    session->owner = port;
    return SESSION_REASON_NONE;
}

static void release(struct port *port)
{
    struct session *session = port->session;
    wires_hide(port, session->data_slot);
    port_forget(net, port);
    heap_free(port);
    session_release(session);
}

void session_closing(struct session *session)
{
    struct port *port = session->owner;
    if (port_close(net, port))
        release(port);
}

void sessions_tidy(void)
{
    for (; net->idle != 0; net->idle &= net->idle - 1)
        release(net->ports[__builtin_ctzll(net->idle)]);
    while (net->broken != 0) { /* port_stop takes it out */
        struct port *port = net->ports[__builtin_ctzll(net->broken)];
        struct session *session = port->session;
        port_stop(net, port);
        session_refuse(session, session->back.broken);
    }
}

/*
 * Sessions come and go, and with them clients; their consoles stay. clients.h has the contract.
 *
 * A console is known by the name of its client and what that calls the session: a client that is
 * restarted gets a new session, and finds its console again.
 */
#include "clients.h"

#include "client.h"

#include <base/string.h>
#include <runtime/heap.h>
#include <runtime/session.h>

static struct consoles *consoles;

void clients_for(struct consoles *given)
{
    consoles = given;
}

/* What the operator sees: the session's argument, or its client's name. */
static void set_name(struct console *console, const struct session_info *info)
{
    usize length = strnlen(info->argument, SESSION_ARGUMENT);
    const char *from = info->argument;
    if (length == 0) {
        from = info->client;
        length = strnlen(info->client, START_NAME_SIZE);
    }
    length = min(length, CONSOLE_NAME);
    for (usize i = 0; i < length; i++)
        console->name[i] = from[i] >= ' ' && from[i] < 0x7f ? from[i] : '?';
    console->name[length] = 0;
}

/* A new console for this session; NULL: there cannot be another one. */
static struct console *make(const struct session_info *info, enum session_reason *reason)
{
    struct console *console =
        consoles->count < CONSOLES ? heap_zeroed(sizeof(*console)) : consoles_idle(consoles);
    *reason = consoles->count < CONSOLES ? SESSION_NO_MEMORY : SESSION_TOO_MANY;
    if (!console)
        return NULL;
    memset(console, 0, sizeof(*console));
    memcpy(console->client, info->client, sizeof(console->client));
    memcpy(console->session, info->name, sizeof(console->session));
    console->place = info->place;
    console_init(console);
    set_name(console, info);
    if (!consoles_add(consoles, console))
        return NULL;
    return console;
}

enum session_reason session_opened(struct session *session)
{
    enum session_reason reason = SESSION_NO_MEMORY;
    struct console *console = consoles_find(consoles, session->info->client, session->info->name);
    struct client *client = heap_zeroed(sizeof(*client));
    if (client && !console)
        console = make(session->info, &reason);
    if (!client || !console) {
        heap_free(client);
        return reason;
    }
    console_reset(console);
    set_name(console, session->info);
    console->owner = client; /* the client's last session may not have been closed yet */
    *client = (struct client){
        .consoles = consoles, .console = console, .back = &session->back, .rung = true};
    session->owner = client;
    return SESSION_REASON_NONE;
}

void session_closing(struct session *session)
{
    struct client *client = session->owner;
    if (client->console->owner == client) {
        console_reset(client->console);
        client->console->owner = NULL;
    }
    heap_free(client);
    session->owner = NULL;
    session_release(session);
}

bool clients_work(u64 events)
{
    bool more = false;
    for_each_session(session, SESSIONS_ALL)
    {
        struct client *client = session->owner;
        if (events & EVENT_DOORBELL(session->number))
            client->rung = true;
        switch (client_work(client)) {
        case CLIENT_BROKEN:
            session_refuse(session, session->back.broken);
            break;
        case CLIENT_MORE:
            more = true;
            break;
        case CLIENT_WAITS:
            break;
        }
    }
    return more;
}

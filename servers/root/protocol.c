/*
 * Calls to root. See protocol.h. Root serves them at once and never waits for the caller.
 */
#include <base/string.h>
#include <runtime/start.h>

#include "power.h"
#include "protocol.h"
#include "status.h"

/* The name in words 1 and 2. */
static void take_name(const struct message *m, char name[START_NAME_SIZE])
{
    memcpy(name, &m->word[1], START_NAME_SIZE);
}

static status serve_kill(const struct server *caller, const struct message *m)
{
    char name[START_NAME_SIZE];
    take_name(m, name);
    if (strncmp(name, "root", sizeof(name)) == 0)
        return status_error(ERR_ARGUMENT, 2);
    struct server *server = server_find(name);
    if (!server || (server->state != SERVER_RUNNING && server->state != SERVER_STARTING))
        return status_error(ERR_ABSENT, 2);
    server_end(server, "killed by %s", caller->config->name);
    return 0;
}

static status serve_log(struct message *m, u32 *slot)
{
    char name[START_NAME_SIZE];
    take_name(m, name);
    if (strncmp(name, "root", sizeof(name)) == 0) {
        *slot = ROOT_SLOT_LOG_READ;
        m->word[1] = start->log_size;
        return 0;
    }
    const struct server *server = server_find(name);
    if (!server)
        return status_error(ERR_ABSENT, 2);
    *slot = server_slot(server, SERVER_SLOT_LOG_READ);
    m->word[1] = server->config->log;
    return 0;
}

static status serve(struct server *caller, struct message *m, u32 *slot)
{
    if (m->word[0] == ROOT_READY) {
        server_is_up(caller);
        return 0;
    }
    if (m->word[0] > ROOT_SESSION_CLOSE || m->word[0] == 0)
        return status_error(ERR_SYSCALL, 1);
    if (!caller->config->manage)
        return status_error(ERR_RIGHTS, 0);
    switch ((enum root_call)m->word[0]) {
    case ROOT_REFRESH:
        status_refresh();
        return 0;
    case ROOT_KILL:
        return serve_kill(caller, m);
    case ROOT_LOG:
        return serve_log(m, slot);
    case ROOT_POWER:
        return power_request(m->word[1]);
    default:
        return status_error(ERR_SYSCALL, 1);
    }
}

u32 protocol_serve(struct server *server, struct message *m)
{
    u32 slot = SLOT_NONE;
    m->word[0] = (u64)serve(server, m, &slot);
    return slot;
}

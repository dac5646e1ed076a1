/*
 * Calls to root. See protocol.h. Root serves them at once and never waits for the caller.
 */
#include <base/string.h>
#include <runtime/start.h>

#include "power.h"
#include "protocol.h"
#include "sessions.h"
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
    server->deaths = 0; /* it was not its fault: it need not wait */
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

/* --- a line of text, for a call that needs more than three words ------------------------------ */

#define LINE_BYTES 192

static struct {
    const struct server *from;
    u64 life; /* of that server: what an earlier one said is forgotten */
    u32 length;
    char bytes[LINE_BYTES];
} line;

static bool is_line_of(const struct server *caller)
{
    return line.from == caller && line.life == caller->restarts;
}

static status serve_text(const struct server *caller, const struct message *m)
{
    usize length = strnlen((const char *)&m->word[1], 3 * sizeof(u64));
    if (!is_line_of(caller))
        line.length = 0;
    line.from = caller;
    line.life = caller->restarts;
    if (length > LINE_BYTES - line.length) {
        line.from = NULL;
        return status_error(ERR_LIMIT, 0);
    }
    memcpy(line.bytes + line.length, &m->word[1], length);
    line.length += (u32)length;
    return 0;
}

static status serve_open(const struct server *caller, struct message *m)
{
    struct slice text = {line.bytes, is_line_of(caller) ? line.length : 0};
    line.from = NULL;
    status result = sessions_open_line(text);
    m->word[1] = (u64)result;
    return result < 0 ? result : 0;
}

/* --- who may call what ------------------------------------------------------------------------ */

/* The calls that only a manager may make. */
static status serve_manager(struct server *caller, struct message *m, u32 *slot)
{
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
    case ROOT_TEXT:
        return serve_text(caller, m);
    case ROOT_SESSION_OPEN:
        return serve_open(caller, m);
    case ROOT_SESSION_CLOSE:
        return sessions_close(m->word[1]);
    default:
        return status_error(ERR_SYSCALL, 1);
    }
}

static status serve(struct server *caller, struct message *m, u32 *slot)
{
    switch ((enum root_call)m->word[0]) {
    case ROOT_READY:
        server_is_up(caller);
        return 0;
    case ROOT_ALIVE:
        server_is_alive(caller);
        return 0;
    case ROOT_DEVICE_RESET:
        return grants_master(caller, m->word[1]);
    case ROOT_SESSION_NEXT:
        return sessions_next(caller, m);
    case ROOT_SESSION_RELEASED:
        return sessions_released(caller, m->word[1]);
    case ROOT_SESSION_REFUSE:
        return sessions_refuse(caller, m->word[1], m->word[2]);
    case ROOT_SESSION_RECONNECT:
        return sessions_reconnect(caller, m->word[1]);
    default:
        break;
    }
    if (m->word[0] > ROOT_SESSION_CLOSE || m->word[0] == 0)
        return status_error(ERR_SYSCALL, 1);
    return caller->config->manage ? serve_manager(caller, m, slot) : status_error(ERR_RIGHTS, 0);
}

u32 protocol_serve(struct server *server, struct message *m)
{
    u32 slot = SLOT_NONE;
    m->word[0] = (u64)serve(server, m, &slot);
    return slot;
}

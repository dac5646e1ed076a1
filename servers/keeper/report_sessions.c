/*
 * The table of sessions, and the page of one of them. What the two sides count is theirs to say,
 * and only shown. report.h has the contract.
 */
#include "numbers.h"
#include "report.h"

static const char *state_name(u32 state)
{
    switch (state) {
    case SESSION_WAITING:
        return "waits"; /* for its server */
    case SESSION_ATTACHED:
        return "works";
    case SESSION_LOST:
        return "lost"; /* the client has not yet said again what it wants */
    case SESSION_CLOSED:
        return "closed";
    default:
        return "?";
    }
}

static void row(struct sink *sink, const struct status_session *session)
{
    const struct session_info *info = &session->info;
    const struct ring_ctl *client = &session->client, *server = &session->server;
    format(sink, "%2u %-11.*s %-9.*s %-8.*s %-6s %5s %5s %4s %5s %5s %3s %3u\n", info->number,
           (int)START_NAME_SIZE, info->client, (int)START_NAME_SIZE, info->name,
           (int)START_NAME_SIZE, info->server, state_name(info->state),
           number_count(client->prod).text, number_count(server->prod).text,
           number_count(client->outstanding).text, number_count(client->raised).text,
           number_count(client->suppressed).text,
           number_count((u64)client->errors + server->errors).text, info->restarts);
}

void report_sessions(struct sink *sink, const struct system_status *system)
{
    u64 count = min(system->session_count, SESSION_LIMIT);
    format(sink, "                                             RING        DOORBELLS\n"
                 "NO CLIENT      NAME      SERVER   STATE   PUSH  DONE  OUT  SENT SAVED ERR RST\n");
    for (u64 i = 0; i < count; i++)
        row(sink, &system->sessions[i]);
    if (count == 0)
        format(sink, "There are no sessions: 'open' makes one.\n");
}

static void side(struct sink *sink, const char *name, const char *bells, const struct ring_ctl *ctl)
{
    format(sink,
           "%-8s %u entries pushed, %u outstanding, %u errors of the other side, epoch %u\n"
           "         %u %s sent, %u suppressed\n",
           name, ctl->prod, ctl->outstanding, ctl->errors, ctl->epoch, ctl->raised, bells,
           ctl->suppressed);
}

bool report_session(struct sink *sink, const struct system_status *system, u64 number)
{
    for (u64 i = 0; i < min(system->session_count, SESSION_LIMIT); i++) {
        const struct session_info *info = &system->sessions[i].info;
        if (info->number != number)
            continue;
        format(sink, "session %u: '%.*s' of %.*s with %.*s, %s\n", info->number,
               (int)START_NAME_SIZE, info->name, (int)START_NAME_SIZE, info->client,
               (int)START_NAME_SIZE, info->server, state_name(info->state));
        if (info->state == SESSION_CLOSED)
            format(sink, "why      %s\n", session_reason_text((enum session_reason)info->reason));
        format(sink, "asks for '%.*s'\n", (int)SESSION_ARGUMENT, info->argument);
        format(sink, "data     %s\n", number_pages(info->data_size / PAGE_SIZE).text);
        format(sink, "ring     %u entries, epoch %u, %u restarts of the server\n",
               1u << min(info->log2_n, RING_LOG2_MOST), info->epoch, info->restarts);
        side(sink, "client", "doorbells", &system->sessions[i].client);
        side(sink, "server", "wake-ups", &system->sessions[i].server);
        return true;
    }
    return false;
}

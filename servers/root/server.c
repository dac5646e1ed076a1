/*
 * The table of servers, and when each of them is started. See server.h.
 */
#include <base/string.h>
#include <runtime/clock.h>
#include <runtime/start.h>
#include <runtime/syscall.h>

#include "sessions.h"

#define WATCH_STEPS       4u /* a server is asked so often within its deadline */
#define STARTING_PATIENCE 4u /* and may take so many deadlines to start */
#define SESSIONS_RETRY    (10 * NS_PER_MS)
#define SESSIONS_PATIENCE (2 * NS_PER_SECOND)

struct config config;
struct server servers[CONFIG_SERVERS];

u32 server_index(const struct server *server)
{
    return (u32)(server - servers);
}

u32 server_slot(const struct server *server, u32 slot)
{
    return ROOT_SLOT_SERVERS + server_index(server) * SERVER_SLOTS + slot;
}

u64 after_ns(u64 ns)
{
    return tsc() + clock_from_ns(ns, start->tsc_hz);
}

struct server *server_find(const char name[START_NAME_SIZE])
{
    for (u32 i = 0; i < config.server_count; i++) {
        if (strncmp(config.servers[i].name, name, START_NAME_SIZE) == 0)
            return &servers[i];
    }
    return NULL;
}

bool server_is_gone(const struct server *server)
{
    return server->begun && server->state == SERVER_STOPPED && !server->dying;
}

/* What outlives the server: its log, the endpoint at which it is called, its event, its share of
 * the CPU, and the badge under which its faults arrive. */
static void prepare(struct server *server)
{
    u32 index = server_index(server);
    const struct config_server *has = server->config;
    u32 log = server_slot(server, SERVER_SLOT_LOG);
    must(memory_create(BOOT_SLOT_POOL, log, has->log / PAGE_SIZE, 0), "making a log");
    must(memory_commit_all(log, 0, has->log / PAGE_SIZE), "making a log");
    must(cap_copy(BOOT_SLOT_SPACE, server_slot(server, SERVER_SLOT_LOG_READ), log, RIGHT_READ, 0),
         "sharing a log");
    must(endpoint_create(BOOT_SLOT_POOL, server_slot(server, SERVER_SLOT_ENDPOINT)),
         "making an endpoint");
    must(cap_copy(BOOT_SLOT_SPACE, server_slot(server, SERVER_SLOT_FAULT), ROOT_SLOT_ENDPOINT,
                  RIGHT_CALL, BADGE_FAULT | index),
         "making a fault endpoint");
    must(share_create(BOOT_SLOT_POOL, server_slot(server, SERVER_SLOT_SHARE), has->priority,
                      has->weight, has->cap_ns),
         "making a share");
    must(event_create(BOOT_SLOT_POOL, server_slot(server, SERVER_SLOT_EVENT)), "making an event");
}

void servers_prepare(const char *const missing[CONFIG_SERVERS])
{
    for (u32 i = 0; i < config.server_count; i++) {
        struct server *server = &servers[i];
        server->config = &config.servers[i];
        server->watch_at = NEVER;
        prepare(server);
        if (missing[i]) {
            server->begun = true;
            server->due = NEVER;
            say("%s is not started: this machine has no %s", server->config->name, missing[i]);
        }
    }
}

/* Are all that it waits for up, or known never to be? */
static bool may_begin(const struct server *server)
{
    for (u32 i = 0; i < config.server_count; i++) {
        if ((server->config->after & 1u << i) && !servers[i].arrived &&
            !server_is_gone(&servers[i]))
            return false;
    }
    return true;
}

static u64 server_due(const struct server *server)
{
    return server->begun || may_begin(server) ? server->due : NEVER;
}

u64 servers_due(void)
{
    u64 due = NEVER;
    for (u32 i = 0; i < config.server_count; i++)
        due = min(due, min(server_due(&servers[i]), servers[i].watch_at));
    return due;
}

/* --- signs of life -----------------------------------------------------------------------------
 * */

static void watch_start(struct server *server)
{
    u64 deadline = server->config->deadline_ns;
    server->unanswered = 0;
    server->watch_at = deadline == 0 ? NEVER : after_ns(deadline / WATCH_STEPS);
}

/*
 * Asks once more, or has had enough. What counts is how often it did not answer, not how much time
 * went by: where the whole machine was stopped for a while, nobody is to blame.
 */
static void watch(struct server *server)
{
    u32 most = server->state == SERVER_RUNNING ? WATCH_STEPS : WATCH_STEPS * STARTING_PATIENCE;
    u64 deadline = server->config->deadline_ns;
    if (server->unanswered++ == most) {
        server_end(server, "gave no sign of life in %lu ms",
                   most / WATCH_STEPS * deadline / NS_PER_MS);
        return;
    }
    ignore_status(event_raise(server_slot(server, SERVER_SLOT_EVENT), EVENT_ALIVE, 0)); /* ours */
    server->watch_at = after_ns(deadline / WATCH_STEPS);
}

void server_is_alive(struct server *server)
{
    server->unanswered = 0;
}

/* --- lives -------------------------------------------------------------------------------------
 * */

/* Tells those who call it, and who said that they are up, that they have to begin anew. */
static void tell_clients(const struct server *server)
{
    for (u32 i = 0; i < config.server_count; i++) {
        const struct config_server *client = &config.servers[i];
        for (u32 g = client->first_grant; g < client->first_grant + client->grant_count; g++) {
            if (config.grants[g].kind != CONFIG_CALL || config.grants[g].a != server_index(server))
                continue;
            /* Where the client is dead there is no event, and nobody to be told. */
            ignore_status(
                event_raise(server_slot(&servers[i], SERVER_SLOT_EVENT), EVENT_PEER_RESTARTED, 0));
        }
    }
}

/* Once in each life, when the server says that it is up; of a program that never said so, when
 * it was started. */
static void tell_restarted(struct server *server)
{
    if (server->restarts == 0 || server->told)
        return;
    server->told = true;
    say("%s restarted", server->config->name);
    tell_clients(server);
}

void server_is_up(struct server *server)
{
    if (server->state != SERVER_STARTING)
        return; /* it said so before */
    server->state = SERVER_RUNNING;
    server->arrived = true;
    sessions_server_up(server);
    tell_restarted(server);
}

/* What a client's earlier life used comes back when the servers have let go of it, which is soon.
 * If it is not, the new life begins with what there is. */
static bool must_wait(struct server *server)
{
    if (!server->begun ||
        tsc() >= server->restart_at + clock_from_ns(SESSIONS_PATIENCE, start->tsc_hz) ||
        !sessions_remain(server))
        return false;
    server->due = after_ns(SESSIONS_RETRY);
    return true;
}

static void begin(struct server *server)
{
    if (must_wait(server))
        return;
    if (server->begun)
        server->restarts++;
    server->begun = true;
    server->state = SERVER_STARTING;
    server->told = false;
    server->started = tsc();
    server->due = NEVER;
    sessions_open(server);
    watch_start(server);
    if (!server_start(server)) {
        server_end(server, "not started");
    } else if (server->restarts == 0) {
        say("%s started", server->config->name);
    } else if (!server->arrived) {
        tell_restarted(server);
    }
}

void servers_work(void)
{
    for (u32 i = 0; i < config.server_count; i++) {
        struct server *server = &servers[i];
        if (server->watch_at <= tsc())
            watch(server);
        if (server_due(server) > tsc())
            continue;
        if (server->dying)
            server_bury(server);
        else
            begin(server);
    }
}

/*
 * When a server ends: why, and how everything of it is given back. See server.h.
 *
 * Destroying its pool stops it at once and then takes it apart in steps. Memory that others still
 * map, or that a device may still write to, stays until they let go; those who do not in time are
 * ended as well.
 */
#include <base/format.h>
#include <runtime/clock.h>
#include <runtime/start.h>
#include <runtime/syscall.h>

#include "restart.h"
#include "sessions.h"

#define HOLD_RETRY_NS 50000000ul
#define HOLD_DEADLINE                                                                              \
    20u /* retries, until those who may hold its memory are ended, one each time */
#define REASON_SIZE    160
#define STACK_OVERFLOW (64ul << 10) /* a fault so close under the stack is most likely one */

static void announce(const struct server *server, const char *reason, u64 delay)
{
    const char *name = server->config->name;
    if (server->restart_at == NEVER)
        say("%s: %s: it is not restarted", name, reason);
    else if (delay == 0)
        say("%s: %s: restarting now", name, reason);
    else
        say("%s: %s: restarting in %lu ms", name, reason, delay / NS_PER_MS);
}

void server_end(struct server *server, const char *reason, ...)
{
    char text[REASON_SIZE];
    va_list arguments;
    va_start(arguments, reason);
    format_buffer_list(text, sizeof(text), reason, arguments);
    va_end(arguments);

    u64 ran = clock_to_ns(tsc() - server->started, start->tsc_hz);
    server->deaths = restart_count(server->deaths, ran);
    u64 delay = restart_delay(server->deaths);
    server->restart_at = server->config->restart ? after_ns(delay) : NEVER;
    server->state = server->config->restart ? SERVER_WAITING_RESTART : SERVER_STOPPED;
    server->dying = true;
    server->due = 0;
    server->watch_at = NEVER;
    server->holds = server->accused = 0;
    announce(server, text, delay);
    grants_silence(server);
    server_bury(server);
    sessions_server_ended(server); /* it is stopped: nothing changes in its pages any more */
}

static const char *fault_name(unsigned vector)
{
    static const char *const names[] = {
        [0] = "division error",
        [1] = "debug exception",
        [3] = "breakpoint",
        [4] = "overflow",
        [5] = "bound exceeded",
        [6] = "invalid instruction",
        [7] = "no floating point",
        [10] = "invalid TSS",
        [11] = "segment not present",
        [12] = "stack fault",
        [13] = "general protection fault",
        [14] = "page fault",
        [16] = "floating-point error",
        [17] = "unaligned access",
        [19] = "floating-point error",
    };
    const char *name = vector < array_count(names) ? names[vector] : NULL;
    return name ? name : "fault";
}

static bool is_stack_overflow(const struct server *server, u64 address)
{
    u64 bottom = STACK_TOP - server->config->stack;
    return address < bottom && address >= bottom - STACK_OVERFLOW;
}

void server_fault(struct server *server, const u64 word[4])
{
    unsigned vector = FAULT_VECTOR(word[0]);
    if (fault_is_exit(word[0], word[3]))
        server_end(server, "exited");
    else if (vector == 14)
        server_end(server, "%s at 0x%lx (rip 0x%lx)",
                   is_stack_overflow(server, word[1]) ? "stack overflow" : fault_name(vector),
                   word[1], word[2]);
    else
        server_end(server, "%s (vector %u, error code 0x%x, rip 0x%lx)", fault_name(vector), vector,
                   FAULT_CODE(word[0]), word[2]);
}

/* Lets its devices go; those that were destroyed with the pool already are not there any more. */
static void release_devices(const struct server *server)
{
    for (u32 i = 0; i < GRANT_LIMIT; i++)
        ignore_status(device_release(server_slot(server, SERVER_SLOT_GRANTS + i)));
}

static bool calls(const struct config_server *client, u32 called)
{
    for (u32 g = client->first_grant; g < client->first_grant + client->grant_count; g++) {
        if (config.grants[g].kind == CONFIG_CALL && config.grants[g].a == called)
            return true;
    }
    return false;
}

/* Memory changes hands only with calls, so who holds it is one whom the server calls or who
 * calls it. The next of these that has not been ended for it; NULL: none is left. */
static struct server *next_suspect(struct server *server)
{
    u32 own = server_index(server);
    for (u32 i = 0; i < config.server_count; i++) {
        bool knows = calls(server->config, i) || calls(&config.servers[i], own);
        if (!knows || (server->accused & 1u << i) || servers[i].dying || !servers[i].begun)
            continue;
        server->accused |= 1u << i;
        return &servers[i];
    }
    return NULL;
}

static void wait_for_holders(struct server *server)
{
    server->due = after_ns(HOLD_RETRY_NS);
    server->holds++;
    if (server->holds == 1) {
        say("%s: some of its memory is in use by others; waiting for them", server->config->name);
        release_devices(server);
    } else if (server->holds % HOLD_DEADLINE == 0) {
        struct server *suspect = next_suspect(server);
        if (suspect)
            server_end(suspect, "ended because it may hold memory of %s", server->config->name);
    }
}

/* Nothing of it is left. */
static void buried(struct server *server)
{
    server->dying = false;
    server->due = server->restart_at;
    if (server->restart_at != NEVER)
        return;
    /* Whoever calls it must not wait for ever. Nothing can hold an endpoint back. */
    must(object_destroy_all(server_slot(server, SERVER_SLOT_ENDPOINT)), "destroying an endpoint");
}

void server_bury(struct server *server)
{
    status result = object_destroy(server_slot(server, SERVER_SLOT_POOL));
    switch (status_code(result)) {
    case ERR_AGAIN:
        server->due = 0; /* the next step comes after whoever calls now */
        return;
    case ERR_BUSY:
        wait_for_holders(server);
        return;
    case ERR_NONE:
    case ERR_SLOT: /* it was never made: that is why the server ended */
        buried(server);
        return;
    default:
        must(result, "destroying a pool");
    }
}

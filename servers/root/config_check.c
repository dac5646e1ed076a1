/*
 * What has to hold between the servers of a configuration: names lead somewhere, nobody waits for
 * himself in the end, and the memory suffices.
 */
#include <base/string.h>

#include "config_parser.h"

#define NOBODY UINT32_MAX

u32 config_find_server(const struct config *config, const char *name)
{
    for (u32 i = 0; i < config->server_count; i++) {
        if (strcmp(config->servers[i].name, name) == 0)
            return i;
    }
    return NOBODY;
}

static bool check_target(struct parser *parser, u32 server, u32 line, const char *word,
                         const char *target, u32 *found)
{
    *found = config_find_server(parser->config, target);
    if (*found == NOBODY)
        return config_fail(parser->message, parser->file, line,
                           "there is no server '%s' for the '%s' in server '%s': correct the name, "
                           "or add a section 'server %s'",
                           target, word, parser->config->servers[server].name, target);
    if (*found == server)
        return config_fail(parser->message, parser->file, line,
                           "'%s %s' in server '%s' itself: remove the line", word, target, target);
    return true;
}

/* Finds the servers of all `after`, `call` and `share`; leads_to[i] gets a bit for each that i
 * calls. */
static bool check_targets(struct parser *parser, u32 leads_to[CONFIG_SERVERS])
{
    struct config *config = parser->config;
    u32 target;
    for (u32 i = 0; i < config->after_count; i++) {
        const struct config_after *after = &config->afters[i];
        if (!check_target(parser, after->server, after->line, "after", after->target, &target))
            return false;
        config->servers[after->server].after |= 1u << target;
    }
    for (u32 i = 0; i < config->server_count; i++) {
        const struct config_server *server = &config->servers[i];
        leads_to[i] = 0;
        for (u32 g = 0; g < server->grant_count; g++) {
            struct config_grant *grant = &config->grants[server->first_grant + g];
            bool call = grant->kind == CONFIG_CALL;
            if (!call && grant->kind != CONFIG_SHARE)
                continue;
            if (!check_target(parser, i, grant->line, call ? "call" : "share", grant->target,
                              &target))
                return false;
            grant->a = target;
            leads_to[i] |= (u32)call << target;
        }
    }
    return true;
}

/* A server that is on a circle of arrows, or leads to one; NOBODY if there is no circle. Servers
 * that lead nowhere are crossed out until none is left, or only circles. */
static u32 find_circle(const u32 *leads_to, u32 count)
{
    u32 left = (u32)((1ul << count) - 1);
    for (u32 round = 0; round < count; round++) {
        for (u32 i = 0; i < count; i++) {
            if ((left & 1u << i) && !(leads_to[i] & left))
                left &= ~(1u << i);
        }
    }
    return left ? (u32)__builtin_ctz(left) : NOBODY;
}

static bool check_circles(struct parser *parser, const u32 calls[CONFIG_SERVERS])
{
    struct config *config = parser->config;
    u32 afters[CONFIG_SERVERS];
    for (u32 i = 0; i < config->server_count; i++)
        afters[i] = config->servers[i].after;
    u32 found = find_circle(afters, config->server_count);
    if (found != NOBODY)
        return config_fail(parser->message, parser->file, config->servers[found].line,
                           "server '%s' waits by 'after' for servers that wait for each other, so "
                           "none would start: remove one 'after'",
                           config->servers[found].name);
    found = find_circle(calls, config->server_count);
    if (found != NOBODY)
        return config_fail(parser->message, parser->file, config->servers[found].line,
                           "server '%s' calls servers that call each other in a circle; calls go "
                           "only towards greater trust: remove one 'call'",
                           config->servers[found].name);
    return true;
}

static bool check_required(struct parser *parser)
{
    const struct config *config = parser->config;
    if (config->server_count == 0)
        return config_fail(parser->message, parser->file, max(parser->line, 1),
                           "no server in the whole file: write at least one 'server NAME'");
    for (u32 i = 0; i < config->server_count; i++) {
        const struct config_server *server = &config->servers[i];
        const char *missing = !server->image[0]   ? "image servers/NAME.elf"
                              : !server->priority ? "priority NUMBER"
                                                  : NULL;
        if (missing)
            return config_fail(parser->message, parser->file, server->line,
                               "server '%s' lacks a line '%s': add it", server->name, missing);
    }
    return true;
}

bool config_check(struct parser *parser)
{
    u32 calls[CONFIG_SERVERS];
    return check_required(parser) && check_targets(parser, calls) && check_circles(parser, calls) &&
           config_check_sessions(parser);
}

bool config_check_memory(const struct config *config, const char *file, u64 available, u64 overhead,
                         struct config_message *message)
{
    u64 left = available;
    for (u32 i = 0; i < config->server_count; i++) {
        const struct config_server *server = &config->servers[i];
        u64 wanted = server->memory + server->log + overhead;
        if (wanted > left)
            return config_fail(message, file, server->memory_line,
                               "server '%s' wants %lu KiB of memory (its own, its log, and what "
                               "root needs for it), but of the %lu KiB there are only %lu KiB are "
                               "left: give the machine more memory, or the servers less",
                               server->name, wanted >> 10, available >> 10, left >> 10);
        left -= wanted;
    }
    for (u32 i = 0; i < config->grant_count; i++) {
        const struct config_grant *grant = &config->grants[i];
        u64 wanted = config_grant_pages(grant) * PAGE_SIZE;
        if (wanted > left)
            return config_fail(message, file, grant->line,
                               "'%s' wants %lu KiB of memory, but of the %lu KiB there are only "
                               "%lu KiB are left: give the machine more memory, or this less",
                               grant->name, wanted >> 10, available >> 10, left >> 10);
        left -= wanted;
    }
    for (u32 i = 0; i < config->session_count; i++) {
        const struct config_session *session = &config->sessions[i];
        u64 wanted = config_session_pages(session->size) * PAGE_SIZE;
        if (wanted > left)
            return config_fail(message, file, session->line,
                               "session '%s' wants %lu KiB of memory, but of the %lu KiB there are "
                               "only %lu KiB are left: give the machine more memory, or the "
                               "session less",
                               session->name, wanted >> 10, available >> 10, left >> 10);
        left -= wanted;
    }
    return true;
}

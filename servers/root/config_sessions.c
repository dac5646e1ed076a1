/*
 * The word `session` of the boot configuration: who gets a session with whom, and how much memory
 * for its data. The operator may type the same, later on.
 */
#include <base/string.h>

#include "config_parser.h"

/* Besides the data: the three pages of the ring, and what the kernel keeps of the objects. */
#define SESSION_PAGES      8ul
#define PAGES_PER_INNER    512ul /* of a memory object's radix tree */
#define WORDS_BEFORE       3     /* NAME SERVER SIZE; the rest of the line is for the server */
#define SESSION_DATA_LEAST PAGE_SIZE

u64 config_session_pages(u64 size)
{
    u64 pages = size / PAGE_SIZE;
    return pages + pages / PAGES_PER_INNER + 2 + SESSION_PAGES;
}

/* Takes a word off the front; an empty one at the end of the line, or before a comment. */
static struct slice next_word(struct slice *rest)
{
    struct slice word, before = *rest;
    if (!slice_next_word(rest, &word) || word.bytes[0] == '#') {
        *rest = (struct slice){before.bytes + before.length, 0};
        return *rest;
    }
    return word;
}

static bool take_argument(struct parser *parser, struct config_session *session, struct slice rest)
{
    rest = slice_trim(rest);
    if (rest.length >= sizeof(session->argument))
        return fail(parser, "the arguments of session '%s' are longer than %u characters",
                    session->name, (u32)sizeof(session->argument) - 1);
    memcpy(session->argument, rest.bytes, rest.length);
    return true;
}

static bool name_is_new(struct parser *parser, const struct config_session *session)
{
    const struct config *config = parser->config;
    for (u32 i = 0; i < config->session_count; i++) {
        const struct config_session *other = &config->sessions[i];
        if (other->client == session->client && strcmp(other->name, session->name) == 0)
            return fail(parser, "'%s' is already the name of another session of server '%s'",
                        session->name, config->servers[session->client].name);
    }
    return true;
}

/* Reads a session of the parser's server into the next free place. */
static bool take(struct parser *parser, const struct config_word *word, struct slice rest)
{
    struct config *config = parser->config;
    if (config->session_count == CONFIG_SESSIONS)
        return fail(parser, "more than %u sessions: remove some", CONFIG_SESSIONS);
    struct config_session *session = &config->sessions[config->session_count];
    *session = (struct config_session){
        .line = parser->line,
        .client = (u32)(parser->server - config->servers),
    };
    struct slice part[WORDS_BEFORE];
    for (u32 i = 0; i < WORDS_BEFORE; i++) {
        part[i] = next_word(&rest);
        if (part[i].length == 0)
            return config_fail_usage(parser, word);
    }
    u64 size;
    if (!config_take_name(parser, "session", part[0], session->name) ||
        !config_take_name(parser, "server", part[1], session->target) ||
        !config_number(parser, part[2], SESSION_DATA_LEAST, CONFIG_SESSION_DATA_MOST, &size) ||
        !take_argument(parser, session, rest) || !name_is_new(parser, session))
        return false;
    session->size = align_up(size, PAGE_SIZE);
    config->session_count++;
    return true;
}

bool config_take_session(struct parser *parser, const struct config_word *word, struct slice rest)
{
    return take(parser, word, rest);
}

/* Finds the server of a session. */
static bool find_target(struct parser *parser, struct config_session *session)
{
    const struct config *config = parser->config;
    const char *client = config->servers[session->client].name;
    session->server = config_find_server(config, session->target);
    if (session->server == UINT32_MAX)
        return config_fail(parser->message, parser->file, session->line,
                           "there is no server '%s' for the session '%s' of '%s': correct the "
                           "name, or add a section 'server %s'",
                           session->target, session->name, client, session->target);
    if (session->server == session->client)
        return config_fail(parser->message, parser->file, session->line,
                           "session '%s' of server '%s' is with '%s' itself: name another",
                           session->name, client, client);
    return true;
}

bool config_check_sessions(struct parser *parser)
{
    for (u32 i = 0; i < parser->config->session_count; i++) {
        if (!find_target(parser, &parser->config->sessions[i]))
            return false;
    }
    return true;
}

bool config_add_session(struct config *config, u32 client, struct slice text,
                        struct config_message *message)
{
    static const struct config_word word = {
        .name = "session",
        .usage = "NAME SERVER SIZE [ARGUMENTS]",
    };
    struct parser parser = {
        .config = config,
        .file = "session",
        .server = &config->servers[client],
        .message = message,
    };
    if (!take(&parser, &word, text))
        return false;
    if (find_target(&parser, &config->sessions[config->session_count - 1]))
        return true;
    config->session_count--;
    return false;
}

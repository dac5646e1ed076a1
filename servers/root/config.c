/*
 * The configuration's lines: comments, sections, and the right word's function for each line; and
 * how messages are made.
 */
#include <base/format.h>
#include <base/string.h>

#include "config_parser.h"

#define DEFAULT_WEIGHT 100
#define DEFAULT_MEMORY (512ul << 10)
#define DEFAULT_STACK  (16ul << 10)
#define DEFAULT_LOG    (8ul << 10)

bool config_fail(struct config_message *message, const char *file, u32 line, const char *text, ...)
{
    usize size = sizeof(message->text);
    usize at = min(format_buffer(message->text, size, "%s:%u: ", file, line), size - 1);
    va_list arguments;
    va_start(arguments, text);
    format_buffer_list(message->text + at, size - at, text, arguments);
    va_end(arguments);
    /* A file that is no text at all must not spoil the screen. */
    for (char *c = message->text; *c; c++) {
        if (*c < ' ' || *c > '~')
            *c = '?';
    }
    return false;
}

static bool is_name_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
}

bool config_take_name(struct parser *parser, const char *what, struct slice text,
                      char name[START_NAME_SIZE])
{
    if (text.length >= START_NAME_SIZE)
        return fail(parser, "%s '%.*s' is too long: give it %u characters or fewer", what,
                    SHOW(text), START_NAME_SIZE - 1u);
    for (usize i = 0; i < text.length; i++) {
        if (!is_name_character(text.bytes[i]))
            return fail(parser, "%s '%.*s': a name is made of letters, digits, '-' and '_'", what,
                        SHOW(text));
    }
    memset(name, 0, START_NAME_SIZE);
    memcpy(name, text.bytes, text.length);
    return true;
}

/* A line `server NAME`: a new section. */
static bool begin_server(struct parser *parser, struct slice rest)
{
    struct config *config = parser->config;
    struct slice name, more;
    if (!slice_next_word(&rest, &name) || name.bytes[0] == '#')
        return fail(parser, "'server' needs a name: write 'server NAME'");
    if (slice_next_word(&rest, &more) && more.bytes[0] != '#')
        return fail(parser, "'%.*s' after the server's name: write 'server NAME'", SHOW(more));
    if (config->server_count == CONFIG_SERVERS)
        return fail(parser, "more than %u servers: remove some", CONFIG_SERVERS);
    struct config_server *server = &config->servers[config->server_count];
    *server = (struct config_server){
        .line = parser->line,
        .memory_line = parser->line,
        .weight = DEFAULT_WEIGHT,
        .memory = DEFAULT_MEMORY,
        .stack = DEFAULT_STACK,
        .log = DEFAULT_LOG,
        .restart = true,
        .first_grant = config->grant_count,
    };
    if (!config_take_name(parser, "server", name, server->name))
        return false;
    if (strcmp(server->name, "root") == 0)
        return fail(parser, "'root' starts the others and needs no section: remove it");
    for (u32 i = 0; i < config->server_count; i++) {
        if (strcmp(server->name, config->servers[i].name) == 0)
            return fail(parser, "server '%s' is already there, in line %u: rename or remove one",
                        server->name, config->servers[i].line);
    }
    config->server_count++;
    parser->server = server;
    return true;
}

/* A word that nobody knows: the message lists those that there are. */
static bool fail_unknown(struct parser *parser, struct slice word)
{
    char list[300];
    usize length = 0;
    for (u32 i = 0; i < config_word_count() && length < sizeof(list); i++)
        length += format_buffer(list + length, sizeof(list) - length, " %s", config_word(i)->name);
    return fail(parser, "unknown word '%.*s' in server '%s'; expected one of%s, or server",
                SHOW(word), parser->server->name, list);
}

static bool take_line(struct parser *parser, struct slice line)
{
    struct slice word, rest = line;
    if (!slice_next_word(&rest, &word) || word.bytes[0] == '#')
        return true;
    if (slice_equal(word, "server"))
        return begin_server(parser, rest);
    if (!parser->server)
        return fail(parser, "'%.*s' before the first server: begin with a line 'server NAME'",
                    SHOW(word));
    for (u32 i = 0; i < config_word_count(); i++) {
        const struct config_word *known = config_word(i);
        if (!slice_equal(word, known->name))
            continue;
        if (!known->repeated && (parser->server->seen & 1u << i))
            return fail(parser, "a second '%s' in server '%s': remove one", known->name,
                        parser->server->name);
        parser->server->seen |= 1u << i;
        return known->take(parser, known, rest);
    }
    return fail_unknown(parser, word);
}

bool config_parse(struct config *config, const char *file, struct slice text,
                  struct config_message *message)
{
    struct parser parser = {.config = config, .file = file, .message = message};
    struct slice line;
    memset(config, 0, sizeof(*config));
    while (slice_next_line(&text, &line)) {
        parser.line++;
        if (!take_line(&parser, line))
            return false;
    }
    return config_check(&parser);
}

/*
 * The words of the boot configuration that say how a server runs, and the table of all words, those
 * of config_grants.c included.
 */
#include <base/string.h>

#include "config_parser.h"

bool config_fail_usage(struct parser *parser, const struct config_word *word)
{
    return fail(parser, "'%s' in server '%s' has to be followed by %s", word->name,
                parser->server->name, word->usage);
}

bool config_split(struct parser *parser, const struct config_word *word, struct slice rest,
                  u32 least, u32 most, struct config_words *words)
{
    struct slice next;
    *words = (struct config_words){0};
    while (slice_next_word(&rest, &next) && next.bytes[0] != '#') {
        if (words->count == most)
            return most == 0 ? fail(parser, "'%.*s' after '%s', which stands alone", SHOW(next),
                                    word->name)
                             : fail(parser, "'%.*s' is too much: '%s' has to be followed by %s",
                                    SHOW(next), word->name, word->usage);
        words->word[words->count++] = next;
    }
    return words->count >= least || config_fail_usage(parser, word);
}

bool config_number(struct parser *parser, struct slice text, u64 least, u64 most, u64 *value)
{
    enum parse_error error = parse_number(text, value);
    if (error != PARSE_OK)
        return fail(parser, "'%.*s': %s", SHOW(text), parse_error_text(error));
    if (*value < least || *value > most)
        return fail(parser, "%.*s is out of range: from %lu to %lu is possible", SHOW(text), least,
                    most);
    return true;
}

/* A word with one number. */
static bool one_number(struct parser *parser, const struct config_word *word, struct slice rest,
                       u64 least, u64 most, u64 *value)
{
    struct config_words words;
    return config_split(parser, word, rest, 1, 1, &words) &&
           config_number(parser, words.word[0], least, most, value);
}

static bool take_image(struct parser *parser, const struct config_word *word, struct slice rest)
{
    struct config_words words;
    struct config_server *server = parser->server;
    if (!config_split(parser, word, rest, 1, 1, &words))
        return false;
    if (words.word[0].length >= sizeof(server->image))
        return fail(parser, "path '%.*s...' is too long: give it fewer than %u characters",
                    SHOW(words.word[0]), CONFIG_IMAGE_SIZE);
    memcpy(server->image, words.word[0].bytes, words.word[0].length);
    server->image_line = parser->line;
    return true;
}

static bool take_priority(struct parser *parser, const struct config_word *word, struct slice rest)
{
    u64 value;
    if (!one_number(parser, word, rest, 1, PRIORITY_COUNT - 1, &value))
        return false;
    parser->server->priority = (u32)value;
    return true;
}

static bool take_weight(struct parser *parser, const struct config_word *word, struct slice rest)
{
    u64 value;
    if (!one_number(parser, word, rest, 1, WEIGHT_LIMIT, &value))
        return false;
    parser->server->weight = (u32)value;
    return true;
}

/* A time: a number with the unit us, ms or s, from one of these to `most` nanoseconds. */
static bool take_time(struct parser *parser, const struct config_word *word, struct slice rest,
                      u64 most, u64 *ns)
{
    struct config_words words;
    u64 value;
    if (!config_split(parser, word, rest, 1, 1, &words))
        return false;
    struct slice digits = words.word[0], unit = words.word[0];
    while (digits.length != 0 && digits.bytes[digits.length - 1] >= 'a')
        digits.length--;
    unit = (struct slice){digits.bytes + digits.length, unit.length - digits.length};
    u64 factor = slice_equal(unit, "us")   ? 1000
                 : slice_equal(unit, "ms") ? 1000000
                 : slice_equal(unit, "s")  ? 1000000000
                                           : 0;
    if (factor == 0 || factor > most || digits.length == 0)
        return fail(parser, "'%.*s' is not a time: write a number and its unit, like 5ms or 500us",
                    SHOW(words.word[0]));
    if (!config_number(parser, digits, 1, most / factor, &value))
        return false;
    *ns = value * factor;
    return true;
}

static bool take_cap(struct parser *parser, const struct config_word *word, struct slice rest)
{
    return take_time(parser, word, rest, SHARE_PERIOD_NS, &parser->server->cap_ns);
}

static bool take_deadline(struct parser *parser, const struct config_word *word, struct slice rest)
{
    return take_time(parser, word, rest, CONFIG_DEADLINE_MOST, &parser->server->deadline_ns);
}

/* Sizes are rounded up to whole pages. */
static bool take_size(struct parser *parser, const struct config_word *word, struct slice rest,
                      u64 least, u64 most, u64 *size)
{
    u64 value;
    if (!one_number(parser, word, rest, least, most, &value))
        return false;
    *size = align_up(value, PAGE_SIZE);
    return true;
}

static bool take_memory(struct parser *parser, const struct config_word *word, struct slice rest)
{
    parser->server->memory_line = parser->line;
    return take_size(parser, word, rest, CONFIG_MEMORY_LEAST, CONFIG_MEMORY_MOST,
                     &parser->server->memory);
}

static bool take_stack(struct parser *parser, const struct config_word *word, struct slice rest)
{
    return take_size(parser, word, rest, PAGE_SIZE, CONFIG_STACK_MOST, &parser->server->stack);
}

static bool take_log(struct parser *parser, const struct config_word *word, struct slice rest)
{
    return take_size(parser, word, rest, PAGE_SIZE, CONFIG_LOG_MOST, &parser->server->log);
}

static bool take_arguments(struct parser *parser, const struct config_word *word, struct slice rest)
{
    rest = slice_trim(rest);
    if (rest.length == 0)
        return config_fail_usage(parser, word);
    if (rest.length >= START_ARGUMENTS_SIZE)
        return fail(parser, "arguments are longer than %u characters: shorten them",
                    START_ARGUMENTS_SIZE - 1u);
    memcpy(parser->server->arguments, rest.bytes, rest.length);
    return true;
}

static bool take_restart(struct parser *parser, const struct config_word *word, struct slice rest)
{
    struct config_words words;
    if (!config_split(parser, word, rest, 1, 1, &words))
        return false;
    parser->server->restart = slice_equal(words.word[0], "always");
    return parser->server->restart || slice_equal(words.word[0], "never") ||
           config_fail_usage(parser, word);
}

static bool take_after(struct parser *parser, const struct config_word *word, struct slice rest)
{
    struct config_words words;
    struct config *config = parser->config;
    if (!config_split(parser, word, rest, 1, 1, &words))
        return false;
    if (config->after_count == CONFIG_AFTERS)
        return fail(parser, "more than %u lines 'after' in the whole file: remove some",
                    CONFIG_AFTERS);
    struct config_after *after = &config->afters[config->after_count++];
    after->server = (u32)(parser->server - config->servers);
    after->line = parser->line;
    return config_take_name(parser, "server", words.word[0], after->target);
}

static bool take_manage(struct parser *parser, const struct config_word *word, struct slice rest)
{
    struct config_words words;
    parser->server->manage = true;
    return config_split(parser, word, rest, 0, 0, &words);
}

static bool take_shares(struct parser *parser, const struct config_word *word, struct slice rest)
{
    struct config_words words;
    parser->server->shares = true;
    return config_split(parser, word, rest, 0, 0, &words);
}

static const struct config_word table[] = {
    {"image", "the path of its program in the archive, like servers/NAME.elf", take_image, false,
     0},
    {"priority", "a number from 1 to 15, the most urgent", take_priority, false, 0},
    {"weight", "a number from 1 to 10000", take_weight, false, 0},
    {"cap", "a time in each 10ms, like 5ms", take_cap, false, 0},
    {"deadline", "a time, like 2s", take_deadline, false, 0},
    {"memory", "a size, like 512K", take_memory, false, 0},
    {"stack", "a size, like 16K", take_stack, false, 0},
    {"log", "a size, like 8K", take_log, false, 0},
    {"arguments", "text", take_arguments, false, 0},
    {"restart", "always or never", take_restart, false, 0},
    {"after", "the name of a server", take_after, true, 0},
    {"ports", "NAME FIRST COUNT, like uart 0x3f8 8", config_take_ports, true, CONFIG_PORTS},
    {"irq", "NAME isa N, or NAME gsi N [level|edge] [low|high]", config_take_irq, true,
     CONFIG_IRQ_GSI},
    {"registers", "NAME ADDRESS SIZE", config_take_registers, true, CONFIG_REGISTERS},
    {"screen", "NAME", config_take_named, true, CONFIG_SCREEN},
    {"hpet", "NAME [TIMER]", config_take_hpet, true, CONFIG_HPET},
    {"pci", "NAME VENDOR:DEVICE, or NAME class CLASS:SUBCLASS, in hexadecimal, [optional]",
     config_take_pci, true, CONFIG_PCI_DEVICE},
    {"dma", "NAME SIZE", config_take_dma, true, CONFIG_DMA},
    {"ram", "NAME SIZE [PATH]", config_take_ram, true, CONFIG_RAM},
    {"clock", "NAME [write]", config_take_clock, false, CONFIG_CLOCK},
    {"call", "NAME SERVER", config_take_other, true, CONFIG_CALL},
    {"share", "NAME SERVER", config_take_other, true, CONFIG_SHARE},
    {"session", "NAME SERVER SIZE [ARGUMENTS]", config_take_session, true, 0},
    {"syslog", "NAME", config_take_named, false, CONFIG_SYSLOG},
    {"status", "NAME", config_take_named, false, CONFIG_STATUS},
    {"manage", "nothing", take_manage, false, 0},
    {"shares", "nothing", take_shares, false, 0},
    {"image-memory", "nothing", config_take_alone, false, CONFIG_IMAGE_MEMORY},
    {"machine", "nothing", config_take_alone, false, CONFIG_MACHINE},
};
static_assert(array_count(table) <= 32, "config_server.seen has a bit for each");

u32 config_word_count(void)
{
    return array_count(table);
}

const struct config_word *config_word(u32 index)
{
    return &table[index];
}

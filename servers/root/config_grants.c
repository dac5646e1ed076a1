/*
 * The words of the boot configuration that grant something: each becomes a capability, or two, that
 * the server finds by its name in the start page.
 */
#include <base/bits.h>
#include <base/string.h>

#include "config_parser.h"
#include "pci.h"

u32 config_start_kinds(enum config_kind kind)
{
    switch (kind) {
    case CONFIG_PORTS:
        return 1u << GRANT_PORTS;
    case CONFIG_IRQ_ISA:
    case CONFIG_IRQ_GSI:
        return 1u << GRANT_IRQ;
    case CONFIG_REGISTERS:
        return 1u << GRANT_REGISTERS;
    case CONFIG_SCREEN:
        return 1u << GRANT_SCREEN;
    case CONFIG_HPET:
        return 1u << GRANT_REGISTERS | 1u << GRANT_IRQ;
    case CONFIG_PCI_DEVICE:
    case CONFIG_PCI_CLASS:
        return 1u << GRANT_DEVICE | 1u << GRANT_REGISTERS | 1u << GRANT_IRQ;
    case CONFIG_MACHINE:
        return 1u << GRANT_DEVICE;
    case CONFIG_DMA:
        return 1u << GRANT_DMA;
    case CONFIG_RAM:
        return 1u << GRANT_RAM;
    case CONFIG_CALL:
        return 1u << GRANT_SERVICE;
    case CONFIG_SHARE:
        return 1u << GRANT_SHARE;
    case CONFIG_CLOCK:
    case CONFIG_SYSLOG:
    case CONFIG_STATUS:
    case CONFIG_IMAGE_MEMORY:
        return 1u << GRANT_MEMORY;
    }
    return 0;
}

u32 config_start_entries(enum config_kind kind)
{
    if (kind == CONFIG_PCI_DEVICE || kind == CONFIG_PCI_CLASS)
        return 1 + PCI_BARS + 1;
    return bits_count(config_start_kinds(kind));
}

/* The kernel's tree of a memory object has a page for each so many, on each level. */
#define PAGES_PER_INNER 512ul
#define INNER_MOST      3ul

u64 config_grant_pages(const struct config_grant *grant)
{
    if (grant->kind == CONFIG_CLOCK)
        return 1 + INNER_MOST;
    if (grant->kind != CONFIG_DMA && grant->kind != CONFIG_RAM)
        return 0;
    u64 pages = grant->a / PAGE_SIZE;
    return pages + pages / PAGES_PER_INNER + INNER_MOST;
}

/* The server finds grants by kind and name, so no two may have both in common. */
static bool grant_is_new(struct parser *parser, const struct config_grant *grant)
{
    const struct config_server *server = parser->server;
    for (u32 i = 0; i < server->grant_count; i++) {
        const struct config_grant *other = &parser->config->grants[server->first_grant + i];
        if ((config_start_kinds(other->kind) & config_start_kinds(grant->kind)) &&
            strcmp(other->name, grant->name) == 0)
            return fail(parser,
                        "'%s' in server '%s' is already the name of what line %u gives it: "
                        "choose another name, or remove one",
                        grant->name, server->name, other->line);
    }
    return true;
}

/* Gives the section's server a grant, and returns it; NULL with a message when that cannot be. */
static struct config_grant *grant_add(struct parser *parser, enum config_kind kind,
                                      struct slice name, u64 a, u64 b)
{
    struct config *config = parser->config;
    struct config_server *server = parser->server;
    struct config_grant *grant = &config->grants[config->grant_count];
    u32 kinds = config_start_kinds(kind);
    if (config->grant_count == CONFIG_GRANTS) {
        fail(parser, "more than %u grants in the whole file: remove some", CONFIG_GRANTS);
        return NULL;
    }
    *grant = (struct config_grant){.kind = kind, .line = parser->line, .a = a, .b = b};
    if (!config_take_name(parser, "name", name, grant->name) || !grant_is_new(parser, grant))
        return NULL;
    server->start_grants += config_start_entries(kind);
    server->interrupts += kinds >> GRANT_IRQ & 1;
    if (server->start_grants > GRANT_LIMIT || server->interrupts > CONFIG_INTERRUPTS) {
        fail(parser, "server '%s' has more than %u grants or %u interrupts: remove some",
             server->name, GRANT_LIMIT, CONFIG_INTERRUPTS);
        return NULL;
    }
    config->grant_count++;
    server->grant_count++;
    return grant;
}

/* Grants of which there is only one kind, named after the last part of the word. */
bool config_take_alone(struct parser *parser, const struct config_word *word, struct slice rest)
{
    struct config_words words;
    const char *name = word->kind == CONFIG_MACHINE ? "machine" : "image";
    return config_split(parser, word, rest, 0, 0, &words) &&
           grant_add(parser, word->kind, slice_of(name), 0, 0);
}

bool config_take_named(struct parser *parser, const struct config_word *word, struct slice rest)
{
    struct config_words words;
    return config_split(parser, word, rest, 1, 1, &words) &&
           grant_add(parser, word->kind, words.word[0], 0, 0);
}

bool config_take_ports(struct parser *parser, const struct config_word *word, struct slice rest)
{
    struct config_words words;
    u64 first, count;
    if (!config_split(parser, word, rest, 3, 3, &words) ||
        !config_number(parser, words.word[1], 0, 0xffff, &first) ||
        !config_number(parser, words.word[2], 1, 0x10000 - first, &count))
        return false;
    return grant_add(parser, word->kind, words.word[0], first, count);
}

bool config_take_registers(struct parser *parser, const struct config_word *word, struct slice rest)
{
    struct config_words words;
    u64 address, size;
    if (!config_split(parser, word, rest, 3, 3, &words) ||
        !config_number(parser, words.word[1], 0, (1ul << 52) - 1, &address) ||
        !config_number(parser, words.word[2], 1, min(1ul << 40, (1ul << 52) - address), &size))
        return false;
    return grant_add(parser, word->kind, words.word[0], address, size);
}

/* The words after the number of a global line: trigger and polarity. */
static bool irq_flags(struct parser *parser, const struct config_word *word,
                      const struct config_words *words, u64 *flags)
{
    *flags = 0;
    for (u32 i = 3; i < words->count; i++) {
        if (slice_equal(words->word[i], "level"))
            *flags |= IRQ_LEVEL;
        else if (slice_equal(words->word[i], "low"))
            *flags |= IRQ_ACTIVE_LOW;
        else if (!slice_equal(words->word[i], "edge") && !slice_equal(words->word[i], "high"))
            return config_fail_usage(parser, word);
    }
    return true;
}

bool config_take_irq(struct parser *parser, const struct config_word *word, struct slice rest)
{
    struct config_words words;
    u64 line, flags;
    if (!config_split(parser, word, rest, 3, 5, &words))
        return false;
    bool isa = slice_equal(words.word[1], "isa");
    if (!isa && !slice_equal(words.word[1], "gsi"))
        return config_fail_usage(parser, word);
    if (isa && words.count > 3)
        return fail(parser,
                    "'%.*s' is too much: of an ISA interrupt the firmware knows how it works",
                    SHOW(words.word[3]));
    if (!config_number(parser, words.word[2], 0, isa ? 15 : IRQ_LINE_MASK, &line) ||
        !irq_flags(parser, word, &words, &flags))
        return false;
    return grant_add(parser, isa ? CONFIG_IRQ_ISA : CONFIG_IRQ_GSI, words.word[0], line | flags, 0);
}

bool config_take_hpet(struct parser *parser, const struct config_word *word, struct slice rest)
{
    struct config_words words;
    u64 timer = 0;
    if (!config_split(parser, word, rest, 1, 2, &words) ||
        (words.count == 2 && !config_number(parser, words.word[1], 0, 31, &timer)))
        return false;
    return grant_add(parser, word->kind, words.word[0], timer, 0);
}

/* A number in hexadecimal, without 0x before it, as lspci prints it. */
static bool hexadecimal(struct slice text, u64 most, u64 *value)
{
    *value = 0;
    for (usize i = 0; i < text.length; i++) {
        char c = text.bytes[i] | 0x20;
        bool digit = c >= '0' && c <= '9';
        if (!digit && (c < 'a' || c > 'f'))
            return false;
        *value = *value << 4 | (u64)(digit ? c - '0' : c - 'a' + 10);
        if (*value > most)
            return false;
    }
    return text.length != 0;
}

bool config_take_pci(struct parser *parser, const struct config_word *word, struct slice rest)
{
    struct config_words words;
    struct slice left, right;
    u64 a, b;
    if (!config_split(parser, word, rest, 2, 4, &words))
        return false;
    bool optional = slice_equal(words.word[words.count - 1], "optional");
    words.count -= optional;
    bool by_class = words.count == 3;
    u64 most = by_class ? 0xff : 0xffff;
    if (words.count < 2 || words.count > 3 || (by_class && !slice_equal(words.word[1], "class")) ||
        !slice_split(words.word[words.count - 1], ':', &left, &right) ||
        !hexadecimal(left, most, &a) || !hexadecimal(right, most, &b))
        return config_fail_usage(parser, word);
    struct config_grant *grant =
        grant_add(parser, by_class ? CONFIG_PCI_CLASS : CONFIG_PCI_DEVICE, words.word[0], a, b);
    if (grant)
        grant->optional = optional;
    return grant;
}

/* Rounded up to whole pages. */
static bool take_bytes(struct parser *parser, struct slice text, u64 *bytes)
{
    if (!config_number(parser, text, 1, CONFIG_GRANT_MOST, bytes))
        return false;
    *bytes = align_up(*bytes, PAGE_SIZE);
    return true;
}

bool config_take_dma(struct parser *parser, const struct config_word *word, struct slice rest)
{
    struct config_words words;
    u64 bytes;
    return config_split(parser, word, rest, 2, 2, &words) &&
           take_bytes(parser, words.word[1], &bytes) &&
           grant_add(parser, word->kind, words.word[0], bytes, 0);
}

bool config_take_ram(struct parser *parser, const struct config_word *word, struct slice rest)
{
    struct config_words words;
    u64 bytes;
    if (!config_split(parser, word, rest, 2, 3, &words) ||
        !take_bytes(parser, words.word[1], &bytes))
        return false;
    struct slice path = words.count == 3 ? words.word[2] : (struct slice){0};
    if (path.length >= CONFIG_IMAGE_SIZE)
        return fail(parser, "path '%.*s...' is too long: give it fewer than %u characters",
                    SHOW(path), CONFIG_IMAGE_SIZE);
    struct config_grant *grant = grant_add(parser, word->kind, words.word[0], bytes, 0);
    if (grant)
        memcpy(grant->path, path.bytes, path.length);
    return grant;
}

/* Two that write the clock page would spoil each other's time. */
static bool clock_has_no_writer(struct parser *parser)
{
    const struct config *config = parser->config;
    for (u32 i = 0; i < config->grant_count; i++) {
        const struct config_grant *other = &config->grants[i];
        if (other->kind == CONFIG_CLOCK && other->a)
            return fail(parser,
                        "the clock page is already written by the server with line %u: remove one "
                        "'write'",
                        other->line);
    }
    return true;
}

bool config_take_clock(struct parser *parser, const struct config_word *word, struct slice rest)
{
    struct config_words words;
    if (!config_split(parser, word, rest, 1, 2, &words))
        return false;
    bool writes = words.count == 2;
    if (writes && !slice_equal(words.word[1], "write"))
        return config_fail_usage(parser, word);
    return (!writes || clock_has_no_writer(parser)) &&
           grant_add(parser, word->kind, words.word[0], writes, 0);
}

/* Words about another server, which is looked up when all servers are known. */
bool config_take_other(struct parser *parser, const struct config_word *word, struct slice rest)
{
    struct config_words words;
    if (!config_split(parser, word, rest, 2, 2, &words))
        return false;
    struct config_grant *grant = grant_add(parser, word->kind, words.word[0], 0, 0);
    return grant && config_take_name(parser, "server", words.word[1], grant->target);
}

/*
 * Inside the configuration's parser: what its files share. config.c reads lines and begins servers,
 * config_words.c and config_grants.c know what each word means, config_check.c what has to hold
 * between servers. Functions that return false have put a message where the parser says.
 */
#pragma once
#include "config.h"

struct parser {
    struct config *config;
    const char *file;
    u32 line;
    struct config_server *server; /* the section we are in; NULL before the first */
    struct config_message *message;
};

/* What each word of a section means: takes the rest of its line. */
struct config_word {
    const char *name;
    const char *usage; /* its arguments */
    bool (*take)(struct parser *parser, const struct config_word *word, struct slice rest);
    bool repeated;         /* may stand in a section more than once */
    enum config_kind kind; /* of the grant, for those that are one */
};

/* The number of words, and each of them. */
u32 config_word_count(void);
const struct config_word *config_word(u32 index);

/* Copies a name of letters, digits, '-' and '_'; false with a message when it is none. `what` is
 * named in the message. */
must_check bool config_take_name(struct parser *parser, const char *what, struct slice text,
                                 char name[START_NAME_SIZE]);

/* Finds names, and whatever else can only be known when all lines are read. */
must_check bool config_check(struct parser *parser);

/* The words of a line, without its comment. */
#define CONFIG_WORDS_LIMIT 5
struct config_words {
    u32 count;
    struct slice word[CONFIG_WORDS_LIMIT];
};

/* Splits the rest of a line; there have to be `least` to `most` words. */
must_check bool config_split(struct parser *parser, const struct config_word *word,
                             struct slice rest, u32 least, u32 most, struct config_words *words);

/* Reads a number from `least` to `most`. */
must_check bool config_number(struct parser *parser, struct slice text, u64 least, u64 most,
                              u64 *value);

/* Complains that the word needs other arguments; returns false. */
bool config_fail_usage(struct parser *parser, const struct config_word *word);

/* The functions of the words that are grants, for the table. */
bool config_take_alone(struct parser *parser, const struct config_word *word, struct slice rest);
bool config_take_named(struct parser *parser, const struct config_word *word, struct slice rest);
bool config_take_ports(struct parser *parser, const struct config_word *word, struct slice rest);
bool config_take_registers(struct parser *parser, const struct config_word *word,
                           struct slice rest);
bool config_take_irq(struct parser *parser, const struct config_word *word, struct slice rest);
bool config_take_hpet(struct parser *parser, const struct config_word *word, struct slice rest);
bool config_take_pci(struct parser *parser, const struct config_word *word, struct slice rest);
bool config_take_dma(struct parser *parser, const struct config_word *word, struct slice rest);
bool config_take_ram(struct parser *parser, const struct config_word *word, struct slice rest);
bool config_take_clock(struct parser *parser, const struct config_word *word, struct slice rest);
bool config_take_other(struct parser *parser, const struct config_word *word, struct slice rest);

/* The word `session`, in config_sessions.c; and the look after all names are known. */
bool config_take_session(struct parser *parser, const struct config_word *word, struct slice rest);
must_check bool config_check_sessions(struct parser *parser);

/* The server of this name; UINT32_MAX: none. */
u32 config_find_server(const struct config *config, const char *name);

/* A message about the line that is being read. */
#define fail(parser, ...)                                                                          \
    config_fail((parser)->message, (parser)->file, (parser)->line, __VA_ARGS__)

/* For %.*s: a slice, cut to a length that leaves room for the rest of a message. */
#define SHOWN_LENGTH 40
#define SHOW(slice)  (int)min((slice).length, SHOWN_LENGTH), (slice).bytes

/*
 * The keeper's commands: one table of them, and the rules for a line. Pure logic but for what the
 * commands then do, which is in actions.c.
 */
#pragma once
#include <base/format.h>
#include <base/parse.h>

struct keeper;

#define COMMAND_ARGUMENTS 12 /* the most that any command takes */

struct arguments {
    u32 count;
    struct slice value[COMMAND_ARGUMENTS];
};

struct command {
    const char *name;
    const char *arguments; /* for people: what to write behind the name */
    const char *help;
    u32 least, most; /* how many arguments */
    void (*run)(struct keeper *keeper, const struct arguments *arguments);
};

extern const struct command commands[];
extern const u32 command_count;

/* What a line asks for. NULL: nothing, it is empty; or it cannot be done, then `sink` has been told
 * what is wrong, and what to do. The arguments are slices of the line. */
const struct command *command_parse(const char *line, struct arguments *arguments,
                                    struct sink *sink);

/* All commands, each with its help; or only the one of that name. */
void command_help(struct sink *sink, const struct arguments *arguments);

/* The names of all commands, separated by blanks, into `size` bytes; as many as fit. */
void command_names(char *text, usize size);

/* An argument that is a number, from `least` to `most`. False: it is not, and `sink` has been
 * told. */
must_check bool command_number(const struct command *command, struct slice text, u64 least,
                               u64 most, u64 *number, struct sink *sink);

/*
 * From a line to a command and its arguments. commands.h has the contract; the table itself is in
 * actions.c, beside what the commands do.
 */
#include "commands.h"

#include <base/string.h>

#define HELP_COLUMN 16
#define SHOW(slice) (int)(slice).length, (slice).bytes

static const struct command *find(struct slice name)
{
    for (u32 i = 0; i < command_count; i++) {
        if (slice_equal(name, commands[i].name))
            return &commands[i];
    }
    return NULL;
}

static const struct command *usage(struct sink *sink, const struct command *command)
{
    format(sink, "usage: %s%s%s\n", command->name, command->arguments[0] ? " " : "",
           command->arguments);
    return NULL;
}

const struct command *command_parse(const char *line, struct arguments *arguments,
                                    struct sink *sink)
{
    struct slice rest = slice_of(line), word;
    arguments->count = 0;
    if (!slice_next_word(&rest, &word))
        return NULL;
    const struct command *command = find(word);
    if (!command) {
        format(sink, "%.*s: there is no such command; 'help' lists those that there are\n",
               SHOW(word));
        return NULL;
    }
    while (slice_next_word(&rest, &word)) {
        if (arguments->count == command->most) {
            format(sink, "%s: '%.*s' is too much; ", command->name, SHOW(word));
            return usage(sink, command);
        }
        arguments->value[arguments->count++] = word;
    }
    if (arguments->count < command->least) {
        format(sink, "%s: something is missing; ", command->name);
        return usage(sink, command);
    }
    return command;
}

static void help_row(struct sink *sink, const struct command *command)
{
    char left[64];
    format_buffer(left, sizeof(left), "%s %s", command->name, command->arguments);
    bool is_long = strlen(left) > HELP_COLUMN;
    format(sink, "%-*s%s%*s %s\n", HELP_COLUMN, left, is_long ? "\n" : "",
           is_long ? HELP_COLUMN : 0, "", command->help);
}

void command_help(struct sink *sink, const struct arguments *arguments)
{
    if (arguments->count != 0) {
        const struct command *command = find(arguments->value[0]);
        if (command)
            help_row(sink, command);
        else
            format(sink, "help: there is no command '%.*s'; 'help' alone lists them\n",
                   SHOW(arguments->value[0]));
        return;
    }
    for (u32 i = 0; i < command_count; i++)
        help_row(sink, &commands[i]);
    format(sink,
           "Keys: Up and Down for earlier lines, Tab completes, Ctrl-C abandons the line,\n"
           "Ctrl-A and a digit shows another console (0: the system log), Ctrl-A ? lists them.\n");
}

void command_names(char *text, usize size)
{
    usize used = 0;
    for (u32 i = 0; i < command_count && used < size; i++)
        used += format_buffer(text + used, size - used, "%s%s", i ? " " : "", commands[i].name);
}

bool command_number(const struct command *command, struct slice text, u64 least, u64 most,
                    u64 *number, struct sink *sink)
{
    enum parse_error error = parse_number(text, number);
    if (error == PARSE_OK && *number >= least && *number <= most)
        return true;
    format(sink, "%s: '%.*s' is not a number from %lu to %lu\n", command->name, SHOW(text), least,
           most);
    return false;
}

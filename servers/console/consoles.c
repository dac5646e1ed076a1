/*
 * Which console is shown, and what is shown in spite of that. consoles.h has the contract. Pure
 * logic, as one console is.
 */
#include "consoles.h"

#include <base/string.h>

#define SWITCH_KEY   1 /* Ctrl-A */
#define REPLAY_LINES 20

void consoles_init(struct consoles *consoles, struct display *display, struct console *log,
                   const char *name)
{
    consoles->display = display;
    consoles->name = name;
    consoles->console[0] = log;
    consoles->count = 1;
}

struct console *consoles_find(const struct consoles *consoles, u64 badge)
{
    for (u32 i = 1; i < consoles->count; i++) {
        if (consoles->console[i]->badge == badge)
            return consoles->console[i];
    }
    return NULL;
}

static struct console *shown(const struct consoles *consoles)
{
    return consoles->console[consoles->shown];
}

/* Shows another console; its last lines on a clean screen, or going on behind what is there. */
static void show(struct consoles *consoles, u32 index, bool replay)
{
    console_hide(shown(consoles));
    consoles->shown = index;
    struct console *console = shown(consoles);
    if (replay) {
        display_clear_screen(consoles->display);
        format(&consoles->display->sink, "--- console %u: %s (Ctrl-A ? for help) ---\n", index,
               console->name);
    }
    console_show(console, consoles->display,
                 replay ? text_last_lines(&console->text, REPLAY_LINES) : console->text.written);
    consoles_wake_writers(consoles); /* who is not shown any more need not wait for room */
}

void consoles_add(struct consoles *consoles, struct console *console)
{
    u32 index = consoles->count++;
    consoles->console[index] = console;
    bool first = consoles->shown == 0 || console->badge < shown(consoles)->badge;
    if (!consoles->chosen && first)
        show(consoles, index, false);
}

/* --- keys ------------------------------------------------------------------------------------- */

static void bell(struct consoles *consoles)
{
    display_write(consoles->display, "\a", 1);
}

static void choose(struct consoles *consoles, u32 index)
{
    if (index >= consoles->count) {
        bell(consoles);
        return;
    }
    consoles->chosen = true;
    show(consoles, index, true);
}

static void notice(struct consoles *consoles, const char *mark, const char *text)
{
    console_notice(shown(consoles), mark, text, strlen(text));
}

static void help(struct consoles *consoles)
{
    char line[80];
    for (u32 i = 0; i < consoles->count; i++) {
        format_buffer(line, sizeof(line), "Ctrl-A %u  %s%s", i, consoles->console[i]->name,
                      i == consoles->shown ? "  (shown now)" : "");
        notice(consoles, "", line);
    }
    notice(consoles, "", "Ctrl-A Ctrl-A  sends Ctrl-A to the console");
}

void consoles_key(struct consoles *consoles, char byte)
{
    bool escaped = consoles->escaped;
    consoles->escaped = !escaped && byte == SWITCH_KEY;
    if (consoles->escaped)
        return;
    if (escaped && byte != SWITCH_KEY) {
        if (byte >= '0' && byte <= '9')
            choose(consoles, (u32)(byte - '0'));
        else if (byte == '?')
            help(consoles);
        else
            bell(consoles);
    } else if (consoles->shown != 0) { /* nobody reads what is typed at the log */
        console_key(shown(consoles), byte);
    }
}

/* --- text ------------------------------------------------------------------------------------- */

/* Adds a byte; true: a line, without its newline, is complete. */
static bool gather(struct gather *gathered, char byte)
{
    if (byte == '\n')
        return true;
    gathered->bytes[gathered->length++] = byte;
    return gathered->length == NOTICE_BYTES;
}

static void announce(struct consoles *consoles, struct console *console, const char *bytes,
                     usize length)
{
    u32 index = 1;
    while (index < consoles->count && consoles->console[index] != console)
        index++;
    if (index == consoles->count)
        return;
    struct gather *gathered = &consoles->gathered[index];
    for (usize i = 0; i < length; i++) {
        if (!gather(gathered, bytes[i]))
            continue;
        char mark[CONSOLE_NAME + 4];
        format_buffer(mark, sizeof(mark), "[%s] ", console->name);
        console_notice(shown(consoles), mark, gathered->bytes, gathered->length);
        gathered->length = 0;
    }
}

usize consoles_write(struct consoles *consoles, struct console *console, const char *bytes,
                     usize length)
{
    bool hidden = console != shown(consoles);
    if (hidden && consoles->announce && display_room(consoles->display) < DISPLAY_RESERVE * 2) {
        console->wants_room = true;
        return 0;
    }
    usize taken = console_write(console, bytes, length);
    if (hidden && consoles->announce)
        announce(consoles, console, bytes, taken);
    return taken;
}

/* How many bytes of the line are `first`, then `second`; 0 if it does not begin so. */
static usize begins(const char *line, usize length, const char *first, const char *second)
{
    char start[2 * CONSOLE_NAME + 4];
    usize size = format_buffer(start, sizeof(start), "%s%s", first, second);
    return size < sizeof(start) && length >= size && memcmp(line, start, size) == 0 ? size : 0;
}

static void log_line(struct consoles *consoles, const char *line, usize length, bool before)
{
    static const char by_root[] = "root: "; /* says the same as the mark */
    struct console *log = consoles->console[0];
    if (before) {
        usize size = begins(line, length, by_root, consoles->name);
        if (size != 0 && size < length && line[size] == ':')
            consoles->last_end = log->text.written;
        console_remember(log, line, length);
        return;
    }
    console_notice(log, "", line, length);
    if (consoles->shown != 0) {
        usize skip = begins(line, length, by_root, "");
        console_notice(shown(consoles), "[root] ", line + skip, length - skip);
    }
}

void consoles_show_log(struct consoles *consoles)
{
    console_show(consoles->console[0], consoles->display, consoles->last_end);
}

void consoles_log(struct consoles *consoles, const char *bytes, usize length, bool before)
{
    struct gather *gathered = &consoles->gathered[0];
    for (usize i = 0; i < length; i++) {
        if (!gather(gathered, bytes[i]))
            continue;
        log_line(consoles, gathered->bytes, gathered->length, before);
        gathered->length = 0;
    }
}

void consoles_wake_writers(struct consoles *consoles)
{
    if (display_room(consoles->display) < DISPLAY_RESERVE * 2)
        return;
    for (u32 i = 1; i < consoles->count; i++) {
        struct console *console = consoles->console[i];
        if (console->wants_room) {
            console->wants_room = false;
            console_wake(console);
        }
    }
}

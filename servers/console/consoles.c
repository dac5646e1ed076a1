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

struct console *consoles_find(const struct consoles *consoles, const char *client,
                              const char *session)
{
    for (u32 i = 1; i < consoles->count; i++) {
        struct console *console = consoles->console[i];
        if (strncmp(console->client, client, START_NAME_SIZE) == 0 &&
            strncmp(console->session, session, START_NAME_SIZE) == 0)
            return console;
    }
    return NULL;
}

struct console *consoles_idle(const struct consoles *consoles)
{
    for (u32 i = 1; i < consoles->count; i++) {
        if (!consoles->console[i]->owner && i != consoles->shown)
            return consoles->console[i];
    }
    return NULL;
}

/* Which one it is; `count` if it is none of them. */
static u32 index_of(const struct consoles *consoles, const struct console *console)
{
    u32 index = 1;
    while (index < consoles->count && consoles->console[index] != console)
        index++;
    return index;
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
}

bool consoles_add(struct consoles *consoles, struct console *console)
{
    u32 index = index_of(consoles, console);
    if (index == CONSOLES)
        return false;
    consoles->console[index] = console;
    consoles->gathered[index].length = 0;
    consoles->count = (u32)max(consoles->count, index + 1);
    bool first = consoles->shown == 0 || console->place < shown(consoles)->place;
    if (!consoles->chosen && first)
        show(consoles, index, false);
    return true;
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

/* Text of a console that is not shown, as lines above what is: no more than up to the end of one
 * line, which a notice makes longer. How much was taken. */
static usize announce(struct consoles *consoles, struct console *console, const char *bytes,
                      usize length)
{
    struct gather *gathered = &consoles->gathered[index_of(consoles, console)];
    for (usize i = 0; i < length; i++) {
        bool plain = (bytes[i] >= ' ' && bytes[i] < 0x7f) || bytes[i] == '\n';
        if (!gather(gathered, plain ? bytes[i] : '?'))
            continue;
        char mark[CONSOLE_NAME + 4];
        format_buffer(mark, sizeof(mark), "[%s] ", console->name);
        console_notice(shown(consoles), mark, gathered->bytes, gathered->length);
        gathered->length = 0;
        return i + 1;
    }
    return length;
}

/* How much text of a console there is room for now. */
static usize room_for(const struct consoles *consoles, const struct console *console)
{
    bool hidden = console != shown(consoles);
    if (hidden && !consoles->announce)
        return SIZE_MAX;
    usize room = display_room(consoles->display);
    usize least = hidden || console->wants_room ? 2 * DISPLAY_RESERVE : DISPLAY_RESERVE;
    return room > least ? room - DISPLAY_RESERVE : 0;
}

usize consoles_write(struct consoles *consoles, struct console *console, const char *bytes,
                     usize length)
{
    usize room = room_for(consoles, console), taken = min(length, room);
    if (taken != 0 && consoles->announce && console != shown(consoles))
        taken = announce(consoles, console, bytes, taken);
    console->wants_room = taken < length && room < length;
    console_write(console, bytes, taken);
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

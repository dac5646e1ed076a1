/*
 * One console; console.h has the contract. Pure logic over a display.
 */
#include "console.h"

#include <base/string.h>

#define PIECE         128 /* of text, filtered at once */
#define PLAIN_COLOURS "\033[m"

static void emit(struct console *console, const char *bytes, usize length)
{
    if (console->display && length != 0)
        display_write(console->display, bytes, length);
}

static void write_echo(struct sink *sink, const char *bytes, usize length)
{
    emit(container_of(sink, struct console, echo), bytes, length);
}

void console_init(struct console *console)
{
    console->echo.write = write_echo;
    console->line.echo = &console->echo;
    console->line.words = console->words;
}

/* --- the last line, the one in which the cursor is -------------------------------------------- */

static void keep(struct console *console, char byte)
{
    bool plain = byte >= ' ' && byte < 0x7f;
    if (byte == '\n') {
        text_append(&console->text, console->last, console->last_length);
        text_append(&console->text, &byte, 1);
        console->last_length = 0;
        console->last_odd = false;
    } else if (!console->last_odd && plain && console->last_length < LINE_PROMPT) {
        console->last[console->last_length++] = byte;
    } else {
        text_append(&console->text, console->last, console->last_length);
        text_append(&console->text, &byte, 1);
        console->last_length = 0;
        console->last_odd = true;
    }
}

static void put(struct console *console, const char *bytes, usize length)
{
    for (usize i = 0; i < length; i++)
        keep(console, bytes[i]);
    emit(console, bytes, length);
}

/* Frees the row in which the cursor is, for a notice or for text that comes while a line is
 * edited. */
static void hide_row(struct console *console)
{
    if (console->last_odd)
        put(console, "\n", 1);
    else if (console->reading || console->last_length != 0)
        emit(console, LINE_HIDE, sizeof(LINE_HIDE) - 1);
}

static void show_row(struct console *console)
{
    if (console->reading)
        line_show(&console->line);
    else
        emit(console, console->last, console->last_length);
}

void console_remember(struct console *console, const char *line, usize length)
{
    text_append(&console->text, line, length);
    text_append(&console->text, "\n", 1);
}

void console_notice(struct console *console, const char *mark, const char *line, usize length)
{
    hide_row(console);
    struct sink *echo = &console->echo;
    if (console->display)
        format(echo, "%s%.*s\n", mark, (int)length, line);
    text_append(&console->text, mark, strlen(mark));
    console_remember(console, line, length);
    show_row(console);
}

void console_show(struct console *console, struct display *display, u64 from)
{
    usize length;
    console->display = display;
    for (const char *piece; piece = text_read(&console->text, &from, &length), length != 0;)
        emit(console, piece, length);
    show_row(console);
}

void console_hide(struct console *console)
{
    if (console->filter.coloured)
        emit(console, PLAIN_COLOURS, sizeof(PLAIN_COLOURS) - 1);
    if (console->reading || console->last_length != 0 || console->last_odd)
        emit(console, "\n", 1);
    console->display = NULL;
}

/* --- what the client does --------------------------------------------------------------------- */

void console_reset(struct console *console)
{
    if (console->reading || console->last_length != 0 || console->last_odd)
        put(console, "\n", 1);
    if (console->filter.coloured)
        put(console, PLAIN_COLOURS, sizeof(PLAIN_COLOURS) - 1);
    console->last_odd = false; /* that took no place in the row */
    console->filter = (struct filter){0};
    console->raw = console->reading = console->wants_room = false;
    console->typed_out = console->typed_in;
    console->ready_read = console->ready_length = 0;
    console->words[0] = 0;
}

/* From here on the row is the last line as the prompt, and what is typed behind it. */
static void begin_line(struct console *console)
{
    if (console->last_odd)
        put(console, "\n", 1);
    console->reading = true;
    line_begin(&console->line, console->last, console->last_length);
}

static void put_filtered(struct console *console, const char *bytes, usize length)
{
    char passed[PIECE + FILTER_HELD];
    for (usize done = 0, piece; done < length; done += piece) {
        piece = min(length - done, PIECE);
        put(console, passed, filter_text(&console->filter, bytes + done, piece, passed));
    }
}

void console_write(struct console *console, const char *bytes, usize length)
{
    if (length == 0)
        return;
    if (!console->reading) {
        put_filtered(console, bytes, length);
        return;
    }
    hide_row(console);
    emit(console, console->last, console->last_length);
    put_filtered(console, bytes, length);
    if (console->last_odd)
        put(console, "\n", 1);
    line_set_prompt(&console->line, console->last, console->last_length);
    line_show(&console->line);
}

static bool take_typed(struct console *console, char *byte)
{
    if (console->typed_out == console->typed_in)
        return false;
    *byte = console->typed[console->typed_out++ % CONSOLE_TYPED];
    return true;
}

/* A key for the line being edited. */
static void edit(struct console *console, char byte)
{
    struct line *line = &console->line;
    if (line_input(line, (u8)byte) == LINE_EDITING)
        return;
    memcpy(console->ready, line->text, line->length);
    console->ready[line->length] = '\n';
    console->ready_length = line->length + 1;
    console->ready_read = 0;
    console->reading = false;
    for (u32 i = 0; i < console->ready_length; i++) /* the echo has shown it already */
        keep(console, console->ready[i]);
}

static usize read_raw(struct console *console, char *bytes, usize size)
{
    usize count = 0;
    while (count < size && take_typed(console, &bytes[count]))
        count++;
    return count;
}

usize console_read(struct console *console, char *bytes, usize size)
{
    if (console->raw)
        return read_raw(console, bytes, size);
    if (console->ready_read == console->ready_length) {
        char byte;
        if (!console->reading)
            begin_line(console);
        while (console->reading && take_typed(console, &byte))
            edit(console, byte);
    }
    usize count = min(size, console->ready_length - console->ready_read);
    memcpy(bytes, console->ready + console->ready_read, count);
    console->ready_read += (u32)count;
    return count;
}

void console_set_raw(struct console *console, bool raw)
{
    if (raw && console->reading) {
        if (console->last_length != 0 || console->line.length != 0)
            put(console, "\n", 1);
        console->reading = false;
    }
    console->raw = raw;
}

void console_set_words(struct console *console, const char *words, usize length)
{
    length = min(length, CONSOLE_WORD_BYTES);
    for (usize i = 0; i < length; i++)
        console->words[i] = words[i] > ' ' && words[i] < 0x7f ? words[i] : ' ';
    console->words[length] = 0;
}

/* --- what the operator does ------------------------------------------------------------------- */

void console_key(struct console *console, char byte)
{
    if (console->reading) {
        edit(console, byte);
        return;
    }
    if (console->typed_in - console->typed_out == CONSOLE_TYPED) {
        emit(console, "\a", 1);
        return;
    }
    console->typed[console->typed_in++ % CONSOLE_TYPED] = byte;
}

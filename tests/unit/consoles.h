/*
 * The surroundings of the console's unit tests: a serial line that is a buffer, a screen that is
 * an array, and what the tests do with them.
 */
#pragma once
#include "unit.h"

#include <console/consoles.h>

/* --- the surroundings ------------------------------------------------------------------------- */

static char serial[1 << 16]; /* what came out of the serial line since it was last looked at */
static usize serial_length;
static usize serial_room; /* how much it takes */
static struct consoles *consoles;
static struct display *display;
static u16 drawn[TERMINAL_ROWS][TERMINAL_COLUMNS];

usize uart_room(const struct uart *uart)
{
    (void)uart;
    return serial_room;
}

usize uart_write(struct uart *uart, const char *bytes, usize length)
{
    (void)uart;
    usize taken = min(length, serial_room);
    assert_true(serial_length + taken < sizeof(serial));
    memcpy(serial + serial_length, bytes, taken);
    serial_length += taken;
    serial_room -= taken;
    return taken;
}

static inline void draw(struct screen *screen, u32 column, u32 row, u16 cell)
{
    assert_true(column < screen->columns && row < screen->rows);
    drawn[row][column] = cell;
}

static struct screen screen = {.columns = 80, .rows = 25, .draw = draw};

static inline struct console *new_console(u32 place, const char *name)
{
    struct console *console = calloc(1, sizeof(*console));
    console->place = place;
    strncpy(console->client, name, sizeof(console->client));
    strncpy(console->session, "console", sizeof(console->session));
    strncpy(console->name, name, CONSOLE_NAME);
    console_init(console);
    return console;
}

/* The console of the client `name`, whose session has this place in the boot configuration. */
static inline struct console *add(u32 place, const char *name)
{
    struct console *console = new_console(place, name);
    assert_true(consoles_add(consoles, console));
    return console;
}

static inline int setup(void **state)
{
    (void)state;
    display = calloc(1, sizeof(*display));
    consoles = calloc(1, sizeof(*consoles));
    display_init(display);
    terminal_start(&display->terminal, &screen);
    struct console *log = new_console(0, "system log");
    consoles_init(consoles, display, log, "console");
    consoles_show_log(consoles);
    serial_length = 0;
    serial_room = UART_OUT_BYTES;
    return 0;
}

static inline int teardown(void **state)
{
    (void)state;
    for (u32 i = 0; i < consoles->count; i++)
        free(consoles->console[i]);
    free(consoles);
    free(display);
    return 0;
}

/* --- what the tests do ------------------------------------------------------------------------ */

static inline void type(const char *keys)
{
    for (; *keys; keys++)
        consoles_key(consoles, *keys);
}

static inline void put(struct console *console, const char *text)
{
    assert_int_equal(consoles_write(consoles, console, text, strlen(text)), strlen(text));
}

static inline void log_text(const char *text)
{
    consoles_log(consoles, text, strlen(text), false);
}

/* The line that the client reads, without its newline; NULL: none yet. */
static inline const char *read_line(struct console *console)
{
    static char line[LINE_BYTES + 1];
    usize length = 0, count;
    while ((count = console_read(console, line + length, min(24, sizeof(line) - length))) != 0) {
        length += count;
        if (line[length - 1] == '\n') {
            line[length - 1] = 0;
            return line;
        }
    }
    assert_int_equal(length, 0);
    return NULL;
}

static inline void assert_serial(const char *expected)
{
    serial[serial_length] = 0;
    assert_string_equal(serial, expected);
    serial_length = 0;
    serial_room = UART_OUT_BYTES;
}

static inline const char *screen_row(u32 row)
{
    static char text[81];
    usize length = 0;
    terminal_refresh(&display->terminal, 80 * 25);
    for (u32 column = 0; column < 80; column++) {
        text[column] = (char)CELL_CHARACTER(drawn[row][column]);
        if (text[column] != ' ')
            length = column + 1;
    }
    text[length] = 0;
    return text;
}

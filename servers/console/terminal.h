/*
 * A small terminal: text goes in, a grid of cells comes out, and a screen is brought up to date
 * with it in small steps. Pure logic; the screen is somebody's function that draws one cell.
 *
 * It knows printable ASCII (other bytes from 0x80 up show as `?`), \b \r \n \t, and of the ANSI
 * sequences those that move the cursor (A B C D H), clear (J, K) and choose colours (m); others
 * are passed over. A newline also goes to the beginning of the line. At the end of a row text
 * wraps, once a further character comes.
 */
#pragma once
#include <drivers/screen.h>

#define TERMINAL_COLUMNS    160
#define TERMINAL_ROWS       64
#define TERMINAL_PARAMETERS 4

struct terminal {
    struct screen *screen; /* NULL: there is none, and nothing is kept */
    u32 columns, rows;
    u32 column, row; /* of the cursor; column == columns: the next character wraps */
    u32 top;         /* row of `cells` that is the first on the screen: scrolling moves no cell */
    u8 attribute;
    u8 state; /* of the escape sequence */
    u8 parameter_count;
    u8 parameters[TERMINAL_PARAMETERS];
    u32 cursor_column, cursor_row; /* where the cursor was last drawn */
    u64 stale;                     /* rows that may differ from the screen, one bit each */
    u16 cells[TERMINAL_ROWS][TERMINAL_COLUMNS];
    u16 shown[TERMINAL_ROWS][TERMINAL_COLUMNS];
};

/* Starts with an empty screen, of which at most the two limits above are used. */
void terminal_start(struct terminal *terminal, struct screen *screen);

void terminal_write(struct terminal *terminal, const char *bytes, usize length);

/* The column in which the cursor is seen: while the next character waits to wrap, the last one. */
u32 terminal_column(const struct terminal *terminal);

/* Is there something to draw? */
bool terminal_is_stale(const struct terminal *terminal);

/* Draws what has changed, but not more than about `cells` cells. */
void terminal_refresh(struct terminal *terminal, u32 cells);

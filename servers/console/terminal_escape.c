/*
 * The subset of ANSI escape sequences (ECMA-48) that the small terminal understands.
 */
#include "terminal_escape.h"

#define ESCAPE 27

enum state { TEXT, ESCAPED, SEQUENCE };

/* The parameter `index`, or `otherwise` where it is missing or 0. */
static u32 parameter(const struct terminal *terminal, u32 index, u32 otherwise)
{
    u32 value = index <= terminal->parameter_count ? terminal->parameters[index] : 0;
    return value != 0 ? value : otherwise;
}

/* J and K: 0 from the cursor on, 1 up to the cursor, 2 all. */
static void erase_row(struct terminal *terminal, u32 how)
{
    u32 column = terminal_column(terminal);
    if (how <= 2)
        terminal_clear(terminal, terminal->row, how == 0 ? column : 0,
                       how == 1 ? column + 1 : terminal->columns);
}

static void erase_screen(struct terminal *terminal, u32 how)
{
    erase_row(terminal, how);
    for (u32 row = 0; row < terminal->rows; row++) {
        bool erased =
            how == 2 || (how == 0 && row > terminal->row) || (how == 1 && row < terminal->row);
        if (erased)
            terminal_clear(terminal, row, 0, terminal->columns);
    }
}

/* ANSI counts red, green, blue from the lowest bit up, the VGA the other way round. */
static u8 vga_colour(u32 ansi)
{
    return (u8)((ansi & 1) << 2 | (ansi & 2) | (ansi & 4) >> 2);
}

static void select_colour(struct terminal *terminal, u32 value)
{
    u8 attribute = terminal->attribute;
    if (value == 0)
        attribute = TERMINAL_PLAIN;
    else if (value == 1)
        attribute |= 8;
    else if (value == 7)
        attribute = (u8)((attribute & 7) << 4 | (attribute >> 4 & 7));
    else if (value >= 30 && value <= 37)
        attribute = (u8)((attribute & 0xf8) | vga_colour(value - 30));
    else if (value == 39)
        attribute = (u8)((attribute & 0xf0) | (TERMINAL_PLAIN & 0x0f));
    else if (value >= 40 && value <= 47)
        attribute = (u8)((attribute & 0x0f) | vga_colour(value - 40) << 4);
    else if (value == 49)
        attribute = (u8)((attribute & 0x0f) | (TERMINAL_PLAIN & 0xf0));
    else if (value >= 90 && value <= 97)
        attribute = (u8)((attribute & 0xf0) | 8 | vga_colour(value - 90));
    terminal->attribute = attribute;
}

static void move_to(struct terminal *terminal, i64 row, i64 column)
{
    terminal->row = row < 0 ? 0 : (u32)min((u64)row, terminal->rows - 1);
    terminal->column = column < 0 ? 0 : (u32)min((u64)column, terminal->columns - 1);
}

static void finish(struct terminal *terminal, u8 letter)
{
    i64 row = terminal->row, column = terminal_column(terminal), count = parameter(terminal, 0, 1);
    switch (letter) {
    case 'A':
        move_to(terminal, row - count, column);
        break;
    case 'B':
        move_to(terminal, row + count, column);
        break;
    case 'C':
        move_to(terminal, row, column + count);
        break;
    case 'D':
        move_to(terminal, row, column - count);
        break;
    case 'H':
        move_to(terminal, count - 1, (i64)parameter(terminal, 1, 1) - 1);
        break;
    case 'J':
        erase_screen(terminal, parameter(terminal, 0, 0));
        break;
    case 'K':
        erase_row(terminal, parameter(terminal, 0, 0));
        break;
    case 'm':
        for (u32 i = 0; i <= terminal->parameter_count && i < TERMINAL_PARAMETERS; i++)
            select_colour(terminal, terminal->parameters[i]);
        break;
    }
}

static void sequence_byte(struct terminal *terminal, u8 byte)
{
    if (byte >= '0' && byte <= '9') {
        if (terminal->parameter_count < TERMINAL_PARAMETERS) {
            u8 *value = &terminal->parameters[terminal->parameter_count];
            *value = (u8)min(*value * 10u + (byte - '0'), 255);
        }
    } else if (byte == ';') {
        terminal->parameter_count += terminal->parameter_count < TERMINAL_PARAMETERS;
    } else if (byte >= 0x40 && byte <= 0x7e) {
        terminal->state = TEXT;
        finish(terminal, byte);
    }
}

bool terminal_escape(struct terminal *terminal, u8 byte)
{
    if (byte == ESCAPE) {
        terminal->state = ESCAPED;
        return true;
    }
    if (terminal->state == TEXT)
        return false;
    if (byte < ' ') { /* a control character inside of a sequence is acted upon */
        return false;
    }
    if (terminal->state == ESCAPED) {
        terminal->state = byte == '[' ? SEQUENCE : TEXT;
        terminal->parameter_count = 0;
        for (u32 i = 0; i < TERMINAL_PARAMETERS; i++)
            terminal->parameters[i] = 0;
        return true;
    }
    sequence_byte(terminal, byte);
    return true;
}

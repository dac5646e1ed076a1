/*
 * The small terminal: what each byte does to the grid, and which cells the screen has to be told.
 * terminal.h has the contract; escape sequences are in terminal_escape.c.
 */
#include "terminal.h"

#include "terminal_escape.h"

static_assert(TERMINAL_ROWS <= 64, "one bit of `stale` for each row");

static u16 *cell_row(struct terminal *terminal, u32 row)
{
    return terminal->cells[(terminal->top + row) % terminal->rows];
}

static void mark_all(struct terminal *terminal)
{
    terminal->stale = UINT64_MAX >> (64 - terminal->rows);
}

void terminal_clear(struct terminal *terminal, u32 row, u32 from, u32 to)
{
    u16 *cells = cell_row(terminal, row);
    for (u32 column = from; column < to; column++)
        cells[column] = CELL(' ', terminal->attribute);
    terminal->stale |= 1ul << row;
}

void terminal_start(struct terminal *terminal, struct screen *screen)
{
    terminal->screen = screen;
    terminal->columns = (u32)min(screen->columns, TERMINAL_COLUMNS);
    terminal->rows = (u32)min(screen->rows, TERMINAL_ROWS);
    terminal->column = terminal->row = terminal->top = 0;
    terminal->cursor_column = terminal->cursor_row = 0;
    terminal->state = 0;
    terminal->attribute = TERMINAL_PLAIN;
    for (u32 row = 0; row < terminal->rows; row++) {
        terminal_clear(terminal, row, 0, terminal->columns);
        for (u32 column = 0; column < terminal->columns; column++)
            terminal->shown[row][column] = 0; /* unlike any cell: whatever is there is drawn over */
    }
}

static void new_line(struct terminal *terminal)
{
    terminal->column = 0;
    if (terminal->row + 1 < terminal->rows) {
        terminal->row++;
        return;
    }
    terminal->top = (terminal->top + 1) % terminal->rows;
    terminal_clear(terminal, terminal->rows - 1, 0, terminal->columns);
    mark_all(terminal);
}

static void put(struct terminal *terminal, u8 character)
{
    if (terminal->column == terminal->columns)
        new_line(terminal);
    cell_row(terminal, terminal->row)[terminal->column++] = CELL(character, terminal->attribute);
    terminal->stale |= 1ul << terminal->row;
}

u32 terminal_column(const struct terminal *terminal)
{
    return (u32)min(terminal->column, terminal->columns - 1);
}

static void plain_byte(struct terminal *terminal, u8 byte)
{
    switch (byte) {
    case '\n':
        new_line(terminal);
        break;
    case '\r':
        terminal->column = 0;
        break;
    case '\b':
        terminal->column = terminal_column(terminal);
        terminal->column -= terminal->column != 0;
        break;
    case '\t':
        terminal->column = (u32)min(align_up(terminal->column + 1, 8), terminal->columns - 1);
        break;
    default:
        if (byte >= ' ' && byte < 0x7f)
            put(terminal, byte);
        else if (byte >= 0x80)
            put(terminal, '?');
    }
}

void terminal_write(struct terminal *terminal, const char *bytes, usize length)
{
    if (!terminal->screen)
        return;
    for (usize i = 0; i < length; i++) {
        if (!terminal_escape(terminal, (u8)bytes[i]))
            plain_byte(terminal, (u8)bytes[i]);
    }
}

bool terminal_is_stale(const struct terminal *terminal)
{
    return terminal->screen && (terminal->stale != 0 || terminal->cursor_row != terminal->row ||
                                terminal->cursor_column != terminal_column(terminal));
}

/* The cursor is a cell with its colours exchanged. */
static u16 with_cursor(u16 cell)
{
    u8 colours = (u8)(CELL_BACKGROUND(cell) | (CELL_FOREGROUND(cell) & 7) << 4);
    return CELL(CELL_CHARACTER(cell), colours);
}

static u32 refresh_row(struct terminal *terminal, u32 row)
{
    u32 drawn = 0;
    const u16 *cells = cell_row(terminal, row);
    for (u32 column = 0; column < terminal->columns; column++) {
        bool cursor = row == terminal->cursor_row && column == terminal->cursor_column;
        u16 cell = cursor ? with_cursor(cells[column]) : cells[column];
        if (cell == terminal->shown[row][column])
            continue;
        terminal->shown[row][column] = cell;
        terminal->screen->draw(terminal->screen, column, row, cell);
        drawn++;
    }
    terminal->stale &= ~(1ul << row);
    return drawn;
}

void terminal_refresh(struct terminal *terminal, u32 cells)
{
    if (!terminal_is_stale(terminal))
        return;
    terminal->stale |= 1ul << terminal->cursor_row | 1ul << terminal->row;
    terminal->cursor_row = terminal->row;
    terminal->cursor_column = terminal_column(terminal);
    for (u32 drawn = 0; drawn < cells && terminal->stale != 0;)
        drawn += refresh_row(terminal, (u32)__builtin_ctzl(terminal->stale));
}

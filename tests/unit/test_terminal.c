/*
 * Unit tests of the console's terminal: what text and escape sequences do to the grid, and that a
 * screen which is brought up to date in small steps ends up showing exactly the grid.
 */
// with: servers/console/terminal.c servers/console/terminal_escape.c
#include "unit.h"

#include <base/random.h>
#include <console/terminal.h>

static struct terminal terminal;
static u16 drawn[TERMINAL_ROWS][TERMINAL_COLUMNS];
static u32 draws;

static void draw(struct screen *screen, u32 column, u32 row, u16 cell)
{
    assert_true(column < screen->columns && row < screen->rows);
    drawn[row][column] = cell;
    draws++;
}

static struct screen screen = {.draw = draw};

static void begin(u32 columns, u32 rows)
{
    screen.columns = columns;
    screen.rows = rows;
    terminal_start(&terminal, &screen);
    memset(drawn, 0, sizeof(drawn));
    draws = 0;
}

static void write_text(const char *text)
{
    terminal_write(&terminal, text, strlen(text));
}

static void assert_row(u32 row, const char *expected)
{
    char text[TERMINAL_COLUMNS + 1] = "";
    u32 length = 0;
    while (terminal_is_stale(&terminal))
        terminal_refresh(&terminal, 1);
    for (u32 column = 0; column < terminal.columns; column++) {
        text[column] = (char)CELL_CHARACTER(drawn[row][column]);
        if (text[column] != ' ')
            length = column + 1;
    }
    text[length] = 0;
    assert_string_equal(text, expected);
}

static void test_text(void **state)
{
    (void)state;
    begin(10, 4);
    write_text("one\ntwo\rT\n\tx\bY\xc3");
    assert_row(0, "one");
    assert_row(1, "Two");
    assert_row(2, "        Y?");
    assert_row(3, "");
    assert_int_equal(terminal.column, 10);
    write_text("z");
    assert_row(3, "z");
}

static void test_wrapping(void **state)
{
    (void)state;
    begin(4, 3);
    write_text("abcd"); /* the cursor stays until there is more */
    assert_int_equal(terminal.row, 0);
    write_text("\nefgh");
    assert_row(0, "abcd");
    assert_row(1, "efgh");
    write_text("ijklm");
    assert_row(0, "efgh");
    assert_row(1, "ijkl");
    assert_row(2, "m");
    write_text("\t\t\t\t!");
    assert_row(2, "m  !");
}

static void test_scrolling(void **state)
{
    (void)state;
    begin(8, 3);
    for (int i = 0; i < 100; i++) {
        char line[16];
        snprintf(line, sizeof(line), "%d\n", i);
        write_text(line);
    }
    assert_row(0, "98");
    assert_row(1, "99");
    assert_row(2, "");
}

static void test_escape_sequences(void **state)
{
    (void)state;
    begin(10, 4);
    write_text("0123456789\033[5D\033[K");
    assert_row(0, "0123"); /* from the last column, where it waits to wrap, five to the left */
    write_text("\033[2;3Hx\033[Ay\033[10Bz\033[99C!\033[99D<");
    assert_row(1, "  x");
    assert_row(0, "012y");
    assert_row(3, "<   z    !");
    write_text("\033[2;2H\033[1K\033[?25lok\033(B");
    assert_row(1, " okB");
    write_text("\033[1;1H\033[J");
    assert_row(0, "");
    assert_row(3, "");
    write_text("abc\033[2Jd\033[H\033[1");
    write_text("Je"); /* a sequence may come in pieces */
    assert_row(0, "e  d");
    write_text("\033[;;;;;;;;;;;;;;;5;6;7Hq"); /* more parameters than anybody has */
    assert_row(0, "q  d");
    write_text("\033[1\n2Cx"); /* a newline inside counts */
    assert_row(1, "         x");
}

static void test_colours(void **state)
{
    (void)state;
    begin(10, 2);
    write_text("a\033[31mb\033[1;42mc\033[md\033[7me\033[0;94mf\033[39;49mg");
    assert_row(0, "abcdefg");
    const u16 *cells = drawn[0];
    assert_int_equal(CELL_FOREGROUND(cells[0]), 7);
    assert_int_equal(CELL_FOREGROUND(cells[1]), 4);
    assert_int_equal(CELL_FOREGROUND(cells[2]), 12);
    assert_int_equal(CELL_BACKGROUND(cells[2]), 2);
    assert_int_equal(cells[3], CELL('d', 7));
    assert_int_equal(CELL_FOREGROUND(cells[4]), 0);
    assert_int_equal(CELL_BACKGROUND(cells[4]), 7);
    assert_int_equal(CELL_FOREGROUND(cells[5]), 9);
    assert_int_equal(CELL_FOREGROUND(cells[6]), 7);
}

static void test_little_is_drawn(void **state)
{
    (void)state;
    begin(80, 25);
    write_text("keeper> ");
    while (terminal_is_stale(&terminal))
        terminal_refresh(&terminal, 100);
    assert_int_equal(draws, 80 * 25);
    draws = 0;
    write_text("p");
    terminal_refresh(&terminal, 100);
    assert_int_equal(draws, 2); /* the letter, and the cursor */
    assert_false(terminal_is_stale(&terminal));
    draws = 0;
    write_text("\b");
    terminal_refresh(&terminal, 100);
    assert_int_equal(draws, 2);
}

static void test_no_screen(void **state)
{
    (void)state;
    memset(&terminal, 0, sizeof(terminal));
    write_text("nobody sees this\n");
    assert_false(terminal_is_stale(&terminal));
    terminal_refresh(&terminal, 100);
}

static void check_drawn(void)
{
    for (u32 row = 0; row < terminal.rows; row++) {
        for (u32 column = 0; column < terminal.columns; column++) {
            u16 cell = terminal.cells[(terminal.top + row) % terminal.rows][column];
            u32 cursor = (u32)min(terminal.column, terminal.columns - 1);
            bool at_cursor = row == terminal.row && column == cursor;
            assert_int_equal(CELL_CHARACTER(drawn[row][column]), CELL_CHARACTER(cell));
            if (!at_cursor)
                assert_int_equal(drawn[row][column], cell);
        }
    }
}

/* Whatever bytes come, nothing is drawn outside, and in the end the screen shows the grid. */
static void test_random_bytes(void **state)
{
    (void)state;
    static const char usual[] = "\033[[[[;;0123459HJKmABCDab \n\r\t\b";
    struct random random;
    random_init(&random, 3);
    for (u32 round = 0; round < 40; round++) {
        begin((u32)random_below(&random, 200) + 1, (u32)random_below(&random, 80) + 1);
        for (u32 i = 0; i < 4000; i++) {
            u64 pick = random_below(&random, 4);
            char byte = pick == 0   ? (char)random_below(&random, 256)
                        : pick == 1 ? (char)('a' + random_below(&random, 26))
                                    : usual[random_below(&random, sizeof(usual) - 1)];
            terminal_write(&terminal, &byte, 1);
            assert_true(terminal.row < terminal.rows && terminal.column <= terminal.columns);
            if (random_below(&random, 10) == 0)
                terminal_refresh(&terminal, (u32)random_below(&random, 50));
        }
        while (terminal_is_stale(&terminal))
            terminal_refresh(&terminal, 7);
        check_drawn();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),      cmocka_unit_test(test_wrapping),
        cmocka_unit_test(test_scrolling), cmocka_unit_test(test_escape_sequences),
        cmocka_unit_test(test_colours),   cmocka_unit_test(test_little_is_drawn),
        cmocka_unit_test(test_no_screen), cmocka_unit_test(test_random_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Unit tests of the console's line editor and of what it is made of: key sequences, history,
 * completion. What the editor echoes is given to the console's own terminal; after every key the
 * row there has to show what the line is.
 */
// with: servers/console/line.c servers/console/keys.c servers/console/history.c
// with: servers/console/complete.c servers/console/terminal.c servers/console/terminal_escape.c
// with: libpv/base/format.c
#include "unit.h"

#include <base/random.h>
#include <console/complete.h>
#include <console/line.h>
#include <console/terminal.h>

static struct terminal terminal;
static struct screen screen = {.columns = 80, .rows = 25};
static u32 bells;

static void echo(struct sink *sink, const char *bytes, usize length)
{
    (void)sink;
    for (usize i = 0; i < length; i++)
        bells += bytes[i] == '\a';
    terminal_write(&terminal, bytes, length);
}

static struct sink sink = {echo};

static struct line *new_line(const char *words)
{
    struct line *line = calloc(1, sizeof(*line));
    line->echo = &sink;
    line->words = words;
    terminal_start(&terminal, &screen);
    bells = 0;
    return line;
}

static void prompt(struct line *line, const char *text)
{
    terminal_write(&terminal, text, strlen(text));
    line_begin(line, text, strlen(text));
}

static enum line_result type(struct line *line, const char *keys)
{
    enum line_result result = LINE_EDITING;
    for (; *keys; keys++)
        result = line_input(line, (u8)*keys);
    return result;
}

/* The text of a row of the terminal, without the blanks at its end. */
static const char *row_text(u32 row)
{
    static char text[TERMINAL_COLUMNS + 1];
    u32 length = 0;
    for (u32 column = 0; column < terminal.columns; column++) {
        text[column] =
            (char)CELL_CHARACTER(terminal.cells[(terminal.top + row) % terminal.rows][column]);
        if (text[column] != ' ')
            length = column + 1;
    }
    text[length] = 0;
    return text;
}

static void assert_line(const struct line *line, const char *expected, u32 cursor)
{
    assert_int_equal(line->length, strlen(expected));
    assert_memory_equal(line->text, expected, line->length);
    assert_int_equal(line->cursor, cursor);
}

static void test_keys(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        int key;
    } cases[] = {
        {"a", 'a'},
        {"\033[A", KEY_UP},
        {"\033[B", KEY_DOWN},
        {"\033[C", KEY_RIGHT},
        {"\033[D", KEY_LEFT},
        {"\033OH", KEY_HOME},
        {"\033[F", KEY_END},
        {"\033[1~", KEY_HOME},
        {"\033[4~", KEY_END},
        {"\033[3~", KEY_DELETE},
        {"\033[7~", KEY_HOME},
        {"\033[8~", KEY_END},
        {"\033[1;5C", KEY_RIGHT},
        {"\033[3;2~", KEY_DELETE},
        {"\033[99999999~", KEY_NONE},
        {"\033x", KEY_NONE},
        {"\033[Z", KEY_NONE},
        {"\033\r", '\r'},
        {"\033[1\r", '\r'},
        {"\033\033[A", KEY_UP},
    };
    for (usize i = 0; i < array_count(cases); i++) {
        struct key_decoder decoder = {0};
        int key = KEY_NONE;
        for (const char *c = cases[i].bytes; *c; c++) {
            assert_int_equal(key, KEY_NONE); /* nothing before the last byte */
            key = key_decode(&decoder, (u8)*c);
        }
        assert_int_equal(key, cases[i].key);
        assert_int_equal(key_decode(&decoder, 'q'), 'q'); /* and it is over */
    }
}

static void test_history(void **state)
{
    (void)state;
    struct history *history = calloc(1, sizeof(*history));
    assert_null(history_line(history, 1));
    history_add(history, "", 0);
    assert_int_equal(history->count, 0);
    history_add(history, "one", 3);
    history_add(history, "one", 3);
    history_add(history, "two", 3);
    assert_int_equal(history->count, 2);
    assert_string_equal(history_line(history, 1), "two");
    assert_string_equal(history_line(history, 2), "one");
    assert_null(history_line(history, 0));
    assert_null(history_line(history, 3));

    char text[16];
    for (int i = 0; i < 100; i++) {
        int length = snprintf(text, sizeof(text), "line %d", i);
        history_add(history, text, (usize)length);
    }
    assert_int_equal(history->count, HISTORY_LINES);
    assert_string_equal(history_line(history, 1), "line 99");
    assert_string_equal(history_line(history, HISTORY_LINES), "line 68");

    char *large = malloc(HISTORY_BYTES);
    memset(large, 'x', HISTORY_BYTES);
    history_add(history, large, HISTORY_BYTES); /* too large for all of it */
    assert_string_equal(history_line(history, 1), "line 99");
    history_add(history, large, HISTORY_BYTES - 1); /* all of it */
    assert_int_equal(history->count, 1);
    assert_int_equal(strlen(history_line(history, 1)), HISTORY_BYTES - 1);
    free(large);
    free(history);
}

static void test_history_against_model(void **state)
{
    (void)state;
    static char model[2000][LINE_BYTES];
    struct history *history = calloc(1, sizeof(*history));
    struct random random;
    random_init(&random, 7);
    for (u32 count = 0; count < 2000;) {
        u32 length = (u32)random_below(&random, LINE_BYTES - 1) + 1;
        memset(model[count], 'a' + (int)random_below(&random, 26), length);
        model[count][length] = 0;
        history_add(history, model[count], length);
        if (count == 0 || strcmp(model[count], model[count - 1]) != 0)
            count++;
        usize used = 0;
        for (u32 back = 1; back <= history->count; back++) {
            assert_string_equal(history_line(history, back), model[count - back]);
            used += strlen(model[count - back]) + 1;
        }
        assert_int_equal(used, history->used);
        assert_true(history->count >= HISTORY_BYTES / LINE_BYTES || history->count == count);
    }
    free(history);
}

static void test_completion(void **state)
{
    (void)state;
    struct completion found = complete_word("help halt kill  keeper ", "h", 1);
    assert_int_equal(found.matches, 2);
    assert_int_equal(found.rest_length, 0);
    found = complete_word("help halt kill keeper", "ki", 2);
    assert_int_equal(found.matches, 1);
    assert_int_equal(found.rest_length, 2);
    assert_memory_equal(found.rest, "ll", 2);
    found = complete_word("console conserve", "c", 1);
    assert_int_equal(found.matches, 2);
    assert_int_equal(found.rest_length, 3);
    assert_memory_equal(found.rest, "ons", 3);
    assert_int_equal(complete_word("console", "consoles", 8).matches, 0);
    assert_int_equal(complete_word("", "c", 1).matches, 0);
    assert_int_equal(complete_word(NULL, "c", 1).matches, 0);
    assert_int_equal(complete_word("a b c", "", 0).matches, 3);
}

static void test_typing(void **state)
{
    (void)state;
    struct line *line = new_line(NULL);
    prompt(line, "keeper> ");
    assert_int_equal(type(line, "hlp"), LINE_EDITING);
    type(line, "\033[D\033[De");
    assert_line(line, "help", 2);
    assert_string_equal(row_text(0), "keeper> help");
    assert_int_equal(terminal.column, 10);
    type(line, "\033[3~\033[F\x7f");
    assert_line(line, "he", 2);
    assert_string_equal(row_text(0), "keeper> he");
    assert_int_equal(type(line, "\r"), LINE_DONE);
    assert_int_equal(terminal.row, 1);
    assert_int_equal(terminal.column, 0);
    free(line);
}

static void test_editing_keys(void **state)
{
    (void)state;
    struct line *line = new_line(NULL);
    prompt(line, "> ");
    type(line, "one two  three");
    type(line, "\027"); /* Ctrl-W */
    assert_line(line, "one two  ", 9);
    type(line, "\027");
    assert_line(line, "one ", 4);
    type(line, "four five\001\033[C\033[C\033[C\013"); /* Ctrl-A, right, Ctrl-K */
    assert_line(line, "one", 3);
    type(line, " more\002\002\025"); /* Ctrl-B, Ctrl-U */
    assert_line(line, "re", 0);
    type(line, "\006\004"); /* Ctrl-F, Ctrl-D */
    assert_line(line, "r", 1);
    type(line, "\004\004\006\006\005"); /* nothing is there */
    assert_line(line, "r", 1);
    type(line, "\001\x7f\x08\002");
    assert_line(line, "r", 0);
    type(line, "\001\x01\x1f\x80\xff"); /* none of these is text */
    assert_line(line, "r", 0);
    assert_string_equal(row_text(0), "> r");
    assert_int_equal(type(line, "\003"), LINE_ABANDONED);
    assert_int_equal(line->length, 0);
    free(line);
}

static void test_walking_history(void **state)
{
    (void)state;
    struct line *line = new_line(NULL);
    prompt(line, "> ");
    type(line, "first\r");
    prompt(line, "> ");
    type(line, "second\r");
    prompt(line, "> ");
    type(line, "dra\033[A");
    assert_line(line, "second", 6);
    type(line, "\033[A");
    assert_line(line, "first", 5);
    type(line, "\033[A"); /* there is no earlier one */
    assert_line(line, "first", 5);
    assert_int_equal(bells, 1);
    type(line, "\033[B\033[B");
    assert_line(line, "dra", 3);
    type(line, "\033[B");
    assert_line(line, "dra", 3);
    assert_string_equal(row_text(terminal.row), "> dra");
    type(line, "\020x\r"); /* Ctrl-P */
    prompt(line, "> ");
    type(line, "\020");
    assert_line(line, "secondx", 7);
    free(line);
}

static void test_line_ends(void **state)
{
    (void)state;
    struct line *line = new_line(NULL);
    prompt(line, "");
    assert_int_equal(type(line, "a\r"), LINE_DONE);
    prompt(line, "");
    assert_int_equal(type(line, "\n"), LINE_EDITING); /* the second half of a CR LF */
    assert_int_equal(type(line, "\n"), LINE_DONE);
    prompt(line, "");
    assert_int_equal(type(line, "\n"), LINE_DONE);
    free(line);
}

static void test_tab(void **state)
{
    (void)state;
    struct line *line = new_line("kill keeper console help");
    prompt(line, "> ");
    type(line, "ki\tcon\t");
    assert_line(line, "kill console ", 13);
    type(line, "\025k\t"); /* two begin with k: they are listed, and the line is shown again */
    assert_line(line, "k", 1);
    assert_string_equal(row_text(1), "kill  keeper");
    assert_string_equal(row_text(2), "> k");
    assert_int_equal(bells, 0);
    type(line, "z\t");
    assert_int_equal(bells, 1);
    assert_line(line, "kz", 2);
    free(line);
}

static void test_full_line(void **state)
{
    (void)state;
    struct line *line = new_line(NULL);
    prompt(line, "keeper> ");
    for (int i = 0; i < LINE_BYTES + 10; i++)
        line_input(line, (u8)('a' + i % 26));
    assert_int_equal(line->length, LINE_BYTES - 1);
    assert_int_equal(bells, 11);
    assert_int_equal(terminal.row, 0); /* it never wraps */
    assert_int_equal(type(line, "\r"), LINE_DONE);
    free(line);
}

/* --- against a model -------------------------------------------------------------------------- */

struct model {
    char text[LINE_BYTES];
    u32 length, cursor;
};

static void model_key(struct model *model, u32 key)
{
    char *at = model->text + model->cursor;
    u32 behind = model->length - model->cursor;
    switch (key) {
    case 0:
        model->cursor -= model->cursor != 0;
        break;
    case 1:
        model->cursor += behind != 0;
        break;
    case 2:
        model->cursor = 0;
        break;
    case 3:
        model->cursor = model->length;
        break;
    case 4:
        if (model->cursor != 0) {
            memmove(at - 1, at, behind);
            model->cursor--;
            model->length--;
        }
        break;
    case 5:
        if (behind != 0) {
            memmove(at, at + 1, behind - 1);
            model->length--;
        }
        break;
    default:
        if (model->length < LINE_BYTES - 1) {
            memmove(at + 1, at, behind);
            *at = (char)key;
            model->length++;
            model->cursor++;
        }
    }
}

/* The row shows the prompt, and behind it a part of the line in which the cursor is. */
static void check_row(const struct line *line, const char *prompt_text)
{
    u32 prompt_length = (u32)strlen(prompt_text);
    u32 shown = (u32)min(line->length - line->first, LINE_COLUMNS - prompt_length);
    assert_int_equal(terminal.row, 0);
    assert_int_equal(terminal.column, prompt_length + line->cursor - line->first);
    for (u32 column = 0; column < terminal.columns; column++) {
        char expected = ' ';
        if (column < prompt_length)
            expected = prompt_text[column];
        else if (column - prompt_length < shown)
            expected = line->text[line->first + column - prompt_length];
        assert_int_equal(CELL_CHARACTER(terminal.cells[terminal.top][column]), expected);
    }
    bool all = line->length + prompt_length <= LINE_COLUMNS;
    assert_true(all ? line->first == 0 : shown == LINE_COLUMNS - prompt_length);
}

static void test_random_keys(void **state)
{
    (void)state;
    static const char *const keys[] = {"\033[D", "\033[C", "\033[H", "\033[F", "\x7f", "\033[3~"};
    static const char *const prompts[] = {
        "", "keeper> ", "a prompt of fifty-six characters, which is the longest: "};
    struct random random;
    random_init(&random, 1);
    for (u32 round = 0; round < 60; round++) {
        struct line *line = new_line(NULL);
        struct model model = {.length = 0};
        const char *text = prompts[round % array_count(prompts)];
        prompt(line, text);
        for (u32 i = 0; i < 1500; i++) {
            u32 key = (u32)random_below(&random, 20);
            if (key >= array_count(keys))
                key = 'a' + (u32)random_below(&random, 26);
            if (random_below(&random, 40) == 0)
                key = 2 + key % 2; /* to the ends, now and then */
            if (key < array_count(keys))
                type(line, keys[key]);
            else
                line_input(line, (u8)key);
            model_key(&model, key);
            assert_int_equal(line->length, model.length);
            assert_int_equal(line->cursor, model.cursor);
            assert_memory_equal(line->text, model.text, model.length);
            check_row(line, text);
        }
        free(line);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_history),
        cmocka_unit_test(test_history_against_model),
        cmocka_unit_test(test_completion),
        cmocka_unit_test(test_typing),
        cmocka_unit_test(test_editing_keys),
        cmocka_unit_test(test_walking_history),
        cmocka_unit_test(test_line_ends),
        cmocka_unit_test(test_tab),
        cmocka_unit_test(test_full_line),
        cmocka_unit_test(test_random_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

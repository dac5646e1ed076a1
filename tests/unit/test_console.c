/*
 * Unit tests of one console: from a client's text and an operator's keys to what the client reads,
 * and to what is on the serial line and on the screen.
 */
// with: servers/console/console.c servers/console/consoles.c servers/console/display.c
// with: servers/console/filter.c
// with: servers/console/text.c servers/console/line.c servers/console/keys.c
// with: servers/console/history.c servers/console/complete.c servers/console/terminal.c
// with: servers/console/terminal_escape.c libpv/base/format.c
#include "consoles.h"

static void test_a_line(void **state)
{
    (void)state;
    struct console *keeper = add(2, "keeper");
    put(keeper, "hello\nkeeper> ");
    assert_serial("hello\r\nkeeper> ");
    assert_null(read_line(keeper));
    type("hep\x7flp\r");
    assert_serial("hep\b \blp\r\n");
    assert_string_equal(read_line(keeper), "help");
    assert_string_equal(screen_row(0), "hello");
    assert_string_equal(screen_row(1), "keeper> help");
    assert_null(read_line(keeper));
    type("\003");
    assert_string_equal(read_line(keeper), ""); /* abandoned: the client shows its prompt again */
}

/* What is typed while nobody asks for a line is shown when somebody does. */
static void test_typing_ahead(void **state)
{
    (void)state;
    struct console *keeper = add(2, "keeper");
    type("one\rtwo\rthr");
    assert_serial("");
    put(keeper, "> ");
    assert_string_equal(read_line(keeper), "one");
    assert_serial("> one\r\n");
    put(keeper, "(one)\n> ");
    assert_string_equal(read_line(keeper), "two");
    put(keeper, "> ");
    assert_null(read_line(keeper));
    assert_serial("(one)\r\n> two\r\n> thr");
    type("ee\r");
    assert_string_equal(read_line(keeper), "three");
}

static void test_too_much_typed(void **state)
{
    (void)state;
    struct console *keeper = add(2, "keeper");
    for (u32 i = 0; i < CONSOLE_TYPED; i++)
        type("x");
    assert_serial("");
    type("yy");
    assert_serial("\a\a");
    assert_null(read_line(keeper));
    assert_int_equal(keeper->line.length, LINE_BYTES - 1);
    type("\r");
    assert_int_equal(strlen(read_line(keeper)), LINE_BYTES - 1);
}

/* A client that writes while a line is typed does not tear it. */
static void test_writing_while_editing(void **state)
{
    (void)state;
    struct console *keeper = add(2, "keeper");
    put(keeper, "keeper> ");
    assert_null(read_line(keeper));
    type("he");
    put(keeper, "\nlate\nnew> ");
    assert_string_equal(screen_row(0), "keeper>");
    assert_string_equal(screen_row(1), "late");
    assert_string_equal(screen_row(2), "new> he");
    type("lp\r");
    assert_string_equal(screen_row(2), "new> help");
    assert_string_equal(read_line(keeper), "help");
}

static void test_odd_prompts(void **state)
{
    (void)state;
    struct console *keeper = add(2, "keeper");
    put(keeper, "\033[1mbold> ");
    assert_null(read_line(keeper)); /* its width is not known: the line begins below */
    type("x\r");
    assert_string_equal(read_line(keeper), "x");
    assert_serial("\033[1mbold> \r\nx\r\n");
    char prompt[LINE_PROMPT + 2];
    memset(prompt, '>', sizeof(prompt));
    prompt[LINE_PROMPT + 1] = 0;
    put(keeper, prompt);
    serial_length = 0;
    assert_null(read_line(keeper));
    assert_serial("\r\n");
}

/* What a client writes passes the filter (test_filter.c), and so does what is shown again. Colours
 * end where somebody else's text begins. */
static void test_filtered(void **state)
{
    (void)state;
    struct console *keeper = add(2, "keeper");
    put(keeper, "a\033]0;title\ab\033");
    put(keeper, "[1");
    put(keeper, "mbold\033[6n\n");
    assert_serial("a?0;title\ab\033[1mbold?\r\n");
    type("\0010");
    assert_serial("\033[m--- console 0: system log (Ctrl-A ? for help) ---\r\n");
    type("\0011");
    assert_serial("--- console 1: keeper (Ctrl-A ? for help) ---\r\n"
                  "a?0;title\ab\033[1mbold?\r\n");
    console_reset(keeper); /* what its next client writes is plain again, and no sequence goes on */
    put(keeper, "[1mx\n");
    assert_serial("\033[m[1mx\r\n");
}

static void test_flow_control(void **state)
{
    (void)state;
    struct console *keeper = add(2, "keeper");
    struct console *moss = add(3, "moss");
    char text[24];
    memset(text, '\n', sizeof(text)); /* each is two on the line */
    u32 sent = 0;
    usize taken;
    while ((taken = consoles_write(consoles, keeper, text, sizeof(text))) != 0)
        sent += (u32)taken;
    assert_int_equal(sent, UART_OUT_BYTES / 2 - DISPLAY_RESERVE);
    assert_int_equal(display->lost, 0);
    put(moss, "others are not disturbed\n");
    serial_room += 2 * sizeof(text); /* not worth beginning again */
    assert_int_equal(consoles_write(consoles, keeper, text, sizeof(text)), 0);
    serial_room = UART_OUT_BYTES;
    assert_int_equal(consoles_write(consoles, keeper, text, sizeof(text)), sizeof(text));
    assert_false(keeper->wants_room);
}

static void test_raw(void **state)
{
    (void)state;
    struct console *moss = add(2, "moss");
    char bytes[8];
    assert_null(read_line(moss));
    type("abc");
    console_set_raw(moss, true);
    type("x\r\001\001\033[A");
    assert_int_equal(console_read(moss, bytes, 2), 2);
    assert_memory_equal(bytes, "x\r", 2);
    assert_int_equal(console_read(moss, bytes, 8), 4);
    assert_memory_equal(bytes, "\001\033[A", 4);
    assert_int_equal(console_read(moss, bytes, 8), 0);
    console_set_raw(moss, false);
    assert_null(read_line(moss));
    type("line\r");
    assert_string_equal(read_line(moss), "line");
}

static void set_words(struct console *console, const char *words)
{
    char *copy = exact_copy(words, strlen(words));
    console_set_words(console, copy, strlen(words));
    free(copy);
}

static void test_words(void **state)
{
    (void)state;
    struct console *keeper = add(2, "keeper");
    set_words(keeper, "quit");
    set_words(keeper, "help kill\nps\033[m"); /* in the place of those before */
    assert_null(read_line(keeper));
    type("k\t\r");
    assert_string_equal(read_line(keeper), "kill ");
    assert_string_equal(keeper->words, "help kill ps [m");
    char many[CONSOLE_WORD_BYTES + 9];
    memset(many, 'x', sizeof(many));
    console_set_words(keeper, many, sizeof(many));
    assert_int_equal(strlen(keeper->words), CONSOLE_WORD_BYTES);
    set_words(keeper, "");
    assert_string_equal(keeper->words, "");
}

static void test_reset(void **state)
{
    (void)state;
    struct console *keeper = add(2, "keeper");
    put(keeper, "keeper> ");
    assert_null(read_line(keeper));
    type("half a li");
    serial_length = 0;
    console_reset(keeper);
    put(keeper, "keeper> ");
    assert_serial("\r\nkeeper> ");
    assert_null(read_line(keeper));
    type("ps\r");
    assert_string_equal(read_line(keeper), "ps");
}

static void test_text_ring(void **state)
{
    (void)state;
    struct text *text = calloc(1, sizeof(*text));
    usize length;
    u64 position = text_last_lines(text, 5);
    text_read(text, &position, &length);
    assert_int_equal(length, 0);
    text_append(text, "a\nb\nc", 5);
    assert_int_equal(text_last_lines(text, 1), 4);
    assert_int_equal(text_last_lines(text, 2), 2);
    assert_int_equal(text_last_lines(text, 9), 0);
    for (u32 i = 0; i < 1000; i++)
        text_append(text, "0123456789\n", 11);
    position = text_last_lines(text, 1000); /* the oldest line is cut off, and not shown */
    assert_true(text->written - position > TEXT_BYTES - 11);
    const char *piece = text_read(text, &position, &length);
    assert_int_equal(piece[0], '0');
    usize total = length;
    while (text_read(text, &position, &length), length != 0)
        total += length;
    assert_true(total <= TEXT_BYTES && total % 11 == 0);
    text_clear(text);
    for (u32 i = 0; i < TEXT_BYTES + 10; i++)
        text_append(text, "x", 1);
    assert_int_equal(text_last_lines(text, 3), 10); /* one endless line: what there is of it */
    position = 0;
    text_read(text, &position, &length);
    assert_true(length != 0 && position <= text->written);
    free(text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_line),         TEST(test_typing_ahead),
        TEST(test_too_much_typed), TEST(test_writing_while_editing),
        TEST(test_odd_prompts),    TEST(test_filtered),
        TEST(test_flow_control),   TEST(test_raw),
        TEST(test_words),          TEST(test_reset),
        TEST(test_text_ring),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

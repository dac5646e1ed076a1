/*
 * Unit tests of all consoles together: which is shown, the keys that switch, the lines of others
 * that appear above the one being typed, and random use of everything.
 */
// with: servers/console/console.c servers/console/consoles.c servers/console/display.c
// with: servers/console/filter.c
// with: servers/console/text.c servers/console/line.c servers/console/keys.c
// with: servers/console/history.c servers/console/complete.c servers/console/terminal.c
// with: servers/console/terminal_escape.c libpv/base/format.c
#include "consoles.h"

#include <base/random.h>

static void test_switching(void **state)
{
    (void)state;
    log_text("root: starting\n");
    assert_serial("root: starting\r\n");
    struct console *keeper = add(2, "keeper");
    struct console *moss = add(3, "moss");
    put(keeper, "keeper> ");
    assert_null(read_line(keeper));
    put(moss, "one\ntwo\n");
    serial_length = 0;
    type("pa\0012");
    assert_serial("pa\r\n--- console 2: moss (Ctrl-A ? for help) ---\r\none\r\ntwo\r\n");
    assert_string_equal(screen_row(2), "two");
    type("x\001\001y"); /* nobody reads there yet; a Ctrl-A among it */
    put(moss, "$ ");
    assert_null(read_line(moss));
    type("z\r");
    assert_string_equal(read_line(moss), "yzx");
    type("\0010ignored");
    assert_string_equal(screen_row(1), "root: starting");
    serial_length = 0;
    type("\0011");
    assert_serial("--- console 1: keeper (Ctrl-A ? for help) ---\r\n\rkeeper> pa\033[K");
}

static void test_switch_keys(void **state)
{
    (void)state;
    add(2, "keeper");
    type("\0019"); /* there is no such console */
    assert_serial("\a");
    type("\001x");
    assert_serial("\a");
    type("\001?");
    assert_serial("Ctrl-A 0  system log\r\nCtrl-A 1  keeper  (shown now)\r\n"
                  "Ctrl-A Ctrl-A  sends Ctrl-A to the console\r\n");
}

/* The client that comes first in the boot configuration is shown, whenever it opens its session,
 * until the operator chooses. */
static void test_who_is_shown(void **state)
{
    (void)state;
    add(5, "bench");
    assert_int_equal(consoles->shown, 1);
    add(9, "keeper"); /* a name gets nobody anywhere */
    assert_int_equal(consoles->shown, 1);
    add(2, "keeper");
    assert_int_equal(consoles->shown, 3);
    type("\0010");
    add(1, "late");
    assert_int_equal(consoles->shown, 0);
}

/* A console belongs to a client's session for good; when there are as many as can be, one that
 * nobody needs is given away. */
static void test_whose(void **state)
{
    (void)state;
    static const char *const names[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i"};
    struct console *all[CONSOLES - 1];
    for (u32 i = 0; i < CONSOLES - 1; i++) {
        all[i] = add(i, names[i]);
        all[i]->owner = names[i];
    }
    assert_ptr_equal(consoles_find(consoles, "c", "console"), all[2]);
    assert_null(consoles_find(consoles, "c", "another"));
    assert_null(consoles_find(consoles, "x", "console"));
    struct console *late = new_console(20, "late");
    assert_false(consoles_add(consoles, late));
    free(late);
    assert_null(consoles_idle(consoles));
    all[0]->owner = NULL; /* it is the one that is shown */
    assert_null(consoles_idle(consoles));
    all[4]->owner = NULL;
    assert_ptr_equal(consoles_idle(consoles), all[4]);
    strncpy(all[4]->client, "late", sizeof(all[4]->client));
    assert_true(consoles_add(consoles, all[4]));
    assert_ptr_equal(consoles_find(consoles, "late", "console"), all[4]);
    assert_null(consoles_find(consoles, "e", "console"));
}

/* A line of the log appears above the line being typed, which is shown again, cursor and all. */
static void test_notice(void **state)
{
    (void)state;
    struct console *keeper = add(2, "keeper");
    put(keeper, "keeper> ");
    assert_null(read_line(keeper));
    type("kill\033[D");
    serial_length = 0;
    log_text("root: console: rest");
    assert_serial("");
    log_text("arted\nroot: second\n");
    assert_serial("\r\033[K[root] console: restarted\r\n\rkeeper> kill\033[K\033[1D"
                  "\r\033[K[root] second\r\n\rkeeper> kill\033[K\033[1D");
    assert_string_equal(screen_row(0), "[root] console: restarted");
    assert_string_equal(screen_row(2), "keeper> kill");
    type("l\r");
    assert_string_equal(read_line(keeper), "killl");
    type("\0010");
    assert_string_equal(screen_row(1), "root: console: restarted");
}

static void test_notice_while_client_writes(void **state)
{
    (void)state;
    struct console *keeper = add(2, "keeper");
    put(keeper, "working.");
    log_text("x\n");
    put(keeper, ".\n");
    assert_serial("working.\r\033[K[root] x\r\nworking..\r\n");
    put(keeper, "\ttabs are not counted");
    serial_length = 0;
    log_text("y\n");
    assert_serial("\r\n[root] y\r\n"); /* so that line is left as it is */
    put(keeper, "z");
    assert_serial("z");
}

static void test_announcing(void **state)
{
    (void)state;
    struct console *keeper = add(2, "keeper");
    struct console *bench = add(3, "bench");
    put(bench, "not announced\n");
    consoles->announce = true;
    put(keeper, "keeper> ");
    serial_length = 0;
    put(bench, "bench x 1 in");
    put(bench, "structions\n");
    assert_serial("\r\033[K[bench] bench x 1 instructions\r\nkeeper> ");
    serial_room = 1000;
    assert_int_equal(consoles_write(consoles, bench, "a\n", 2), 0);
    assert_true(bench->wants_room);
}

/* After a restart of the server the log is known, but only what nobody has seen is shown. */
static void test_log_from_before(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "root: starting\n",     "root: console: page fault\n", "root: console restarted\n",
        "root: consoles: no\n", "root: console: killed\n",     "root: keeper: killed too\n",
    };
    console_hide(consoles->console[0]);
    for (u32 i = 0; i < array_count(lines); i++)
        consoles_log(consoles, lines[i], strlen(lines[i]), true);
    assert_serial("");
    consoles_show_log(consoles);
    assert_serial("root: console: killed\r\nroot: keeper: killed too\r\n");
    log_text("root: console restarted\n");
    assert_serial("root: console restarted\r\n");
    add(2, "keeper");
    type("\0010");
    assert_string_equal(screen_row(1), "root: starting");
}

/* Whatever clients and operator do, nothing is written out of bounds and nothing gets stuck. */
static void test_anything(void **state)
{
    (void)state;
    struct random random;
    struct console *all[4];
    random_init(&random, 21);
    for (u32 i = 0; i < array_count(all); i++)
        all[i] = add(i, "client");
    for (u32 i = 0; i < 60000; i++) {
        struct console *console = all[random_below(&random, array_count(all))];
        char bytes[24];
        usize length = random_below(&random, sizeof(bytes) + 1);
        for (usize j = 0; j < length; j++)
            bytes[j] = random_below(&random, 3) ? (char)random_next(&random) : "\n\r\033[a>"[j % 6];
        switch (random_below(&random, 8)) {
        case 0:
        case 1:
            consoles_write(consoles, console, bytes, length);
            break;
        case 2:
            console_read(console, bytes, length);
            break;
        case 3:
            consoles_log(consoles, bytes, length, random_below(&random, 2));
            break;
        case 4:
            if (random_below(&random, 20) == 0)
                console_reset(console);
            console_set_raw(console, random_below(&random, 4) == 0);
            console_set_words(console, bytes, length);
            consoles->announce = random_below(&random, 2);
            break;
        default:
            for (usize j = 0; j < length; j++)
                consoles_key(consoles, random_below(&random, 9) ? bytes[j] : "\001\r\t\x7f"[j % 4]);
        }
        if (random_below(&random, 3) == 0) {
            serial_length = 0;
            serial_room = UART_OUT_BYTES;
        }
    }
    while (terminal_is_stale(&display->terminal))
        terminal_refresh(&display->terminal, 100);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_switching),  TEST(test_switch_keys),     TEST(test_who_is_shown),
        TEST(test_whose),      TEST(test_notice),          TEST(test_notice_while_client_writes),
        TEST(test_announcing), TEST(test_log_from_before), TEST(test_anything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

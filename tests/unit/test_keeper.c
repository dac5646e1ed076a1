/*
 * Unit tests of what the keeper understands and of what it prints: lines, numbers, tables.
 */
// with: servers/keeper/commands.c servers/keeper/numbers.c servers/keeper/report.c
// with: servers/keeper/report_trace.c libpv/base/format.c libpv/base/parse.c
#include "printed.h"

#include <abi/error.h>
#include <abi/syscall.h>
#include <base/random.h>
#include <keeper/commands.h>
#include <keeper/numbers.h>
#include <keeper/report.h>

/* --- commands --------------------------------------------------------------------------------- */

static void run_nothing(struct keeper *keeper, const struct arguments *arguments)
{
    (void)keeper, (void)arguments;
}

const struct command commands[] = {
    {"help", "[COMMAND]", "what there is", 0, 1, run_nothing},
    {"kill", "SERVER", "end a server", 1, 1, run_nothing},
    {"ps", "", "the servers", 0, 0, run_nothing},
};
const u32 command_count = 3;

static void test_parsing(void **state)
{
    (void)state;
    struct arguments arguments;
    assert_null(command_parse("", &arguments, &sink));
    assert_null(command_parse("  \t ", &arguments, &sink));
    assert_string_equal(printed, "");
    assert_ptr_equal(command_parse(" kill  console ", &arguments, &sink), &commands[1]);
    assert_int_equal(arguments.count, 1);
    assert_true(slice_equal(arguments.value[0], "console"));
    assert_ptr_equal(command_parse("ps", &arguments, &sink), &commands[2]);
    assert_int_equal(arguments.count, 0);
    assert_string_equal(printed, "");
}

static void test_wrong_lines(void **state)
{
    (void)state;
    struct arguments arguments;
    assert_null(command_parse("pss", &arguments, &sink));
    assert_printed("pss: there is no such command; 'help' lists");
    assert_null(command_parse("kill", &arguments, &sink));
    assert_printed("kill: something is missing; usage: kill SERVER\n");
    assert_null(command_parse("kill a b c d", &arguments, &sink));
    assert_printed("kill: 'b' is too much; usage: kill SERVER\n");
    assert_null(command_parse("ps x", &arguments, &sink));
    assert_printed("ps: 'x' is too much; usage: ps\n");
}

static void test_help(void **state)
{
    (void)state;
    struct arguments arguments = {.count = 0};
    char names[64], few[8];
    command_help(&sink, &arguments);
    assert_printed("kill SERVER      end a server\n");
    assert_printed("ps               the servers\n");
    setup(NULL);
    arguments = (struct arguments){1, {slice_of("kill")}};
    command_help(&sink, &arguments);
    assert_string_equal(printed, "kill SERVER      end a server\n");
    arguments.value[0] = slice_of("x");
    command_help(&sink, &arguments);
    assert_printed("no command 'x'");
    command_names(names, sizeof(names));
    assert_string_equal(names, "help kill ps");
    command_names(few, sizeof(few));
    assert_string_equal(few, "help ki");
}

static void test_numbers_of_commands(void **state)
{
    (void)state;
    u64 number = 0;
    assert_true(command_number(&commands[2], slice_of("12"), 1, 20, &number, &sink));
    assert_int_equal(number, 12);
    assert_false(command_number(&commands[2], slice_of("0"), 1, 20, &number, &sink));
    assert_false(command_number(&commands[2], slice_of("21"), 1, 20, &number, &sink));
    assert_false(command_number(&commands[2], slice_of("many"), 1, 20, &number, &sink));
    assert_printed("ps: 'many' is not a number from 1 to 20\n");
}

/* --- numbers ---------------------------------------------------------------------------------- */

static void test_numbers(void **state)
{
    (void)state;
    assert_string_equal(number_count(0).text, "0");
    assert_string_equal(number_count(99999).text, "99999");
    assert_string_equal(number_count(100000).text, "100k");
    assert_string_equal(number_count(9999999).text, "9999k");
    assert_string_equal(number_count(10000000).text, "10M");
    assert_string_equal(number_count(UINT64_MAX).text, "18E");
    assert_string_equal(number_pages(0).text, "0K");
    assert_string_equal(number_pages(255).text, "1020K");
    assert_string_equal(number_pages(256).text, "1M");
    assert_string_equal(number_pages(256 + 128).text, "1.5M");
    assert_string_equal(number_pages(256 * 1024 + 256 * 512).text, "1.5G");
    assert_string_equal(number_percent(1, 3).text, "33.3");
    assert_string_equal(number_percent(5, 3).text, "100.0");
    assert_string_equal(number_percent(5, 0).text, "0.0");
    assert_string_equal(number_percent(1ul << 50, 1ul << 51).text, "50.0");
    assert_string_equal(number_seconds(1500000, 1000000).text, "1.500000");
    assert_string_equal(number_seconds(1500000, 0).text, "0.000000");
    assert_string_equal(number_seconds(1500000, UINT64_MAX).text, "0.000000");
    assert_string_equal(number_time(3723000000000, 1000000000).text, "1:02:03");
}

/* --- tables ----------------------------------------------------------------------------------- */

static const struct report_clock clock_1ghz = {1000000000, 1000};

static struct system_status *new_status(void)
{
    struct system_status *system = calloc(1, sizeof(*system));
    system->tsc = 1000 + 1000000;
    system->machine.idle_cycles = 500000;
    system->server_count = 2;
    strcpy(system->servers[0].name, "root");
    memcpy(system->servers[1].name, "sixteen-letters!", START_NAME_SIZE); /* all of them, no 0 */
    system->servers[0].state = SERVER_RUNNING;
    system->servers[1].state = SERVER_WAITING_RESTART;
    system->servers[1].priority = 12;
    system->servers[1].restarts = 3;
    system->servers[1].thread.cycles = 250000;
    system->servers[1].thread.syscalls = 1234567;
    system->servers[1].pool = (struct pool_info){.pages = 256, .used = 78, .objects = 9};
    return system;
}

static void test_ps(void **state)
{
    (void)state;
    struct system_status *system = new_status();
    static struct report_before before;
    memset(&before, 0, sizeof(before));
    report_ps(&sink, system, &before, clock_1ghz);
    assert_printed(
        "root        runs   0   0.0   0.0        0K/0K     0     0     0     0     0   0\n");
    assert_printed("sixteen-letters! waits 12  25.0  25.0      312K/1M 1234k ");
    assert_printed("(nobody)              50.0  50.0\n");

    setup(NULL); /* a second later it has used a quarter more of that time */
    system->tsc += 1000000;
    system->servers[1].thread.cycles += 500000;
    report_ps(&sink, system, &before, clock_1ghz);
    assert_printed("waits 12  50.0  37.5 ");
    assert_printed("(nobody)               0.0  25.0\n");

    setup(NULL); /* it was restarted: its cycles begin at 0 again */
    system->tsc += 1000000;
    system->servers[1].restarts++;
    system->servers[1].thread.cycles = 100000;
    report_ps(&sink, system, &before, clock_1ghz);
    assert_printed("waits 12  10.0   3.3 ");
    free(system);
}

static void test_memory(void **state)
{
    (void)state;
    struct system_status *system = new_status();
    system->machine.memory_pages = 256 * 100;
    system->root_pool = (struct pool_info){.pages = 256 * 90, .used = 256, .reserved = 256 * 20};
    report_memory(&sink, system);
    assert_printed("memory         100M  managed");
    assert_printed("free            69M  for further");
    assert_printed("sixteen-letters!     312K       1M          0K        9\n");
    system->root_pool.used = UINT64_MAX / 2;
    report_memory(&sink, system);
    assert_printed("free             0K");
    free(system);
}

static void test_find(void **state)
{
    (void)state;
    struct system_status *system = new_status();
    assert_ptr_equal(report_find(system, "root", 4), &system->servers[0]);
    assert_ptr_equal(report_find(system, "sixteen-letters!", 16), &system->servers[1]);
    assert_null(report_find(system, "sixteen-letters!!", 17));
    assert_null(report_find(system, "roo", 3));
    assert_null(report_find(system, "roots", 5));
    assert_null(report_find(system, "", 0));
    report_names(&sink, system, ", ");
    assert_string_equal(printed, "root, sixteen-letters!");
    free(system);
}

static void test_trace(void **state)
{
    (void)state;
    struct system_status *system = new_status();
    report_trace(&sink, system, 10, clock_1ghz);
    assert_string_equal(printed, "Nothing has been traced.\n");
    setup(NULL);
    const struct trace_entry entries[] = {
        {1, 0, TRACE_NMI, 1, 2},
        {2, 2000001000, TRACE_FAULT, 14, 0x42},
        {4, 2000003000, TRACE_CREATE, OBJECT_ENDPOINT, 0xffff},
        {5, 2000004000, TRACE_SWITCH, 1, 2},
        {6, 2000005000, 99, 1, 2},
        {8, 2000007000, TRACE_DESTROY, 999, 0},
    };
    memcpy(system->trace, entries, sizeof(entries));
    system->trace_count = array_count(entries);
    report_trace(&sink, system, 5, clock_1ghz);
    assert_null(strstr(printed, "non-maskable"));
    assert_printed("       2       2.000000  fault  vector 0xe  address 0x42\n");
    assert_printed("object made  endpoint  object 0xffff\n");
    assert_printed("switch  from 0x1  to 0x2\n");
    assert_printed("kind 99, which");
    assert_printed("object destroyed  unknown");
    free(system);
}

static void test_foreign_text(void **state)
{
    (void)state;
    report_foreign(&sink, "a\tb\n\033[2J\x7f\xc3", 10);
    assert_string_equal(printed, "a\tb\n?[2J??");
}

/* Whatever stands in the status page, it is printed without looking outside of it. */
static void test_any_status(void **state)
{
    (void)state;
    struct random random;
    random_init(&random, 31);
    for (u32 round = 0; round < 200; round++) {
        struct system_status *system = malloc(sizeof(*system));
        struct report_before *before = calloc(1, sizeof(*before));
        for (usize i = 0; i < sizeof(*system) / sizeof(u64); i++)
            ((u64 *)system)[i] = random_below(&random, 4) ? random_next(&random) : i % 8;
        for (u32 again = 0; again < 2; again++) {
            setup(NULL);
            report_ps(&sink, system, before, clock_1ghz);
            report_memory(&sink, system);
            report_uptime(&sink, system, clock_1ghz);
            report_names(&sink, system, " ");
            report_trace(&sink, system, UINT64_MAX, clock_1ghz);
        }
        free(before);
        free(system);
    }
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_parsing),    TEST(test_wrong_lines),
        TEST(test_help),       TEST(test_numbers_of_commands),
        TEST(test_numbers),    TEST(test_ps),
        TEST(test_memory),     TEST(test_find),
        TEST(test_trace),      TEST(test_foreign_text),
        TEST(test_any_status),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

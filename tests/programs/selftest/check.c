/*
 * Counting tests, and telling the serial port; see check.h.
 */
#include "check.h"
#include "world.h"

#include <base/format.h>
#include <base/parse.h>
#include <base/string.h>
#include <runtime/start.h>

#define UART_PORT        0x3f8u
#define UART_PORTS       8u
#define UART_DATA        0u
#define UART_LINE_STATUS 5u
#define UART_CAN_SEND    0x20u
#define EXIT_PORT        0xf4u

static unsigned passed, failed;
static bool test_failed;
static const char *test_name = "start";
static void *back[5]; /* for __builtin_setjmp: where a test that cannot go on ends */

/* --- the serial port
 * ------------------------------------------------------------------------------ */

static void send(struct sink *sink, const char *bytes, usize length)
{
    (void)sink;
    for (usize i = 0; i < length; i++) {
        while (!(device_in(SLOT_UART, UART_LINE_STATUS, 1) & UART_CAN_SEND))
            ;
        ignore_status(device_out(SLOT_UART, UART_DATA, 1, (u8)bytes[i])); /* nowhere to complain */
    }
}

static struct sink serial = {send};

void say(const char *text, ...)
{
    va_list arguments;
    va_start(arguments, text);
    format_list(&serial, text, arguments);
    va_end(arguments);
    send(&serial, "\r\n", 2);
}

/* There is nobody to tell when the serial port cannot be had: the program ends with a fault. */
void check_open(void)
{
    const struct grant *machine = grant_find(GRANT_DEVICE, "machine");
    if (!machine || cap_copy(SLOT_SPACE, SLOT_MACHINE, machine->slot,
                             RIGHT_READ | RIGHT_WRITE | RIGHT_CONTROL, 0) < 0)
        __builtin_trap();
    if (device_create(SLOT_MACHINE, SLOT_POOL, SLOT_UART, DEVICE_PORTS, UART_PORT, UART_PORTS) < 0)
        __builtin_trap();
    if (device_create(SLOT_MACHINE, SLOT_POOL, SLOT_EXIT, DEVICE_PORTS, EXIT_PORT, 4) < 0)
        __builtin_trap();
}

/* --- checks
 * --------------------------------------------------------------------------------------- */

static const char *base_name(const char *file)
{
    const char *name = file;
    for (; *file; file++)
        if (*file == '/')
            name = file + 1;
    return name;
}

void check_fail(const char *file, int line, const char *what, const char *expected,
                const char *seen)
{
    test_failed = true;
    say("selftest: %s FAILED %s:%d expected %s saw %s in %s", test_name, base_name(file), line,
        expected, seen, what);
}

static void fail_words(const char *file, int line, const char *what, u64 expected, u64 seen)
{
    char wanted[24], got[24];
    format_buffer(wanted, sizeof(wanted), "0x%lx", expected);
    format_buffer(got, sizeof(got), "0x%lx", seen);
    check_fail(file, line, what, wanted, got);
}

static void describe(char *text, usize size, status result)
{
    if (result >= 0)
        format_buffer(text, size, "success %ld", result);
    else
        format_buffer(text, size, "'%s' (argument %u)", error_text(status_code(result)),
                      status_argument(result));
}

bool check_same(const char *file, int line, const char *what, u64 seen, u64 expected)
{
    if (seen != expected)
        fail_words(file, line, what, expected, seen);
    return seen == expected;
}

bool check_between(const char *file, int line, const char *what, u64 seen, u64 least, u64 most)
{
    if (seen >= least && seen <= most)
        return true;
    char wanted[64], got[24];
    format_buffer(wanted, sizeof(wanted), "%lu to %lu", least, most);
    format_buffer(got, sizeof(got), "%lu", seen);
    check_fail(file, line, what, wanted, got);
    return false;
}

void check_must_be(const char *file, int line, const char *what, bool holds)
{
    if (holds)
        return;
    check_fail(file, line, what, "this", "it not hold");
    __builtin_longjmp(back, 1);
}

status check_must(const char *file, int line, const char *what, status result)
{
    if (result >= 0)
        return result;
    char seen[64];
    describe(seen, sizeof(seen), result);
    check_fail(file, line, what, "success", seen);
    __builtin_longjmp(back, 1);
}

static struct world_account before;

void check_before(void)
{
    world_account(&before);
}

bool check_refused(const char *file, int line, const char *what, status result, enum error code,
                   unsigned argument)
{
    struct world_account after;
    world_account(&after);
    status expected = status_error(code, argument);
    if (result != expected) {
        char wanted[64], got[64];
        describe(wanted, sizeof(wanted), expected);
        describe(got, sizeof(got), result);
        check_fail(file, line, what, wanted, got);
        return false;
    }
    if (memcmp(&before, &after, sizeof(before)) != 0) {
        char wanted[96], got[96];
        format_buffer(wanted, sizeof(wanted), "used %lu objects %lu, server's used %lu",
                      before.test.used, before.test.objects, before.server.used);
        format_buffer(got, sizeof(got), "%lu, %lu, %lu", after.test.used, after.test.objects,
                      after.server.used);
        check_fail(file, line, what, wanted, got);
        return false;
    }
    return true;
}

/* --- tests
 * ---------------------------------------------------------------------------------------- */

/* Apart from run_test, as the compiler wants nothing to live across __builtin_setjmp. */
static void run_or_give_up(const struct test *test)
{
    if (__builtin_setjmp(back) == 0)
        test->run();
}

static void end_or_give_up(void)
{
    if (__builtin_setjmp(back) == 0)
        world_end();
}

static bool world_begins(void)
{
    if (__builtin_setjmp(back) != 0)
        return false;
    world_begin();
    return true;
}

static void run_test(const struct test *test)
{
    test_failed = false;
    test_name = test->name;
    say("selftest: %s%s", test_name, world_fast ? ", at fast slots" : "");
    if (world_begins())
        run_or_give_up(test);
    end_or_give_up();
    if (test_failed) {
        failed++;
        return;
    }
    passed++;
    say("selftest: %s ok", test->name);
}

/* Does the name begin with one of the words? Words after a '-' are those not to run. */
static bool is_wanted(const char *name, const char *words)
{
    struct slice rest = slice_of(words), word;
    bool wanted = true, first = true;
    while (slice_next_word(&rest, &word)) {
        bool without = word.bytes[0] == '-';
        usize skip = without ? 1 : 0;
        if (first && !without)
            wanted = false;
        first = false;
        if (memcmp(name, word.bytes + skip, min(strlen(name), word.length - skip)) == 0)
            wanted = !without;
    }
    return wanted;
}

void check_run(const struct test *tests, usize count, const char *only)
{
    for (usize i = 0; i < 2 * count; i++) {
        world_fast = i >= count;
        if (is_wanted(tests[i % count].name, only))
            run_test(&tests[i % count]);
    }
}

_Noreturn void check_end(void)
{
    say("selftest: %u passed, %u failed", passed, failed);
    ignore_status(device_out(SLOT_EXIT, 0, 1, failed ? 1 : 0)); /* on other machines: goes on */
    for (;;)
        ignore_status(ipc_wait(SLOT_NONE, 0, &(struct message){0}, 0));
}

/*
 * Unit tests of what a client of the console can ask for over its ring, with the test as the
 * client, and as the operator.
 */
// with: servers/console/client.c servers/console/console.c servers/console/consoles.c
// with: servers/console/display.c servers/console/filter.c servers/console/text.c
// with: servers/console/line.c servers/console/keys.c servers/console/history.c
// with: servers/console/complete.c servers/console/terminal.c servers/console/terminal_escape.c
// with: libpv/base/format.c libpv/front.c libpv/back.c
#include "consoles.h"
#include "ring_world.h"

#include <base/random.h>
#include <console/client.h>
#include <ring/console.h>
#include <runtime/step.h>

static struct world w;
static struct client client;
static struct console *keeper;
static u32 steps[STEPS];

void step(enum step where)
{
    steps[where]++;
}

static int start(void **state)
{
    setup(state);
    world_open(&w, RING_LOG2);
    keeper = add(0, "keeper");
    client =
        (struct client){.consoles = consoles, .console = keeper, .back = &w.back, .rung = true};
    keeper->owner = &client;
    memset(steps, 0, sizeof(steps));
    return 0;
}

static int end(void **state)
{
    world_end(&w);
    return teardown(state);
}

/* --- the client ------------------------------------------------------------------------------- */

#define MOST UINT32_MAX /* that a completion may say */

static void push(u8 op, u32 buf, u64 argument, u64 cookie)
{
    assert_true(front_push_one(&w.front, RING_HEAD(op, 0, buf), argument, MOST, cookie));
}

static void push_text(const char *text, u64 cookie)
{
    u32 buf = (u32)cookie * 4;
    memcpy(w.front.data + buf * RING_UNIT, text, strlen(text));
    push(CONSOLE_WRITE, buf, strlen(text), cookie);
}

static void push_short(const char *text, u64 cookie)
{
    u64 bytes = 0;
    memcpy(&bytes, text, strlen(text));
    push(CONSOLE_IMM, 0, CONSOLE_IMM_ARG(strlen(text), bytes), cookie);
}

/* The doorbell reaches the server. */
static enum client_result work(void)
{
    front_publish(&w.front);
    client.rung = client.rung || w.doorbells != 0;
    w.doorbells = 0;
    return client_work(&client);
}

static void assert_done(u64 cookie, int result, u32 length)
{
    struct front_done done;
    assert_true(front_reap(&w.front, &done));
    assert_int_equal(done.cookie, cookie);
    assert_int_equal(done.status, result);
    assert_int_equal(done.len, length);
}

static void assert_none_done(void)
{
    struct front_done done;
    assert_false(front_reap(&w.front, &done));
}

/* The answer to one request. */
static int answer(u8 op, u32 buf, u64 argument)
{
    struct front_done done;
    push(op, buf, argument, 0);
    assert_int_equal(work(), CLIENT_WAITS);
    assert_true(front_reap(&w.front, &done));
    return done.status;
}

/* --- requests --------------------------------------------------------------------------------- */

static void test_in_order(void **state)
{
    (void)state;
    memcpy(w.front.data + 4096, "some words", 10);
    push_text("a longer text, ", 1);
    push_short("short.\n", 2);
    push(CONSOLE_WORDS, 64, 10, 3);
    push_text("> ", 4);
    push(CONSOLE_MODE, 0, CONSOLE_RAW, 5);
    assert_int_equal(work(), CLIENT_WAITS);
    assert_serial("a longer text, short.\r\n> ");
    assert_int_equal(w.completions, 1);
    assert_done(1, RING_OK, 15);
    assert_done(2, RING_OK, 7);
    assert_done(3, RING_OK, 10);
    assert_done(4, RING_OK, 2);
    assert_done(5, RING_OK, 0);
    assert_none_done();
    assert_string_equal(keeper->words, "some words");
    assert_true(keeper->raw);
    assert_int_equal(steps[STEP_TAKEN], 5);
    assert_int_equal(steps[STEP_DEVICE_DONE], 5);
    assert_int_equal(steps[STEP_COMPLETED], 5);
}

/* It sleeps, and is rung for, once for a batch. */
static void test_doorbell(void **state)
{
    (void)state;
    assert_int_equal(work(), CLIENT_WAITS);
    push_short("a", 1);
    push_short("b", 2);
    front_publish(&w.front);
    assert_int_equal(w.doorbells, 1);
    assert_int_equal(client_work(&client), CLIENT_WAITS); /* for something else: it was not told */
    assert_serial("");
    assert_int_equal(work(), CLIENT_WAITS);
    assert_serial("ab");
    assert_int_equal(work(), CLIENT_WAITS);
    assert_int_equal(w.completions, 1);
}

static void test_reading(void **state)
{
    (void)state;
    type("ahead\r");
    push_text("> ", 1);
    push(CONSOLE_READPOST, 64, 100, 2);
    assert_int_equal(work(), CLIENT_WAITS);
    assert_done(1, RING_OK, 2);
    assert_done(2, RING_OK, 6);
    assert_memory_equal(w.front.data + 4096, "ahead\n", 6);
    assert_serial("> ahead\r\n");
    push(CONSOLE_READPOST, 64, 3, 3); /* a line in two pieces */
    push(CONSOLE_READPOST, 65, 300, 4);
    push(CONSOLE_READPOST, 66, 300, 5);
    assert_int_equal(work(), CLIENT_WAITS);
    assert_none_done();
    type("typed\r");
    assert_int_equal(work(), CLIENT_WAITS);
    assert_done(3, RING_OK, 3);
    assert_done(4, RING_OK, 3);
    assert_none_done();
    assert_memory_equal(w.front.data + 4096, "typ", 3);
    assert_memory_equal(w.front.data + 4160, "ed\n", 3);
    push_text("late\n", 6); /* goes past the reading that waits */
    assert_int_equal(work(), CLIENT_WAITS);
    assert_done(6, RING_OK, 5);
    assert_none_done();
}

/* Every entry of the ring is a reading: there is room for no more, and each gets its line. */
static void test_many_readings(void **state)
{
    (void)state;
    for (u32 i = 0; i < RING_ENTRIES; i++)
        push(CONSOLE_READPOST, i, 64, i);
    for (u32 i = 0; i < 10; i++)
        (void)!work();
    for (u32 i = 0; i < 3 * RING_ENTRIES; i++) {
        type("x\r");
        assert_int_equal(work(), CLIENT_WAITS);
        assert_done(i % RING_ENTRIES, RING_OK, 2);
        push(CONSOLE_READPOST, i % RING_ENTRIES, 64, i % RING_ENTRIES);
        serial_length = 0;
        serial_room = UART_OUT_BYTES;
    }
}

static void test_raw_reading(void **state)
{
    (void)state;
    push(CONSOLE_MODE, 0, CONSOLE_RAW, 1);
    push(CONSOLE_READPOST, 64, 64, 2);
    assert_int_equal(work(), CLIENT_WAITS);
    assert_done(1, RING_OK, 0);
    type("\033[A");
    assert_int_equal(work(), CLIENT_WAITS);
    assert_done(2, RING_OK, 3);
    assert_memory_equal(w.front.data + 4096, "\033[A", 3);
    assert_serial("");
}

static void test_wrong(void **state)
{
    (void)state;
    static const u8 with_place[] = {CONSOLE_WRITE, CONSOLE_READPOST, CONSOLE_WORDS};
    for (u32 i = 0; i < array_count(with_place); i++) {
        u8 op = with_place[i];
        assert_int_equal(answer(op, 0, WORLD_DATA + 1), RING_RANGE);
        assert_int_equal(answer(op, 1, WORLD_DATA), RING_RANGE);
        assert_int_equal(answer(op, WORLD_DATA / RING_UNIT, 1), RING_RANGE);
        assert_int_equal(answer(op, WORLD_DATA / RING_UNIT + 1, 0), RING_RANGE);
        assert_int_equal(answer(op, UINT32_MAX, UINT64_MAX), RING_RANGE);
        assert_int_equal(answer(op, 0, 1ul << 32), RING_RANGE);
    }
    assert_int_equal(answer(CONSOLE_READPOST, 0, 0), RING_INVALID);
    assert_int_equal(answer(CONSOLE_IMM, 0, CONSOLE_IMM_ARG(CONSOLE_IMM_MOST + 1, 0)),
                     RING_INVALID);
    assert_int_equal(answer(CONSOLE_IMM, 0, 255), RING_INVALID);
    assert_int_equal(answer(CONSOLE_MODE, 0, 2), RING_INVALID);
    assert_int_equal(answer(CONSOLE_MODE, 0, 1ul << 32), RING_INVALID);
    assert_int_equal(answer(CONSOLE_WORDS, 0, CONSOLE_WORD_BYTES + 1), RING_TOO_LONG);
    assert_int_equal(answer(0, 0, 0), RING_UNSUPPORTED);
    assert_int_equal(answer(CONSOLE_WORDS + 1, 0, 0), RING_UNSUPPORTED);
    assert_int_equal(answer(CONSOLE_WRITE, WORLD_DATA / RING_UNIT, 0), RING_OK);
    assert_int_equal(answer(CONSOLE_IMM, UINT32_MAX, 0), RING_OK);
    struct ring_sqe chain[] = {{.op = CONSOLE_WRITE, .arg = 1}, {.op = CONSOLE_WRITE, .arg = 1}};
    assert_true(front_push(&w.front, chain, 2, MOST, 7));
    assert_int_equal(work(), CLIENT_WAITS);
    assert_done(7, RING_INVALID, 0);
    assert_serial("");
}

/* --- limits ----------------------------------------------------------------------------------- */

/* Text for which there is no room waits, and what was pushed behind it. */
static void test_no_room(void **state)
{
    (void)state;
    char text[3000];
    memset(text, 't', sizeof(text));
    memcpy(w.front.data, text, sizeof(text));
    serial_room = 2 * (DISPLAY_RESERVE + 600);
    push(CONSOLE_WRITE, 0, sizeof(text), 1);
    push_short("end", 2);
    assert_int_equal(work(), CLIENT_WAITS);
    usize taken = serial_length;
    assert_in_range(taken, 600, 1200);
    assert_none_done();
    assert_int_equal(work(), CLIENT_WAITS);
    assert_int_equal(serial_length, taken);
    for (u32 i = 0; i < 20; i++) {
        serial_room = UART_OUT_BYTES;
        (void)!client_work(&client); /* no doorbell: it is room that it waits for */
    }
    assert_int_equal(serial_length, 3003);
    assert_memory_equal(serial, text, sizeof(text));
    assert_done(1, RING_OK, 3000);
    assert_done(2, RING_OK, 3);
}

/* However much a client writes, others have their turn soon. */
static void test_quantum(void **state)
{
    (void)state;
    u32 turns = 0;
    usize before = 0;
    memset(w.front.data, 't', 30000);
    push(CONSOLE_WRITE, 0, 30000, 1);
    serial_room = 64000;
    for (enum client_result result = CLIENT_MORE; result == CLIENT_MORE; turns++) {
        result = work();
        assert_in_range(serial_length - before, result == CLIENT_MORE ? 1 : 0, 4096);
        before = serial_length;
        serial_room = 64000;
    }
    assert_int_equal(serial_length, 30000);
    assert_done(1, RING_OK, 30000);
    assert_in_range(turns, 8, 100);
    for (u32 i = 0; i < RING_ENTRIES; i++)
        push(CONSOLE_MODE, 0, CONSOLE_LINES, i);
    assert_int_equal(work(), CLIENT_MORE); /* those that cost little are counted too */
}

static void test_broken(void **state)
{
    (void)state;
    push_short("before", 1);
    assert_int_equal(work(), CLIENT_WAITS);
    w.g->ctl.prod += RING_ENTRIES + 1;
    w.doorbells++;
    assert_int_equal(work(), CLIENT_BROKEN);
    assert_int_equal(w.back.broken, SESSION_BAD_INDEX);
    assert_int_equal(work(), CLIENT_WAITS); /* it is told once */
    assert_serial("before");
}

/* The client was restarted, and its new session has the console: the old one does nothing to it. */
static void test_taken_over(void **state)
{
    (void)state;
    keeper->owner = &w;
    push_short("late", 1);
    push(CONSOLE_MODE, 0, CONSOLE_RAW, 2);
    assert_int_equal(work(), CLIENT_WAITS);
    assert_serial("");
    assert_false(keeper->raw);
}

/* --- nonsense --------------------------------------------------------------------------------- */

static void push_anything(struct random *random)
{
    u8 op = (u8)random_below(random, random_below(random, 8) ? CONSOLE_WORDS + 2 : 256);
    u64 argument = random_below(random, 4) ? random_below(random, 600) : random_next(random);
    u32 buf = random_below(random, 4) ? (u32)random_below(random, WORLD_DATA / RING_UNIT + 2)
                                      : (u32)random_next(random);
    if (op == CONSOLE_READPOST && random_below(random, 4))
        return;
    (void)!front_push_one(&w.front, RING_HEAD(op, 0, buf), argument, MOST, op);
}

/* Everything is answered, while the operator types and the terminal is slow. */
static void test_anything(void **state)
{
    (void)state;
    struct random random;
    struct front_done done;
    u32 answers = 0;
    random_init(&random, 12);
    for (u32 round = 0; round < 20000; round++) {
        push_anything(&random);
        w.front.data[random_below(&random, WORLD_DATA)] = (u8)random_next(&random);
        if (random_below(&random, 4) == 0)
            (void)!work();
        while (random_below(&random, 4) && front_reap(&w.front, &done))
            answers++;
        if (random_below(&random, 3) == 0)
            consoles_key(consoles, "x\r\033\t\001"[random_below(&random, 4)]);
        serial_length = 0;
        serial_room = random_below(&random, UART_OUT_BYTES);
    }
    push(CONSOLE_MODE, 0, CONSOLE_LINES, 0);
    for (u32 i = 0; i < 500; i++) { /* it comes to its end when there is room, and lines */
        (void)!work();
        type("end\r");
        while (front_reap(&w.front, &done))
            answers++;
        serial_length = 0;
        serial_room = UART_OUT_BYTES;
    }
    assert_int_equal(front_credits(&w.front), RING_ENTRIES);
    assert_int_equal(w.front.g->ctl.errors, 0);
    assert_true(answers > 5000);
}

#define TEST_CLIENT(name) cmocka_unit_test_setup_teardown(name, start, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_CLIENT(test_in_order),      TEST_CLIENT(test_doorbell),    TEST_CLIENT(test_reading),
        TEST_CLIENT(test_many_readings), TEST_CLIENT(test_raw_reading), TEST_CLIENT(test_wrong),
        TEST_CLIENT(test_no_room),       TEST_CLIENT(test_quantum),     TEST_CLIENT(test_broken),
        TEST_CLIENT(test_taken_over),    TEST_CLIENT(test_anything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

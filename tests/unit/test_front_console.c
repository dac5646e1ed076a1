/* Unit tests of the front end for consoles, with the test as the server. */
// with: libpv/front_console.c libpv/front.c libpv/back.c
#include "ring_world.h"

#include <base/random.h>
#include <front_console.h>

static struct world w;
static struct front_console console;
static char shown[1 << 20]; /* what the server was given to show */
static usize shown_length;
static char words[FRONT_CONSOLE_WORDS + 1];
static u64 mode;
static u32 requests; /* taken by the server so far */
static struct {
    u16 tag;
    char *room;
    u64 size;
} post; /* the posted reading; size 0: none */

static int setup(void **state)
{
    (void)state;
    world_make(&w, RING_LOG2);
    assert_true(front_open(&console.front, w.base, WORLD_DOORBELL));
    struct front front = console.front;
    console = (struct front_console){.front = front};
    assert_true(front_console_open(&console));
    world_attach(&w);
    shown_length = requests = 0;
    words[0] = 0;
    mode = CONSOLE_LINES;
    post.size = 0;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    world_end(&w);
    return 0;
}

static void show(const void *text, u64 length)
{
    assert_true(shown_length + length < sizeof(shown));
    memcpy(shown + shown_length, text, length);
    shown_length += length;
}

/* What the server does with a request. */
static void act(const struct ring_sqe *entry, u16 tag)
{
    u64 text = entry->arg >> 8;
    void *place = back_data(&w.back, entry->buf, 0, entry->op == CONSOLE_IMM ? 0 : entry->arg);
    switch (entry->op) {
    case CONSOLE_WRITE:
        assert_non_null(place);
        show(place, entry->arg);
        break;
    case CONSOLE_IMM:
        assert_in_range((u8)entry->arg, 1, CONSOLE_IMM_MOST);
        show(&text, (u8)entry->arg);
        break;
    case CONSOLE_READPOST:
        assert_non_null(place);
        assert_int_equal(post.size, 0);
        post.tag = tag;
        post.room = place;
        post.size = entry->arg;
        return;
    case CONSOLE_MODE:
        mode = entry->arg;
        break;
    case CONSOLE_WORDS:
        assert_non_null(place);
        assert_true(entry->arg < sizeof(words));
        memcpy(words, place, entry->arg);
        words[entry->arg] = 0;
        break;
    default:
        fail();
    }
    back_complete(&w.back, tag, RING_OK, (u32)entry->arg);
}

/* Does at most `most` requests. */
static void serve_some(u32 most)
{
    struct back_request request;
    for (; most > 0 && back_take(&w.back, &request) == BACK_TAKEN; most--) {
        assert_int_equal(request.count, 1);
        act(&request.entry[0], request.tag);
        requests++;
    }
    assert_int_equal(w.back.broken, SESSION_REASON_NONE);
    back_publish(&w.back);
}

static void serve(void)
{
    front_console_publish(&console);
    serve_some(UINT32_MAX);
    front_console_look(&console);
}

/* The operator types a line. */
static void type(const char *line)
{
    assert_true(post.size >= strlen(line));
    memcpy(post.room, line, strlen(line));
    post.size = 0;
    back_complete(&w.back, post.tag, RING_OK, (u32)strlen(line));
    back_publish(&w.back);
}

/* The server dies; the client notices, and another one attaches. */
static void restart(void)
{
    world_kill(&w);
    post.size = 0;
    words[0] = 0;
    mode = CONSOLE_LINES;
    shown_length = 0;
    assert_true(front_console_look(&console) || w.front.closed);
    world_attach(&w);
}

static void assert_shown(const char *expected)
{
    shown[shown_length] = 0;
    assert_string_equal(shown, expected);
    shown_length = 0;
}

static void assert_line(const char *expected)
{
    usize length = 0;
    const char *line = front_console_line(&console, &length);
    assert_non_null(line);
    assert_int_equal(length, strlen(expected));
    assert_memory_equal(line, expected, length);
    assert_null(front_console_line(&console, &length)); /* it is not told twice */
}

static void assert_no_line(void)
{
    usize length;
    front_console_look(&console);
    assert_null(front_console_line(&console, &length));
}

static void put(const char *text)
{
    char *copy = exact_copy(text, strlen(text));
    assert_int_equal(front_console_write(&console, copy, strlen(text)), strlen(text));
    free(copy);
}

/* --- text ------------------------------------------------------------------------------------- */

/* Pieces become one request, and one doorbell. */
static void test_text(void **state)
{
    (void)state;
    assert_true(front_console_is_quiet(&console));
    put("a piece ");
    put("and another");
    put("\n");
    assert_false(front_console_is_quiet(&console));
    assert_int_equal(w.doorbells, 0);
    serve();
    assert_int_equal(w.doorbells, 1);
    assert_int_equal(requests, 1);
    assert_shown("a piece and another\n");
    assert_true(front_console_is_quiet(&console));
    put("short"); /* inside of the entry: nobody can change it there */
    front_console_publish(&console);
    memset(console.front.data, 'x', console.front.data_size);
    serve();
    assert_shown("short");
    serve();
    assert_int_equal(requests, 2);
}

/* More than there is room for, in pieces of all sizes: in its order, nothing twice. */
static void test_much_text(void **state)
{
    (void)state;
    static char text[200000], got[sizeof(text)];
    struct random random;
    usize done = 0, seen = 0;
    random_init(&random, 4);
    for (usize i = 0; i < sizeof(text); i++)
        text[i] = (char)random_next(&random);
    while (seen < sizeof(text)) {
        usize most = random_below(&random, 4) ? 20 : 9000;
        usize piece = min(random_below(&random, most) + 1, sizeof(text) - done);
        done += front_console_write(&console, text + done, piece);
        if (random_below(&random, 3) == 0)
            front_console_publish(&console);
        if (random_below(&random, 4) == 0)
            serve_some((u32)random_below(&random, 6));
        if (random_below(&random, 4) == 0)
            front_console_look(&console);
        if (done == sizeof(text))
            serve();
        memcpy(got + seen, shown, shown_length);
        seen += shown_length;
        shown_length = 0;
    }
    assert_int_equal(seen, sizeof(text));
    assert_memory_equal(got, text, sizeof(text));
}

static void test_no_room(void **state)
{
    (void)state;
    static char text[2 * WORLD_DATA];
    memset(text, 't', sizeof(text));
    usize taken = front_console_write(&console, text, sizeof(text));
    assert_in_range(taken, WORLD_DATA / 4, WORLD_DATA);
    assert_int_equal(front_console_write(&console, text, 1), 0);
    serve();
    assert_int_equal(shown_length, taken);
    assert_int_equal(front_console_write(&console, text, 1), 1);
}

/* A data area that is too small. */
static void test_small(void **state)
{
    (void)state;
    struct front_console small = {.front = console.front};
    small.front.data_size = 2047;
    assert_false(front_console_open(&small));
    small.front.data_size = 2048;
    assert_true(front_console_open(&small));
    world_make(&w, 2);
    assert_true(front_open(&small.front, w.base, WORLD_DOORBELL));
    assert_false(front_console_open(&small));
}

/* --- lines ------------------------------------------------------------------------------------ */

static void test_line(void **state)
{
    (void)state;
    assert_true(front_console_words(&console, "one two", 7));
    assert_false(front_console_words(&console, "three", 5)); /* they are on their way */
    put("hello\n");
    assert_true(front_console_prompt(&console, "> ", 2));
    assert_false(front_console_prompt(&console, "$ ", 2));
    front_console_read(&console);
    front_console_read(&console); /* is the same */
    serve();
    assert_int_equal(w.doorbells, 1);
    assert_shown("hello\n> ");
    assert_string_equal(words, "one two");
    assert_no_line();
    type("typed\n");
    assert_true(front_console_look(&console));
    assert_line("typed\n");
    front_console_read(&console);
    serve();
    type("again\n");
    post.room[0] = 'X';
    front_console_look(&console);
    post.room[1] = 'X'; /* too late: it was copied */
    assert_line("Xgain\n");
}

static void test_long_ones(void **state)
{
    (void)state;
    char many[FRONT_CONSOLE_WORDS + 9];
    memset(many, 'm', sizeof(many));
    assert_true(front_console_words(&console, many, sizeof(many)));
    assert_true(front_console_prompt(&console, many, sizeof(many)));
    serve();
    assert_int_equal(strlen(words), FRONT_CONSOLE_WORDS);
    assert_int_equal(shown_length, FRONT_CONSOLE_PROMPT);
}

/* Lengths that were not asked for are cut; a failed reading is no line. */
static void test_wrong_lines(void **state)
{
    (void)state;
    usize length;
    front_console_read(&console);
    serve();
    back_complete(&w.back, post.tag, RING_OK, UINT32_MAX);
    back_publish(&w.back);
    front_console_look(&console);
    assert_non_null(front_console_line(&console, &length));
    assert_int_equal(length, FRONT_CONSOLE_LINE);
    post.size = 0;
    front_console_read(&console);
    serve();
    back_complete(&w.back, post.tag, RING_RANGE, 5);
    back_publish(&w.back);
    assert_true(front_console_look(&console));
    assert_no_line();
}

/* There is always a credit for everything but text. */
static void test_credits(void **state)
{
    (void)state;
    u32 pieces = 0;
    while (pieces < 2 * RING_ENTRIES && front_console_write(&console, "text", 4) == 4) {
        front_console_publish(&console);
        pieces++;
    }
    assert_true(front_console_words(&console, "w", 1));
    assert_true(front_console_mode(&console, CONSOLE_RAW));
    front_console_read(&console);
    assert_false(front_console_prompt(&console, "> ", 2)); /* the text before it comes first */
    serve();
    assert_int_equal(post.size, FRONT_CONSOLE_LINE);
    assert_int_equal(mode, CONSOLE_RAW);
    assert_true(front_console_prompt(&console, "> ", 2));
    serve();
    assert_int_equal(shown_length, 4ul * pieces + 2);
}

/* --- when the server dies --------------------------------------------------------------------- */

/* A new server learns everything, and shows the prompt whose line has not come. */
static void test_restart(void **state)
{
    (void)state;
    for (u32 i = 0; i < 3 * FRONT_RESTARTS; i++) {
        assert_true(front_console_words(&console, "one two", 7));
        put("hello\n");
        assert_true(front_console_prompt(&console, "> ", 2));
        front_console_read(&console);
        serve();
        restart();
        serve();
        assert_string_equal(words, "one two");
        assert_shown("> ");
        restart();
        restart();
        serve();
        assert_shown("> ");
        type("typed\n");
        front_console_look(&console);
        assert_line("typed\n");
        restart(); /* that line has come: nothing is shown */
        serve();
        assert_shown("");
        assert_string_equal(words, "one two");
    }
}

/* The prompt is not what the operator sees last. */
static void test_restart_after_text(void **state)
{
    (void)state;
    assert_true(front_console_prompt(&console, "> ", 2));
    serve();
    put("more");
    serve();
    restart();
    serve();
    assert_shown("");
    assert_true(front_console_mode(&console, CONSOLE_RAW));
    serve();
    restart();
    serve();
    assert_int_equal(mode, CONSOLE_RAW);
}

/* What was not taken is sent again, in its order. */
static void test_restart_with_text(void **state)
{
    (void)state;
    put("first, which is longer than seven bytes\n");
    front_console_publish(&console);
    put("second");
    front_console_publish(&console);
    serve_some(1); /* it was completed, and that was not seen yet */
    assert_true(front_console_prompt(&console, "> ", 2));
    restart();
    serve();
    assert_shown("second> ");
    put("third");
    world_kill(&w);
    front_console_publish(&console);
    assert_true(front_console_look(&console));
    world_attach(&w);
    serve();
    assert_shown("third");
    assert_true(front_console_is_quiet(&console));
}

static void test_closed(void **state)
{
    (void)state;
    put("text");
    front_console_read(&console);
    front_console_publish(&console);
    world_close(&w);
    while (front_console_look(&console)) {
    }
    assert_true(front_is_closed(&console.front));
    assert_no_line();
    assert_int_equal(front_console_write(&console, "x", 1), 0);
    assert_false(front_console_prompt(&console, "> ", 2));
    assert_false(front_console_words(&console, "w", 1));
    assert_false(front_console_mode(&console, CONSOLE_RAW));
    front_console_read(&console);
    front_console_publish(&console);
}

/* Whatever a server says, text finds its place inside of the data area (the sanitizer looks), and
 * nothing gets stuck while the session is open and requests are completed. */
static void test_wild(void **state)
{
    (void)state;
    struct random random;
    usize length, taken = 0;
    random_init(&random, 7);
    for (u32 round = 0; round < 30000 && !front_is_closed(&console.front); round++) {
        char text[300];
        memset(text, 't', sizeof(text));
        taken += front_console_write(&console, text, random_below(&random, sizeof(text)));
        if (random_below(&random, 9) == 0)
            (void)!front_console_prompt(&console, text, random_below(&random, 70));
        if (random_below(&random, 9) == 0)
            (void)!front_console_words(&console, text, random_below(&random, sizeof(text)));
        front_console_read(&console);
        front_console_publish(&console);
        for (u32 i = 0; i < 3 && front_credits(&console.front) < RING_ENTRIES - i; i++) {
            w.s->cqe[w.s->ctl.prod++ % RING_ENTRIES] =
                (struct ring_cqe){.tag = (u16)random_below(&random, RING_ENTRIES + 2),
                                  .status = (i16)random_next(&random),
                                  .len = (u32)random_next(&random)};
            front_console_look(&console);
        }
        if (front_console_line(&console, &length))
            assert_in_range(length, 1, FRONT_CONSOLE_LINE);
        assert_true(console.end - console.freed <= console.text_bytes);
    }
    assert_true(taken > 100000);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_text),
        TEST(test_much_text),
        TEST(test_no_room),
        TEST(test_small),
        TEST(test_line),
        TEST(test_long_ones),
        TEST(test_wrong_lines),
        TEST(test_credits),
        TEST(test_restart),
        TEST(test_restart_after_text),
        TEST(test_restart_with_text),
        TEST(test_closed),
        TEST(test_wild),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

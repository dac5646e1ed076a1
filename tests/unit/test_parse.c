/* Unit tests of base/parse.c. Every slice ends where its heap block ends. */
// with: libpv/base/parse.c
#include "unit.h"

#include <base/parse.h>

/* A slice without anything behind it; free its bytes. */
static struct slice exact_slice(const char *string)
{
    return (struct slice){exact_copy(string, strlen(string)), strlen(string)};
}

static void assert_slice(struct slice slice, const char *expected)
{
    assert_int_equal(slice.length, strlen(expected));
    if (slice.length != 0)
        assert_memory_equal(slice.bytes, expected, slice.length);
}

static void test_compare(void **state)
{
    (void)state;
    struct slice slice = exact_slice("servers");
    assert_true(slice_equal(slice, "servers"));
    assert_false(slice_equal(slice, "server"));
    assert_false(slice_equal(slice, "servers/"));
    assert_false(slice_equal(slice, "Servers"));
    assert_true(slice_starts(slice, "servers"));
    assert_true(slice_starts(slice, "serv"));
    assert_true(slice_starts(slice, ""));
    assert_false(slice_starts(slice, "servers/"));
    assert_false(slice_starts(slice, "root"));
    free((void *)slice.bytes);
    struct slice nothing = {NULL, 0};
    assert_true(slice_equal(nothing, ""));
    assert_false(slice_equal(nothing, "a"));
    assert_slice(slice_of("abc"), "abc");
}

static void assert_trimmed(const char *string, const char *expected)
{
    struct slice slice = exact_slice(string);
    assert_slice(slice_trim(slice), expected);
    free((void *)slice.bytes);
}

static void test_trim(void **state)
{
    (void)state;
    assert_trimmed("", "");
    assert_trimmed(" \t\r\n", "");
    assert_trimmed("a", "a");
    assert_trimmed("  a b\t\r\n", "a b");
    assert_slice(slice_trim((struct slice){NULL, 0}), "");
}

static void test_lines(void **state)
{
    (void)state;
    struct slice text = exact_slice("one\n\nthree");
    struct slice rest = text, line;
    assert_true(slice_next_line(&rest, &line));
    assert_slice(line, "one");
    assert_true(slice_next_line(&rest, &line));
    assert_slice(line, "");
    assert_true(slice_next_line(&rest, &line));
    assert_slice(line, "three");
    assert_false(slice_next_line(&rest, &line));
    free((void *)text.bytes);

    text = rest = exact_slice("last\n");
    assert_true(slice_next_line(&rest, &line));
    assert_slice(line, "last");
    assert_false(slice_next_line(&rest, &line));
    free((void *)text.bytes);
}

static void test_words(void **state)
{
    (void)state;
    struct slice text = exact_slice("  map\tregisters \n 0x10");
    struct slice rest = text, word;
    assert_true(slice_next_word(&rest, &word));
    assert_slice(word, "map");
    assert_true(slice_next_word(&rest, &word));
    assert_slice(word, "registers");
    assert_true(slice_next_word(&rest, &word));
    assert_slice(word, "0x10");
    assert_false(slice_next_word(&rest, &word));
    assert_false(slice_next_word(&rest, &word));
    free((void *)text.bytes);

    text = rest = exact_slice(" \t ");
    assert_false(slice_next_word(&rest, &word));
    assert_slice(rest, "");
    free((void *)text.bytes);
    rest = (struct slice){NULL, 0};
    assert_false(slice_next_word(&rest, &word));
}

static void test_split(void **state)
{
    (void)state;
    struct slice text = exact_slice("memory=4M=x");
    struct slice before, after;
    assert_true(slice_split(text, '=', &before, &after));
    assert_slice(before, "memory");
    assert_slice(after, "4M=x");
    assert_false(slice_split(text, ';', &before, &after));
    assert_slice(before, "memory=4M=x");
    assert_slice(after, "");
    assert_true(slice_split(text, 'x', &before, &after));
    assert_slice(before, "memory=4M=");
    assert_slice(after, "");
    assert_true(slice_split(text, 'm', &before, &after));
    assert_slice(before, "");
    free((void *)text.bytes);
}

static void assert_number(const char *text, u64 expected)
{
    u64 value = ~expected;
    struct slice slice = exact_slice(text);
    assert_int_equal(parse_number(slice, &value), PARSE_OK);
    assert_true(value == expected);
    free((void *)slice.bytes);
}

static void assert_no_number(const char *text, enum parse_error expected)
{
    u64 value = 12345;
    struct slice slice = exact_slice(text);
    assert_int_equal(parse_number(slice, &value), expected);
    assert_int_equal(value, 12345);
    free((void *)slice.bytes);
}

static void test_numbers(void **state)
{
    (void)state;
    assert_number("0", 0);
    assert_number("007", 7);
    assert_number("1234567890", 1234567890);
    assert_number("18446744073709551615", UINT64_MAX);
    assert_number("0x0", 0);
    assert_number("0xffffffffffffffff", UINT64_MAX);
    assert_number("0X00000000000000000deadBEEF", 0xdeadbeef);
    assert_number("4k", 4096);
    assert_number("4K", 4096);
    assert_number("0x10K", 16384);
    assert_number("64M", 64 << 20);
    assert_number("64m", 64 << 20);
    assert_number("2G", 2ull << 30);
    assert_number("2g", 2ull << 30);
    assert_number("17179869183G", 17179869183ull << 30);
    assert_number("0G", 0);
}

static void test_no_numbers(void **state)
{
    (void)state;
    assert_no_number("", PARSE_EMPTY);
    static const char *const wrong[] = {
        "K",  "0x",  "0xK", "-1",  "+1",  " 1",   "1 ",
        "1a", "0xg", "1KB", "1.5", "x10", "1x10", "10T",
        "KK", "1KK", "/",   ":",   "0x@", "0x`",  "99999999999999999999999x"};
    for (u32 i = 0; i < array_count(wrong); i++)
        assert_no_number(wrong[i], PARSE_NOT_A_NUMBER);
    assert_no_number("18446744073709551616", PARSE_TOO_LARGE);
    assert_no_number("0x10000000000000000", PARSE_TOO_LARGE);
    assert_no_number("17179869184G", PARSE_TOO_LARGE);
    assert_no_number("18014398509481984K", PARSE_TOO_LARGE);
    assert_no_number("17592186044416M", PARSE_TOO_LARGE);
    assert_no_number("99999999999999999999999999999999999999999999", PARSE_TOO_LARGE);
}

static void test_texts(void **state)
{
    (void)state;
    for (enum parse_error a = PARSE_OK; a <= PARSE_TOO_LARGE; a++) {
        assert_string_not_equal(parse_error_text(a), "unknown error");
        for (enum parse_error b = PARSE_OK; b < a; b++)
            assert_string_not_equal(parse_error_text(a), parse_error_text(b));
    }
    assert_string_equal(parse_error_text(PARSE_TOO_LARGE + 1), "unknown error");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_compare),    cmocka_unit_test(test_trim),
        cmocka_unit_test(test_lines),      cmocka_unit_test(test_words),
        cmocka_unit_test(test_split),      cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_no_numbers), cmocka_unit_test(test_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

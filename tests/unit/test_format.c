/*
 * Unit tests of base/format.c. Where the C standard defines the outcome, the host's own printf says
 * what it should be; the rest is written out.
 */
// with: libpv/base/format.c
#include "unit.h"

#include <limits.h>

#include <base/format.h>

/* Prints with both, and compares text and length. */
#define assert_like_host(...)                                                                      \
    do {                                                                                           \
        char expected[200], got[200];                                                              \
        int length = snprintf(expected, sizeof(expected), __VA_ARGS__);                            \
        assert_int_equal(format_buffer(got, sizeof(got), __VA_ARGS__), length);                    \
        assert_string_equal(got, expected);                                                        \
    } while (0)

static void test_plain(void **state)
{
    (void)state;
    assert_like_host("%s", "");
    assert_like_host("no conversions");
    assert_like_host("%% at both ends %%");
    assert_like_host("%d%d %d", 1, 2, 3);
}

static void test_integers(void **state)
{
    (void)state;
    static const i64 values[] = {
        0,   1,   -1,    9,       10,      -10,      127,      128,
        255, 256, 32768, INT_MAX, INT_MIN, LONG_MAX, LONG_MIN, 0x123456789abcdef};
    for (u32 i = 0; i < array_count(values); i++) {
        i64 value = values[i];
        assert_like_host("%d %i %u %x %X", (int)value, (int)value, (u32)value, (u32)value,
                         (u32)value);
        assert_like_host("%ld %li %lu %lx %lX", value, value, (u64)value, (u64)value, (u64)value);
        assert_like_host("%lld %llu %llx", (long long)value, (unsigned long long)value,
                         (unsigned long long)value);
        assert_like_host("%zu %zx %zd %jd %td", (usize)value, (usize)value, (ssize_t)value, value,
                         (ptrdiff_t)value);
        assert_like_host("%hd %hu %hx", (short)value, (u16)value, (u16)value);
        assert_like_host("%hhd %hhu %hhx", (i8)value, (u8)value, (u8)value);
    }
}

static void test_width_and_flags(void **state)
{
    (void)state;
    assert_like_host("[%5d][%-5d][%05d]", 42, 42, 42);
    assert_like_host("[%5d][%-5d][%05d]", -42, -42, -42);
    assert_like_host("[%2d][%-2d][%02d]", 12345, 12345, 12345);
    assert_like_host("[%016lx][%-16lx][%16lX]", 0xabcul, 0xabcul, 0xabcul);
    assert_like_host("[%0*d][%*d][%*d]", 7, 42, 7, 42, -7, 42);
    assert_like_host("[%.3d][%8.3d][%-8.3d][%.0d][%.d]", 5, 5, -5, 0, 0);
    assert_like_host("[%.*d][%.*d]", 4, 7, -1, 0);
    assert_like_host("[%40d]", 1); /* more than one chunk of padding */
    assert_like_host("[%032d][%16d][%17d]", 1, 1, 1);
}

static void test_strings(void **state)
{
    (void)state;
    assert_like_host("[%s][%5s][%-5s][%2s]", "abc", "abc", "abc", "abc");
    assert_like_host("[%.2s][%5.2s][%-5.2s][%.0s][%.s]", "abc", "abc", "abc", "abc", "abc");
    assert_like_host("[%*s][%-*s]", 6, "abc", 6, "abc");
    assert_like_host("[%c][%3c][%-3c]", 'x', 'y', 'z');
    char *slice = exact_copy("abc", 3); /* without a 0 */
    assert_like_host("[%.*s][%.*s]", 3, slice, 2, slice);
    free(slice);
    char got[20];
    const char *volatile null = NULL;
    format_buffer(got, sizeof(got), "[%s]", null);
    assert_string_equal(got, "[(null)]");
}

static void test_pointers(void **state)
{
    (void)state;
    char got[80];
    format_buffer(got, sizeof(got), "%p %p [%8p][%-8p]", NULL, (void *)0xffff800000001234,
                  (void *)0xab, (void *)0xab);
    assert_string_equal(got, "0x0 0xffff800000001234 [    0xab][0xab    ]");
}

/* A text that the compiler does not check. */
static const char *unchecked(const char *text)
{
    const char *volatile hidden = text;
    return hidden;
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-security"

static void test_unknown(void **state)
{
    (void)state;
    char got[80];
    assert_int_equal(format_buffer(got, sizeof(got), unchecked("%d %q %s"), 5), 7);
    assert_string_equal(got, "5 %q %s");
    format_buffer(got, sizeof(got), unchecked("%5.1f %s"), 5);
    assert_string_equal(got, "%5.1f %s");
    format_buffer(got, sizeof(got), unchecked("%n"), 5);
    assert_string_equal(got, "%n");
    char *cut = exact_string("ends in %-08.3l");
    format_buffer(got, sizeof(got), cut);
    assert_string_equal(got, "ends in %-08.3l");
    free(cut);
    format_buffer(got, sizeof(got), unchecked("%"));
    assert_string_equal(got, "%");
    /* Digits that overflow any integer neither wrap around nor trap. */
    assert_true(format_buffer(got, 4, unchecked("%.99999999999999999999s"), "abcdef") == 6);
    assert_string_equal(got, "abc");
}

/* An argument wider than the length says, and a flag that a precision overrules. */
static void test_overruled(void **state)
{
    (void)state;
    char got[80];
    format_buffer(got, sizeof(got), unchecked("%hhd %hhu %hd %hu"), 0x12381, 0x12381, 0x19876,
                  0x19876);
    assert_string_equal(got, "-127 129 -26506 39030");
    format_buffer(got, sizeof(got), unchecked("[%08.3d][%-08d]"), 5, 5);
    assert_string_equal(got, "[     005][5       ]");
    format_buffer(got, sizeof(got), unchecked("[%0d][%01d]"), -5, -5);
    assert_string_equal(got, "[-5][-5]");
}

static void test_extreme_stars(void **state)
{
    (void)state;
    char got[8];
    assert_true(format_buffer(got, 0, unchecked("%*d"), INT_MIN, 1) == 0x80000000u);
    assert_true(format_buffer(got, 0, unchecked("%.*d"), INT_MIN, 1) == 1);
}

#pragma GCC diagnostic pop

static void test_truncation(void **state)
{
    (void)state;
    for (usize size = 1; size < 12; size++) {
        char *expected = malloc(size);
        char *got = malloc(size); /* exactly: the sanitizer watches its end */
        char text[] = "number";
        assert_int_equal(snprintf(expected, size, "%s %03d", text, 7), 10);
        assert_int_equal(format_buffer(got, size, "%s %03d", text, 7), 10);
        assert_string_equal(got, expected);
        free(expected);
        free(got);
    }
    char untouched = '#';
    assert_int_equal(format_buffer(&untouched, 0, "abc"), 3);
    assert_int_equal(untouched, '#');
    assert_int_equal(format_buffer(NULL, 0, "%d", 100), 3);
}

/* A sink that collects what it gets, and counts how often. */
struct collector {
    struct sink sink;
    char bytes[64];
    usize length;
    usize calls;
};

static void collect(struct sink *sink, const char *bytes, usize length)
{
    struct collector *collector = container_of(sink, struct collector, sink);
    assert_true(length > 0 && collector->length + length <= sizeof(collector->bytes));
    memcpy(collector->bytes + collector->length, bytes, length);
    collector->length += length;
    collector->calls++;
}

static void test_sink(void **state)
{
    (void)state;
    struct collector collector = {.sink = {collect}};
    assert_int_equal(format(&collector.sink, "%s", ""), 0);
    assert_int_equal(collector.calls, 0);
    assert_int_equal(format(&collector.sink, "a %d%c|", 42, 0), 6);
    assert_int_equal(collector.length, 6);
    assert_memory_equal(collector.bytes, "a 42\0|", 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),           cmocka_unit_test(test_integers),
        cmocka_unit_test(test_width_and_flags), cmocka_unit_test(test_strings),
        cmocka_unit_test(test_pointers),        cmocka_unit_test(test_unknown),
        cmocka_unit_test(test_overruled),       cmocka_unit_test(test_extreme_stars),
        cmocka_unit_test(test_truncation),      cmocka_unit_test(test_sink),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

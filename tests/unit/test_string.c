/*
 * Unit tests of base/string.c, each function against the host's own over all small lengths, places
 * and overlaps.
 *
 * Two sets of functions of the same names cannot be linked together, least of all under a sanitizer
 * that watches them. So string.c is not linked but included here, after its functions got another
 * name; the host's headers have been read by then, and keep the host's names.
 */
#include "unit.h"

#define memcpy  base_memcpy
#define memmove base_memmove
#define memset  base_memset
#define memcmp  base_memcmp
#define strlen  base_strlen
#define strnlen base_strnlen
#define strcmp  base_strcmp
#define strncmp base_strncmp
#define strchr  base_strchr
#include <base/string.c>
#undef memcpy
#undef memmove
#undef memset
#undef memcmp
#undef strlen
#undef strnlen
#undef strcmp
#undef strncmp
#undef strchr

enum { AREA = 96 }; /* bytes in which things are moved about */

/* Bytes that differ from each other. */
static void fill(u8 *area)
{
    for (u32 i = 0; i < AREA; i++)
        area[i] = (u8)(i * 7 + 1);
}

static int sign(int value)
{
    return (value > 0) - (value < 0);
}

/* The direction flag must be clear whenever compiled code runs. */
static void assert_upwards(void)
{
    u64 flags;
    __asm__ volatile("pushfq\n\tpopq %0" : "=r"(flags));
    assert_false(flags & 1 << 10);
}

static void test_memcpy(void **state)
{
    (void)state;
    u8 from[AREA], expected[AREA], got[AREA];
    fill(from);
    for (u32 length = 0; length <= 40; length++) {
        for (u32 place = 0; place < 9; place++) {
            memset(expected, 0xee, AREA);
            memset(got, 0xee, AREA);
            memcpy(expected + place, from + 9 - place, length);
            assert_ptr_equal(base_memcpy(got + place, from + 9 - place, length), got + place);
            assert_memory_equal(got, expected, AREA);
        }
    }
}

static void test_memmove(void **state)
{
    (void)state;
    u8 expected[AREA], got[AREA];
    for (u32 length = 0; length <= 40; length++) {
        for (u32 to = 0; to < 45; to++) {
            fill(expected);
            fill(got);
            memmove(expected + to, expected + 22, length);
            assert_ptr_equal(base_memmove(got + to, got + 22, length), got + to);
            assert_memory_equal(got, expected, AREA);
            assert_upwards();
        }
    }
}

static void test_memset(void **state)
{
    (void)state;
    u8 expected[AREA], got[AREA];
    for (u32 length = 0; length <= 40; length++) {
        for (u32 place = 0; place < 9; place++) {
            fill(expected);
            fill(got);
            memset(expected + place, 0x5a, length);
            assert_ptr_equal(base_memset(got + place, 0x1235a, length), got + place);
            assert_memory_equal(got, expected, AREA);
        }
    }
}

static void test_memcmp(void **state)
{
    (void)state;
    for (usize length = 0; length <= 20; length++) {
        for (usize differing = 0; differing <= length; differing++) {
            u8 a[20], b[20];
            memset(a, 0x80, sizeof(a));
            memset(b, 0x80, sizeof(b));
            if (differing < length) {
                b[differing] = 0x7f; /* less, only when unsigned */
                memset(b + differing + 1, 0xff, sizeof(b) - differing - 1);
            }
            u8 *left = exact_copy(a, length);
            u8 *right = exact_copy(b, length);
            assert_int_equal(sign(base_memcmp(left, right, length)), differing < length);
            assert_int_equal(sign(base_memcmp(right, left, length)), -(differing < length));
            free(left);
            free(right);
        }
    }
}

static void test_lengths(void **state)
{
    (void)state;
    char *string = exact_string("terrarium");
    assert_int_equal(base_strlen(string), 9);
    assert_int_equal(base_strlen(""), 0);
    assert_int_equal(base_strnlen(string, 100), 9);
    assert_int_equal(base_strnlen(string, 9), 9);
    assert_int_equal(base_strnlen(string, 4), 4);
    free(string);
    char *unterminated = exact_copy("abc", 3);
    assert_int_equal(base_strnlen(unterminated, 3), 3);
    assert_int_equal(base_strnlen(unterminated, 0), 0);
    free(unterminated);
}

static void test_comparisons(void **state)
{
    (void)state;
    static const char *const strings[] = {"", "a", "ab", "abc", "abd", "b", "\x80", "ab\xff"};
    for (u32 i = 0; i < array_count(strings); i++) {
        for (u32 j = 0; j < array_count(strings); j++) {
            const char *a = strings[i];
            const char *b = strings[j];
            assert_int_equal(sign(base_strcmp(a, b)), sign(strcmp(a, b)));
            for (usize limit = 0; limit < 5; limit++)
                assert_int_equal(sign(base_strncmp(a, b, limit)), sign(strncmp(a, b, limit)));
        }
    }
    char *unterminated = exact_copy("abc", 3);
    assert_int_equal(base_strncmp(unterminated, "abcd", 3), 0);
    free(unterminated);
}

static void test_strchr(void **state)
{
    (void)state;
    const char *text = "a\x80ga";
    assert_ptr_equal(base_strchr(text, 'a'), text);
    assert_ptr_equal(base_strchr(text, 'g'), text + 2);
    assert_ptr_equal(base_strchr(text, 0x80), text + 1);
    assert_ptr_equal(base_strchr(text, 0), text + 4);
    assert_ptr_equal(base_strchr(text, 'g' + 256), text + 2);
    assert_null(base_strchr(text, 'x'));
    assert_null(base_strchr("", 'x'));
}

static void test_string_copy(void **state)
{
    (void)state;
    char place[6] = "#####";
    assert_false(string_copy(place, 0, "abc"));
    assert_string_equal(place, "#####");
    assert_false(string_copy(place, 1, "abc"));
    assert_string_equal(place, "");
    assert_true(string_copy(place, 1, ""));
    assert_false(string_copy(place, 3, "abc"));
    assert_string_equal(place, "ab");
    assert_true(string_copy(place, 4, "abc"));
    assert_string_equal(place, "abc");
    assert_int_equal(place[4], '#');
    char *unterminated = exact_copy("abcdefgh", 8); /* only what may be copied is looked at */
    assert_false(string_copy(place, sizeof(place), unterminated));
    assert_string_equal(place, "abcde");
    free(unterminated);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memcpy),  cmocka_unit_test(test_memmove),
        cmocka_unit_test(test_memset),  cmocka_unit_test(test_memcmp),
        cmocka_unit_test(test_lengths), cmocka_unit_test(test_comparisons),
        cmocka_unit_test(test_strchr),  cmocka_unit_test(test_string_copy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Unit tests of what passes to the operator's terminal: each class of bytes, and any of them cut in
 * pieces anywhere. */
// with: servers/console/filter.c
#include "unit.h"

#include <base/random.h>
#include <console/filter.h>

#define LONGEST 4096

/* What comes out of `length` bytes that come in pieces of at most `most`; ended by a 0. */
static const char *pieces(const char *bytes, usize length, usize most)
{
    static char all[LONGEST + FILTER_HELD + 1];
    struct filter filter = {0};
    usize out = 0;
    for (usize done = 0, piece; done < length; done += piece) {
        piece = min(length - done, most);
        char *in = exact_copy(bytes + done, piece), *room = malloc(piece + FILTER_HELD);
        usize count = filter_text(&filter, in, piece, room);
        assert_true(count <= piece + FILTER_HELD && out + count < sizeof(all));
        memcpy(all + out, room, count);
        out += count;
        free(in);
        free(room);
    }
    all[out] = 0;
    return all;
}

static void assert_filtered(const char *text, const char *expected)
{
    for (usize most = 1; most <= strlen(text); most++)
        assert_string_equal(pieces(text, strlen(text), most), expected);
}

static void assert_passes(const char *text)
{
    assert_filtered(text, text);
}

static void test_plain(void **state)
{
    (void)state;
    assert_passes(" !\"#$%&'()*+,-./0189:;<=>?@AZ[\\]^_`az{|}~\n\r\t\b\a");
    assert_filtered("a\001b\016c\017d\013e\014f\177g", "a?b?c?d?e?f?g");
    assert_string_equal(pieces("a\0b", 3, 3), "a?b");
}

static void test_sequences(void **state)
{
    (void)state;
    assert_passes("\033[A\033[12B\033[C\033[7D\033[H\033[3;4Hx");
    assert_passes("\033[J\033[0J\033[1J\033[2J\033[K\033[2K");
    assert_passes("\033[m\033[0m\033[1;31;42m\033[97mx\033[39;49;7mx");
    assert_filtered("\033[3J|\033[4K|\033[22J|\033[;J", "?|?|?|?"); /* other parts of a screen */
    assert_filtered("\033[8m|\033[38;5;1m|\033[2m|\033[131m",
                    "?|?|?|?"); /* hidden text, and more */
    assert_filtered("\033[6n|\033[c|\033[5i|\033[t|\033[s|\033[r", "?|?|?|?|?|?");
    assert_filtered("\033[?25l|\033[>c|\033[=1c|\033[!p|\033[1\"q|\033[1 q", "?|?|?|?|?|?");
    assert_filtered("\033c|\0337|\033=|\033D|\033Z", "?|?|?|?|?");
    assert_filtered("\033(0|\033#8|\033 F|\033%G", "?|?|?|?");
    assert_filtered("\033[1:2m|\033[1;;31m", "?|\033[1;;31m");
}

/* Of what a terminal would swallow as a string only the beginning goes: the rest does no harm. */
static void test_strings(void **state)
{
    (void)state;
    assert_filtered("\033]0;name\a", "?0;name\a");
    assert_filtered("\033]52;c;bHM=\033\\x", "?52;c;bHM=?x");
    assert_filtered("\033P1$r\033\\\033_x\033\\\033^y\033\\\033Xz", "?1$r??x??y??z");
}

static void test_broken_off(void **state)
{
    (void)state;
    assert_filtered("\033\nx", "?\nx");
    assert_filtered("\033[1\nx", "?\nx");
    assert_filtered("\033[1\033[1mx", "?\033[1mx");
    assert_filtered("\033\033[Ax", "?\033[Ax");
    assert_filtered("\033(\033[Ax", "?\033[Ax");
    assert_filtered("\033[?\033[Ax", "?\033[Ax");
    assert_filtered("\033[1\177m", "??m");
    assert_filtered("\033[1\xc3\xa4m", "?\xc3\xa4m");
    assert_filtered("\033", ""); /* its end has not come */
    assert_filtered("\033[1;2", "");
}

/* Too long to be held: refused as a whole. */
static void test_long(void **state)
{
    (void)state;
    assert_passes("\033[1;1;1;1;1;1;1;1;1;1;1m");
    assert_filtered("\033[1;1;1;1;1;1;1;1;1;1;1;1mx", "?x");
    char text[LONGEST] = "\033[";
    memset(text + 2, '1', sizeof(text) - 4);
    memcpy(text + sizeof(text) - 3, "mx", 3);
    assert_string_equal(pieces(text, strlen(text), 100), "?x");
}

static void test_characters(void **state)
{
    (void)state;
    assert_passes("\xc3\xa4\xc2\xa0\xe2\x82\xac\xef\xbf\xbd\xf0\x9f\xa6\x80\xf4\x8f\xbf\xbf");
    assert_filtered("\xc2\x9b"
                    "6n",
                    "??6n"); /* U+009B, which is ESC [ to some terminals */
    assert_filtered("\x9b"
                    "6n",
                    "?6n");
    assert_filtered("\xc0\x9b|\xc1\xbf|\xe0\x9f\xbf|\xf0\x8f\xbf\xbf", "??|??|???|????");
    assert_filtered("\xed\xa0\x80|\xf4\x90\x80\x80|\xf5\x80|\xff", "???|????|??|?");
    assert_filtered("\xe2\x82x|\xe2\033[A|\xf0\x9f\xa6\n", "?x|?\033[A|?\n");
}

/* Is `text` made of what passes and nothing else? Written another way than the filter. */
static bool is_harmless(const u8 *text)
{
    while (*text) {
        if (*text == 27) {
            usize digits = strspn((const char *)text + 2, "0123456789;");
            if (text[1] != '[' || !text[2 + digits] || !strchr("ABCDHJKm", text[2 + digits]))
                return false;
            text += 3 + digits;
        } else if (*text >= 0xc2) {
            u32 length = *text >= 0xf0 ? 4 : *text >= 0xe0 ? 3 : 2;
            if (*text == 0xc2 && text[1] < 0xa0)
                return false;
            for (u32 i = 1; i < length; i++)
                if ((text[i] & 0xc0) != 0x80)
                    return false;
            text += length;
        } else if (*text >= 0x7f || (*text < ' ' && !strchr("\n\r\t\b\a", *text))) {
            return false;
        } else {
            text++;
        }
    }
    return true;
}

/* Nonsense: what comes out is harmless, the same however the text was cut, and passes again. */
static void test_anything(void **state)
{
    (void)state;
    static const char seeds[] = "\033\033\033[[[;;19?m3JKAHc]\xc2\x9b\xe2\x82\xac\xf0\x9f \n\"x";
    struct random random;
    random_init(&random, 8);
    for (u32 round = 0; round < 20000; round++) {
        char text[64], once[128];
        usize length = random_below(&random, sizeof(text));
        for (usize i = 0; i < length; i++)
            text[i] = random_below(&random, 8) ? seeds[random_below(&random, sizeof(seeds) - 1)]
                                               : (char)random_next(&random);
        strcpy(once, pieces(text, length, sizeof(text)));
        assert_true(is_harmless((const u8 *)once));
        assert_string_equal(pieces(text, length, 1 + random_below(&random, 9)), once);
        assert_string_equal(pieces(once, strlen(once), sizeof(once)), once);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),    cmocka_unit_test(test_sequences),
        cmocka_unit_test(test_strings),  cmocka_unit_test(test_broken_off),
        cmocka_unit_test(test_long),     cmocka_unit_test(test_characters),
        cmocka_unit_test(test_anything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

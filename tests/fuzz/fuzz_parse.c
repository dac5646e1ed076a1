/*
 * Fuzzer of base/parse.c: whatever the text, its pieces are pieces of it and put together give the
 * text again, and a number that is read, printed and read again is the same.
 */
// with: libpv/base/parse.c
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <base/parse.h>

static void check(bool condition)
{
    if (!condition)
        abort();
}

/* Is `part` a part of `whole`? */
static void check_part(struct slice whole, struct slice part)
{
    check(range_fits((u64)(part.bytes - whole.bytes), part.length, whole.length));
}

static void check_number(struct slice word)
{
    u64 value = 0;
    u64 again = 0;
    if (parse_number(word, &value) != PARSE_OK)
        return;
    char text[24];
    snprintf(text, sizeof(text), "0x%lx", value);
    check(parse_number(slice_of(text), &again) == PARSE_OK && again == value);
    snprintf(text, sizeof(text), "%lu", value);
    check(parse_number(slice_of(text), &again) == PARSE_OK && again == value);
}

static void check_words(struct slice line)
{
    struct slice rest = line;
    struct slice word;
    while (slice_next_word(&rest, &word)) {
        check(word.length != 0);
        check_part(line, word);
        check(slice_trim(word).length == word.length);
        check_number(word);
        struct slice before, after;
        bool found = slice_split(word, '=', &before, &after);
        check_part(word, before);
        check_part(word, after);
        check(before.length + found + after.length == word.length);
    }
    check(rest.length == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice text = {(const char *)data, size};
    struct slice rest = text;
    struct slice line;
    u64 seen = 0;
    while (slice_next_line(&rest, &line)) {
        check_part(text, line);
        check(line.length == 0 || !memchr(line.bytes, '\n', line.length));
        seen += line.length + 1;
        check_words(line);
    }
    check(seen == size || seen == size + 1); /* the last newline may be missing */
    check_words(text);
    check_number(text);
    return 0;
}

/* Reading text (parse.h): slices, lines, words, numbers. */
#include <base/parse.h>
#include <base/string.h>

struct slice slice_of(const char *string)
{
    return (struct slice){string, strlen(string)};
}

bool slice_starts(struct slice slice, const char *string)
{
    usize length = strlen(string);
    return slice.length >= length && (length == 0 || memcmp(slice.bytes, string, length) == 0);
}

bool slice_equal(struct slice slice, const char *string)
{
    return slice.length == strlen(string) && slice_starts(slice, string);
}

static struct slice slice_skip(struct slice slice, usize length)
{
    return length == 0 ? slice : (struct slice){slice.bytes + length, slice.length - length};
}

static bool is_blank(char character)
{
    return character == ' ' || character == '\t' || character == '\r' || character == '\n';
}

struct slice slice_trim(struct slice slice)
{
    usize start = 0;
    while (start < slice.length && is_blank(slice.bytes[start]))
        start++;
    slice = slice_skip(slice, start);
    while (slice.length != 0 && is_blank(slice.bytes[slice.length - 1]))
        slice.length--;
    return slice;
}

bool slice_split(struct slice slice, char separator, struct slice *before, struct slice *after)
{
    usize length = 0;
    while (length < slice.length && slice.bytes[length] != separator)
        length++;
    bool found = length < slice.length;
    *before = (struct slice){slice.bytes, length};
    *after = slice_skip(slice, found ? length + 1 : length);
    return found;
}

bool slice_next_line(struct slice *rest, struct slice *line)
{
    if (rest->length == 0)
        return false;
    slice_split(*rest, '\n', line, rest);
    return true;
}

bool slice_next_word(struct slice *rest, struct slice *word)
{
    usize start = 0;
    while (start < rest->length && is_blank(rest->bytes[start]))
        start++;
    usize end = start;
    while (end < rest->length && !is_blank(rest->bytes[end]))
        end++;
    *word = slice_skip(*rest, start);
    word->length = end - start;
    *rest = slice_skip(*rest, end);
    return word->length != 0;
}

const char *parse_error_text(enum parse_error error)
{
    switch (error) {
    case PARSE_OK:
        return "no error";
    case PARSE_EMPTY:
        return "a number is missing";
    case PARSE_NOT_A_NUMBER:
        return "not a number";
    case PARSE_TOO_LARGE:
        return "number too large";
    }
    return "unknown error";
}

/* The value of a digit; 16 or more for what is none. */
static u32 digit_value(char character)
{
    if (character >= '0' && character <= '9')
        return (u32)(character - '0');
    char lower = character | 0x20;
    return lower >= 'a' && lower <= 'f' ? (u32)(lower - 'a') + 10 : UINT32_MAX;
}

/* The power of two that a suffix stands for; 0 for what is none. */
static u32 suffix_shift(char character)
{
    switch (character | 0x20) {
    case 'k':
        return 10;
    case 'm':
        return 20;
    case 'g':
        return 30;
    default:
        return 0;
    }
}

enum parse_error parse_number(struct slice slice, u64 *value)
{
    if (slice.length == 0)
        return PARSE_EMPTY;
    u32 base = 10;
    if (slice_starts(slice, "0x") || slice_starts(slice, "0X")) {
        base = 16;
        slice = slice_skip(slice, 2);
    }
    u32 shift = slice.length != 0 ? suffix_shift(slice.bytes[slice.length - 1]) : 0;
    if (shift != 0)
        slice.length--;
    if (slice.length == 0)
        return PARSE_NOT_A_NUMBER;

    u64 number = 0;
    bool fits = true; /* keep looking after an overflow: "99...9x" is not a number at all */
    for (usize i = 0; i < slice.length; i++) {
        u32 digit = digit_value(slice.bytes[i]);
        if (digit >= base)
            return PARSE_NOT_A_NUMBER;
        fits = fits && !__builtin_mul_overflow(number, base, &number) &&
               !__builtin_add_overflow(number, digit, &number);
    }
    if (!fits || number > UINT64_MAX >> shift)
        return PARSE_TOO_LARGE;
    *value = number << shift;
    return PARSE_OK;
}

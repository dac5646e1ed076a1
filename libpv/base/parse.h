/*
 * Reading text that somebody wrote: boot configurations, command lines.
 *
 * The text is a slice, a pointer and a length, and stays as it is: the pieces that come out are
 * slices of it. No function looks beyond a slice, and none needs a terminating 0.
 */
#pragma once

#include <base/types.h>

struct slice {
    const char *bytes;
    usize length;
};

/* A slice of the whole string, without its 0. */
struct slice slice_of(const char *string);

/* Is the slice exactly this string? Does it begin with it? */
bool slice_equal(struct slice slice, const char *string);
bool slice_starts(struct slice slice, const char *string);

/* The same without the blanks (space, tab, carriage return, newline) at both ends. */
struct slice slice_trim(struct slice slice);

/*
 * Cuts the first line, without its newline, off `*rest`; false when nothing is left. A newline at
 * the very end does not begin another line.
 */
must_check bool slice_next_line(struct slice *rest, struct slice *line);

/*
 * Cuts the first word off `*rest`; false when there are only blanks (space, tab, carriage return,
 * newline) left. A word has at least one character.
 */
must_check bool slice_next_word(struct slice *rest, struct slice *word);

/*
 * Splits at the first `separator`: `*before` and `*after` get what is on its two sides. False, and
 * `*before` is the whole and `*after` empty, when there is none.
 */
bool slice_split(struct slice slice, char separator, struct slice *before, struct slice *after);

enum parse_error {
    PARSE_OK,
    PARSE_EMPTY,
    PARSE_NOT_A_NUMBER,
    PARSE_TOO_LARGE,
};

const char *parse_error_text(enum parse_error error);

/*
 * Reads the whole slice as an unsigned number: decimal digits, or 0x and hexadecimal ones (either
 * case), then nothing or one of K, M, G (either case) for 2^10, 2^20, 2^30. `*value` is written
 * only when the result is PARSE_OK.
 */
must_check enum parse_error parse_number(struct slice slice, u64 *value);

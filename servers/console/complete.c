/*
 * Completing a word from a list of words; complete.h has the contract.
 */
#include "complete.h"

#include <base/string.h>

#define ROW 76 /* columns for a list of words */

struct word {
    const char *start;
    usize length; /* 0: there was no further word */
};

/* The next word that begins with what was typed. Moves *place behind it. */
static struct word next_match(const char **place, const char *typed, usize typed_length)
{
    const char *at = *place;
    while (at && *at) {
        struct word word = {at, 0};
        while (at[0] && at[0] != ' ')
            at++;
        word.length = (usize)(at - word.start);
        while (*at == ' ')
            at++;
        if (word.length > 0 && word.length >= typed_length &&
            memcmp(word.start, typed, typed_length) == 0) {
            *place = at;
            return word;
        }
    }
    *place = at;
    return (struct word){NULL, 0};
}

struct completion complete_word(const char *words, const char *typed, usize length)
{
    struct completion found = {0};
    for (struct word word; (word = next_match(&words, typed, length)).length != 0;) {
        const char *rest = word.start + length;
        usize rest_length = word.length - length;
        if (found.matches++ == 0) {
            found.rest = rest;
            found.rest_length = rest_length;
        }
        usize common = 0;
        while (common < found.rest_length && common < rest_length &&
               rest[common] == found.rest[common])
            common++;
        found.rest_length = common;
    }
    return found;
}

void complete_list(const char *words, const char *typed, usize length, struct sink *sink)
{
    usize column = 0;
    for (struct word word; (word = next_match(&words, typed, length)).length != 0;) {
        if (column + word.length > ROW) {
            format(sink, " ...");
            return;
        }
        column += format(sink, "%s%.*s", column ? "  " : "", (int)word.length, word.start);
    }
}

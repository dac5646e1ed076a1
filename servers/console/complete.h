/*
 * Completing a word from a list of words. Pure logic.
 *
 * A list of words is one text, the words separated by blanks, ended by a 0; NULL is an empty list.
 */
#pragma once
#include <base/format.h>

struct completion {
    u32 matches;      /* how many words of the list begin with what was typed */
    const char *rest; /* what all of them have after that */
    usize rest_length;
};

struct completion complete_word(const char *words, const char *typed, usize length);

/* Prints the words that begin with what was typed, with blanks between, as many as fit in a row. */
void complete_list(const char *words, const char *typed, usize length, struct sink *sink);

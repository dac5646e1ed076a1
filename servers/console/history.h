/*
 * The lines that were typed before, at most HISTORY_LINES of them in HISTORY_BYTES: when there is
 * no more room the oldest go. Pure logic.
 */
#pragma once
#include <base/types.h>

#define HISTORY_LINES 32
#define HISTORY_BYTES 2048

/* All zero when empty. */
struct history {
    u32 count;
    u32 used;
    char bytes[HISTORY_BYTES]; /* the lines, oldest first, each with a 0 at its end */
};

/* Keeps a line that has no 0 in it. Empty lines, those that are too long for the whole history,
 * and a line that equals the one before it are not kept. */
void history_add(struct history *history, const char *line, usize length);

/* The line that was added `back` lines ago (1: the newest); NULL when there is none. */
const char *history_line(const struct history *history, u32 back);

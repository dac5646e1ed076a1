/*
 * The last TEXT_BYTES bytes that were written to a console: what is shown again when somebody
 * switches to it. Pure logic.
 */
#pragma once
#include <base/types.h>

#define TEXT_BYTES 4096

/* All zero when empty. */
struct text {
    u64 written; /* bytes ever written */
    char bytes[TEXT_BYTES];
};

/* Adds bytes at the end; the oldest make room. */
void text_append(struct text *text, const char *bytes, usize length);

/* Forgets everything. */
void text_clear(struct text *text);

/* Where the last `lines` lines begin, the unfinished last one counted too: a position for
 * text_read. Fewer when there are not so many. */
u64 text_last_lines(const struct text *text, u32 lines);

/* A piece of the text from `position` on, and its length; length 0 at the end. Positions that were
 * overwritten meanwhile stand for the oldest byte. Go on at *position, which is moved. */
const char *text_read(const struct text *text, u64 *position, usize *length);

/*
 * The line editor: what the keys do to the line being typed, and what the terminal is told so that
 * it shows that. Pure logic: keys come in as bytes, the echo goes out through a sink.
 *
 * A line is always one row on the terminal: when it does not fit behind its prompt, a part of it
 * around the cursor is shown. Therefore it can be hidden and shown again, to write something above
 * it.
 *
 * Keys: arrows, Home, End, Delete, Backspace; Ctrl-A and Ctrl-E to the ends, Ctrl-B and Ctrl-F
 * sideways, Ctrl-U, Ctrl-K and Ctrl-W rub out to the beginning, to the end and one word, Ctrl-C
 * abandons the line, Ctrl-L clears the screen, Up and Down (Ctrl-P and Ctrl-N) go through the
 * history, Tab completes a word.
 */
#pragma once
#include "history.h"
#include "keys.h"

#include <base/format.h>

#define LINE_BYTES   256 /* the longest line is one less */
#define LINE_PROMPT  56  /* the longest prompt */
#define LINE_COLUMNS 79  /* of the terminal; one less than it has, so that it never wraps */

struct line {
    struct sink *echo;
    const char *words; /* for Tab: separated by blanks, ended by a 0; NULL: none */
    u32 length, cursor;
    u32 first; /* the first character that is shown */
    u32 back;  /* which line of the history this began as; 0: none */
    u32 prompt_length;
    struct key_decoder keys;
    bool after_return; /* a line feed that comes now belongs to it */
    char prompt[LINE_PROMPT];
    char text[LINE_BYTES];
    char draft[LINE_BYTES]; /* what was typed before Up was pressed; ends in a 0 */
    struct history history;
};

enum line_result {
    LINE_EDITING,
    LINE_DONE,     /* Enter: the line is in text[0 .. length) until line_begin */
    LINE_ABANDONED /* Ctrl-C: likewise; the line is empty */
};

/* `line` is all zero but for `echo` and, perhaps, `words`. Starts an empty line. The prompt, at
 * most LINE_PROMPT bytes, all printable, is already on the terminal. */
void line_begin(struct line *line, const char *prompt, usize length);

/* The prompt has become another one; the line is to be shown again. */
void line_set_prompt(struct line *line, const char *prompt, usize length);

/* Takes one byte from the keyboard. */
enum line_result line_input(struct line *line, u8 byte);

/* Shows prompt and line in the terminal's present row, whatever that shows, with the cursor. */
void line_show(struct line *line);

/* What clears the present row, and leaves the cursor at its beginning. */
#define LINE_HIDE "\r\033[K"

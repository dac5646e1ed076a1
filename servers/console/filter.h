/*
 * What of a client's text may reach the operator's terminal. That is a machine with many commands
 * (titles, reports that arrive as typed text, key bindings, ...), and no client gets to give it
 * any: what passes is
 *
 *     printable ASCII, and other printable characters in well-formed UTF-8
 *     newline, carriage return, tab, backspace and bell
 *     the sequences that terminal.h implements itself, with parameters that it knows
 *
 * Any other escape sequence or control byte, and what is not UTF-8, comes out as `?`. Of strings
 * for the terminal (ESC ] ... and its like) only the beginning is taken out: what follows is text.
 * Pure logic; a sequence may begin in one piece of text and end in another.
 */
#pragma once
#include <base/types.h>

#define FILTER_HELD 24u /* the longest sequence that passes */

/* All zero at the beginning of a text. */
struct filter {
    u8 state;
    u8 held;        /* bytes of a sequence whose end has not come */
    u8 missing;     /* of a UTF-8 character */
    u8 least, most; /* what the next byte of it has to be */
    bool coloured;  /* a colour was chosen, and not taken back */
    char bytes[FILTER_HELD];
};

/* Filters a piece of text into `out`, which has room for length + FILTER_HELD bytes; how many
 * bytes came out. */
usize filter_text(struct filter *filter, const char *bytes, usize length, char *out);

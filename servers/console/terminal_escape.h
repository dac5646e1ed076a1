/*
 * Between the two files of the terminal: terminal.c has the grid, terminal_escape.c what ANSI
 * escape sequences do to it.
 */
#pragma once
#include "terminal.h"

#define TERMINAL_PLAIN 0x07 /* the attribute of plain text: light grey on black */

/* Takes a byte if it belongs to an escape sequence; false: it is text. */
bool terminal_escape(struct terminal *terminal, u8 byte);

/* Clears the columns [from, to) of a row. */
void terminal_clear(struct terminal *terminal, u32 row, u32 from, u32 to);

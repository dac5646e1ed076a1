/*
 * Console sessions. A session's argument in the configuration is the console's title.
 *
 *     CONSOLE_WRITE     arg = bytes of text at `buf`
 *     CONSOLE_IMM       arg = CONSOLE_IMM_ARG: up to seven bytes of text in the entry itself
 *     CONSOLE_READPOST  arg = capacity of the room at `buf`: completes with a line, newline
 *                       included, or in raw mode with the bytes typed. A line begins to be edited,
 *                       and echoed, when there is a READPOST and none was being edited. What is
 *                       then on the console's last line stays before it as the prompt
 *     CONSOLE_MODE      arg = enum console_mode
 *     CONSOLE_WORDS     arg = bytes at `buf`: words that the Tab key completes, separated by
 *                       blanks; they replace those before
 *
 * WRITE, IMM, MODE and WORDS act and complete in the order in which they were pushed. A write
 * completes when all of its text was taken.
 */
#pragma once
#include <ring/ring.h>

enum console_op { CONSOLE_WRITE = 1, CONSOLE_IMM, CONSOLE_READPOST, CONSOLE_MODE, CONSOLE_WORDS };

enum console_mode { CONSOLE_LINES, CONSOLE_RAW };

#define CONSOLE_IMM_MOST 7u
/* The count is in the lowest byte, the text in the bytes above, the first one lowest. */
#define CONSOLE_IMM_ARG(count, text) ((u64)(count) | (u64)(text) << 8)

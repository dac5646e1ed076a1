/*
 * A console of one's own: for programs that talk to the operator. It needs a session with the
 * console server in the boot configuration. What happens on the ring is in libpv/front_console.h;
 * here are functions that wait.
 *
 * When the console server was restarted, everything here goes on; what was being typed is lost, the
 * prompt comes back. When the session was closed, what is written is lost, and who reads ends. Only
 * one thread of a program may use it.
 */
#pragma once
#include <abi/error.h>
#include <base/format.h>

/* Opens the session that the configuration calls `name`. ERR_ABSENT: there is none. ERR_MEMORY: its
 * data area is too small (8K will do). */
must_check status console_open(const char *name);

/* Formats as base/format.h says; comes back when all of it has been taken by the console. */
__attribute__((format(printf, 1, 2))) void console_print(const char *text, ...);

/* The same for those who format in pieces: a sink, and what sends what is still in it. */
extern struct sink console_sink;
void console_flush(void);

/*
 * Shows the prompt (printable, at most 56 characters), or nothing when `prompt` is NULL because
 * console_prompt has shown it, and waits for a line. Puts that, without its newline and ended by a
 * 0, into the `size` bytes at `line`; what does not fit is cut off.
 */
void console_read_line(const char *prompt, char *line, usize size);

/* Shows the prompt, and returns once the console has taken it. */
void console_prompt(const char *prompt);

/* The words that the Tab key completes, separated by blanks; they are copied. */
void console_set_words(const char *words);

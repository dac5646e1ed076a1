/*
 * A console of one's own: for programs that talk to the operator. It needs the grant `call console
 * console` in the boot configuration.
 *
 * When the console server was restarted, everything here opens the console again and goes on; what
 * was being typed is lost, the prompt comes back. Only one thread of a program may use it.
 */
#pragma once
#include <abi/error.h>
#include <base/format.h>

/* The bit of the program's own event (SLOT_EVENT) that the console server raises. */
#define CONSOLE_EVENT (1ul << 56)

/* Opens the console; `name` is what the operator sees. ERR_ABSENT: it was not granted. */
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

/* Shows the prompt, and returns once it was handed to the console. */
void console_prompt(const char *prompt);

/* The words that the Tab key completes, separated by blanks; the text stays in use. */
void console_set_words(const char *words);

/* Bits of the program's event, others than the console's, that came while waiting here: taken and
 * cleared. */
u64 console_other_events(void);

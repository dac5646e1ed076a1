/*
 * Writing to the server's log: a ring of pages that root owns, that survives the server, and that
 * `log NAME` shows at the keeper.
 *
 * Text is kept until its line is complete, so that each line goes into the ring as a whole. Only
 * one thread of a program may print.
 */
#pragma once
#include <base/types.h>
#include <stdarg.h>

/* Formats as base/format.h says. */
__attribute__((format(printf, 1, 2))) void print(const char *format, ...);
__attribute__((format(printf, 1, 0))) void print_list(const char *format, va_list arguments);

/* From now on, `function` is called after each line that went into the log. */
void print_notify(void (*function)(void));

/* Ends the log's last line if it is incomplete, logs the text as a line of its own, and faults:
 * root sees a server that died of an invalid instruction, and restarts it. */
__attribute__((format(printf, 1, 2))) _Noreturn void panic(const char *format, ...);

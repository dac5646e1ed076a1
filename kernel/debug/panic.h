/*
 * The end: something in the kernel is wrong, or the machine is one that it cannot run on. A panic
 * says what happened and all that is known about how it came to that, on the serial port and on a
 * text screen, and then stops the machine for good, or leaves QEMU when the command line has
 * `panic=exit`.
 *
 * What somebody in ring 3 did is never a reason, with one exception: root may ask for a panic,
 * because without root nothing is left to run.
 */
#pragma once
#include <base/types.h>

struct trap_frame;
struct boot_facts;

/* Prints the message, a backtrace of the caller and the trace of recent events, and stops. */
_Noreturn void panic(const char *text, ...) __attribute__((format(printf, 1, 2)));

/* The same about the place where `frame` was saved, with its registers. */
_Noreturn void panic_with(const struct trap_frame *frame, const char *text, ...)
    __attribute__((format(printf, 2, 3)));

/* Only the message: for reasons that lie outside the kernel, where a backtrace would explain
 * nothing. */
_Noreturn void panic_plain(const char *text, ...) __attribute__((format(printf, 1, 2)));

/* What a panic needs to know: how to end, and where names and the screen are. Before, it does
 * without. */
void panic_init(const struct boot_facts *facts);

/* Where the text screen is mapped; NULL while it is not. */
void panic_set_screen(void *screen);

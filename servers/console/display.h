/*
 * What the operator sees: the serial line and the screen, as one place to write text to.
 *
 * Text is ASCII with the escape sequences of ANSI terminals; a newline goes to the beginning of
 * the next line. Nothing waits here: what the serial line has no room for is lost to it, so
 * whoever can wait asks for the room first.
 */
#pragma once
#include "terminal.h"

#include <base/format.h>
#include <drivers/uart.h>

struct display {
    struct sink sink; /* for `format` */
    struct uart uart;
    struct terminal terminal;
    u64 lost; /* bytes that the serial line had no room for */
};

/* The room that is kept for the echo of what is typed, for notices and for redrawing the line. */
#define DISPLAY_RESERVE 512

/* Before this, the display is all zero: neither a serial line nor a screen. */
void display_init(struct display *display);

void display_write(struct display *display, const char *bytes, usize length);

/* So many bytes of text can be written without any being lost. */
usize display_room(const struct display *display);

/* Clears the screen; the serial line keeps what is on it. */
void display_clear_screen(struct display *display);

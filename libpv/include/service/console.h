/*
 * The protocol of the console server.
 *
 * A client opens a console, passing a capability to its own event; the server raises the bit of that
 * capability's badge when a line (or, in raw mode, a byte) can be read. Calls that come before an open, or
 * after the server was restarted, get ERR_ABSENT: open again. Console 0 shows the system log.
 */
#pragma once
#include <base/types.h>

/* Word 0 of a call: op | count << 8; words 1 to 3 carry up to CONSOLE_BYTES bytes.
 * Word 0 of a reply: a status; for CONSOLE_READ, how many bytes (0: no more). */
enum console_call {
    CONSOLE_OPEN = 1, /* words 1, 2: the console's name; passes the event capability */
    CONSOLE_WRITE,    /* count bytes */
    CONSOLE_READ,     /* up to CONSOLE_BYTES bytes of the lines typed, newline included */
    CONSOLE_MODE      /* count: enum console_mode */
};

enum console_mode { CONSOLE_LINES, CONSOLE_RAW };

#define CONSOLE_BYTES 24

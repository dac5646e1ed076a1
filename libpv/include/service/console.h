/*
 * The protocol of the console server.
 *
 * A client opens a console, passing a capability to its own event; the server raises the bits of
 * that capability's badge (which must not be 0) when a line (or, in raw mode, a byte) can be read,
 * or when there is room again for text that was refused. Calls that come before an open, or after
 * the server was restarted, get ERR_ABSENT: open again. Console 0 shows the system log.
 *
 * Lines: a line is edited, and echoed, from the moment on when the client asked for one and there
 * was none. What is on the console's last line then stays before it as the prompt.
 */
#pragma once
#include <base/types.h>

/* Word 0 of a call: op | count << 8; words 1 to 3 carry up to CONSOLE_BYTES bytes.
 * Word 0 of a reply: a status. */
enum console_call {
    CONSOLE_OPEN = 1, /* words 1, 2: the console's name; passes the event capability */
    /* count bytes. The reply: how many of them were taken; of those that were not, the event tells
     * when to try again */
    CONSOLE_WRITE,
    /* up to count bytes of the line typed, newline included. The reply: how many bytes came (0: no
     * more), words 1 to 3: the bytes */
    CONSOLE_READ,
    CONSOLE_MODE, /* count: enum console_mode */
    CONSOLE_WORDS /* count bytes to add to the words that the Tab key completes, separated by
                         blanks; count 0: forget all words */
};

enum console_mode { CONSOLE_LINES, CONSOLE_RAW };

#define CONSOLE_BYTES 24

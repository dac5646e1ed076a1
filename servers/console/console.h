/*
 * One console: what its client wrote, what is being typed at it, and what the client has not
 * fetched yet.
 *
 * The line being edited begins when the client asks for a line and there is none; what is typed
 * before that waits, unseen, and is edited then. So what a command prints is never mixed with what
 * is already being typed for the next.
 *
 * Everything a client could do too much of has a limit: what does not fit is refused (text to
 * write) or dropped with a bell (keys).
 */
#pragma once
#include "display.h"
#include "filter.h"
#include "line.h"
#include "text.h"

#include <abi/start.h>

#define CONSOLE_NAME       31 /* the longest */
#define CONSOLE_TYPED      512
#define CONSOLE_WORD_BYTES 512

struct console {
    char name[CONSOLE_NAME + 1]; /* that the operator sees */
    /* Whose it is, for good: the session's client, and its name there. */
    char client[START_NAME_SIZE], session[START_NAME_SIZE];
    u32 place;         /* of that session in the boot configuration */
    const void *owner; /* who serves it at present; NULL: it has no client */
    bool raw;          /* CONSOLE_RAW: keys go to the client as they are */
    bool reading;      /* a line is being edited */
    bool wants_room;   /* the client waits to write more */

    struct filter filter;    /* of the client's text */
    struct display *display; /* while it is the one that is shown, else NULL */
    struct sink echo;        /* to that */
    struct line line;
    struct text text; /* all lines but the last, which is here as long as it is plain and short: */
    char last[LINE_PROMPT];
    u32 last_length;
    bool last_odd; /* it was not: it is in `text`, and where the cursor stands is not known */

    u32 typed_in, typed_out; /* free-running */
    char typed[CONSOLE_TYPED];
    u32 ready_length, ready_read;
    char ready[LINE_BYTES]; /* the line that the client is fetching, newline included */
    char words[CONSOLE_WORD_BYTES + 1];
};

/* `console` is all zero but for whose it is. */
void console_init(struct console *console);

/* The client has begun anew: nothing is typed, nothing is ready. */
void console_reset(struct console *console);

/* The client's text, for which there must be room; it is filtered. */
void console_write(struct console *console, const char *bytes, usize length);

/* Up to `size` bytes of the line that was typed. 0: none yet; it is being edited from now on. */
usize console_read(struct console *console, char *bytes, usize size);

void console_set_raw(struct console *console, bool raw);

/* Replaces the words that Tab completes; at most CONSOLE_WORD_BYTES. */
void console_set_words(struct console *console, const char *words, usize length);

/* A byte from the keyboard. */
void console_key(struct console *console, char byte);

/* Shows the console from now on, beginning with its text from this position on (text.h); or no
 * longer. */
void console_show(struct console *console, struct display *display, u64 from);
void console_hide(struct console *console);

/* Keeps a line of text without showing it now. */
void console_remember(struct console *console, const char *line, usize length);

/* Puts a line of somebody else's above the one in which the cursor is. */
void console_notice(struct console *console, const char *mark, const char *line, usize length);

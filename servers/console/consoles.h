/*
 * All consoles together: which one is shown, the keys that switch between them, and the lines that
 * appear whatever is shown. Console 0 is the system log; the others belong to clients, in the
 * order in which they opened them.
 *
 * Ctrl-A is the key: followed by a digit it switches to that console, by ? it lists them, by
 * itself it is a Ctrl-A for the console.
 */
#pragma once
#include "console.h"

#define CONSOLES     10 /* as many as there are digits */
#define NOTICE_BYTES 160

/* Lines that are shown as notices are put together here; longer ones are cut in pieces. */
struct gather {
    u32 length;
    char bytes[NOTICE_BYTES];
};

struct consoles {
    struct display *display;
    const char *name; /* of this server */
    u64 last_end;     /* where in the log's text it is said that it ended */
    u32 count, shown;
    bool chosen;   /* by the operator; else the console whose client comes first is shown */
    bool announce; /* what is written to consoles that are not shown appears as notices */
    bool escaped;  /* Ctrl-A was pressed */
    struct console *console[CONSOLES];
    struct gather gathered[CONSOLES];
};

/* `consoles` is all zero; `log` is console 0; `name` is that of this server, in the log. */
void consoles_init(struct consoles *consoles, struct display *display, struct console *log,
                   const char *name);

/* Shows the log. Of what was given to consoles_log with `before`, only what comes from the last
 * line on that says how this server ended: nobody has seen that. */
void consoles_show_log(struct consoles *consoles);

/* The console of the client `client` whose session is called `session`, or NULL. */
struct console *consoles_find(const struct consoles *consoles, const char *client,
                              const char *session);

/*
 * Takes in a client's console. Unless the operator has chosen one, the console is shown whose place
 * in the boot configuration is the first: no client can push itself in front. False: there are as
 * many as can be.
 */
must_check bool consoles_add(struct consoles *consoles, struct console *console);

/* A console that nobody needs: without a client at present, and not shown. It may be emptied, and
 * added again as another's. NULL: there is none. */
struct console *consoles_idle(const struct consoles *consoles);

/* A byte from the serial line or the keyboard. */
void consoles_key(struct consoles *consoles, char byte);

/* Text for a console from its client; how many bytes were taken. When it was not all, the rest has
 * room once a good part of what is on its way to the operator has gone. */
usize consoles_write(struct consoles *consoles, struct console *console, const char *bytes,
                     usize length);

/* Text of the system log. `before`: it is from before this server was restarted. */
void consoles_log(struct consoles *consoles, const char *bytes, usize length, bool before);

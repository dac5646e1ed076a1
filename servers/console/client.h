/*
 * A client of the console: what it asks for over its session's ring (ring/console.h), done on its
 * console. Pure logic over both.
 *
 * What one client can make the server do at a time is limited: it gets a quantum, and the others
 * their turn. Text for which there is no room waits in the session's data area, and what the client
 * has pushed behind it waits in the ring; posted readings, at most as many as the ring has entries,
 * wait here.
 */
#pragma once
#include "consoles.h"

#include <back.h>

/* A posted reading. */
struct client_post {
    u16 tag;
    u32 size;
    char *room; /* in the data area */
};

struct client {
    struct consoles *consoles;
    struct console *console; /* whose `owner` it is, or another session has taken it over */
    struct back *back;
    bool rung; /* the ring may hold something to take */
    /* The text that is being written; in the data area, where the client may change it, or in
     * `immediate`. */
    bool writing;
    u16 write_tag;
    u32 write_length, written;
    const char *write_from;
    char immediate[8];
    u32 posts_in, posts_out; /* free-running */
    struct client_post posts[RING_ENTRIES];
};

enum client_result {
    CLIENT_WAITS,  /* for its doorbell, for keys, or for room */
    CLIENT_MORE,   /* its quantum is over, and there is more to do */
    CLIENT_BROKEN, /* it broke a rule of the ring: back->broken says which */
};

/* Does what there is to do, up to a quantum. To be called after everything that may be a reason:
 * the doorbell (then `rung` is set), a key, room on the display. */
must_check enum client_result client_work(struct client *client);

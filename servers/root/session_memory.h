/*
 * The memory of a session: made from a pool of its own, mapped into root, and into the two spaces
 * with the rights that each side has.
 */
#pragma once
#include "server.h"

struct session {
    enum session_state state;
    struct server *client, *server;
    u64 data_pages;
    bool client_has, server_has; /* it is mapped there */
    bool client_gone;            /* the client has ended, or let go */
    bool must_release;           /* the server has to be told to let go */
    bool freeing;                /* FREE, but not all of its memory has come back */
    bool held;                   /* a dead server's device may still write to the data */
    struct ring_page_g *g;       /* these three in root's own space */
    struct session_info *info;
    struct ring_page_s *s;
};

/* Makes pool and memory and maps the ring's pages into root. On an error nothing is left. */
must_check status session_memory_make(struct session *session, u32 number);

/* Gives all back. False: somebody still maps some of it; nothing can be done with it any more, call
 * again. */
must_check bool session_memory_free(struct session *session, u32 number);

/* Maps the session into the server's space and fills two of its slots: the data area's memory, and
 * the client's event. */
must_check status session_give_server(const struct session *session, u32 number, u32 data_slot,
                                      u32 event_slot);

/* The same for the client, with one slot: the server's event. */
must_check status session_give_client(const struct session *session, u32 number, u32 event_slot);

/* Takes the mappings out of the space of one of them. */
void session_take(const struct session *session, const struct server *from, u32 number);

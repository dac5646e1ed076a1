/*
 * The console's sessions: each is a client, and has a console.
 */
#pragma once
#include "consoles.h"

/* To be called before sessions_start (runtime/session.h), which brings the first of them. */
void clients_for(struct consoles *consoles);

/* A turn: each client that there is something to do for gets a quantum. `events` are the bits that
 * came. True: there is more to do at once. */
must_check bool clients_work(u64 events);

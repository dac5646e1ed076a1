/*
 * The calls that servers make to root: libpv/include/service/root.h.
 */
#pragma once
#include <runtime/ipc.h>

#include "server.h"

/* Serves a call of this server: the message becomes the reply. The result is the slot of a
 * capability that goes with it, or SLOT_NONE. */
u32 protocol_serve(struct server *server, struct message *m);

/*
 * The calls of the console server's clients (service/console.h).
 */
#pragma once
#include "consoles.h"

#include <abi/error.h>
#include <runtime/ipc.h>

/* Carries out the call in `m`, and puts the words of the reply there. `slot` is where a
 * capability has come with it, or SLOT_NONE. True: the request has kept the capability. */
must_check bool request_serve(struct consoles *consoles, struct message *m, u32 slot);

/*
 * Endpoints: synchronous call and reply.
 *
 * A message is four words in the registers of the two threads, and is copied once, from one saved
 * frame to the other. Callers that find nobody waiting queue; so do servers that find no caller. A
 * server has at most one caller to answer at a time. ipc_fast.asm does the commonest case of all
 * this in a few instructions, with the same result.
 */
#pragma once
#include "object/object.h"

struct thread;

struct endpoint {
    struct object object;
    struct list callers;   /* threads in CALLING */
    struct list servers;   /* threads in WAITING */
    struct list dismissed; /* the same, once the endpoint is being destroyed */
};

must_check enum error endpoint_create(struct pool *pool, struct endpoint **result);
must_check enum error endpoint_empty_step(struct object *object);

/* `caller` calls through a capability with `badge`; its frame (or fault_words) has the message. */
void endpoint_call(struct endpoint *endpoint, struct thread *caller, u64 badge);

/* Answers the thread's caller, with the words in its frame. */
void endpoint_reply(struct thread *server);

/* `server` waits: for a call of `endpoint` (NULL: for none) and for its event. */
void endpoint_wait(struct endpoint *endpoint, struct thread *server);

/* Both, in one go. */
void endpoint_reply_wait(struct endpoint *endpoint, struct thread *server);

/* Is there a call, or an event bit, that a wait would return at once? */
bool endpoint_pending(const struct endpoint *endpoint, const struct thread *server);

/* The caller that `server` has not answered gets ERR_DEAD (a faulting thread stays halted). */
void endpoint_abandon(struct thread *server);

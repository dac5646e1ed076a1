/*
 * Events: words of pending bits. A bit is a hint that stands for one source or a group of them;
 * whoever is woken looks.
 */
#pragma once
#include "object/object.h"
#include "object/thread.h"

struct event {
    struct object object;
    u64 pending;
    struct thread *waiter; /* the thread that is bound to it */
};

must_check enum error event_create(struct pool *pool, struct event **result);
must_check enum error event_empty_step(struct object *object);

/* Adds bits, and wakes the thread bound to the event if it waits. For `window` ticks (0: for none)
 * that thread does not take the processor from the present one. */
void event_raise(struct event *event, u64 bits, u64 window);

/* Takes and clears the pending bits. */
static inline u64 event_take(struct event *event)
{
    u64 bits = event->pending;
    event->pending = 0;
    if (event->waiter) {
        event->waiter->bits_pending = false;
    }
    return bits;
}

/* Binds `thread` to `event`; neither is bound yet. */
void event_bind(struct event *event, struct thread *thread);

/* Undoes that, from either end. */
void event_unbind(struct event *event);

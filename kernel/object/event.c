/* Events; see event.h. Raising is in endpoint.c, beside the waits that it ends. */
#include "object/event.h"
#include "debug/assert.h"
#include "object/pool.h"
#include "object/thread.h"

enum error event_create(struct pool *pool, struct event **result)
{
    struct event *event = object_allocate(pool, OBJECT_EVENT, sizeof(*event));
    if (!event) {
        return ERR_MEMORY;
    }
    *result = event;
    return ERR_NONE;
}

void event_bind(struct event *event, struct thread *thread)
{
    invariant(!event->waiter && !thread->event);
    event->waiter = thread;
    thread->event = event;
}

void event_unbind(struct event *event)
{
    if (event->waiter) {
        event->waiter->event = NULL;
        event->waiter->bits_pending = false;
        event->waiter = NULL;
    }
}

enum error event_empty_step(struct object *object)
{
    event_unbind(container_of(object, struct event, object));
    return ERR_NONE;
}

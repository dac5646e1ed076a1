/* System calls of endpoints and events. */
#include "call/call.h"
#include "cpu/clock.h"
#include "object/endpoint.h"
#include "object/event.h"
#include "object/pool.h"
#include "object/space.h"

#define RAISE_WAIT_WINDOW_NS 50000ul

/* ---- messages ---- */

/* Puts the words where kernel/object/endpoint.c looks for them, and where the next message will be
 * put. */
static void save_words(struct thread *thread, u64 word0, u64 caps, u64 word1, u64 word2, u64 word3)
{
    frame_of(thread)->rsi = word0;
    thread->caps = caps;
    frame_of(thread)->r8 = word1;
    frame_of(thread)->r9 = word2;
    frame_of(thread)->r10 = word3;
}

/* The slots that a message names: one to send must be in use, one to receive must exist. */
static inline status check_caps(u64 caps)
{
    if (likely(!caps)) {
        return 0;
    }
    u64 send = caps & 0xffffffff, receive = caps >> 32;
    struct space *space = call_thread()->space;
    refuse_if(send != SLOT_NONE && !space_slot(space, send), ERR_SLOT, 3);
    refuse_if(receive >= SLOT_LIMIT, ERR_ARGUMENT, 3);
    return 0;
}

/* An endpoint to wait at, or NULL for SLOT_NONE. */
static status find_waiting(u64 slot, unsigned argument, struct endpoint **endpoint)
{
    *endpoint = NULL;
    if (slot == SLOT_NONE) {
        refuse_if(!call_thread()->event, ERR_ABSENT, argument); /* nothing could ever wake it */
        return 0;
    }
    return call_find(slot, OBJECT_ENDPOINT, RIGHT_RECEIVE, argument, endpoint, endpoint);
}

/* What a call or wait returns was, or will be, written into the frame, from where all registers are
 * restored. */
static status from_frame(struct thread *thread)
{
    cpu_this()->attention |= ATTENTION_RESTORE;
    return (status)frame_of(thread)->rax;
}

status call_call(u64 endpoint_slot, u64 word, u64 unused, u64 word1, u64 word2, u64 word3)
{
    (void)unused;
    return call_call_caps(endpoint_slot, word, 0, word1, word2, word3);
}

status call_call_caps(u64 endpoint_slot, u64 word, u64 caps, u64 word1, u64 word2, u64 word3)
{
    struct thread *self = call_thread();
    struct cap *cap;
    try(call_cap(endpoint_slot, OBJECT_ENDPOINT, RIGHT_CALL, 1, &cap));
    try(check_caps(caps));
    save_words(self, word, caps, word1, word2, word3);
    endpoint_call(container_of(cap->object, struct endpoint, object), self, cap->badge);
    return from_frame(self);
}

status call_reply(u64 unused, u64 word, u64 caps, u64 word1, u64 word2, u64 word3)
{
    struct thread *self = call_thread();
    (void)unused;
    try(check_caps(caps));
    refuse_if(!self->caller, ERR_ABSENT, 0);
    save_words(self, word, caps, word1, word2, word3);
    endpoint_reply(self);
    self->caps = 0;
    return 0;
}

status call_reply_wait(u64 endpoint_slot, u64 word, u64 unused, u64 word1, u64 word2, u64 word3)
{
    (void)unused;
    return call_reply_wait_caps(endpoint_slot, word, 0, word1, word2, word3);
}

status call_reply_wait_caps(u64 endpoint_slot, u64 word, u64 caps, u64 word1, u64 word2, u64 word3)
{
    struct thread *self = call_thread();
    struct endpoint *endpoint;
    try(find_waiting(endpoint_slot, 1, &endpoint));
    try(check_caps(caps));
    save_words(self, word, caps, word1, word2, word3);
    endpoint_reply_wait(endpoint, self);
    return from_frame(self);
}

status call_wait(u64 endpoint_slot, u64 flags, u64 caps)
{
    struct thread *self = call_thread();
    struct endpoint *endpoint;
    try(find_waiting(endpoint_slot, 1, &endpoint));
    refuse_if(flags & ~(u64)WAIT_POLL, ERR_ARGUMENT, 2);
    try(check_caps(caps));
    if (flags & WAIT_POLL && !endpoint_pending(endpoint, self)) {
        return status_error(ERR_EMPTY, 0);
    }
    save_words(self, 0, caps, 0, 0, 0);
    endpoint_wait(endpoint, self);
    return from_frame(self);
}

status call_null(void)
{
    return 0;
}

/* ---- endpoints and events ---- */

status call_endpoint_create(u64 pool_slot, u64 slot)
{
    struct pool *pool;
    struct endpoint *endpoint;
    try(call_find(pool_slot, OBJECT_POOL, RIGHT_WRITE, 1, pool, &pool));
    try(call_new_slot(slot, 2));
    refuse_if(endpoint_create(pool, &endpoint), ERR_MEMORY, 1);
    return call_created(slot, 2, &endpoint->object);
}

status call_event_create(u64 pool_slot, u64 slot)
{
    struct pool *pool;
    struct event *event;
    try(call_find(pool_slot, OBJECT_POOL, RIGHT_WRITE, 1, pool, &pool));
    try(call_new_slot(slot, 2));
    refuse_if(event_create(pool, &event), ERR_MEMORY, 1);
    return call_created(slot, 2, &event->object);
}

/* The event whose bits may be raised through a capability. */
static status find_raised(u64 event_slot, u64 bits, struct event **event)
{
    struct cap *cap;
    try(call_cap(event_slot, OBJECT_EVENT, RIGHT_RAISE, 1, &cap));
    refuse_if(!bits, ERR_ARGUMENT, 2);
    refuse_if(cap->badge && bits & ~cap->badge, ERR_RIGHTS, 2);
    *event = container_of(cap->object, struct event, object);
    return 0;
}

static void raise(struct event *event, u64 bits, u64 window_ns)
{
    struct thread_counters *count = &call_thread()->count;
    if (bits & ~event->pending) {
        count->raised++;
    } else {
        count->suppressed++;
    }
    event_raise(event, bits, window_ns ? ns_to_tsc(window_ns) : 0);
}

status call_event_raise(u64 event_slot, u64 bits, u64 window)
{
    struct event *event;
    try(find_raised(event_slot, bits, &event));
    refuse_if(window > EVENT_WINDOW_LIMIT_NS, ERR_ARGUMENT, 3);
    raise(event, bits, window);
    return 0;
}

/* The window matters only if the wait ends at once. */
status call_raise_wait(u64 event_slot, u64 bits, u64 endpoint_slot)
{
    struct thread *self = call_thread();
    struct endpoint *endpoint;
    struct event *event;
    try(find_raised(event_slot, bits, &event));
    try(find_waiting(endpoint_slot, 3, &endpoint));
    raise(event, bits, RAISE_WAIT_WINDOW_NS);
    save_words(self, 0, 0, 0, 0, 0);
    endpoint_wait(endpoint, self);
    return from_frame(self);
}

status call_event_poll(u64 event_slot)
{
    struct event *event;
    try(call_find(event_slot, OBJECT_EVENT, RIGHT_RECEIVE, 1, event, &event));
    refuse_if(!event->pending, ERR_EMPTY, 0);
    struct thread *self = call_thread();
    save_words(self, 0, 0, 0, 0, 0);
    frame_of(self)->rdx = event_take(event);
    frame_of(self)->rax = 0;
    return from_frame(self);
}

status call_event_bind(u64 event_slot, u64 thread_slot)
{
    struct event *event;
    struct thread *thread;
    try(call_find(event_slot, OBJECT_EVENT, RIGHT_RECEIVE, 1, event, &event));
    try(call_find(thread_slot, OBJECT_THREAD, RIGHT_RECEIVE, 2, thread, &thread));
    refuse_if(event->waiter, ERR_BUSY, 1);
    refuse_if(thread->event, ERR_BUSY, 2);
    event_bind(event, thread);
    event_raise(event, 0, 0); /* it may be waiting, and bits pending */
    return 0;
}

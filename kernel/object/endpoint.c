/* Endpoints: calls, replies and waits, the long way; see endpoint.h. */
#include "object/endpoint.h"
#include "cpu/cpu.h"
#include "debug/assert.h"
#include "object/event.h"
#include "object/pool.h"
#include "object/space.h"
#include "object/thread.h"
#include "sched/sched.h"
#include <abi/syscall.h>

#define THREADS_PER_BITE 16

enum error endpoint_create(struct pool *pool, struct endpoint **result)
{
    struct endpoint *endpoint = object_allocate(pool, OBJECT_ENDPOINT, sizeof(*endpoint));
    if (!endpoint) {
        return ERR_MEMORY;
    }
    list_init(&endpoint->callers);
    list_init(&endpoint->servers);
    *result = endpoint;
    return ERR_NONE;
}

/* ---- messages ---- */

static u64 slot_sent(const struct thread *thread)
{
    return thread->faulting ? SLOT_NONE : thread->frame.rdx & 0xffffffff;
}

static u64 slot_accepted(const struct thread *thread)
{
    return thread->faulting ? SLOT_NONE : thread->frame.rdx >> 32;
}

/* Copies the capability that `from` sends, if any, into the slot that `to` has named. */
static bool pass_capability(const struct thread *from, const struct thread *to)
{
    u64 sent = slot_sent(from);
    u64 accepted = slot_accepted(to);
    if (sent == SLOT_NONE || accepted == SLOT_NONE || !from->space || !to->space) {
        return false;
    }
    struct cap *source = space_slot(from->space, sent);
    struct cap *target;
    if (!source || space_free_slot(to->space, accepted, &target)) {
        return false;
    }
    cap_set(target, source->object, source->rights, source->badge);
    return true;
}

/* Copies the words that `from` sends into the registers of `to`. */
static void pass_words(const struct thread *from, struct thread *to)
{
    if (from->faulting) {
        to->frame.rsi = from->fault_words[0];
        to->frame.r8 = from->fault_words[1];
        to->frame.r9 = from->fault_words[2];
        to->frame.r10 = from->fault_words[3];
        return;
    }
    to->frame.rsi = from->frame.rsi;
    to->frame.r8 = from->frame.r8;
    to->frame.r9 = from->frame.r9;
    to->frame.r10 = from->frame.r10;
}

/* Gives the call of `caller` to `server`, whose wait then returns. Does not make the server ready. */
static void deliver(struct thread *caller, struct thread *server)
{
    i64 result = WAIT_MESSAGE;
    if (pass_capability(caller, server)) {
        result |= WAIT_CAP;
    }
    u64 bits = server->event ? event_take(server->event) : 0;
    if (bits) {
        result |= WAIT_EVENT;
    }
    pass_words(caller, server);
    server->frame.rax = (u64)result;
    server->frame.rdi = caller->badge;
    server->frame.rdx = bits;
    server->caller = caller;
    caller->server = server;
    caller->state = THREAD_REPLYING;
}

/* ---- call, reply, wait ---- */

void endpoint_call(struct endpoint *endpoint, struct thread *caller, u64 badge)
{
    caller->badge = badge;
    caller->count.calls++;
    if (list_empty(&endpoint->servers)) {
        thread_leave(caller, THREAD_CALLING);
        list_push_back(&endpoint->callers, &caller->queue);
        return;
    }
    struct thread *server = container_of(list_first(&endpoint->servers), struct thread, queue);
    thread_leave(caller, THREAD_REPLYING);
    list_remove(&server->queue);
    deliver(caller, server);
    thread_ready(server);
}

void endpoint_reply(struct thread *server)
{
    struct thread *caller = server->caller;
    invariant(caller && caller->state == THREAD_REPLYING && caller->server == server);
    server->caller = NULL;
    server->count.replies++;
    caller->server = NULL;
    if (caller->faulting) {
        caller->faulting = false;
        caller->halted |= server->frame.rsi != FAULT_RESUME;
        thread_ready(caller);
        return;
    }
    i64 result = pass_capability(server, caller) ? WAIT_CAP : 0;
    pass_words(server, caller);
    caller->frame.rdi = 0;
    caller->frame.rdx = 0;
    thread_finish(caller, result);
}

void endpoint_abandon(struct thread *server)
{
    struct thread *caller = server->caller;
    if (!caller) {
        return;
    }
    server->caller = NULL;
    caller->server = NULL;
    caller->halted |= caller->faulting;
    if (caller->faulting) {
        caller->faulting = false;
        thread_ready(caller);
    } else {
        thread_finish(caller, status_error(ERR_DEAD, 0));
    }
}

bool endpoint_pending(const struct endpoint *endpoint, const struct thread *server)
{
    return (server->event && server->event->pending) || (endpoint && !list_empty(&endpoint->callers));
}

/* The wait of `server` returns with event bits alone. */
static void deliver_events(struct thread *server)
{
    server->frame.rax = WAIT_EVENT;
    server->frame.rdx = event_take(server->event);
    server->frame.rdi = server->frame.rsi = 0;
    server->frame.r8 = server->frame.r9 = server->frame.r10 = 0;
}

void endpoint_wait(struct endpoint *endpoint, struct thread *server)
{
    endpoint_abandon(server);
    if (endpoint && !list_empty(&endpoint->callers)) {
        struct thread *caller = container_of(list_first(&endpoint->callers), struct thread, queue);
        list_remove(&caller->queue);
        deliver(caller, server);
    } else if (server->event && server->event->pending) {
        deliver_events(server);
    } else {
        thread_leave(server, THREAD_WAITING);
        if (endpoint) {
            list_push_back(&endpoint->servers, &server->queue);
        }
    }
}

void event_raise(struct event *event, u64 bits, u64 window)
{
    event->pending |= bits;
    struct thread *waiter = event->waiter;
    if (waiter && waiter->state == THREAD_WAITING && event->pending) {
        list_remove(&waiter->queue);
        deliver_events(waiter);
        thread_ready_after(waiter, window);
    }
}

/* ---- the end ---- */

/* Takes the first thread of a queue off it, with ERR_DEAD as the result of its call or wait. */
static void dismiss(struct list *queue)
{
    struct thread *thread = container_of(list_first(queue), struct thread, queue);
    list_remove(&thread->queue);
    if (thread->faulting) {
        thread->faulting = false;
        thread->halted = true;
        thread_ready(thread);
    } else {
        thread_finish(thread, status_error(ERR_DEAD, 0));
    }
}

enum error endpoint_empty_step(struct object *object)
{
    struct endpoint *endpoint = container_of(object, struct endpoint, object);
    for (unsigned i = 0; i < THREADS_PER_BITE; i++) {
        if (!list_empty(&endpoint->callers)) {
            dismiss(&endpoint->callers);
        } else if (!list_empty(&endpoint->servers)) {
            dismiss(&endpoint->servers);
        } else {
            return ERR_NONE;
        }
    }
    return ERR_AGAIN;
}

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
    list_init(&endpoint->dismissed);
    *result = endpoint;
    return ERR_NONE;
}

/* ---- messages ---- */

static u64 slot_sent(const struct thread *thread)
{
    return thread->faulting ? SLOT_NONE : thread->caps & 0xffffffff;
}

static u64 slot_accepted(const struct thread *thread)
{
    return thread->caps >> 32;
}

/* Copies the capability that `from` sends into the slot that `to` has named. */
static bool pass_capability(const struct thread *from, const struct thread *to)
{
    u64 sent = slot_sent(from);
    u64 accepted = slot_accepted(to);
    if (accepted == SLOT_NONE || !from->space || !to->space) {
        return false;
    }
    struct cap *source = space_slot(from->space, sent);
    return source && !space_check_slot(to->space, accepted) &&
           !space_fill_slot(to->space, accepted, source->object, source->rights, source->badge);
}

/* Copies the words that `from` sends into the registers of `to`. */
static void pass_words(const struct thread *from, struct thread *to)
{
    const struct trap_frame *source = frame_of(from);
    struct trap_frame *target = frame_of(to);
    if (from->faulting) {
        target->rsi = from->fault_words[0];
        target->r8 = from->fault_words[1];
        target->r9 = from->fault_words[2];
        target->r10 = from->fault_words[3];
        return;
    }
    target->rsi = source->rsi;
    target->r8 = source->r8;
    target->r9 = source->r9;
    target->r10 = source->r10;
}

/* Gives the call of `caller` to `server`, whose wait then returns. Does not make the server
 * ready. */
static void deliver(struct thread *caller, struct thread *server)
{
    i64 result = WAIT_MESSAGE;
    u64 bits = 0;
    if (slot_sent(caller) && pass_capability(caller, server)) {
        result |= WAIT_CAP;
    }
    if (server->bits_pending) {
        bits = event_take(server->event);
        result |= WAIT_EVENT;
    }
    server->caps = 0;
    pass_words(caller, server);
    frame_of(server)->rax = (u64)result;
    frame_of(server)->rdi = caller->badge;
    frame_of(server)->rdx = bits;
    server->caller = caller;
    caller->server = server;
    caller->state = THREAD_REPLYING;
}

/* A faulting thread's call has ended: it goes on, or stays where it is. */
static void fault_over(struct thread *thread, bool resume)
{
    thread->faulting = false;
    thread->halted |= !resume;
    thread_update_fast(thread);
    thread_ready(thread);
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
    list_remove(&server->queue);
    if (thread_may_follow(server, caller)) {
        deliver(caller, server);
        server->state = THREAD_READY;
        cpu_set_current(cpu_this(), server);
        return;
    }
    thread_leave(caller, THREAD_REPLYING);
    deliver(caller, server);
    thread_ready(server);
}

void endpoint_reply(struct thread *server)
{
    struct thread *caller = server->caller;
    invariant(caller && caller->state == THREAD_REPLYING && caller->server == server);
    server->caller = NULL;
    server->count.replies++;
    if (caller->faulting) {
        fault_over(caller, frame_of(server)->rsi == FAULT_RESUME);
        return;
    }
    i64 result = slot_sent(server) && pass_capability(server, caller) ? WAIT_CAP : 0;
    pass_words(server, caller);
    frame_of(caller)->rdi = 0;
    frame_of(caller)->rdx = 0;
    thread_finish(caller, result);
}

void endpoint_abandon(struct thread *server)
{
    struct thread *caller = server->caller;
    if (!caller) {
        return;
    }
    server->caller = NULL;
    if (caller->faulting) {
        fault_over(caller, false);
    } else {
        thread_finish(caller, status_error(ERR_DEAD, 0));
    }
}

bool endpoint_pending(const struct endpoint *endpoint, const struct thread *server)
{
    return (server->event && server->event->pending) ||
           (endpoint && !list_empty(&endpoint->callers));
}

/* The wait of `server` returns with event bits alone. */
static void deliver_events(struct thread *server)
{
    struct trap_frame *frame = frame_of(server);
    server->caps = 0;
    frame->rax = WAIT_EVENT;
    frame->rdx = event_take(server->event);
    frame->rdi = frame->rsi = 0;
    frame->r8 = frame->r9 = frame->r10 = 0;
}

static void start_waiting(struct endpoint *endpoint, struct thread *server)
{
    thread_leave(server, THREAD_WAITING);
    if (endpoint) {
        list_push_back(&endpoint->servers, &server->queue);
    }
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
        start_waiting(endpoint, server);
    }
}

void endpoint_reply_wait(struct endpoint *endpoint, struct thread *server)
{
    if (server->caller && !endpoint_pending(endpoint, server)) {
        start_waiting(endpoint, server); /* first, so that the caller can run at once */
        endpoint_reply(server);
        return;
    }
    if (server->caller) {
        endpoint_reply(server);
    }
    endpoint_wait(endpoint, server);
}

void event_raise(struct event *event, u64 bits, u64 window)
{
    event->pending |= bits;
    struct thread *waiter = event->waiter;
    if (!waiter) {
        return;
    }
    waiter->bits_pending = event->pending != 0;
    if (waiter->state == THREAD_WAITING && event->pending) {
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
        fault_over(thread, false);
    } else {
        thread_finish(thread, status_error(ERR_DEAD, 0));
    }
}

enum error endpoint_empty_step(struct object *object)
{
    struct endpoint *endpoint = container_of(object, struct endpoint, object);
    list_move_all(&endpoint->dismissed, &endpoint->servers); /* ipc_fast.asm finds nobody now */
    for (unsigned i = 0; i < THREADS_PER_BITE; i++) {
        if (!list_empty(&endpoint->callers)) {
            dismiss(&endpoint->callers);
        } else if (!list_empty(&endpoint->dismissed)) {
            dismiss(&endpoint->dismissed);
        } else {
            return ERR_NONE;
        }
    }
    return ERR_AGAIN;
}

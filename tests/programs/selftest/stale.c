/*
 * What a thread leaves behind when it goes the kernel's quickest ways means nothing later: neither
 * links of a queue that it is in no more, nor registers and slots that an earlier message, or no
 * message at all, had. At slots from SLOTS_FAST on the same things happen the long way.
 */
#include "calls.h"
#include "check.h"
#include "tests.h"
#include "world.h"

#define SERVER_PRIORITY 6u
#define CLIENT_PRIORITY 5u

/* Each case in a world of its own, as there are not fast slots enough for all. */
static void new_world(void)
{
    world_end();
    world_begin();
}

static struct {
    u32 endpoint, next, last;
    u32 event;  /* has bits that, taken for a capability word, would name `target` to receive */
    u32 sent;   /* a capability to send */
    u32 target; /* an empty slot */
    unsigned how;
} use;

/* --- queues
 * --------------------------------------------------------------------------------------- */

static void serve_by_calling(u64 in, u64 out)
{
    struct message m = {0};
    ignore_status(ipc_wait((u32)in, 0, &m, 0)); /* whether it comes, its caller's state tells */
    ignore_status(ipc_call((u32)out, &m, 0));
}

static void serve_and_call_next(u64 unused)
{
    (void)unused;
    serve_by_calling(use.endpoint, use.next);
}

static void serve_and_call_last(u64 unused)
{
    (void)unused;
    serve_by_calling(use.next, use.last);
}

static void serve_once(u64 endpoint)
{
    struct message m = {0};
    ignore_status(ipc_wait((u32)endpoint, 0, &m, 0));
    ignore_status(ipc_reply(&m, 0));
}

/* In a space that has capabilities at the same slots. */
static u32 space_with_slots(void)
{
    u32 space = new_image_space();
    must(cap_copy(space, use.endpoint, use.endpoint, RIGHT_RECEIVE, 0));
    must(cap_copy(space, use.next, use.next, RIGHT_CALL, 0));
    return space;
}

/* A server was taken off its endpoint's queue by a call, and then calls itself: its end is nothing
 * to that queue, in which others wait by now, or to what the endpoint's memory has become. */
void stale_queue(void)
{
    for (unsigned how = 0; how < 4; how++) {
        new_world();
        use.endpoint = new_endpoint(), use.next = new_endpoint(), use.last = new_endpoint();
        u32 share = new_share(SERVER_PRIORITY), space = how == 2 ? space_with_slots() : 0;
        u32 first =
            helper((struct helper){.run = serve_and_call_next, .share = share, .space = space});
        u32 next = help_at(SERVER_PRIORITY + 1, serve_and_call_last, 0);
        eventually(is_in_state(first, THREAD_WAITING) && is_in_state(next, THREAD_WAITING));
        help_at(CLIENT_PRIORITY, call_once, use.endpoint);
        eventually(is_in_state(first, THREAD_REPLYING) && is_in_state(next, THREAD_CALLING));
        u32 endpoint = use.endpoint;
        if (how == 3) { /* another takes its place */
            must(object_destroy_all(endpoint));
            must(endpoint_create(SLOT_TEST_POOL, endpoint));
        }
        u32 second = help_at(SERVER_PRIORITY, serve_once, endpoint);
        eventually(is_in_state(second, THREAD_WAITING));
        must(object_destroy_all(how == 1 ? share : how == 2 ? space : first));
        eventually(helpers_done == 1);
        same(board.result[endpoint % 32], status_error(ERR_DEAD, 0));
        board.result[endpoint % 32] = 1;
        help_at(CLIENT_PRIORITY, call_once, endpoint);
        eventually(helpers_done == 3);
        same(board.result[endpoint % 32], 0);
    }
}

/* --- slots for capabilities
 * ----------------------------------------------------------------------- */

enum before {
    POLLED,      /* bits of an event */
    INTERRUPTED, /* registers of somebody who was no caller */
    NAMED,       /* a slot named for an earlier message, which came without a capability */
    WITH_EVENT,  /* bits that came together with a message */
    BEFORE_COUNT
};

static u64 word_naming_target(void)
{
    return IPC_CAPABILITIES(0, use.target);
}

/* Gets the word into where the kernel keeps rdx, in one of the ways that need no message. */
static void leave_word(void)
{
    u64 bits;
    if (use.how == POLLED)
        ignore_status(event_poll(use.event, &bits)); /* they are there */
    if (use.how == INTERRUPTED) {
        board.word[1] = 1;
        __asm__ volatile("1: cmpq $0, %0\n je 1b"
                         :
                         : "m"(board.word[2]), "d"(word_naming_target())
                         : "memory", "cc");
    }
}

static void answer_and_wait(u64 unused)
{
    (void)unused;
    struct message m = {0};
    board.result[3] = ipc_wait(use.endpoint, 0, &m, use.how == NAMED ? word_naming_target() : 0);
    leave_word();
    board.result[4] = ipc_reply_wait(use.endpoint, &m, 0);
    board.result[5] = ipc_reply(&m, 0);
}

static void call_plainly(u64 unused)
{
    (void)unused;
    struct message m = {0};
    board.result[2] = ipc_call(use.endpoint, &m, 0);
}

static void call_and_send(u64 unused)
{
    (void)unused;
    struct message m = {0};
    board.result[6] = ipc_call(use.endpoint, &m, IPC_CAPABILITIES(use.sent, 0));
}

static void prepare(unsigned how)
{
    new_world();
    use.how = how;
    use.endpoint = new_endpoint();
    use.event = new_event();
    use.sent = copy_of(use.event, RIGHT_RAISE, 0x30);
    use.target = new_slot();
    must(event_raise(use.event, word_naming_target(), 0));
    for (unsigned i = 2; i < 8; i++)
        board.result[i] = 1;
}

/* Lets a thread go on that leave_word() has left spinning; until `done` helpers have ended. */
static void let_go_on(u64 done)
{
    if (use.how == INTERRUPTED) {
        eventually(board.word[1]);
        board.word[2] = 1;
    }
    eventually(helpers_done == done);
}

/* A wait that accepts no capability is given none. */
void stale_accepted_by_wait(void)
{
    for (unsigned how = 0; how < BEFORE_COUNT; how++) {
        prepare(how);
        u32 server = helper_stopped(
            (struct helper){.run = answer_and_wait, .share = new_share(SERVER_PRIORITY)});
        if (how == WITH_EVENT)
            must(event_bind(use.event, server));
        else
            must(thread_resume(server));
        u32 client = help_at(CLIENT_PRIORITY, call_plainly, 0);
        if (how == WITH_EVENT) {
            eventually(is_in_state(client, THREAD_CALLING));
            must(thread_resume(server));
        }
        let_go_on(1);
        eventually(is_in_state(server, THREAD_WAITING));
        help_at(CLIENT_PRIORITY, call_and_send, 0);
        eventually(helpers_done == 3);
        same(board.result[3], how == WITH_EVENT ? WAIT_MESSAGE | WAIT_EVENT : WAIT_MESSAGE);
        same(board.result[4], WAIT_MESSAGE);
        same(board.result[5], 0);
        same(board.result[6], 0);
        same(slot_in_use(use.target), false);
    }
}

static void answer_then_send(u64 unused)
{
    (void)unused;
    struct message m = {0};
    board.result[3] = ipc_wait(use.endpoint, 0, &m, 0);
    board.result[4] = ipc_reply_wait(use.endpoint, &m, 0);
    board.result[5] = ipc_reply(&m, IPC_CAPABILITIES(use.sent, 0));
}

static void call_twice(u64 unused)
{
    (void)unused;
    struct message m = {0};
    board.result[6] = ipc_call(use.endpoint, &m, use.how == NAMED ? word_naming_target() : 0);
    leave_word();
    board.result[7] = ipc_call(use.endpoint, &m, 0);
}

/* Nor is a caller that accepts none. */
void stale_accepted_by_call(void)
{
    for (unsigned how = 0; how < WITH_EVENT; how++) {
        prepare(how);
        u32 server = help_at(SERVER_PRIORITY, answer_then_send, 0);
        eventually(is_in_state(server, THREAD_WAITING));
        help_at(CLIENT_PRIORITY, call_twice, 0);
        let_go_on(2);
        for (unsigned i = 3; i < 5; i++)
            same(board.result[i], WAIT_MESSAGE);
        for (unsigned i = 5; i < 8; i++)
            same(board.result[i], 0);
        same(slot_in_use(use.target), false);
    }
}

/* How a message ends, or a wait, that has named a capability. */
enum ends { CALL_IS_ANSWERED, WAIT_IS_CALLED, WAIT_IS_RAISED, ENDS_COUNT };

/* Names a capability to send, which a wait does not do; then faults. */
static void send_and_fault(u64 ends)
{
    struct message m = {0};
    u64 caps = IPC_CAPABILITIES(use.sent, use.target);
    if (ends == CALL_IS_ANSWERED)
        board.result[6] = ipc_call(use.endpoint, &m, caps);
    else
        board.result[6] = ipc_wait(use.endpoint, 0, &m, caps);
    __asm__ volatile("ud2");
}

static void raise(u64 bits)
{
    board.result[2] = event_raise(use.event, bits, 0);
}

/* A fault sends no capability, whatever the thread has sent before. */
void stale_sent_by_fault(void)
{
    for (u64 ends = 0; ends < ENDS_COUNT; ends++) {
        prepare(NAMED);
        u32 faults = new_endpoint(), other = new_slot(), server = 0;
        u64 bits;
        must(event_poll(use.event, &bits));
        if (ends == CALL_IS_ANSWERED) {
            server = help_at(SERVER_PRIORITY, answer_and_wait, 0);
            eventually(is_in_state(server, THREAD_WAITING));
        }
        u32 share = new_share(server ? CLIENT_PRIORITY : SERVER_PRIORITY);
        u32 thread = helper_stopped((struct helper){
            .run = send_and_fault, .argument = ends, .share = share, .fault = faults});
        must(event_bind(use.event, thread));
        must(thread_resume(thread));
        if (!server) {
            eventually(is_in_state(thread, THREAD_WAITING));
            help_at(CLIENT_PRIORITY, ends == WAIT_IS_CALLED ? call_plainly : raise, 1);
        }
        eventually(is_in_state(thread, THREAD_CALLING));
        struct message m = {0};
        same(ipc_wait(faults, 0, &m, IPC_CAPABILITIES(0, other)), WAIT_MESSAGE);
        same(FAULT_VECTOR(m.word[0]), 6);
        same(board.result[6], ends == CALL_IS_ANSWERED ? 0
                              : ends == WAIT_IS_CALLED ? WAIT_MESSAGE
                                                       : WAIT_EVENT);
        same(slot_in_use(other), false);
        must(object_destroy_all(thread));
    }
}

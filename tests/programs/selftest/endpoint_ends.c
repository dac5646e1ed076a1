/*
 * What becomes of callers and servers when the other side, or the endpoint, goes.
 */
#include "calls.h"
#include "check.h"
#include "tests.h"
#include "world.h"

static void serve_and_wait_again(u64 slot)
{
    serve_and_die(slot);
    serve_and_die(slot);
}

/* The caller hears that its server is gone, however that goes. */
void endpoint_server_gone(void)
{
    for (unsigned how = 0; how < 5; how++) {
        u32 own = new_endpoint();
        u32 server_space = how == 4 ? new_image_space() : 0, slot = own;
        if (server_space)
            must(cap_copy(server_space, slot, own, RIGHT_RECEIVE, 0));
        u32 server = helper((struct helper){.run = how == 0 ? serve_and_wait_again : serve_and_hang,
                                            .argument = slot,
                                            .share = new_share(4),
                                            .space = server_space});
        eventually(is_in_state(server, THREAD_WAITING));
        u64 done = helpers_done;
        u32 client = help(call_once, own);
        if (how != 0)
            eventually(is_in_state(client, THREAD_REPLYING) && is_in_state(server, THREAD_READY));
        if (how == 1)
            must(object_destroy_all(server));
        if (how == 2) { /* stopped, then destroyed */
            must(thread_stop(server));
            same(state_of(client), THREAD_REPLYING);
            must(object_destroy_all(server));
        }
        if (how == 3) { /* the endpoint's end is not the server's */
            must(object_destroy_all(own));
            same(state_of(client), THREAD_REPLYING);
            must(object_destroy_all(server));
        }
        if (how == 4)
            must(object_destroy_all(server_space));
        eventually(helpers_done == done + 1);
        same(board.result[own % 32], status_error(ERR_DEAD, 0));
    }
}

/* The endpoint goes while callers queue and servers wait. */
void endpoint_destroyed(void)
{
    u32 own = new_endpoint(), thread[20];
    for (u32 i = 0; i < 20; i++)
        thread[i] = help(call_once, own);
    eventually(is_in_state(thread[19], THREAD_CALLING));
    must(object_destroy_all(own));
    eventually(helpers_done == 20);
    same(board.result[own % 32], status_error(ERR_DEAD, 0));
    own = new_endpoint();
    for (u32 i = 0; i < 20; i++)
        thread[i] = help(serve_and_die, own);
    eventually(is_in_state(thread[19], THREAD_WAITING));
    must(object_destroy_all(own));
    eventually(helpers_done == 40);
    same(board.result[1], status_error(ERR_DEAD, 0));
}

/* A thread without a stack: its registers are those of SYS_WAIT, and it ends with a fault. */
extern const char bare_wait[];
__asm__(".pushsection .text\n"
        "bare_wait: syscall\n"
        "           ud2\n"
        ".popsection");

static u32 wait_bare(u32 endpoint, u32 share)
{
    u32 thread = new_slot();
    struct thread_registers registers = {.rip = (u64)bare_wait, .rax = SYS_WAIT, .rdi = endpoint};
    must(thread_create(SLOT_TEST_POOL, thread, SLOT_SPACE, share, 0, 0));
    must(thread_write(thread, &registers));
    must(thread_resume(thread));
    return thread;
}

/* An endpoint that is only half destroyed, because so many wait there, takes no more calls. */
void endpoint_destroyed_in_steps(void)
{
    u32 own = new_endpoint(), share = new_share(5), last = 0;
    for (u32 i = 0; i < 200; i++)
        last = wait_bare(own, share);
    eventually(is_in_state(last, THREAD_WAITING));
    failed_with(object_destroy(own), ERR_AGAIN);
    pause_us(10000);
    same(state_of(last), THREAD_WAITING);
    help(call_once, own);
    eventually(helpers_done == 1);
    failed_with(board.result[own % 32], ERR_DEAD);
    same(state_of(last), THREAD_WAITING);
    must(object_destroy_all(own));
    eventually(is_in_state(last, THREAD_STOPPED));
}

/* A reply to somebody who is not there any more. */
void endpoint_caller_gone(void)
{
    u32 own = new_endpoint();
    struct message m = {0};
    u32 thread = help(call_once, own);
    same(ipc_wait(own, 0, &m, 0), WAIT_MESSAGE);
    must(object_destroy_all(thread));
    refused(ipc_reply(&m, 0), ERR_ABSENT, 0);
    /* reply_wait to nobody just waits. */
    thread = help(call_once, own);
    same(ipc_wait(own, 0, &m, 0), WAIT_MESSAGE);
    must(object_destroy_all(thread));
    help(call_once, own);
    same(ipc_reply_wait(own, &m, 0), WAIT_MESSAGE);
    must(ipc_reply(&m, 0));
    eventually(helpers_done == 1);
    /* A caller that is stopped: it has its answer when it is resumed. */
    thread = help(call_once, own);
    same(ipc_wait(own, 0, &m, 0), WAIT_MESSAGE);
    must(thread_stop(thread));
    m.word[0] = 77;
    must(ipc_reply(&m, 0));
    pause_us(2000);
    same(helpers_done, 1);
    same(state_of(thread), THREAD_STOPPED);
    must(thread_resume(thread));
    eventually(helpers_done == 2);
    same(board.word[own % 64], 77);
    same(board.result[own % 32], 0);
    /* Its space goes, while it waits for the answer, and while it is in the queue. */
    u32 space = new_image_space();
    must(cap_copy(space, own, own, RIGHT_CALL, 0));
    thread = helper((struct helper){.run = call_once, .argument = own, .space = space});
    same(ipc_wait(own, 0, &m, 0), WAIT_MESSAGE);
    must(object_destroy_all(space));
    ignore_status(ipc_reply(&m, 0)); /* either is right */
    failed_with(thread_resume(thread), ERR_DEAD);
}

/* Waiting again without an answer. */
void endpoint_abandon(void)
{
    u32 own = new_endpoint();
    struct message m = {0};
    u32 first = help(call_once, own);
    same(ipc_wait(own, 0, &m, 0), WAIT_MESSAGE);
    board.result[own % 32] = 1;
    u32 second = help(call_once, own);
    eventually(is_in_state(second, THREAD_CALLING));
    same(ipc_wait(own, 0, &m, 0), WAIT_MESSAGE);
    eventually(helpers_done == 1);
    same(board.result[own % 32], status_error(ERR_DEAD, 0));
    same(state_of(first), THREAD_STOPPED);
    same(state_of(second), THREAD_REPLYING);
    must(ipc_reply(&m, 0));
    eventually(helpers_done == 2);
    same(board.result[own % 32], 0);
}

/*
 * Capabilities that travel with calls and replies.
 */
#include "check.h"
#include "tests.h"
#include "world.h"

static struct {
    u64 caps;
    u32 endpoint;
} passing;

static void call_with_caps(u64 unused)
{
    (void)unused;
    struct message m = {.word = {1, 2, 3, 4}};
    board.result[0] = ipc_call(passing.endpoint, &m, passing.caps);
    board.word[0] = m.word[0];
}

/* A capability each way, with its rights and its badge. */
void endpoint_caps(void)
{
    u32 own = new_endpoint(), event = new_event(), there = new_slot(), back = new_slot();
    u32 sent = copy_of(event, RIGHT_RAISE, 0x30), answer = copy_of(event, RIGHT_RECEIVE, 0);
    passing.endpoint = own;
    passing.caps = IPC_CAPABILITIES(sent, back);
    struct message m = {0};
    help(call_with_caps, 0);
    same(ipc_wait(own, 0, &m, IPC_CAPABILITIES(0, there)), WAIT_MESSAGE | WAIT_CAP);
    struct cap_info info = {0};
    must(cap_info(there, &info));
    same(info.type, OBJECT_EVENT);
    same(info.rights, RIGHT_RAISE);
    same(info.badge, 0x30);
    same(slot_in_use(sent), true); /* a copy was sent */
    m.word[0] = 99;
    must(ipc_reply(&m, IPC_CAPABILITIES(answer, 0)));
    eventually(helpers_done == 1);
    same(board.result[0], WAIT_CAP);
    same(board.word[0], 99);
    must(cap_info(back, &info));
    same(info.rights, RIGHT_RECEIVE);
    /* Nothing sent: nothing in the slots. */
    must(cap_drop(SLOT_SPACE, there));
    must(cap_drop(SLOT_SPACE, back));
    passing.caps = IPC_CAPABILITIES(0, back);
    help(call_with_caps, 0);
    same(ipc_wait(own, 0, &m, IPC_CAPABILITIES(0, there)), WAIT_MESSAGE);
    must(ipc_reply(&m, 0));
    eventually(helpers_done == 2);
    same(board.result[0], 0);
    same(slot_in_use(there), false);
    same(slot_in_use(back), false);
}

/* Between spaces the slots are those of each. */
void endpoint_caps_spaces(void)
{
    u32 own = new_endpoint(), event = new_event(), there = new_slot();
    u32 space = new_image_space();
    passing.endpoint = 30;
    must(cap_copy(space, 30, own, RIGHT_CALL, 5));
    must(cap_copy(space, 31, event, RIGHT_RAISE, 7));
    passing.caps = IPC_CAPABILITIES(31, 4000); /* where its table has no page yet */
    struct message m = {0};
    helper((struct helper){.run = call_with_caps, .space = space});
    same(ipc_wait(own, 0, &m, IPC_CAPABILITIES(0, there)), WAIT_MESSAGE | WAIT_CAP);
    struct cap_info info = {0};
    must(cap_info(there, &info));
    same(info.badge, 7);
    same(m.badge, 5);
    must(ipc_reply(&m, IPC_CAPABILITIES(own, 0)));
    eventually(helpers_done == 1);
    same(board.result[0], WAIT_CAP);
    refused(cap_copy(space, 4000, event, 0, 0), ERR_OCCUPIED, 2);
}

/* One that cannot be received, because no slot is named for it or it is in use, is not; the words
 * are. */
void endpoint_caps_not_received(void)
{
    u32 own = new_endpoint(), event = new_event();
    const u64 receivers[] = {0, IPC_CAPABILITIES(0, event)};
    passing.endpoint = own;
    for (unsigned i = 0; i < 2; i++) {
        struct message m = {0};
        passing.caps = IPC_CAPABILITIES(event, 0);
        u32 thread = help(call_with_caps, 0);
        eventually(is_in_state(thread, THREAD_CALLING));
        same(ipc_wait(own, WAIT_POLL, &m, receivers[i]), WAIT_MESSAGE);
        same(m.word[0], 1);
        must(ipc_reply(&m, 0));
        eventually(helpers_done == 2 * i + 1);
        same(board.result[0], 0);
        passing.caps = receivers[i];
        help(call_with_caps, 0);
        same(ipc_wait(own, 0, &m, 0), WAIT_MESSAGE);
        m.word[0] = 88;
        must(ipc_reply(&m, IPC_CAPABILITIES(event, 0)));
        eventually(helpers_done == 2 * i + 2);
        same(board.result[0], 0);
        same(board.word[0], 88);
    }
}

/*
 * The guard: a thread of the lowest priority. When it gets to run, everybody waits; if the fuzzer
 * does as well, it is set free: by an event, by an answer to its call, by the end of whoever has
 * taken the call and does not answer, and if all this fails by the end of the whole world.
 */
#include <runtime/syscall.h>

#include "fuzz.h"

#define STACK_SIZE 4096

volatile u64 guard_endpoint;
volatile bool world_lost;
u64 guard_rescues;

static u8 stack[STACK_SIZE] __attribute__((aligned(16)));

static u64 fuzzer_state(void)
{
    struct thread_info info;
    return thread_info(SLOT_THREAD, &info) < 0 ? THREAD_READY : info.state;
}

/* Destroys the next thread of the world; false when there is none that can be. */
static bool end_thread(void)
{
    for (u32 slot = WORLD_FIRST; slot < WORLD_END; slot++) {
        struct cap_info info;
        if (cap_info(slot, &info) == 0 && info.type == OBJECT_THREAD &&
            object_destroy_all(slot) == 0)
            return true;
    }
    return false;
}

static void end_world(void)
{
    status result =
        object_destroy_all(WORLD_POOL); /* busy, perhaps: the fuzzer goes on from there */
    (void)result;
    world_lost = true;
}

static bool answer_at(u32 endpoint)
{
    struct message m = {0};
    status got = ipc_wait(endpoint, WAIT_POLL, &m, 0);
    return got > 0 && (got & WAIT_MESSAGE) && ipc_reply(&m, 0) == 0;
}

/* Answers the fuzzer's call, or destroys what it calls. What outlives the world may have been
 * called through a copy of its capability with which one cannot answer. */
static void answer_call(void)
{
    u32 endpoint = (u32)guard_endpoint;
    if (!answer_at(endpoint) && !answer_at(SLOT_SERVICE) && object_destroy_all(endpoint) < 0)
        end_world();
}

static void rescue(void)
{
    guard_rescues++;
    switch (fuzzer_state()) {
    case THREAD_WAITING:
        if (event_raise(SLOT_EVENT, 1, 0) < 0)
            fail("the fuzzer's event cannot be raised");
        break;
    case THREAD_CALLING:
        answer_call();
        break;
    case THREAD_REPLYING:
        if (!end_thread())
            end_world();
        break;
    case THREAD_STOPPED:
        fail("the fuzzer was stopped");
    }
}

_Noreturn static void guard(void)
{
    for (;;) {
        rescue();
        yield();
    }
}

void guard_start(void)
{
    struct thread_registers registers = {.rip = (u64)guard, .rsp = (u64)stack + STACK_SIZE - 8};
    status result = share_create(SLOT_POOL, GUARD_SHARE, 0, 100, 0);
    if (result >= 0)
        result = thread_create(SLOT_POOL, GUARD_THREAD, SLOT_SPACE, GUARD_SHARE, SLOT_NONE, 0);
    if (result >= 0)
        result = thread_write(GUARD_THREAD, &registers);
    if (result >= 0)
        result = thread_resume(GUARD_THREAD);
    if (result < 0)
        fail("the guard does not start: %s", error_text(status_code(result)));
}

/*
 * The end of pools: whatever runs, waits, is mapped or held in them. Afterwards the pool around
 * them has every page back, and whoever had to do with them from outside has heard of it.
 */
#include "check.h"
#include "doomed.h"
#include "tests.h"
#include "world.h"

#include <base/string.h>

/* --- threads in every state ----------------------------------------------------------- */

void destroy_states(void)
{
    u32 theirs = new_endpoint(); /* outside */
    u32 pool = doomed_pool();
    u32 ours = endpoint_in(pool), event = event_in(pool), held = endpoint_in(pool);
    thread_in(pool, doomed_spin, 0, 0);
    u32 waiting = thread_in(pool, doomed_wait, ours, 0);
    u32 on_event = helper_stopped((struct helper){
        .run = doomed_wait, .argument = SLOT_NONE, .pool = pool, .share = share_in(pool, 6)});
    must(event_bind(event, on_event));
    must(thread_resume(on_event));
    eventually(is_in_state(waiting, THREAD_WAITING) && is_in_state(on_event, THREAD_WAITING));
    u32 calling = thread_in(pool, doomed_call, theirs, 0);
    u32 faulting = thread_in(pool, doomed_fault, 0, theirs);
    eventually(is_in_state(calling, THREAD_CALLING) && is_in_state(faulting, THREAD_CALLING));
    thread_in(pool, doomed_spin, 1, 0);
    thread_in(pool, doomed_fault, 0, 0); /* stopped */
    u32 server = thread_in(pool, doomed_wait, held, 0),
        caller = thread_in(pool, doomed_call, held, 0);
    eventually(is_in_state(caller, THREAD_REPLYING));
    (void)server;
    must(object_destroy_all(pool));
    is_gone(pool);
    same(slot_in_use(calling), false);
    same(slot_in_use(ours), false);
    struct message m = {0};
    failed_with(ipc_wait(theirs, WAIT_POLL, &m, 0), ERR_EMPTY); /* nobody is left in the queue */
    u64 counts[2] = {board.count[0], board.count[1]};
    pause_us(3000);
    same(board.count[0], counts[0]);
    same(board.count[1], counts[1]);
}

/* A server in the pool holds a message of somebody outside; another waits in the queue of its
 * endpoint. */
void destroy_server(void)
{
    u32 pool = doomed_pool();
    u32 endpoint = endpoint_in(pool);
    thread_in(pool, doomed_wait, endpoint, 0);
    u32 share = new_share(6);
    u32 first = helper((struct helper){.run = doomed_call, .argument = endpoint, .share = share});
    eventually(is_in_state(first, THREAD_REPLYING));
    board.result[endpoint % 32] = 1;
    u32 second = helper((struct helper){.run = doomed_call, .argument = endpoint, .share = share});
    eventually(is_in_state(second, THREAD_CALLING));
    must(object_destroy_all(pool));
    eventually(helpers_done == 2);
    same(board.result[endpoint % 32], status_error(ERR_DEAD, 0));
    must(object_destroy_all(first));
    must(object_destroy_all(second));
    must(object_destroy_all(share));
    is_gone(pool);
}

/* We hold messages, and a fault, of threads in the pool. */
void destroy_caller(void)
{
    u32 endpoint = new_endpoint();
    struct message m = {0};
    for (unsigned faults = 0; faults < 2; faults++) {
        u32 pool = doomed_pool();
        thread_in(pool, faults ? doomed_fault : doomed_call, endpoint, faults ? endpoint : 0);
        same(ipc_wait(endpoint, 0, &m, 0), WAIT_MESSAGE);
        must(object_destroy_all(pool));
        is_gone(pool);
        refused(ipc_reply(&m, 0), ERR_ABSENT, 0);
    }
}

/* --- whoever destroys the ground it stands on
 * ----------------------------------------------------- */

static void destroy_until_dead(u64 slot)
{
    for (;;) {
        board.result[0] = object_destroy((u32)slot);
        board.count[0]++;
    }
}

void destroy_from_inside(void)
{
    /* The thread in the pool; only its share; only its space. */
    for (unsigned what = 0; what < 3; what++) {
        u32 pool = doomed_pool();
        u32 share = what == 1 ? share_in(pool, 5) : new_share(5), space = 0;
        for (unsigned i = 0; i < 30; i++)
            memory_in(pool, 10);
        if (what == 2) { /* a space that shows the program, charged to the pool */
            space = new_image_space();
            must(cap_copy(space, pool, pool, RIGHT_ALL, 0));
        }
        u32 thread = helper((struct helper){.run = destroy_until_dead,
                                            .argument = pool,
                                            .share = share,
                                            .space = space,
                                            .pool = what == 0 ? pool : SLOT_NONE});
        pause_us(50000);
        if (slot_in_use(pool))
            must(object_destroy_all(pool)); /* somebody has to finish it */
        same(slot_in_use(pool), false);
        if (slot_in_use(thread))
            must(object_destroy_all(thread));
        if (slot_in_use(share))
            must(object_destroy_all(share));
        if (space)
            must(object_destroy_all(space));
        is_gone(pool);
    }
}

/* Its own space, in a pool that goes. */
static void destroy_space(u64 slot)
{
    board.result[0] = object_destroy((u32)slot);
    board.count[0]++;
}

void destroy_own_space(void)
{
    u32 space = new_image_space();
    must(cap_copy(space, 20, space, RIGHT_ALL, 0));
    u32 thread = helper((struct helper){.run = destroy_space, .argument = 20, .space = space});
    pause_us(5000);
    same(board.count[0], 0);
    same(state_of(thread), THREAD_STOPPED);
    failed_with(thread_resume(thread), ERR_DEAD);
    if (slot_in_use(space))
        must(object_destroy_all(space));
}

/* --- step by step
 * --------------------------------------------------------------------------------- */

/* All sorts of things in a pool. */
static void fill(u32 pool)
{
    u32 space = space_in(pool), memory = memory_in(pool, 40), event = event_in(pool);
    for (u64 i = 0; i < 20; i++) {
        must(space_map(space, memory, (i + 1) << 30, 0, 40, RIGHT_READ));
        must(space_populate_all(space, (i + 1) << 30, 40));
        must(cap_copy(space, (u32)(i * 300 + 1), event, RIGHT_RAISE, 0));
        must(cap_drop(SLOT_SPACE, endpoint_in(pool)));
    }
    u32 inner = pool_in(pool, 100);
    memory_in(inner, 30);
    thread_in(inner, doomed_spin, 6, 0);
    thread_in(pool, doomed_call, endpoint_in(inner), 0);
}

/* Others work on, between the steps, and try to use what is being destroyed. */
void destroy_steps(void)
{
    u32 pool = doomed_pool();
    fill(pool);
    u32 endpoint = endpoint_in(pool), memory = memory_in(pool, 3), outer = new_pool(200);
    u32 space = space_in(outer), scratch = new_slot();
    outside = pool_facts(SLOT_TEST_POOL);
    outside.reserved -= POOL_PAGES;
    outside.objects--;
    u64 steps = 0;
    status got;
    while ((got = object_destroy(pool)) != 0 && steps < 10000) {
        if (status_code(got) == ERR_BUSY && slot_in_use(outer)) {
            must(object_destroy_all(outer)); /* which maps some of it */
            outside.reserved -= 200;
            continue;
        }
        if (!same(status_code(got), ERR_AGAIN))
            break;
        steps++;
        same(memory_create(pool, scratch, 1, 0) < 0, true);
        if (steps % 3 == 0 && slot_in_use(memory) && slot_in_use(space))
            ignore_status(space_map(space, memory, steps << 24, 0, 1, RIGHT_READ)); /* or not */
        if (steps % 5 == 1 && slot_in_use(outer)) {
            struct message m = {0};
            same(ipc_wait(endpoint, WAIT_POLL, &m, 0) < 0, true);
            must(pool_create(outer, scratch, 20, 1));
            must(object_destroy_all(scratch));
        }
        if (steps % 7 == 2)
            pause_us(300);
    }
    between(steps, 3, 9999);
    same(slot_in_use(endpoint), false);
    same(slot_in_use(memory), false);
    struct pool_info now = pool_facts(SLOT_TEST_POOL);
    same(now.reserved, outside.reserved);
}

/* Two destroyers at once, and one of them inside a pool that the other destroys. */
void destroy_together(void)
{
    u32 pool = doomed_pool();
    fill(pool);
    u32 inner = pool_in(pool, 100);
    memory_in(inner, 50);
    thread_in(inner, destroy_until_dead, pool, 0);
    thread_in(inner, destroy_until_dead, inner, 0);
    u32 share = new_share(6);
    u32 thread =
        helper((struct helper){.run = destroy_until_dead, .argument = pool, .share = share});
    for (unsigned i = 0; i < 100 && slot_in_use(pool); i++)
        pause_us(200);
    if (slot_in_use(pool))
        must(object_destroy_all(pool));
    must(object_destroy_all(thread));
    must(object_destroy_all(share));
    is_gone(pool);
}

/* Objects one by one, in the middle of their use by others. */
void destroy_objects(void)
{
    struct pool_info before = pool_facts(SLOT_TEST_POOL);
    u32 space = new_space(), memory = new_committed(30), event = new_event(), share = new_share(3);
    u32 thread = new_slot(), endpoint = new_endpoint();
    must(space_map(space, memory, WINDOW, 0, 30, RIGHT_READ));
    must(space_populate_all(space, WINDOW, 30));
    must(thread_create(SLOT_TEST_POOL, thread, space, share, endpoint, THREAD_FPU));
    must(event_bind(event, thread));
    must(object_destroy_all(memory)); /* out of a space of the same pool */
    refused(space_populate(space, WINDOW, 1), ERR_ABSENT, 2);
    must(object_destroy_all(event));
    must(object_destroy_all(endpoint));
    must(object_destroy_all(share));
    must(object_destroy_all(space));
    must(object_destroy_all(thread));
    same(pool_facts(SLOT_TEST_POOL).used, before.used);
    same(pool_facts(SLOT_TEST_POOL).objects, before.objects);
}

/* A hundred times the same: nothing is lost little by little. */
void destroy_again_and_again(void)
{
    struct machine_info before = machine_facts();
    for (unsigned times = 0; times < 30; times++) {
        world_end();
        world_begin();
        u32 pool = doomed_pool();
        fill(pool);
        must(object_destroy_all(pool));
        is_gone(pool);
    }
    same(machine_facts().used_pages, before.used_pages);
}

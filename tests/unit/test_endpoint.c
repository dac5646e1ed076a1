/*
 * Unit tests of object/endpoint.c, event.c and thread.c: calls, replies, waits and faults, whoever
 * comes first and whoever ends meanwhile. The scheduler is a set of who is ready.
 */
// with: kernel/object/endpoint.c kernel/object/event.c kernel/object/thread.c
#include "kernel.h"

#include <abi/syscall.h>

#include "object/endpoint.h"
#include "object/event.h"
#include "object/pool.h"
#include "object/share.h"
#include "object/space.h"
#include "object/thread.h"
#include "sched/sched.h"

#define THREADS 6

static struct space space;
static struct share share;
static struct endpoint *endpoint;
static struct event *event;
static struct thread *thread[THREADS];
static bool ready[THREADS];
static u64 windows; /* of the last wake */

/* ---- what endpoints stand on ---- */

void *object_allocate(struct pool *pool, enum object_type type, u64 size)
{
    struct object *object = calloc(1, size);
    assert_non_null(object);
    object_init(object, type, pool);
    return object;
}

void object_init(struct object *object, enum object_type type, struct pool *pool)
{
    object->type = object->kind = (u8)type;
    object->pool = pool;
    list_init(&object->siblings);
    list_init(&object->caps);
}

void *pool_allocate(struct pool *pool, u64 size)
{
    (void)pool;
    void *memory = aligned_alloc(64, align_up(size, 64));
    assert_non_null(memory);
    return memset(memory, 0, size);
}

void pool_free(struct pool *pool, void *memory, u64 size)
{
    (void)pool;
    (void)size;
    free(memory);
}

u64 pool_take_page(struct pool *pool)
{
    (void)pool;
    return 0;
}

void pool_return_page(struct pool *pool, u64 physical)
{
    (void)pool;
    (void)physical;
}

void fpu_init(void *state)
{
    (void)state;
}

void cpu_forget(struct thread *gone)
{
    (void)gone;
}

void cap_set(struct cap *cap, struct object *object, u64 rights, u64 badge)
{
    *cap = (struct cap){.object = object, .rights = rights, .badge = badge};
}

void cap_clear(struct cap *cap)
{
    cap->object = NULL;
}

enum error space_check_slot(const struct space *in, u64 slot)
{
    return space_slot(in, slot) ? ERR_OCCUPIED : ERR_NONE;
}

enum error space_fill_slot(struct space *in, u64 slot, struct object *object, u64 rights, u64 badge)
{
    cap_set(&in->slots[0][slot], object, rights, badge);
    return ERR_NONE;
}

static u32 number_of(const struct thread *wanted)
{
    u32 i = 0;
    while (i < THREADS && thread[i] != wanted)
        i++;
    assert_true(i < THREADS);
    return i;
}

void sched_wake(struct thread *woken, u64 window)
{
    u32 i = number_of(woken);
    assert_false(ready[i]);
    assert_false(woken->halted);
    assert_int_equal(woken->state, THREAD_READY);
    assert_true(list_empty(&woken->queue));
    ready[i] = true;
    windows = window;
}

void sched_dequeue(struct thread *gone)
{
    u32 i = number_of(gone);
    assert_true(ready[i]);
    ready[i] = false;
}

/* ---- threads ---- */

static struct cap slots[SLOTS_PER_PAGE];

static int start(void **state)
{
    (void)state;
    host_cpu_init();
    memset(&space, 0, sizeof(space));
    memset(&share, 0, sizeof(share));
    memset(slots, 0, sizeof(slots));
    space.slots[0] = slots;
    list_init(&space.threads);
    list_init(&share.threads);
    share.priority = 5;
    assert_int_equal(endpoint_create(NULL, &endpoint), ERR_NONE);
    assert_int_equal(event_create(NULL, &event), ERR_NONE);
    for (u32 i = 0; i < THREADS; i++) {
        ready[i] = false;
        assert_int_equal(thread_create(NULL, &space, &share, NULL, 0, &thread[i]), ERR_NONE);
        assert_int_equal(thread[i]->state, THREAD_STOPPED);
        assert_true(thread_resume(thread[i]));
        assert_int_equal(thread[i]->state, THREAD_READY);
    }
    return 0;
}

static int end(void **state)
{
    (void)state;
    for (u32 i = 0; i < THREADS; i++)
        free(frame_of(thread[i]));
    free(endpoint);
    free(event);
    return 0;
}

static u64 rax(u32 i)
{
    return frame_of(thread[i])->rax;
}

static void fill(u32 i, u64 word, u64 capabilities)
{
    struct trap_frame *frame = frame_of(thread[i]);
    frame->rax = 0xbad;
    frame->rdi = 0xbad;
    frame->rsi = word;
    frame->rdx = 0xbad;
    frame->r8 = word + 1;
    frame->r9 = word + 2;
    frame->r10 = word + 3;
    thread[i]->caps = capabilities;
}

static void expect_words(u32 i, u64 word)
{
    const struct trap_frame *frame = frame_of(thread[i]);
    assert_int_equal(frame->rsi, word);
    assert_int_equal(frame->r8, word + 1);
    assert_int_equal(frame->r9, word + 2);
    assert_int_equal(frame->r10, word + 3);
}

static void call(u32 i, u64 word, u64 badge)
{
    fill(i, word, 0);
    endpoint_call(endpoint, thread[i], badge);
}

static void wait(u32 i)
{
    fill(i, 0, 0);
    endpoint_wait(endpoint, thread[i]);
}

static void reply(u32 i, u64 word)
{
    fill(i, word, 0);
    endpoint_reply(thread[i]);
}

static void expect_state(u32 i, enum thread_state_code state)
{
    assert_int_equal(thread[i]->state, state);
    assert_int_equal(ready[i], state == THREAD_READY);
}

static void expect_call(u32 server, u32 caller, u64 word, u64 badge, u64 result)
{
    expect_state(server, THREAD_READY);
    expect_state(caller, THREAD_REPLYING);
    assert_int_equal(rax(server), result);
    assert_int_equal(frame_of(thread[server])->rdi, badge);
    expect_words(server, word);
    assert_ptr_equal(thread[server]->caller, thread[caller]);
}

static const u64 dead = (u64) - (i64)ERR_DEAD;

/* ---- calls ---- */

static void test_server_first(void **state)
{
    (void)state;
    wait(0);
    expect_state(0, THREAD_WAITING);
    call(1, 100, 77);
    expect_call(0, 1, 100, 77, WAIT_MESSAGE);
    assert_int_equal(frame_of(thread[0])->rdx, 0);
    reply(0, 200);
    expect_state(1, THREAD_READY);
    expect_words(1, 200);
    assert_int_equal(rax(1), 0);
    assert_int_equal(frame_of(thread[1])->rdi, 0);
    assert_null(thread[0]->caller);
    expect_panic(endpoint_reply(thread[0]));
}

static void test_caller_first(void **state)
{
    (void)state;
    call(1, 100, 77);
    expect_state(1, THREAD_CALLING);
    call(2, 300, 78);
    wait(0);
    expect_call(0, 1, 100, 77, WAIT_MESSAGE);
    expect_state(2, THREAD_CALLING);
    reply(0, 200);
    wait(0);
    expect_call(0, 2, 300, 78, WAIT_MESSAGE);
}

static void test_servers_take_turns(void **state)
{
    (void)state;
    wait(0);
    wait(1);
    call(2, 10, 0);
    call(3, 20, 0);
    call(4, 30, 0);
    expect_call(0, 2, 10, 0, WAIT_MESSAGE);
    expect_call(1, 3, 20, 0, WAIT_MESSAGE);
    expect_state(4, THREAD_CALLING);
}

static void test_reply_and_wait(void **state)
{
    (void)state;
    wait(0);
    call(1, 10, 1);
    call(2, 20, 2);
    fill(0, 500, 0);
    endpoint_reply_wait(endpoint, thread[0]); /* the next one is there already */
    expect_state(1, THREAD_READY);
    expect_words(1, 500);
    expect_call(0, 2, 20, 2, WAIT_MESSAGE);
    fill(0, 600, 0);
    endpoint_reply_wait(endpoint, thread[0]);
    expect_words(2, 600);
    expect_state(0, THREAD_WAITING);
    call(1, 30, 3);
    expect_call(0, 1, 30, 3, WAIT_MESSAGE);
}

static void test_waiting_again_abandons_the_caller(void **state)
{
    (void)state;
    wait(0);
    call(1, 10, 1);
    wait(0);
    expect_state(1, THREAD_READY);
    assert_int_equal(rax(1), dead);
    expect_state(0, THREAD_WAITING);
}

/* ---- capabilities ---- */

static void test_capabilities_travel_both_ways(void **state)
{
    (void)state;
    struct object object = {.kind = OBJECT_EVENT};
    list_init(&object.caps);
    cap_set(&slots[7], &object, RIGHT_RAISE, 5);
    fill(0, 0, 20ul << 32);
    endpoint_wait(endpoint, thread[0]);
    fill(1, 10, 7 | 30ul << 32);
    endpoint_call(endpoint, thread[1], 1);
    expect_call(0, 1, 10, 1, WAIT_MESSAGE | WAIT_CAP);
    assert_ptr_equal(slots[20].object, &object);
    assert_int_equal(slots[20].rights, RIGHT_RAISE);
    assert_int_equal(slots[20].badge, 5);
    assert_int_equal(thread[0]->caps, 0); /* what it accepted once it accepts no more */
    fill(0, 11, 20);
    endpoint_reply(thread[0]);
    assert_int_equal(rax(1), WAIT_CAP);
    assert_ptr_equal(slots[30].object, &object);
    assert_int_equal(thread[1]->caps, 0);
}

/* ---- events ---- */

static void test_events(void **state)
{
    (void)state;
    event_bind(event, thread[0]);
    event_raise(event, 4, 0);
    assert_true(endpoint_pending(NULL, thread[0]));
    wait(0);
    expect_state(0, THREAD_READY);
    assert_int_equal(rax(0), WAIT_EVENT);
    assert_int_equal(frame_of(thread[0])->rdx, 4);
    assert_false(endpoint_pending(endpoint, thread[0]));
    wait(0);
    expect_state(0, THREAD_WAITING);
    event_raise(event, 0, 0);
    expect_state(0, THREAD_WAITING);
    event_raise(event, 1ul << 63, 55);
    expect_state(0, THREAD_READY);
    assert_int_equal(windows, 55);
    assert_int_equal(frame_of(thread[0])->rdx, 1ul << 63);
    assert_int_equal(frame_of(thread[0])->rsi, 0);
    event_raise(event, 1, 0);
    event_raise(event, 2, 0);
    call(1, 10, 9);
    wait(0);
    expect_call(0, 1, 10, 9, WAIT_MESSAGE | WAIT_EVENT); /* both at once */
    assert_int_equal(frame_of(thread[0])->rdx, 3);
    assert_int_equal(event->pending, 0);
    event_unbind(event);
    assert_null(thread[0]->event);
}

static void test_waiting_for_events_alone(void **state)
{
    (void)state;
    event_bind(event, thread[0]);
    call(1, 10, 9);
    fill(0, 0, 0);
    endpoint_wait(NULL, thread[0]);
    expect_state(0, THREAD_WAITING);
    event_raise(event, 8, 0);
    assert_int_equal(rax(0), WAIT_EVENT);
    expect_state(1, THREAD_CALLING);
}

/* Woken by an event, a server waits at the endpoint no more. */
static void test_an_event_ends_the_wait_at_the_endpoint(void **state)
{
    (void)state;
    event_bind(event, thread[0]);
    wait(0);
    event_raise(event, 8, 0);
    expect_state(0, THREAD_READY);
    call(1, 10, 9);
    expect_state(1, THREAD_CALLING);
    assert_int_equal(rax(0), WAIT_EVENT);
}

/* ---- faults ---- */

static void fault(u32 i, u64 word)
{
    fill(i, 0x1234, 0); /* its registers, no message */
    frame_of(thread[i])->rdx = 7 | 8ul << 32;
    for (u32 k = 0; k < 4; k++)
        thread[i]->fault_words[k] = word + k;
    thread[i]->faulting = true;
    endpoint_call(endpoint, thread[i], 66);
}

static void test_faults(void **state)
{
    (void)state;
    static const u64 answers[] = {FAULT_RESUME, FAULT_RESUME + 1};
    for (u32 i = 0; i < 2; i++) {
        wait(0);
        fault(1, 900);
        expect_call(0, 1, 900, 66, WAIT_MESSAGE);
        reply(0, answers[i]);
        expect_state(1, i == 0 ? THREAD_READY : THREAD_STOPPED);
        assert_int_equal(thread[1]->halted, i == 1);
        assert_false(thread[1]->faulting);
        expect_words(1, 0x1234); /* untouched, the result too */
        assert_int_equal(rax(1), 0xbad);
    }
    assert_true(thread_resume(thread[1]));
    expect_state(1, THREAD_READY);
}

static void test_faults_nobody_answers(void **state)
{
    (void)state;
    wait(0);
    fault(1, 900);
    wait(0); /* without a reply */
    expect_state(1, THREAD_STOPPED);
    assert_int_equal(rax(1), 0xbad);
    fault(2, 900);
    expect_state(2, THREAD_REPLYING);
    fault(3, 900);
    assert_int_equal(endpoint_empty_step(&endpoint->object), ERR_NONE);
    expect_state(3, THREAD_STOPPED);
    expect_state(2, THREAD_REPLYING); /* has a server, still */
    reply(0, FAULT_RESUME);
    expect_state(2, THREAD_READY);
}

/* ---- halting, and the end ---- */

/* What a halted thread waits for comes about, but it does not run. */
static void test_halted_threads(void **state)
{
    (void)state;
    wait(0);
    thread_halt(thread[0]);
    expect_state(0, THREAD_WAITING);
    call(1, 10, 1);
    expect_state(0, THREAD_STOPPED);
    expect_state(1, THREAD_REPLYING);
    thread_halt(thread[1]);
    assert_true(thread_resume(thread[0]));
    expect_call(0, 1, 10, 1, WAIT_MESSAGE);
    reply(0, 20);
    expect_state(1, THREAD_STOPPED);
    expect_words(1, 20);
    assert_true(thread_resume(thread[1]));
    expect_state(1, THREAD_READY);
    thread_halt(thread[1]);
    expect_state(1, THREAD_STOPPED);
}

static void test_the_end_of_an_endpoint(void **state)
{
    (void)state;
    call(1, 10, 1);
    call(2, 10, 1);
    assert_int_equal(endpoint_empty_step(&endpoint->object), ERR_NONE);
    expect_state(1, THREAD_READY);
    expect_state(2, THREAD_READY);
    assert_int_equal(rax(1), dead);
    assert_int_equal(rax(2), dead);
    wait(3);
    wait(4);
    assert_int_equal(endpoint_empty_step(&endpoint->object), ERR_NONE);
    expect_state(3, THREAD_READY);
    assert_int_equal(rax(4), dead);
}

/* A thread may end in any state, and whoever had to do with it goes on. */
static void test_the_end_of_a_thread(void **state)
{
    (void)state;
    wait(0);
    call(1, 10, 1);
    assert_int_equal(thread_empty_step(&thread[1]->object), ERR_NONE); /* the caller */
    assert_null(thread[0]->caller);
    call(2, 10, 1);
    wait(0);
    assert_ptr_equal(thread[0]->caller, thread[2]);
    assert_int_equal(thread_empty_step(&thread[0]->object), ERR_NONE); /* the server */
    expect_state(2, THREAD_READY);
    assert_int_equal(rax(2), dead);
    call(2, 10, 1);
    assert_int_equal(thread_empty_step(&thread[2]->object), ERR_NONE); /* in the queue */
    assert_true(list_empty(&endpoint->callers));
    event_bind(event, thread[3]);
    wait(3);
    assert_int_equal(thread_empty_step(&thread[3]->object), ERR_NONE); /* waiting */
    assert_true(list_empty(&endpoint->servers));
    assert_null(event->waiter);
    event_raise(event, 1, 0);
}

/* A server without a space never runs again, so its caller must not wait for it. */
static void test_a_server_loses_its_space(void **state)
{
    (void)state;
    wait(0);
    call(1, 10, 1);
    thread_detach_space(thread[0]);
    expect_state(1, THREAD_READY);
    assert_int_equal(rax(1), dead);
    assert_false(thread_resume(thread[0]));
    wait(2);
    thread_detach_share(thread[2]);
    call(3, 10, 1); /* not taken by somebody who will never look at it */
    expect_state(3, THREAD_CALLING);
}

/* ipc_fast.asm takes a server off a queue without a change to its own links: those mean nothing. */
static void test_stale_links(void **state)
{
    (void)state;
    wait(0);
    struct list links = thread[0]->queue;
    call(1, 10, 1);
    thread[0]->queue = links;
    wait(2);
    assert_int_equal(thread_empty_step(&thread[0]->object), ERR_NONE);
    expect_state(1, THREAD_READY);
    assert_true(list_is_sound(&endpoint->servers));
    assert_ptr_equal(list_first(&endpoint->servers), &thread[2]->queue);
    /* The same while it has called itself, and waits for the answer. */
    wait(3);
    links = thread[2]->queue;
    call(1, 10, 1);
    call(2, 20, 1);
    expect_state(2, THREAD_REPLYING);
    thread[2]->queue = links;
    wait(4);
    assert_int_equal(thread_empty_step(&thread[2]->object), ERR_NONE);
    assert_null(thread[3]->caller);
    assert_true(list_is_sound(&endpoint->servers));
    assert_ptr_equal(list_first(&endpoint->servers), &thread[4]->queue);
}

#define test(name) cmocka_unit_test_setup_teardown(test_##name, start, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(server_first),
        test(caller_first),
        test(servers_take_turns),
        test(reply_and_wait),
        test(waiting_again_abandons_the_caller),
        test(capabilities_travel_both_ways),
        test(events),
        test(waiting_for_events_alone),
        test(an_event_ends_the_wait_at_the_endpoint),
        test(faults),
        test(faults_nobody_answers),
        test(halted_threads),
        test(the_end_of_an_endpoint),
        test(the_end_of_a_thread),
        test(a_server_loses_its_space),
        test(stale_links),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

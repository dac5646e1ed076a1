/*
 * The surroundings of tests; see world.h.
 */
#include "world.h"
#include "check.h"

#include <base/string.h>
#include <runtime/clock.h>
#include <runtime/image.h>
#include <runtime/start.h>

#define ALARM_BIT   (1ul << 50)
#define STACK_BYTES 8192u
#define SETTLE_MS   50u /* until root has nothing left to do */

volatile struct board board;
volatile u64 helpers_done;

static u8 stacks[HELPERS][STACK_BYTES] __attribute__((aligned(4096)));
bool world_fast;

static u32 helper_count, next_slot, next_fast_slot;
static u64 next_address, shown[64];
static u32 shown_count;
static struct pool_info server_before;

/* --- facts
 * ---------------------------------------------------------------------------------------- */

struct pool_info pool_facts(u32 pool)
{
    struct pool_info info;
    must(pool_info(pool, &info));
    return info;
}

struct memory_info memory_facts(u32 memory)
{
    struct memory_info info;
    must(memory_info(memory, &info));
    return info;
}

struct thread_info thread_facts(u32 thread)
{
    struct thread_info info;
    must(thread_info(thread, &info));
    return info;
}

struct share_info share_facts(u32 share)
{
    struct share_info info;
    must(share_info(share, &info));
    return info;
}

struct machine_info machine_facts(void)
{
    struct machine_info info;
    must(machine_info(SLOT_MACHINE, &info));
    return info;
}

u64 state_of(u32 thread)
{
    return thread_facts(thread).state;
}

bool slot_in_use(u32 slot)
{
    struct cap_info info;
    return cap_info(slot, &info) >= 0;
}

void world_account(struct world_account *account)
{
    *account = (struct world_account){0};
    ignore_status(pool_info(SLOT_TEST_POOL, &account->test)); /* some tests destroy it */
    ignore_status(pool_info(SLOT_POOL, &account->server));
}

/* --- time
 * ----------------------------------------------------------------------------------------- */

void pause_us(u64 us)
{
    struct message m = {0};
    u64 until = tsc() + clock_from_ns(us * 1000, start->tsc_hz);
    while (tsc() < until) {
        must(machine_alarm(SLOT_MACHINE, SLOT_EVENT, ALARM_BIT, until));
        must(ipc_wait(SLOT_NONE, 0, &m, 0));
    }
}

/* Spins for a while at the lowest priority, then wakes the main thread: by then root, which uses
 * the alarm too, has gone to sleep for good. */
static void settle(u64 unused)
{
    (void)unused;
    u64 until = tsc() + clock_from_ns(SETTLE_MS * NS_PER_MS, start->tsc_hz);
    while (tsc() < until)
        ;
    ignore_status(event_raise(SLOT_EVENT, ALARM_BIT, 0)); /* the event is always there */
}

/* --- begin and end
 * -------------------------------------------------------------------------------- */

void world_begin(void)
{
    memset((void *)&board, 0, sizeof(board));
    helpers_done = 0;
    helper_count = 0;
    next_slot = SLOT_FIRST;
    next_fast_slot = SLOTS_FAST - 1;
    next_address = WINDOW;
    shown_count = 0;
    server_before = pool_facts(SLOT_POOL);
    must(pool_create(SLOT_POOL, SLOT_TEST_POOL, TEST_PAGES, TEST_PRIORITY));
}

void world_end(void)
{
    while (shown_count > 0)
        ignore_status(
            space_unmap_all(SLOT_SPACE, shown[--shown_count])); /* some are gone already */
    if (slot_in_use(SLOT_TEST_POOL))
        must(object_destroy_all(SLOT_TEST_POOL));
    for (u32 slot = SLOT_FAST; slot < SLOT_LAST; slot++)
        if (slot < SLOTS_FAST || slot >= SLOT_FIRST)
            ignore_status(cap_drop(SLOT_SPACE, slot)); /* most are empty */
    struct pool_info after = pool_facts(SLOT_POOL);
    same(after.used, server_before.used);
    same(after.reserved, server_before.reserved);
    same(after.quarantined, server_before.quarantined);
    same(after.objects, server_before.objects);
}

void world_open(void)
{
    /* Slot tables grow before anything is counted. */
    for (u32 slot = SLOT_FIRST; slot < SLOT_LAST; slot += 16) {
        must(cap_copy(SLOT_SPACE, slot, SLOT_EVENT, 0, 0));
        must(cap_drop(SLOT_SPACE, slot));
    }
    struct message m = {0};
    world_begin();
    helper((struct helper){.run = settle, .share = new_share(1)});
    must(ipc_wait(SLOT_NONE, 0, &m, 0));
    world_end();
}

/* --- objects
 * -------------------------------------------------------------------------------------- */

u32 new_slot(void)
{
    must_be(next_slot < SLOT_LAST);
    return next_slot++;
}

/* A slot for what the kernel has a fast path for. */
static u32 new_fast_slot(void)
{
    return world_fast && next_fast_slot > SLOT_FAST ? next_fast_slot-- : new_slot();
}

u32 new_pool(u64 pages)
{
    u32 slot = new_slot();
    must(pool_create(SLOT_TEST_POOL, slot, pages, TEST_PRIORITY));
    return slot;
}

u32 new_memory(u64 pages)
{
    u32 slot = new_slot();
    must(memory_create(SLOT_TEST_POOL, slot, pages, 0));
    return slot;
}

u32 new_committed(u64 pages)
{
    u32 slot = new_memory(pages);
    must(memory_commit_all(slot, 0, pages));
    return slot;
}

u32 new_space(void)
{
    u32 slot = new_slot();
    must(space_create(SLOT_TEST_POOL, slot));
    return slot;
}

u32 new_share(u32 priority)
{
    u32 slot = new_slot();
    must(share_create(SLOT_TEST_POOL, slot, priority, 100, 0));
    return slot;
}

u32 new_endpoint(void)
{
    u32 slot = new_fast_slot();
    must(endpoint_create(SLOT_TEST_POOL, slot));
    return slot;
}

u32 new_event(void)
{
    u32 slot = new_fast_slot();
    must(event_create(SLOT_TEST_POOL, slot));
    return slot;
}

u32 copy_of(u32 slot, u64 rights, u64 badge)
{
    u32 copy = new_fast_slot();
    must(cap_copy(SLOT_SPACE, copy, slot, rights, badge));
    return copy;
}

void *show(u32 memory, u64 pages, u64 rights)
{
    u64 address = next_address;
    must_be(shown_count < array_count(shown));
    must(space_map(SLOT_SPACE, memory, address, 0, pages, rights));
    shown[shown_count++] = address;
    next_address = align_up(address + (pages + 1) * PAGE_SIZE, LARGE_SIZE);
    return (void *)address;
}

void hide(void *address)
{
    must(space_unmap_all(SLOT_SPACE, (u64)address));
}

/* --- other spaces
 * --------------------------------------------------------------------------------- */

static void map_part(u32 space, const struct grant *image, const char *from, const char *to,
                     u64 rights)
{
    u64 address = align_down((u64)from, PAGE_SIZE);
    u64 pages = (align_up((u64)to, PAGE_SIZE) - address) / PAGE_SIZE;
    if (pages != 0)
        must(space_map(space, image->slot, address, (address - image->value[1]) / PAGE_SIZE, pages,
                       rights));
}

u32 new_image_space(void)
{
    u32 space = new_space();
    const struct grant *image = grant_find(GRANT_MEMORY, "image");
    must_be(image != NULL);
    map_part(space, image, image_start, image_text_end, RIGHT_READ | RIGHT_EXECUTE);
    map_part(space, image, (char *)align_up((u64)image_text_end, PAGE_SIZE), image_rodata_end,
             RIGHT_READ);
    map_part(space, image, (char *)align_up((u64)image_rodata_end, PAGE_SIZE), image_end,
             RIGHT_READ | RIGHT_WRITE);
    must(cap_copy(space, SLOT_EVENT, SLOT_EVENT, RIGHT_RAISE, 0));
    return space;
}

/* --- helpers
 * -------------------------------------------------------------------------------------- */

_Noreturn void helper_end(void)
{
    helpers_done++;
    __builtin_trap(); /* there is no fault endpoint, as a rule: it stops */
}

_Noreturn static void helper_main(void (*run)(u64 argument), u64 argument)
{
    run(argument);
    helper_end();
}

u32 helper_stopped(struct helper wanted)
{
    u32 thread = new_slot();
    u32 share = wanted.share ? wanted.share : new_share(HELPER_PRIORITY);
    must_be(helper_count < HELPERS);
    struct thread_registers registers = {
        .rip = (u64)helper_main,
        .rdi = (u64)wanted.run,
        .rsi = wanted.argument,
        .rsp = (u64)stacks[helper_count] + STACK_BYTES - sizeof(u64),
    };
    helper_count++;
    must(thread_create(wanted.pool ? wanted.pool : SLOT_TEST_POOL, thread,
                       wanted.space ? wanted.space : SLOT_SPACE, share, wanted.fault,
                       wanted.flags));
    must(thread_write(thread, &registers));
    return thread;
}

u32 helper(struct helper wanted)
{
    u32 thread = helper_stopped(wanted);
    must(thread_resume(thread));
    return thread;
}

u32 help(void (*run)(u64 argument), u64 argument)
{
    return helper((struct helper){.run = run, .argument = argument});
}

u32 help_at(u32 priority, void (*run)(u64 argument), u64 argument)
{
    return helper((struct helper){.run = run, .argument = argument, .share = new_share(priority)});
}

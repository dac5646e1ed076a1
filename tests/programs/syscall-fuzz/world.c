/*
 * The fuzzer's world: a pool with something of every kind in it, to begin with, and the range of
 * slots that name these things. After some thousand calls it is destroyed with all that has become
 * of it, and then every page has to be back, and the kernel's own counts have to be what they
 * were.
 */
#include <abi/info.h>
#include <runtime/syscall.h>

#include "fuzz.h"

#define WORLD_PAGES  3000
#define STACK_LEAST  1024 /* bytes of kernel stack that must always have been free */
#define END_PATIENCE 1000000u

static u8 kinds[WORLD_COUNT];
static u64 look_next;
static struct pool_info pool_before;
static struct machine_info machine_before;

/* Where our own space shows memory of the world: its end has to take that away. */
static u64 mapped[8192];
static u64 mapped_count;

struct recent recent_maps, recent_dma;

u8 *world_kind(u64 slot)
{
    static u8 outside;
    outside = OBJECT_TYPES;
    return slot >= WORLD_FIRST && slot < WORLD_END ? &kinds[slot - WORLD_FIRST] : &outside;
}

u64 world_filled(void)
{
    u64 filled = 0;
    for (u64 i = 0; i < WORLD_COUNT; i++)
        filled += kinds[i] != OBJECT_NONE;
    return filled;
}

const u64 *recent_pick(const struct recent *recent)
{
    u32 there = min(recent->next, RECENT);
    return there ? recent->argument[below(there)] : NULL;
}

static void recent_add(struct recent *recent, const u64 *argument)
{
    u64 *place = recent->argument[recent->next++ % RECENT];
    for (u64 i = 0; i < 6; i++)
        place[i] = argument[i];
}

static void look(u64 slot)
{
    struct cap_info info;
    status result = cap_info((u32)slot, &info);
    *world_kind(slot) = result < 0 ? OBJECT_NONE : info.type ? (u8)info.type : SLOT_DYING;
}

void world_look(void)
{
    look(WORLD_FIRST + look_next++ % WORLD_COUNT);
}

void world_note(const struct attempt *attempt)
{
    const u64 *argument = attempt->argument;
    const char *letters = calls[attempt->number].arguments;
    for (u64 i = 0; letters[i]; i++) {
        bool changed = letters[i] == 'n' || letters[i] == 'q' || letters[i] == 'D';
        if (changed && argument[i] >= WORLD_FIRST && argument[i] < WORLD_END)
            look(argument[i]);
    }
    if (attempt->number == SYS_DMA_MAP)
        recent_add(&recent_dma, argument);
    if (attempt->number != SYS_SPACE_MAP)
        return;
    recent_add(&recent_maps, argument);
    if (mapped_count == sizeof(mapped) / sizeof(mapped[0]))
        fail("too many mappings in one round");
    mapped[mapped_count++] = argument[2];
}

/* ---- the beginning ---- */

/* The page of slots that a world's slot lies in is charged to us for good once it is used. */
static void touch_slots(void)
{
    for (u32 slot = WORLD_FIRST; slot < SLOT_LIMIT; slot++) {
        if (slot_is_own(slot))
            continue;
        status result = event_create(SLOT_POOL, slot);
        if (result == 0)
            result = object_destroy_all(slot);
        if (result < 0)
            fail("slot %u: %s", slot, error_text(status_code(result)));
    }
}

static void look_at_counts(struct pool_info *pool, struct machine_info *all)
{
    if (pool_info(SLOT_POOL, pool) < 0 || machine_info(machine, all) < 0)
        fail("the kernel does not tell its counts");
}

void world_prepare(void)
{
    touch_slots();
    look_at_counts(&pool_before, &machine_before);
}

static void must_make(status result, const char *what)
{
    if (result < 0)
        fail("making %s at the beginning of a round: %s", what, error_text(status_code(result)));
}

/* Pools inside each other to the limit, and one with hardly any memory. */
static void make_pools(void)
{
    u32 slot = CHAIN_FIRST;
    must_make(pool_create(SLOT_POOL, WORLD_POOL, WORLD_PAGES, highest), "the world's pool");
    for (u32 i = 0; i < CHAIN_COUNT; i++, slot++)
        must_make(pool_create(i ? slot - 1 : WORLD_POOL, slot, 600 - i * 100, highest), "pools");
    must_make(pool_create(WORLD_POOL, slot, 1, 0), "a small pool");
}

void world_make(void)
{
    u32 slot = DEEPEST_POOL + 2;
    mapped_count = 0;
    recent_maps.next = recent_dma.next = 0;
    make_pools();
    must_make(space_create(WORLD_POOL, slot++), "a space");
    must_make(share_create(WORLD_POOL, slot++, highest, 100, 0), "a share");
    for (u32 i = 0; i < 3; i++) {
        must_make(endpoint_create(WORLD_POOL, WORLD_FIRST + i), "endpoints");
        must_make(event_create(WORLD_POOL, slot++), "events");
        must_make(memory_create(WORLD_POOL, slot, 600, 0), "memory");
        must_make(memory_commit_all(slot++, 0, 16), "memory present");
    }
    for (u64 i = 0; i < WORLD_COUNT; i++)
        world_look();
}

/* ---- the end ---- */

/* Lets go of what outlives the world and holds its memory. */
static void let_go(void)
{
    status ignored = device_release(machine);
    for (u64 i = 0; i < mapped_count; i++) {
        if (mapped[i] >= START_ADDRESS && mapped[i] < STACK_TOP)
            continue; /* in another space; in our own our program is there */
        ignored = space_unmap_all(SLOT_SPACE, mapped[i]);
    }
    (void)ignored;
    mapped_count = 0;
}

static void destroy_world(void)
{
    for (u32 i = 0; i < END_PATIENCE; i++) {
        status result = object_destroy(WORLD_POOL);
        switch (status_code(result)) {
        case ERR_NONE:
        case ERR_SLOT: /* the guard did it */
            return;
        case ERR_BUSY:
            let_go();
            break;
        case ERR_AGAIN:
            break;
        default:
            fail("destroying the world: %s (argument %u)", error_text(status_code(result)),
                 status_argument(result));
        }
    }
    fail("the world is not destroyed after %u steps", END_PATIENCE);
}

/* What is left in the slots are copies of our own capabilities. */
static void empty_slots(void)
{
    u64 bits;
    for (u32 slot = WORLD_FIRST; slot < SLOT_LIMIT; slot++) {
        struct cap_info info;
        if (slot_is_own(slot))
            continue;
        status result = cap_info(slot, &info);
        if (status_code(result) == ERR_SLOT)
            continue;
        if (result < 0)
            fail("slot %u after the end: %s", slot, error_text(status_code(result)));
        bool ours = info.type == OBJECT_SPACE || info.type == OBJECT_THREAD ||
                    info.type == OBJECT_SHARE || info.type == OBJECT_EVENT ||
                    info.type == OBJECT_ENDPOINT || info.type == OBJECT_DEVICE;
        if (!ours)
            fail("slot %u names an object of type %lu after the end of its pool", slot, info.type);
        if (cap_drop(SLOT_SPACE, slot) < 0)
            fail("slot %u cannot be emptied", slot);
    }
    status ignored = event_poll(SLOT_EVENT, &bits);
    (void)ignored;
    for (u64 i = 0; i < WORLD_COUNT; i++)
        kinds[i] = OBJECT_NONE;
}

static void same(const char *what, u64 before, u64 after)
{
    if (before != after)
        fail("%s: %lu before, %lu after the world's end", what, before, after);
}

static void check_counts(void)
{
    struct pool_info pool;
    struct machine_info all;
    look_at_counts(&pool, &all);
    same("pages of our pool", pool_before.pages, pool.pages);
    same("pages used by our pool", pool_before.used, pool.used);
    same("pages given to pools inside", pool_before.reserved, pool.reserved);
    same("pages in quarantine", pool_before.quarantined, pool.quarantined);
    same("objects of our pool", pool_before.objects, pool.objects);
    same("pages that the kernel manages", machine_before.memory_pages, all.memory_pages);
    same("pages of the kernel itself", machine_before.kernel_pages, all.kernel_pages);
    same("pages charged", machine_before.used_pages, all.used_pages);
    same("pages of the contiguous reserve", machine_before.reserve_pages, all.reserve_pages);
    same("pages used of the reserve", machine_before.reserve_used, all.reserve_used);
    if (all.lowest_stack < STACK_LEAST)
        fail("there were only %lu bytes left of the kernel's stack", all.lowest_stack);
    if (all.trace_next <= machine_before.trace_next ||
        all.context_switches < machine_before.context_switches ||
        all.interrupts < machine_before.interrupts)
        fail("the kernel's counters went back");
    if (null_call() != 0)
        fail("the null call fails");
}

void world_end(void)
{
    let_go();
    destroy_world();
    let_go();
    empty_slots();
    check_counts();
    world_lost = false;
}

/* Spaces and their slots; regions are in region.c. See space.h. */
#include "object/space.h"
#include "cpu/asm.h"
#include "cpu/cpu.h"
#include "debug/assert.h"
#include "memory/direct.h"
#include "memory/kernel_map.h"
#include "object/thread.h"
#include <base/string.h>

#define THREADS_PER_BITE 16

/* The kernel's half of the address space is the same everywhere. */
static void share_kernel_half(u64 *top)
{
    const u64 *kernel = phys_to_virt(kernel_pml4);
    memcpy(top + KERNEL_PML4_FIRST, kernel + KERNEL_PML4_FIRST, PAGE_SIZE - KERNEL_PML4_FIRST * 8);
}

enum error space_create(struct pool *pool, struct space **result)
{
    struct space *space = object_allocate(pool, OBJECT_SPACE, sizeof(*space));
    if (!space) {
        return ERR_MEMORY;
    }
    u64 top = pool_take_page(pool);
    u64 slots = pool_take_page(pool); /* the first page of them is always there */
    if (!top || !slots) {
        if (top) {
            pool_return_page(pool, top);
        }
        object_free(&space->object, sizeof(*space), 0);
        return ERR_MEMORY;
    }
    space->page_table = top;
    space->top = phys_to_virt(top);
    share_kernel_half(space->top);
    list_init(&space->threads);
    space->slots[0] = phys_to_virt(slots);
    *result = space;
    return ERR_NONE;
}

enum error space_check_slot(const struct space *space, u64 slot)
{
    if (slot == SLOT_NONE || slot >= SLOT_LIMIT) {
        return ERR_ARGUMENT;
    }
    return space_slot(space, slot) ? ERR_OCCUPIED : ERR_NONE;
}

enum error space_fill_slot(struct space *space, u64 slot, struct object *object, u64 rights,
                           u64 badge)
{
    struct cap **page = &space->slots[slot / SLOTS_PER_PAGE];
    if (!*page) {
        u64 physical = pool_take_page(space->object.pool);
        if (!physical) {
            return ERR_MEMORY;
        }
        *page = phys_to_virt(physical);
    }
    cap_set(&(*page)[slot % SLOTS_PER_PAGE], object, rights, badge);
    return ERR_NONE;
}

void space_flush(const struct space *space)
{
    struct cpu *cpu = cpu_this();
    if (cpu->space == space) {
        cpu->cr3_loads++;
        write_cr3(space->page_table);
    }
}

/* ---- the end ---- */

static bool threads_leave(struct space *space)
{
    for (unsigned i = 0; i < THREADS_PER_BITE && !list_empty(&space->threads); i++) {
        thread_detach_space(container_of(list_first(&space->threads), struct thread, in_space));
    }
    return list_empty(&space->threads);
}

/* Empties one page of slots; true when there is none left. */
static bool slots_leave(struct space *space)
{
    for (u64 i = 0; i < array_count(space->slots); i++) {
        struct cap *page = space->slots[i];
        if (!page) {
            continue;
        }
        for (u64 slot = 0; slot < SLOTS_PER_PAGE; slot++) {
            cap_clear(&page[slot]);
        }
        space->slots[i] = NULL;
        pool_return_page(space->object.pool, virt_to_phys(page));
        return false;
    }
    return true;
}

static void leave_processor(const struct space *space)
{
    struct cpu *cpu = cpu_this();
    if (cpu->space == space) {
        cpu->space = NULL;
        cpu->cr3_loads++;
        write_cr3(kernel_pml4);
    }
}

enum error space_empty_step(struct object *object)
{
    struct space *space = container_of(object, struct space, object);
    struct pool *pool = object->pool;
    if (!space->page_table) {
        return ERR_NONE; /* only capabilities are left */
    }
    if (!threads_leave(space)) {
        return ERR_AGAIN;
    }
    leave_processor(space);
    if (space->region_count > 0) {
        (void)region_remove_step(space->regions[space->region_count - 1]);
        return ERR_AGAIN;
    }
    if (!slots_leave(space)) {
        return ERR_AGAIN;
    }
    pool_return_page(pool, space->page_table);
    space->page_table = 0;
    return ERR_NONE;
}

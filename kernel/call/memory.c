/* System calls of memory objects and spaces. */
#include "boot/memory.h"
#include "call/call.h"
#include "object/memory.h"
#include "object/pool.h"
#include "object/space.h"

#define UNMAP_STEPS 4

/* ---- memory ---- */

status call_memory_create(u64 pool_slot, u64 slot, u64 pages, u64 flags)
{
    struct pool *pool;
    struct memory *memory;
    try(call_find(pool_slot, OBJECT_POOL, RIGHT_WRITE, 1, pool, &pool));
    try(call_new_slot(slot, 2));
    bool contiguous = flags & MEMORY_CONTIGUOUS;
    refuse_if(!pages || pages > (contiguous ? CONTIGUOUS_PAGES_LIMIT : MEMORY_PAGES_LIMIT),
              ERR_ARGUMENT, 3);
    refuse_if(flags & ~(u64)MEMORY_CONTIGUOUS, ERR_ARGUMENT, 4);
    refuse_if(memory_create(pool, pages, contiguous, &memory), ERR_MEMORY, 1);
    return call_created(slot, 2, &memory->object);
}

/* Are there `pages` pages from `first` on? */
static bool memory_has(const struct memory *memory, u64 first, u64 pages)
{
    return first < memory->pages && pages <= memory->pages - first;
}

status call_memory_commit(u64 memory_slot, u64 first, u64 pages)
{
    struct memory *memory;
    u64 done;
    try(call_find(memory_slot, OBJECT_MEMORY, RIGHT_WRITE, 1, memory, &memory));
    refuse_if(first >= memory->pages, ERR_ARGUMENT, 2);
    refuse_if(!pages || !memory_has(memory, first, pages), ERR_ARGUMENT, 3);
    refuse_if(memory_commit_step(memory, first, pages, &done), ERR_MEMORY, 1);
    return (status)done;
}

status call_memory_physical(u64 machine, u64 pool_slot, u64 slot, u64 physical, u64 pages,
                            u64 cache)
{
    struct pool *pool;
    struct memory *memory;
    try(call_machine(machine, 1));
    try(call_find(pool_slot, OBJECT_POOL, RIGHT_WRITE, 2, pool, &pool));
    try(call_new_slot(slot, 3));
    u64 limit = cpu_features.physical_limit;
    refuse_if(physical % PAGE_SIZE || physical >= limit, ERR_ARGUMENT, 4);
    refuse_if(!pages || pages > MEMORY_PAGES_LIMIT || pages > (limit - physical) / PAGE_SIZE,
              ERR_ARGUMENT, 5);
    refuse_if(boot_memory_overlaps(physical, pages * PAGE_SIZE), ERR_BUSY, 4);
    refuse_if(cache > CACHE_UNCACHED, ERR_ARGUMENT, 6);
    refuse_if(memory_create_fixed(pool, physical, pages, (enum memory_cache)cache, &memory),
              ERR_MEMORY, 2);
    return call_created(slot, 3, &memory->object);
}

status call_memory_info(u64 memory_slot, u64 address)
{
    struct memory *memory;
    try(call_find(memory_slot, OBJECT_MEMORY, RIGHT_READ, 1, memory, &memory));
    struct memory_info info = {
        .pages = memory->pages,
        .committed = memory->committed,
        .mappings = memory->region_count,
        .dma = memory->dma_count,
    };
    return call_write(address, &info, sizeof(info), 2);
}

/* ---- spaces ---- */

status call_space_create(u64 pool_slot, u64 slot)
{
    struct pool *pool;
    struct space *space;
    try(call_find(pool_slot, OBJECT_POOL, RIGHT_WRITE, 1, pool, &pool));
    try(call_new_slot(slot, 2));
    refuse_if(space_create(pool, &space), ERR_MEMORY, 1);
    return call_created(slot, 2, &space->object);
}

status call_space_map(u64 space_number, u64 memory_slot, u64 address, u64 first, u64 pages,
                      u64 rights)
{
    struct space *space;
    struct cap *cap;
    try(call_find(space_number, OBJECT_SPACE, RIGHT_WRITE, 1, space, &space));
    try(call_cap(memory_slot, OBJECT_MEMORY, RIGHT_READ, 2, &cap));
    struct memory *memory = container_of(cap->object, struct memory, object);
    refuse_if(address % PAGE_SIZE || address >= USER_END, ERR_ARGUMENT, 3);
    refuse_if(first >= memory->pages, ERR_ARGUMENT, 4);
    refuse_if(!pages || !memory_has(memory, first, pages), ERR_ARGUMENT, 5);
    refuse_if(pages > (USER_END - address) / PAGE_SIZE, ERR_ARGUMENT, 5);
    refuse_if(!(rights & RIGHT_READ) || rights & ~(u64)(RIGHT_READ | RIGHT_WRITE | RIGHT_EXECUTE),
              ERR_ARGUMENT, 6);
    refuse_if((rights & RIGHT_WRITE) && (rights & RIGHT_EXECUTE), ERR_ARGUMENT, 6);
    refuse_if(rights & ~cap->rights, ERR_RIGHTS, 6);
    enum error error = space_map(space, memory, address, first, pages, rights);
    refuse_if(error, error, error == ERR_OCCUPIED ? 3 : 1);
    return 0;
}

status call_space_unmap(u64 space_number, u64 address)
{
    struct space *space;
    try(call_find(space_number, OBJECT_SPACE, RIGHT_WRITE, 1, space, &space));
    struct region *region = space_region(space, address);
    refuse_if(!region || region->address != address, ERR_ABSENT, 2);
    for (unsigned step = 0; step < UNMAP_STEPS; step++) {
        if (region_remove_step(region)) {
            return 0;
        }
    }
    return status_error(ERR_AGAIN, 0);
}

status call_space_populate(u64 space_number, u64 address, u64 pages)
{
    struct space *space;
    u64 done;
    try(call_find(space_number, OBJECT_SPACE, RIGHT_WRITE, 1, space, &space));
    refuse_if(address % PAGE_SIZE || address >= USER_END, ERR_ARGUMENT, 2);
    refuse_if(!pages, ERR_ARGUMENT, 3);
    enum error error = space_populate(space, address, pages, &done);
    refuse_if(error, error, error == ERR_ABSENT ? 2 : 1);
    return (status)done;
}

/* Memory objects; see memory.h. */
#include "object/memory.h"
#include "debug/assert.h"
#include "debug/trace.h"
#include "memory/direct.h"
#include "memory/frames.h"
#include "memory/reserve.h"
#include "object/quarantine.h"
#include "object/space.h"
#include <base/string.h>

#define COMMIT_BITE 32 /* pages zeroed in one system call */
#define ZERO_BITE   (COMMIT_BITE * PAGE_SIZE)

static struct memory *memory_new(struct pool *pool, u64 pages, enum memory_layout layout)
{
    struct memory *memory = object_allocate(pool, OBJECT_MEMORY, sizeof(*memory));
    if (memory) {
        memory->pages = pages;
        memory->layout = (u8)layout;
        list_init(&memory->regions);
        list_init(&memory->dma);
    }
    return memory;
}

enum error memory_create(struct pool *pool, u64 pages, bool contiguous, struct memory **result)
{
    struct memory *memory = memory_new(pool, pages, contiguous ? MEMORY_RESERVE : MEMORY_PAGED);
    if (!memory) {
        return ERR_MEMORY;
    }
    *result = memory;
    if (!contiguous) {
        for (memory->radix.height = 1; pages > 1ul << 9 * memory->radix.height;) {
            memory->radix.height++;
        }
        return ERR_NONE;
    }
    if (pool_charge(pool, pages)) {
        memory->base = reserve_take(pages);
        if (memory->base) {
            return ERR_NONE;
        }
        pool_refund(pool, pages);
    }
    object_free(&memory->object, sizeof(*memory), 0);
    return ERR_MEMORY;
}

enum error memory_create_fixed(struct pool *pool, u64 physical, u64 pages, enum memory_cache cache,
                               struct memory **result)
{
    struct memory *memory = memory_new(pool, pages, MEMORY_FIXED);
    if (!memory) {
        return ERR_MEMORY;
    }
    memory->base = physical;
    memory->cache = (u8)cache;
    memory->committed = pages;
    *result = memory;
    return ERR_NONE;
}

u64 memory_frame(const struct memory *memory, u64 page, bool *large)
{
    if (memory->layout == MEMORY_PAGED) {
        u64 found = radix_find(&memory->radix, page, large);
        return found ? found : FRAME_NONE;
    }
    if (page >= memory->committed) {
        *large = false;
        return FRAME_NONE;
    }
    u64 physical = memory->base + page * PAGE_SIZE;
    u64 first = align_down(page, LARGE_PAGES);
    *large = memory->layout == MEMORY_FIXED &&
             physical % LARGE_SIZE == page % LARGE_PAGES * PAGE_SIZE &&
             first + LARGE_PAGES <= memory->committed;
    return physical;
}

/* ---- committing ---- */

/* Zeroes the next part of the large frame in the making; when that is all, enters it. If it cannot
 * be entered, small pages came first, or the pool has filled up meanwhile: then small ones have to
 * do. */
static void large_step(struct memory *memory)
{
    u8 *bytes = phys_to_virt(memory->large);
    memset(bytes + memory->large_zeroed, 0, ZERO_BITE);
    memory->large_zeroed += ZERO_BITE;
    if (memory->large_zeroed < LARGE_SIZE) {
        return;
    }
    enum error error =
        radix_insert(&memory->radix, memory->object.pool, memory->large_page, memory->large, true);
    if (error) {
        pool_return_large(memory->object.pool, memory->large);
    } else {
        memory->committed += LARGE_PAGES;
    }
    memory->large = 0;
}

/* Starts a large frame at `page` if one fits there and can be had. */
static bool large_start(struct memory *memory, u64 page, u64 pages)
{
    if (pages < LARGE_PAGES || !radix_large_free(&memory->radix, page) ||
        !pool_has_room(memory->object.pool, LARGE_PAGES + memory->radix.height)) {
        return false;
    }
    memory->large = pool_take_large(memory->object.pool);
    memory->large_page = page;
    memory->large_zeroed = 0;
    return memory->large != 0;
}

static enum error commit_one(struct memory *memory, u64 page)
{
    u64 physical = pool_take_page(memory->object.pool);
    if (!physical) {
        return ERR_MEMORY;
    }
    enum error error = radix_insert(&memory->radix, memory->object.pool, page, physical, false);
    if (error) {
        pool_return_page(memory->object.pool, physical);
        return error;
    }
    memory->committed++;
    return ERR_NONE;
}

/* The reserve is zeroed from its beginning on, and is present as far as that has come. */
static u64 commit_reserve(struct memory *memory, u64 page, u64 pages)
{
    u64 fresh = min(COMMIT_BITE, memory->pages - memory->committed);
    if (memory->committed < page + pages) {
        memset(phys_to_virt(memory->base + memory->committed * PAGE_SIZE), 0, fresh * PAGE_SIZE);
        memory->committed += fresh;
    }
    return memory->committed > page ? min(pages, memory->committed - page) : 0;
}

enum error memory_commit_step(struct memory *memory, u64 page, u64 pages, u64 *done)
{
    *done = 0;
    if (memory->layout != MEMORY_PAGED) {
        *done = memory->layout == MEMORY_RESERVE ? commit_reserve(memory, page, pages) : pages;
        return ERR_NONE;
    }
    if (memory->large || large_start(memory, page, pages)) {
        large_step(memory);
        return ERR_NONE;
    }
    for (u64 fresh = 0; *done < pages && fresh < COMMIT_BITE && *done < LARGE_PAGES; ++*done) {
        bool large;
        if (memory_frame(memory, page + *done, &large) != FRAME_NONE) {
            continue;
        }
        enum error error = commit_one(memory, page + *done);
        if (error) {
            return *done ? ERR_NONE : error;
        }
        fresh++;
    }
    return ERR_NONE;
}

/* ---- the end ---- */

/* A region that a space of our own pool, or of one inside it, maps; NULL when there is none. */
static struct region *own_region(struct memory *memory)
{
    if (list_empty(&memory->regions)) {
        return NULL;
    }
    struct region *first = container_of(list_first(&memory->regions), struct region, in_memory);
    return memory_is_own(memory, first->space->object.pool) ? first : NULL;
}

/* The pages of its own that its pool pays for. */
static u64 pages_charged(const struct memory *memory)
{
    return memory->layout == MEMORY_PAGED     ? memory->committed
           : memory->layout == MEMORY_RESERVE ? memory->pages
                                              : 0;
}

static void quarantine(struct memory *memory)
{
    if (!memory->quarantined) {
        memory->quarantined = true;
        memory->object.pool->quarantined += pages_charged(memory);
        trace_add(TRACE_QUARANTINE, (u64)memory, memory->committed);
    }
}

void memory_released(struct memory *memory)
{
    if (list_empty(&memory->regions) && list_empty(&memory->dma)) {
        pool_unhold(&memory->object);
    }
}

enum error memory_empty_step(struct object *object)
{
    struct memory *memory = container_of(object, struct memory, object);
    struct pool *pool = object->pool;
    struct region *region = own_region(memory);
    if (region) {
        region_remove_step(region);
        return ERR_AGAIN;
    }
    if (!list_empty(&memory->regions) || !list_empty(&memory->dma)) {
        quarantine(memory);
        return ERR_BUSY;
    }
    if (memory->quarantined) {
        memory->quarantined = false;
        pool->quarantined -= pages_charged(memory);
    }
    if (memory->layout == MEMORY_RESERVE && memory->base) {
        reserve_return(memory->base, memory->pages);
        pool_refund(pool, memory->pages);
        memory->base = 0;
    }
    if (memory->layout != MEMORY_PAGED) {
        return ERR_NONE;
    }
    if (memory->large) {
        pool_return_large(pool, memory->large);
        memory->large = 0;
    }
    u64 returned = 0;
    bool empty = radix_drop(&memory->radix, pool, &memory->cursor, &returned);
    memory->committed -= returned;
    return empty ? ERR_NONE : ERR_AGAIN;
}

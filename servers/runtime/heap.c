/*
 * The heap: blocks (blocks.h) in one memory object that is mapped from HEAP_ADDRESS on, and of
 * which the pages are committed as they are needed. It never shrinks; freed blocks are used again.
 */
#include <base/string.h>
#include <runtime/blocks.h>
#include <runtime/heap.h>
#include <runtime/print.h>
#include <runtime/slots.h>
#include <runtime/syscall.h>

#define HEAP_PAGES_LIMIT (1ul << 18) /* a gigabyte of addresses; memory only where it is used */
#define GROW_PAGES       4ul         /* at least so many at a time */

static struct blocks blocks;
static u32 heap_memory = SLOT_NONE;
static u64 heap_pages; /* committed and populated */

/* Makes the memory object and shows it in the space. */
static bool heap_create(void)
{
    u32 slot = slot_allocate();
    if (slot == SLOT_NONE)
        return false;
    if (memory_create(SLOT_POOL, slot, HEAP_PAGES_LIMIT, 0) < 0) {
        slot_free(slot);
        return false;
    }
    if (space_map(SLOT_SPACE, slot, HEAP_ADDRESS, 0, HEAP_PAGES_LIMIT, RIGHT_READ | RIGHT_WRITE) <
        0) {
        ignore_status(object_destroy_all(slot)); /* nothing maps it, so it cannot be held */
        slot_free(slot);
        return false;
    }
    heap_memory = slot;
    blocks_init(&blocks, (void *)HEAP_ADDRESS);
    return true;
}

/* Adds `pages` pages at the end, or as many as the pool has. */
static void heap_grow(u64 pages)
{
    pages = min(pages, HEAP_PAGES_LIMIT - heap_pages);
    while (pages != 0) {
        status done = memory_commit(heap_memory, heap_pages, pages);
        if (done <= 0)
            return;
        u64 address = HEAP_ADDRESS + heap_pages * PAGE_SIZE;
        if (space_populate_all(SLOT_SPACE, address, (u64)done) < 0)
            return; /* no page for the tables: what was committed is tried again next time */
        blocks_extend(&blocks, (u64)done * PAGE_SIZE);
        heap_pages += (u64)done;
        pages -= (u64)done;
    }
}

void *heap_allocate(usize size)
{
    if (heap_memory == SLOT_NONE && !heap_create())
        return NULL;
    void *result = blocks_allocate(&blocks, size);
    if (!result && size < HEAP_PAGES_LIMIT * PAGE_SIZE) {
        u64 pages = align_up(size + BLOCKS_OVERHEAD, PAGE_SIZE) / PAGE_SIZE;
        heap_grow(max(pages, GROW_PAGES));
        result = blocks_allocate(&blocks, size);
    }
    return result;
}

void *heap_zeroed(usize size)
{
    void *result = heap_allocate(size);
    if (result)
        memset(result, 0, size);
    return result;
}

void heap_free(void *address)
{
    if (address && (heap_memory == SLOT_NONE || !blocks_free(&blocks, address)))
        panic("heap_free: %p is not allocated", address);
}

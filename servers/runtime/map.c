/*
 * Mapping at addresses from DEVICE_ADDRESS up, with unused pages in between. See map.h.
 */
#include <runtime/gaps.h>
#include <runtime/map.h>
#include <runtime/print.h>
#include <runtime/syscall.h>

static struct gaps gaps = {
    .first = DEVICE_ADDRESS / PAGE_SIZE,
    .end = (DEVICE_ADDRESS << 1) / PAGE_SIZE,
};

static void log_refusal(u32 memory_slot, u64 pages, const char *reason)
{
    print("map_memory: %lu pages of slot %u: %s\n", pages, memory_slot, reason);
}

void *map_memory(u32 memory_slot, u64 first_page, u64 pages, u64 rights)
{
    /* What is large may be mapped in large pages if its address allows. */
    u64 first = gaps_take(&gaps, pages, pages >= LARGE_PAGES ? LARGE_PAGES : 1);
    if (first == 0) {
        log_refusal(memory_slot, pages, "no room in the space");
        return NULL;
    }
    u64 address = first * PAGE_SIZE;
    status result = space_map(SLOT_SPACE, memory_slot, address, first_page, pages, rights);
    if (result >= 0) {
        result = space_populate_all(SLOT_SPACE, address, pages);
        if (result >= 0)
            return (void *)address;
        ignore_status(space_unmap_all(SLOT_SPACE, address)); /* it was mapped a moment ago */
    }
    gaps_give(&gaps, first);
    log_refusal(memory_slot, pages, error_text(status_code(result)));
    return NULL;
}

void unmap(void *address)
{
    if (!address)
        return;
    u64 first = (u64)address / PAGE_SIZE;
    if (gaps_give(&gaps, first) == 0 || space_unmap_all(SLOT_SPACE, first * PAGE_SIZE) < 0)
        panic("unmap: nothing is mapped at %p", address);
}

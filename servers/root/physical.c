/*
 * Windows on physical memory. See physical.h.
 */
#include <base/string.h>
#include <runtime/map.h>
#include <runtime/syscall.h>

#include "physical.h"
#include "root.h"

#define WINDOWS (ROOT_SLOT_WINDOW_LAST - ROOT_SLOT_WINDOW + 1)

static struct {
    u64 page; /* physical address; valid if `bytes` is not NULL */
    u8 *bytes;
} windows[WINDOWS];
static u32 oldest; /* the window to be reused next */

static void window_close(u32 index)
{
    if (!windows[index].bytes)
        return;
    unmap(windows[index].bytes);
    windows[index].bytes = NULL;
    must(object_destroy_all(ROOT_SLOT_WINDOW + index), "closing a window on physical memory");
}

/* The bytes of a page, or NULL if the kernel does not let us see it. */
static const u8 *window_open(u64 page)
{
    for (u32 i = 0; i < WINDOWS; i++) {
        if (windows[i].bytes && windows[i].page == page)
            return windows[i].bytes;
    }
    u32 index = oldest;
    oldest = (oldest + 1) % WINDOWS;
    window_close(index);
    u32 slot = ROOT_SLOT_WINDOW + index;
    if (memory_physical(BOOT_SLOT_MACHINE, BOOT_SLOT_POOL, slot, page, 1, CACHE_WRITE_BACK) < 0)
        return NULL;
    windows[index].page = page;
    windows[index].bytes = map_memory(slot, 0, 1, RIGHT_READ);
    if (!windows[index].bytes)
        must(object_destroy_all(slot), "closing a window on physical memory");
    return windows[index].bytes;
}

static bool physical_read(void *context, u64 address, void *to, usize size)
{
    (void)context;
    u8 *out = to;
    while (size != 0) {
        u64 offset = address % PAGE_SIZE;
        usize piece = min(size, PAGE_SIZE - offset);
        const u8 *bytes = window_open(address - offset);
        if (!bytes)
            return false;
        memcpy(out, bytes + offset, piece);
        out += piece;
        address += piece;
        size -= piece;
    }
    return true;
}

const struct acpi_reader physical_reader = {.read = physical_read};

void physical_close(void)
{
    for (u32 i = 0; i < WINDOWS; i++)
        window_close(i);
}

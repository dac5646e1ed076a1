/*
 * Splitting memory up at boot; see memory.h for the order.
 */
#include "boot/memory.h"
#include "boot/multiboot.h"
#include "debug/panic.h"
#include "memory/direct.h"
#include "memory/frames.h"
#include "memory/kernel_map.h"
#include "memory/reserve.h"
#include <abi/object.h>
#include <base/string.h>

#define LOW_MEMORY      0x100000ul  /* below: BIOS data, real-mode code of later processors */
#define BOOT_MAP_END    (4ul << 30) /* what boot.asm's page tables show */
#define RESERVE_MINIMUM (1ul << 20)
#define RESERVE_LIMIT   (4ul << 30) /* devices with 32-bit addresses can reach it */
#define RESERVE_SHARE   32u

/* kernel.ld */
extern const u8 boot_start[], boot_end[], text_start[], kernel_end[];

struct boot_memory boot_memory;
static struct ranges ram;    /* all memory; under UEFI a module may lie in the lowest */
static struct ranges unused; /* of that, what nobody has yet */
static u64 early_limit;      /* end of what is mapped */

u64 early_pages(u64 pages)
{
    u64 phys = ranges_take(&unused, pages * PAGE_SIZE, PAGE_SIZE, early_limit);
    if (phys == RANGES_NONE) {
        panic_plain("not enough memory: no %lu KiB in a row for the kernel's own tables",
                    pages * PAGE_SIZE / 1024);
    }
    memset(phys_to_virt(phys), 0, pages * PAGE_SIZE);
    return phys;
}

/* Takes what the loader has filled out of the unused memory. */
static void keep_loaded(u64 start, u64 end, const char *what)
{
    if (!ranges_hold(&ram, start, end)) {
        panic_plain("the boot loader put %s at 0x%lx to 0x%lx, where there is no usable memory",
                    what, start, end);
    }
    ranges_remove(&unused, align_down(start, PAGE_SIZE), align_up(end, PAGE_SIZE));
}

static void keep_modules(const struct boot_facts *facts)
{
    for (int i = 0; i < MODULE_COUNT; i++) {
        const struct module *module = &facts->module[i];
        if (module->size > 0) {
            keep_loaded(module->start, module->start + module->size, "a module");
        }
    }
}

static void start_frames(void)
{
    u64 bytes = frames_table_bytes(boot_memory.highest);
    u64 table = early_pages(align_up(bytes, PAGE_SIZE) / PAGE_SIZE);
    frames_init(phys_to_virt(table), boot_memory.highest);
}

static void start_reserve(void)
{
    u64 bytes = boot_memory.pages / RESERVE_SHARE * PAGE_SIZE;
    bytes = min(max(bytes, RESERVE_MINIMUM), RESERVE_PAGES_LIMIT * PAGE_SIZE);
    u64 phys = ranges_take(&unused, bytes, LARGE_SIZE, RESERVE_LIMIT);
    if (phys == RANGES_NONE) {
        phys = ranges_take(&unused, bytes, PAGE_SIZE, RESERVE_LIMIT);
    }
    if (phys == RANGES_NONE) {
        panic_plain("not enough memory: no %lu KiB in a row for the contiguous reserve",
                    bytes / 1024);
    }
    boot_memory.reserve_pages = bytes / PAGE_SIZE;
    reserve_init(phys, boot_memory.reserve_pages);
}

static void give(u64 start, u64 end)
{
    frames_give(start, (end - start) / PAGE_SIZE);
    boot_memory.free_pages += (end - start) / PAGE_SIZE;
}

void boot_memory_map(const struct boot_facts *facts)
{
    if (facts->total < MEMORY_MINIMUM) {
        panic_plain("not enough memory: %lu KiB found, at least %lu KiB needed",
                    facts->total / 1024, MEMORY_MINIMUM / 1024);
    }
    ram = facts->usable;
    unused = ram;
    ranges_remove(&unused, 0, LOW_MEMORY);
    boot_memory.highest = ranges_end(&ram);
    boot_memory.pages = ranges_total(&unused) / PAGE_SIZE;
    keep_loaded((u64)boot_start, virt_to_phys(kernel_end), "the kernel");
    keep_modules(facts);

    early_limit = BOOT_MAP_END;
    kernel_map_init(&ram);
    early_limit = DIRECT_LIMIT;
}

void boot_memory_give(void)
{
    ranges_add(&unused, (u64)boot_start, (u64)boot_end);
    start_frames();
    start_reserve();
    for (u32 i = 0; i < unused.count; i++) {
        give(unused.range[i].start, unused.range[i].end);
    }
    unused.count = 0;
}

bool boot_memory_overlaps(u64 phys, u64 bytes)
{
    for (u32 i = 0; i < ram.count; i++) {
        u64 start = max(ram.range[i].start, LOW_MEMORY);
        u64 end = ram.range[i].end;
        if (start < end && ranges_overlap(phys, bytes, start, end - start)) {
            return true;
        }
    }
    return false;
}

void boot_memory_release(const struct module *module)
{
    u64 start = max(align_down(module->start, PAGE_SIZE), LOW_MEMORY);
    u64 end = align_up(module->start + module->size, PAGE_SIZE);
    if (module->size > 0 && start < end) {
        give(start, end);
    }
}

/*
 * The kernel's own page tables; see kernel_map.h for what they promise.
 *
 * They are built once, at boot, in frames that are never given back; only the table of the register
 * window and guard pages change later. Large pages are used wherever a range allows them.
 */
#include "memory/kernel_map.h"
#include "boot/memory.h"
#include "boot/ranges.h"
#include "cpu/asm.h"
#include "debug/assert.h"
#include "memory/direct.h"
#include "memory/pte.h"
#include <abi/object.h>

#define ENTRIES 512u
#define LEVELS  4u

#define RIGHTS_TEXT      (PTE_PRESENT | PTE_GLOBAL)
#define RIGHTS_CONSTANTS (RIGHTS_TEXT | PTE_NO_EXECUTE)
#define RIGHTS_DATA      (RIGHTS_CONSTANTS | PTE_WRITE)
#define RIGHTS_REGISTERS (RIGHTS_DATA | PTE_UNCACHED)

#define REGISTER_WINDOW 0xffffffffc0000000ul /* one page table: 2 MiB */

/* kernel.ld */
extern const u8 text_start[], text_end[], rodata_start[], rodata_end[], data_start[], data_end[];

u64 kernel_pml4;
static u64 *window; /* the page table of the register window */
static bool has_1g;

static u64 level_size(u32 level)
{
    return PAGE_SIZE << 9 * level;
}

/* The entry of `level` (0: of a page table) for an address, with the tables above it made. */
static u64 *entry_make(u64 virt, u32 level)
{
    u64 *table = phys_to_virt(kernel_pml4);
    for (u32 at = LEVELS - 1;; at--) {
        u64 *entry = &table[virt / level_size(at) % ENTRIES];
        if (at == level) {
            return entry;
        }
        invariant(!(*entry & PTE_LARGE));
        if (!*entry) {
            *entry = early_pages(1) | PTE_PRESENT | PTE_WRITE;
        }
        table = phys_to_virt(*entry & PTE_ADDRESS);
    }
}

/* The entry that maps an address, and its level; NULL if none does. */
static u64 *entry_find(u64 virt, u32 *level)
{
    u64 *table = phys_to_virt(kernel_pml4);
    for (u32 at = LEVELS - 1;; at--) {
        u64 *entry = &table[virt / level_size(at) % ENTRIES];
        if (!(*entry & PTE_PRESENT)) {
            return NULL;
        }
        if (at == 0 || *entry & PTE_LARGE) {
            *level = at;
            return entry;
        }
        table = phys_to_virt(*entry & PTE_ADDRESS);
    }
}

/* The level of the largest page that can start a mapping of `bytes` at these addresses. */
static u32 largest_level(u64 virt, u64 phys, u64 bytes)
{
    u32 level = has_1g ? 2 : 1;
    while (level > 0 &&
           (!is_aligned(virt | phys, level_size(level)) || bytes < level_size(level))) {
        level--;
    }
    return level;
}

static void map(u64 virt, u64 phys, u64 bytes, u64 rights)
{
    while (bytes > 0) {
        u32 level = largest_level(virt, phys, bytes);
        u64 size = level_size(level);
        *entry_make(virt, level) = phys | rights | (level > 0 ? PTE_LARGE : 0);
        virt += size;
        phys += size;
        bytes -= size;
    }
}

/* Maps a part of the kernel image, which kernel.ld begins and ends at pages. */
static void map_image(const u8 *start, const u8 *end, u64 rights)
{
    map((u64)start, virt_to_phys(start), (u64)(end - start), rights);
}

/* Maps RAM, but for what lies in [start, end): the frames that must not be written. */
static void map_direct(const struct range *range, u64 start, u64 end)
{
    u64 below = min(range->end, start), above = max(range->start, end);
    if (range->start < below) {
        map(DIRECT_BASE + range->start, range->start, below - range->start, RIGHTS_DATA);
    }
    if (above < range->end) {
        map(DIRECT_BASE + above, above, range->end - above, RIGHTS_DATA);
    }
}

void kernel_map_init(const struct ranges *ram)
{
    u64 text = virt_to_phys(text_start), data = virt_to_phys(data_start);
    has_1g = cpuid_has(0x80000001) && cpuid(0x80000001, 0).edx & 1u << 26;
    kernel_pml4 = early_pages(1);
    for (u32 i = 0; i < ram->count; i++) {
        map_direct(&ram->range[i], text, data);
    }
    map(DIRECT_BASE + text, text, data - text, RIGHTS_CONSTANTS);
    map_image(text_start, text_end, RIGHTS_TEXT);
    map_image(rodata_start, rodata_end, RIGHTS_CONSTANTS);
    map_image(data_start, data_end, RIGHTS_DATA);
    u64 *first = entry_make(REGISTER_WINDOW, 0);
    window = first;
    write_cr3(kernel_pml4);
}

void kernel_map_guard(const void *page)
{
    u32 level;
    u64 *entry = entry_find((u64)page, &level);
    invariant(entry && level == 0 && is_aligned((u64)page, PAGE_SIZE));
    *entry = 0;
    invlpg(page);
}

/* Do the `pages` entries of the window from `first` on show `phys`? With phys 0: are they free? */
static bool window_shows(u64 first, u64 pages, u64 phys)
{
    for (u64 i = 0; i < pages; i++) {
        u64 expected = phys ? (phys + i * PAGE_SIZE) | RIGHTS_REGISTERS : 0;
        if ((window[first + i] & (PTE_ADDRESS | RIGHTS_REGISTERS)) != expected) {
            return false;
        }
    }
    return true;
}

/* The first place in the window for which window_shows; ENTRIES if there is none. */
static u64 window_find(u64 pages, u64 phys)
{
    for (u64 first = 0; first + pages <= ENTRIES; first++) {
        if (window_shows(first, pages, phys)) {
            return first;
        }
    }
    return ENTRIES;
}

void *kernel_map_registers(u64 phys, u64 bytes)
{
    u64 start = align_down(phys, PAGE_SIZE);
    if (start == 0 || bytes == 0 || bytes > ENTRIES * PAGE_SIZE || phys >= DIRECT_LIMIT - bytes) {
        return NULL;
    }
    u64 pages = (align_up(phys + bytes, PAGE_SIZE) - start) / PAGE_SIZE;
    u64 first = window_find(pages, start);
    if (first == ENTRIES) {
        first = window_find(pages, 0);
        if (first == ENTRIES) {
            return NULL;
        }
        for (u64 i = 0; i < pages; i++) {
            window[first + i] = (start + i * PAGE_SIZE) | RIGHTS_REGISTERS;
        }
    }
    return (void *)(REGISTER_WINDOW + first * PAGE_SIZE + phys - start);
}

bool kernel_map_present(const void *address)
{
    u32 level;
    u64 virt = (u64)address;
    return kernel_pml4 && virt >= DIRECT_BASE && entry_find(virt, &level) != NULL;
}

static void check_table(const u64 *table, u32 first, u32 level)
{
    for (u32 i = first; i < ENTRIES; i++) {
        u64 entry = table[i];
        if (!(entry & PTE_PRESENT)) {
            continue;
        }
        invariant(!(entry & PTE_USER));
        if (level > 0 && !(entry & PTE_LARGE)) {
            check_table(phys_to_virt(entry & PTE_ADDRESS), 0, level - 1);
        } else {
            invariant(!(entry & PTE_WRITE) || entry & PTE_NO_EXECUTE);
            invariant(entry & PTE_GLOBAL);
        }
    }
}

void kernel_map_check(void)
{
    if (TERRARIUM_DEBUG) {
        check_table(phys_to_virt(kernel_pml4), 0, LEVELS - 1);
    }
}

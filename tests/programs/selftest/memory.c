/*
 * Memory objects: committing small and large pages, zeroes, contiguous and device memory.
 */
#include "check.h"
#include "tests.h"
#include "world.h"

#include <base/string.h>

static bool is_zero(const void *memory, u64 bytes)
{
    const u64 *words = memory;
    for (u64 i = 0; i < bytes / 8; i++)
        if (words[i] != 0)
            return false;
    return true;
}

void memory_life(void)
{
    struct pool_info before = pool_facts(SLOT_TEST_POOL);
    u32 memory = new_memory(1000);
    struct memory_info info = memory_facts(memory);
    same(info.pages, 1000);
    same(info.committed, 0);
    same(info.mappings, 0);
    same(info.dma, 0);
    must(memory_commit_all(memory, 999, 1));
    must(memory_commit_all(memory, 0, 1));
    must(memory_commit_all(memory, 500, 3));
    same(memory_facts(memory).committed, 5);
    must(memory_commit_all(memory, 0, 1000)); /* what is there stays */
    same(memory_facts(memory).committed, 1000);
    must(memory_commit_all(memory, 0, 1000));
    same(memory_facts(memory).committed, 1000);
    between(pool_facts(SLOT_TEST_POOL).used - before.used, 1000, 1005);
    must(object_destroy_all(memory));
    same(pool_facts(SLOT_TEST_POOL).used, before.used);
}

/* Pages are zeroed, even those that somebody had before. */
void memory_zeroed(void)
{
    for (unsigned round = 0; round < 3; round++) {
        u32 memory = new_committed(700);
        u8 *bytes = show(memory, 700, RIGHT_READ | RIGHT_WRITE);
        same(is_zero(bytes, 700 * PAGE_SIZE), true);
        memset(bytes, 0xa5 + (int)round, 700 * PAGE_SIZE);
        hide(bytes);
        must(object_destroy_all(memory));
    }
}

/* What was written stays with the page, in whatever order pages were committed. */
void memory_contents(void)
{
    u32 memory = new_memory(1024);
    volatile u64 *words = show(memory, 1024, RIGHT_READ | RIGHT_WRITE);
    for (u64 i = 0; i < 1024; i++) {
        u64 page = i * 389 % 1024;
        must(memory_commit_all(memory, page, 1));
        words[page * 512 + page % 512] = page + 1;
    }
    for (u64 page = 0; page < 1024; page++)
        if (!same(words[page * 512 + page % 512], page + 1))
            return;
    same(memory_facts(memory).committed, 1024);
}

/* 2 MiB at once: large pages where possible, and the same as small ones for whoever looks. */
void memory_large(void)
{
    struct pool_info before = pool_facts(SLOT_TEST_POOL);
    u32 memory = new_memory(3 * LARGE_PAGES);
    must(memory_commit_all(memory, LARGE_PAGES, LARGE_PAGES));
    same(memory_facts(memory).committed, LARGE_PAGES);
    must(memory_commit_all(memory, 0, 3 * LARGE_PAGES));
    same(memory_facts(memory).committed, 3 * LARGE_PAGES);
    u8 *bytes = show(memory, 3 * LARGE_PAGES, RIGHT_READ | RIGHT_WRITE);
    must(space_populate_all(SLOT_SPACE, (u64)bytes, 3 * LARGE_PAGES));
    same(is_zero(bytes, 3 * LARGE_SIZE), true);
    for (u64 page = 0; page < 3 * LARGE_PAGES; page++)
        bytes[page * PAGE_SIZE + page] = (u8)(page * 7 + 1);
    /* Once more, page by page and out of step. */
    must(
        space_map(SLOT_SPACE, memory, WINDOW_END - 2 * LARGE_SIZE + PAGE_SIZE, 5, 900, RIGHT_READ));
    const u8 *odd = (u8 *)(WINDOW_END - 2 * LARGE_SIZE + PAGE_SIZE);
    for (u64 page = 5; page < 900; page++)
        if (!same(odd[(page - 5) * PAGE_SIZE + page], (u8)(page * 7 + 1)))
            break;
    same(memory_facts(memory).mappings, 2);
    must(space_unmap_all(SLOT_SPACE, (u64)odd));
    hide(bytes);
    must(object_destroy_all(memory));
    same(pool_facts(SLOT_TEST_POOL).used, before.used);
}

/* A large page in the making is given up when somebody commits in the middle of it, or destroys
 * all. */
void memory_large_interrupted(void)
{
    struct pool_info before = pool_facts(SLOT_TEST_POOL);
    u32 memory = new_memory(2 * LARGE_PAGES);
    must(memory_commit(memory, 0, LARGE_PAGES));
    must(memory_commit(memory, 0, LARGE_PAGES));
    must(memory_commit_all(memory, 100, 1));
    must(memory_commit_all(memory, 0, 2 * LARGE_PAGES));
    same(memory_facts(memory).committed, 2 * LARGE_PAGES);
    must(object_destroy_all(memory));
    same(pool_facts(SLOT_TEST_POOL).used, before.used);
    memory = new_memory(2 * LARGE_PAGES);
    must(memory_commit(memory, LARGE_PAGES, LARGE_PAGES));
    must(object_destroy_all(memory));
    same(pool_facts(SLOT_TEST_POOL).used, before.used);
}

/* The largest there can be, nearly empty. */
void memory_huge(void)
{
    struct pool_info before = pool_facts(SLOT_TEST_POOL);
    u32 memory = new_memory(MEMORY_PAGES_LIMIT);
    must(memory_commit_all(memory, MEMORY_PAGES_LIMIT - 1, 1));
    must(memory_commit_all(memory, MEMORY_PAGES_LIMIT / 2, 2));
    must(memory_commit_all(memory, 0, 1));
    same(memory_facts(memory).committed, 4);
    volatile u64 *end = show(memory, 1, RIGHT_READ | RIGHT_WRITE);
    *end = 42;
    must(space_map(SLOT_SPACE, memory, WINDOW + (64ul << 30), 0, MEMORY_PAGES_LIMIT / 8,
                   RIGHT_READ));
    volatile u64 *all = (volatile u64 *)(WINDOW + (64ul << 30));
    same(*all, 42);
    must(space_unmap_all(SLOT_SPACE, (u64)all));
    hide((void *)end);
    must(object_destroy_all(memory));
    same(pool_facts(SLOT_TEST_POOL).used, before.used);
}

void memory_contiguous(void)
{
    struct machine_info before = machine_facts();
    u32 pci = new_slot(), memory = new_slot(), other = new_slot();
    must(device_create(SLOT_MACHINE, SLOT_TEST_POOL, pci, DEVICE_PCI, 0, 0));
    must(memory_create(SLOT_TEST_POOL, memory, 50, MEMORY_CONTIGUOUS));
    must(memory_commit_all(memory, 0, 50));
    same(memory_facts(memory).committed, 50);
    same(machine_facts().reserve_used, before.reserve_used + 50);
    must(dma_map(pci, memory, 0, 50));
    u64 first = (u64)must(dma_address(pci, memory, 0));
    for (u64 page = 1; page < 50; page++)
        if (!same(dma_address(pci, memory, page), first + page * PAGE_SIZE))
            break;
    u8 *bytes = show(memory, 50, RIGHT_READ | RIGHT_WRITE);
    same(is_zero(bytes, 50 * PAGE_SIZE), true);
    memset(bytes, 0x5a, 50 * PAGE_SIZE);
    hide(bytes);
    must(device_release(pci));
    must(object_destroy_all(memory));
    same(machine_facts().reserve_used, before.reserve_used);
    must(memory_create(SLOT_TEST_POOL, memory, 50, MEMORY_CONTIGUOUS));
    must(memory_commit_all(memory, 0, 50));
    bytes = show(memory, 50, RIGHT_READ);
    same(is_zero(bytes, 50 * PAGE_SIZE), true);
    /* More than there is. */
    same(memory_create(SLOT_TEST_POOL, other, before.reserve_pages + 1, MEMORY_CONTIGUOUS) < 0,
         true);
}

/* Where a contiguous object of one page would begin; *device: a function that may hold it. */
static u64 reserve_begins(u32 device)
{
    u32 probe = new_slot();
    must(memory_create(SLOT_TEST_POOL, probe, 1, MEMORY_CONTIGUOUS));
    must(memory_commit_all(probe, 0, 1));
    must(dma_map(device, probe, 0, 1));
    u64 address = (u64)must(dma_address(device, probe, 0));
    must(device_release(device));
    must(object_destroy_all(probe));
    return address;
}

/* 2 MiB of contiguous memory that begin at a multiple of 2 MiB, nothing of it committed. */
static u32 aligned_contiguous(void)
{
    u32 device = new_slot(), fill = new_slot(), memory = new_slot();
    must(device_create(SLOT_MACHINE, SLOT_TEST_POOL, device, DEVICE_PCI, 0, 0));
    u64 begin = reserve_begins(device);
    u64 rest = (align_up(begin, LARGE_SIZE) - begin) / PAGE_SIZE;
    if (rest != 0)
        must(memory_create(SLOT_TEST_POOL, fill, rest, MEMORY_CONTIGUOUS));
    must(memory_create(SLOT_TEST_POOL, memory, LARGE_PAGES, MEMORY_CONTIGUOUS));
    must(memory_commit_all(memory, 0, 1));
    must(dma_map(device, memory, 0, 1));
    same((u64)must(dma_address(device, memory, 0)) % LARGE_SIZE, 0);
    must(device_release(device));
    return memory;
}

static void touch(u64 address)
{
    board.word[0] = *(volatile u64 *)address;
    board.count[0]++;
}

/* Contiguous memory of which a page was shown when it was not all there yet: the others can be
 * seen when they are, by whoever touches them, and by the kernel. */
void memory_contiguous_shown_early(void)
{
    u32 memory = aligned_contiguous();
    volatile u64 *words = show(memory, LARGE_PAGES, RIGHT_READ | RIGHT_WRITE);
    same((u64)words % LARGE_SIZE, 0);
    words[0] = 1;
    must(memory_commit_all(memory, 0, LARGE_PAGES));
    help(touch, (u64)&words[100 * 512]);
    eventually(board.count[0] == 1);
    struct pool_info *info = (struct pool_info *)(u64)&words[200 * 512];
    must(pool_info(SLOT_TEST_POOL, info));
    same(info->pages, TEST_PAGES);
    must(space_populate_all(SLOT_SPACE, (u64)words, LARGE_PAGES));
    for (u64 page = 0; page < LARGE_PAGES; page++)
        words[page * 512 + 64] = page;
    for (u64 page = 0; page < LARGE_PAGES; page++)
        if (!same(words[page * 512 + 64], page))
            break;
    same(words[0], 1);
}

/* The local APIC's registers: version and identifier are well known. */
void memory_device(void)
{
    struct pool_info before = pool_facts(SLOT_TEST_POOL);
    u32 memory = new_slot();
    must(memory_physical(SLOT_MACHINE, SLOT_TEST_POOL, memory, 0xfee00000, 1, CACHE_UNCACHED));
    same(memory_facts(memory).committed, 1);
    between(pool_facts(SLOT_TEST_POOL).used - before.used, 0, 1); /* only the object is paid */
    volatile u32 *apic = show(memory, 1, RIGHT_READ);
    between(apic[0x30 / 4] & 0xff, 0x10, 0x1f);
    same(memory_commit(memory, 0, 1), 1); /* it is there already */
    hide((void *)apic);
    must(object_destroy_all(memory));
    same(pool_facts(SLOT_TEST_POOL).used, before.used);
}

/*
 * Spaces: what is mapped where, with which rights, and what happens at the edges.
 */
#include "check.h"
#include "fault.h"
#include "tests.h"
#include "world.h"

#include <base/string.h>

#define LAST_PAGE (USER_END - PAGE_SIZE)

void space_life(void)
{
    struct pool_info before = pool_facts(SLOT_TEST_POOL);
    u32 space = new_space(), memory = new_committed(10);
    must(space_map(space, memory, 0, 0, 1, RIGHT_READ)); /* address 0 is as good as any */
    must(space_map(space, memory, PAGE_SIZE, 1, 9, RIGHT_READ | RIGHT_WRITE));
    must(space_map(space, memory, LAST_PAGE, 0, 1, RIGHT_READ | RIGHT_EXECUTE));
    must(space_map(space, memory, LAST_PAGE - 10 * PAGE_SIZE, 0, 10, RIGHT_READ));
    same(memory_facts(memory).mappings, 4);
    same(space_populate(space, 0, 1), 1);
    same(space_populate(space, 0, 1), 1);
    same(space_populate(space, PAGE_SIZE, 9), 9);
    same(space_populate(space, 3 * PAGE_SIZE, 2), 2);
    same(space_populate(space, LAST_PAGE, 1), 1);
    between(must(space_populate(space, 0, 1000)), 1, 1); /* not beyond the region */
    must(space_unmap_all(space, PAGE_SIZE));
    same(memory_facts(memory).mappings, 3);
    must(object_destroy_all(space));
    same(memory_facts(memory).mappings, 0);
    must(object_destroy_all(memory));
    same(pool_facts(SLOT_TEST_POOL).used, before.used);
}

void space_edges(void)
{
    u32 space = new_space(), memory = new_committed(10);
    refused(space_map(space, memory, LAST_PAGE, 0, 2, RIGHT_READ), ERR_ARGUMENT, 5);
    refused(space_map(space, memory, LAST_PAGE - PAGE_SIZE, 0, 10, RIGHT_READ), ERR_ARGUMENT, 5);
    refused(space_map(space, memory, USER_END, 0, 1, RIGHT_READ), ERR_ARGUMENT, 3);
    refused(space_map(space, memory, 0x8000000000000000, 0, 1, RIGHT_READ), ERR_ARGUMENT, 3);
    must(space_map(space, memory, WINDOW, 0, 10, RIGHT_READ));
    refused(space_map(space, memory, WINDOW, 0, 10, RIGHT_READ), ERR_OCCUPIED, 3);
    refused(space_map(space, memory, WINDOW + 9 * PAGE_SIZE, 0, 1, RIGHT_READ), ERR_OCCUPIED, 3);
    refused(space_map(space, memory, WINDOW - PAGE_SIZE, 0, 2, RIGHT_READ), ERR_OCCUPIED, 3);
    must(space_map(space, memory, WINDOW - PAGE_SIZE, 0, 1, RIGHT_READ));
    must(space_map(space, memory, WINDOW + 10 * PAGE_SIZE, 0, 1, RIGHT_READ));
    refused(space_map(space, memory, WINDOW - 5 * PAGE_SIZE, 0, 10, RIGHT_READ), ERR_OCCUPIED, 3);
    refused(space_unmap(space, WINDOW + PAGE_SIZE), ERR_ABSENT, 2);
    must(space_unmap_all(space, WINDOW));
    refused(space_unmap(space, WINDOW), ERR_ABSENT, 2);
    must(space_map(space, memory, WINDOW + PAGE_SIZE, 0, 9, RIGHT_READ));
}

void space_region_limit(void)
{
    struct pool_info before = pool_facts(SLOT_TEST_POOL);
    u32 space = new_space(), memory = new_committed(1);
    for (u64 i = 0; i < REGION_LIMIT; i++)
        must(space_map(space, memory, (i * 37 % REGION_LIMIT + 1) * 0x40000000, 0, 1, RIGHT_READ));
    same(memory_facts(memory).mappings, REGION_LIMIT);
    refused(space_map(space, memory, 0x1000, 0, 1, RIGHT_READ), ERR_LIMIT, 1);
    for (u64 i = 1; i < 100; i++)
        must(space_populate(space, i * 0x40000000, 1));
    for (u64 i = 0; i < REGION_LIMIT; i += 2)
        must(space_unmap_all(space, (i * 53 % REGION_LIMIT + 1) * 0x40000000));
    same(memory_facts(memory).mappings, REGION_LIMIT / 2);
    must(object_destroy_all(memory)); /* takes it out of a space of the same pool */
    must(object_destroy_all(space));
    same(pool_facts(SLOT_TEST_POOL).used, before.used);
}

void space_absent(void)
{
    u32 space = new_space(), memory = new_memory(10);
    must(space_map(space, memory, WINDOW, 0, 10, RIGHT_READ));
    refused(space_populate(space, WINDOW, 10), ERR_ABSENT, 2);
    must(memory_commit_all(memory, 0, 3));
    same(space_populate(space, WINDOW, 10), 3);
    refused(space_populate(space, WINDOW + 3 * PAGE_SIZE, 1), ERR_ABSENT, 2);
}

/* Pages are entered when they are touched; those that are not there fault. */
void space_lazy(void)
{
    u32 memory = new_memory(600);
    volatile u8 *bytes = show(memory, 600, RIGHT_READ | RIGHT_WRITE);
    must(memory_commit_all(memory, 0, 3));
    struct thread_info before = thread_facts(SLOT_THREAD);
    bytes[0] = 1;
    bytes[2 * PAGE_SIZE] = 3;
    same(thread_facts(SLOT_THREAD).faults - before.faults, 2);
    bytes[0] = 1;
    same(thread_facts(SLOT_THREAD).faults - before.faults, 2);
    struct fault fault = fault_of_access((u64)bytes + 3 * PAGE_SIZE + 5, ACCESS_WRITE);
    same(fault.vector, 14);
    same(fault.address, (u64)bytes + 3 * PAGE_SIZE + 5);
    must(memory_commit_all(memory, 3, 1));
    bytes[3 * PAGE_SIZE] = 1;
    same(bytes[3 * PAGE_SIZE], 1);
}

/* Unmapping takes effect at once, and in the middle of large memory leaves the rest as it is. */
void space_unmap_middle(void)
{
    u32 memory = new_committed(2 * LARGE_PAGES);
    u64 base = (u64)show(memory, LARGE_PAGES + 100, RIGHT_READ | RIGHT_WRITE);
    must(space_map(SLOT_SPACE, memory, base + 3 * LARGE_SIZE, 0, LARGE_PAGES, RIGHT_READ));
    must(space_map(SLOT_SPACE, memory, base + 4 * LARGE_SIZE, LARGE_PAGES, LARGE_PAGES,
                   RIGHT_READ | RIGHT_WRITE));
    must(space_map(SLOT_SPACE, memory, base + 5 * LARGE_SIZE, 0, LARGE_PAGES, RIGHT_READ));
    for (u64 i = 3; i < 6; i++) {
        must(space_populate_all(SLOT_SPACE, base + i * LARGE_SIZE, LARGE_PAGES));
        same(*(volatile u64 *)(base + i * LARGE_SIZE), 0);
    }
    *(volatile u64 *)(base + 4 * LARGE_SIZE + 77 * PAGE_SIZE) = 5;
    must(space_unmap_all(SLOT_SPACE, base + 4 * LARGE_SIZE));
    same(*(volatile u64 *)(base + 3 * LARGE_SIZE), 0);
    same(*(volatile u64 *)(base + 6 * LARGE_SIZE - 8), 0);
    struct fault fault = fault_of_access(base + 4 * LARGE_SIZE + 77 * PAGE_SIZE, ACCESS_READ);
    same(fault.vector, 14);
    /* Small pages where a large one was. */
    must(space_map(SLOT_SPACE, memory, base + 4 * LARGE_SIZE + 77 * PAGE_SIZE, LARGE_PAGES + 77, 1,
                   RIGHT_READ));
    same(*(volatile u64 *)(base + 4 * LARGE_SIZE + 77 * PAGE_SIZE), 5);
    must(space_unmap_all(SLOT_SPACE, base + 4 * LARGE_SIZE + 77 * PAGE_SIZE));
    /* And the other way round. */
    must(
        space_map(SLOT_SPACE, memory, base + 4 * LARGE_SIZE, LARGE_PAGES, LARGE_PAGES, RIGHT_READ));
    must(space_populate_all(SLOT_SPACE, base + 4 * LARGE_SIZE, LARGE_PAGES));
    same(*(volatile u64 *)(base + 4 * LARGE_SIZE + 77 * PAGE_SIZE), 5);
    for (u64 i = 3; i < 6; i++)
        must(space_unmap_all(SLOT_SPACE, base + i * LARGE_SIZE));
}

/* Unmapping in steps: whoever touches the region, or maps over it, meanwhile, is refused. */
void space_unmap_steps(void)
{
    u32 memory = new_committed(4);
    u32 large = new_memory(1ul << 20);
    for (u64 page = 0; page < 1ul << 20; page += 1ul << 15)
        must(memory_commit_all(large, page, 1));
    u64 base = WINDOW + (8ul << 30);
    must(space_map(SLOT_SPACE, large, base, 0, 1ul << 20, RIGHT_READ));
    for (u64 page = 0; page < 1ul << 20; page += 1ul << 15)
        same(*(volatile u8 *)(base + page * PAGE_SIZE), 0);
    status step = space_unmap(SLOT_SPACE, base);
    failed_with(step, ERR_AGAIN);
    if (step == 0)
        return;
    refused(space_map(SLOT_SPACE, memory, base, 0, 1, RIGHT_READ), ERR_OCCUPIED, 3);
    refused(space_populate(SLOT_SPACE, base, 1), ERR_ABSENT, 2);
    same(fault_of_access(base, ACCESS_READ).vector, 14);
    void *other = show(memory, 4, RIGHT_READ | RIGHT_WRITE);
    memset(other, 1, 4 * PAGE_SIZE);
    must(space_unmap_all(SLOT_SPACE, base));
    same(memory_facts(large).mappings, 0);
    must(space_map(SLOT_SPACE, memory, base, 0, 1, RIGHT_READ));
    same(*(volatile u8 *)base, 1);
    must(space_unmap_all(SLOT_SPACE, base));
}

void space_rights(void)
{
    u32 memory = new_committed(1);
    u8 *writable = show(memory, 1, RIGHT_READ | RIGHT_WRITE);
    u8 *readable = show(memory, 1, RIGHT_READ);
    u8 *code = show(memory, 1, RIGHT_READ | RIGHT_EXECUTE);
    writable[0] = 0xc3; /* ret */
    same(readable[0], 0xc3);
    ((void (*)(void))(u64)code)();
    struct fault fault = fault_of_access((u64)readable, ACCESS_WRITE);
    same(fault.vector, 14);
    same(fault.code, 7); /* present, write, user */
    fault = fault_of_access((u64)code, ACCESS_WRITE);
    same(fault.vector, 14);
    fault = fault_of_access((u64)writable, ACCESS_EXECUTE);
    same(fault.vector, 14);
    same(fault.code & ~2u, 0x15); /* present, user, fetch */
    same(fault.address, (u64)writable);
    fault = fault_of_access((u64)readable, ACCESS_EXECUTE);
    same(fault.vector, 14);
    fault = fault_of_access(WINDOW_END, ACCESS_READ);
    same(fault.vector, 14);
    same(fault.code, 4); /* absent, user */
    fault = fault_of_access(0xffffffff80100000, ACCESS_READ);
    same(fault.vector, 14);
    same(fault.address, 0xffffffff80100000);
    fault = fault_of_access(0xffff800000000000, ACCESS_WRITE);
    same(fault.vector, 14);
    fault = fault_of_access(0x0000800000000000, ACCESS_READ);
    same(fault.vector, 13);
    fault = fault_of_access(USER_END, ACCESS_READ);
    same(fault.vector, 14);
}

/* The program is neither writable where it is executable, nor the other way round. */
void space_own_image(void)
{
    same(fault_of_access((u64)space_own_image, ACCESS_WRITE).vector, 14);
    same(fault_of_access((u64)&board, ACCESS_EXECUTE).vector, 14);
}

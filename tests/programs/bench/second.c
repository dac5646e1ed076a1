/*
 * Copies this program's image into memory of its own and shows it in a new space. See second.h.
 *
 * A copy, because a program has no capability to the memory it was loaded into, and needs none for
 * this: it can read itself.
 */
#include "second.h"
#include "other.h"

#include <base/string.h>
#include <runtime/image.h>
#include <runtime/map.h>
#include <runtime/print.h>
#include <runtime/slots.h>
#include <runtime/start.h>
#include <runtime/syscall.h>

#define STACK_PAGES  2ul
#define LOW_PRIORITY 1ul /* below everybody */

static u32 space, share, fault_memory;

status must_at(status result, const char *what, int line)
{
    if (result < 0)
        panic("bench: line %d: %s: %s (argument %u)", line, what, error_text(status_code(result)),
              status_argument(result));
    return result;
}

/* A slot, which there always is in this small program. */
static u32 new_slot(void)
{
    u32 slot = slot_allocate();
    if (slot == SLOT_NONE)
        panic("bench: no slot is free");
    return slot;
}

static u32 new_memory(u64 pages)
{
    u32 slot = new_slot();
    must(memory_create(SLOT_POOL, slot, pages, 0));
    return slot;
}

/* Maps one part of the image's copy where the linker has put it. */
static void map_part(u32 memory, const char *from, const char *to, u64 rights)
{
    u64 address = align_down((u64)from, PAGE_SIZE);
    u64 pages = (align_up((u64)to, PAGE_SIZE) - address) / PAGE_SIZE;
    if (pages == 0)
        return;
    must(
        space_map(space, memory, address, (address - (u64)image_start) / PAGE_SIZE, pages, rights));
    must(space_populate_all(space, address, pages));
}

static void copy_image(void)
{
    u64 bytes = (u64)(image_end - image_start);
    u64 pages = align_up(bytes, PAGE_SIZE) / PAGE_SIZE;
    u32 memory = new_memory(pages);
    must(memory_commit_all(memory, 0, pages));
    void *copy = map_memory(memory, 0, pages, RIGHT_READ | RIGHT_WRITE);
    if (!copy)
        panic("bench: the copy of the image cannot be mapped");
    memcpy(copy, image_start, bytes);
    unmap(copy);

    const char *rodata = (const char *)align_up((u64)image_text_end, PAGE_SIZE);
    const char *data = (const char *)align_up((u64)image_rodata_end, PAGE_SIZE);
    map_part(memory, image_start, image_text_end, RIGHT_READ | RIGHT_EXECUTE);
    map_part(memory, rodata, image_rodata_end, RIGHT_READ);
    map_part(memory, data, image_end, RIGHT_READ | RIGHT_WRITE);
}

void second_create(u32 shared_slot, struct shared *shared)
{
    space = new_slot();
    must(space_create(SLOT_POOL, space));
    copy_image();

    u32 stack = new_memory(STACK_PAGES);
    u64 stack_address = STACK_TOP - STACK_PAGES * PAGE_SIZE;
    must(memory_commit_all(stack, 0, STACK_PAGES));
    must(space_map(space, stack, stack_address, 0, STACK_PAGES, RIGHT_READ | RIGHT_WRITE));
    must(space_populate_all(space, stack_address, STACK_PAGES));

    must(space_map(space, shared_slot, (u64)shared, 0, 1, RIGHT_READ | RIGHT_WRITE));
    must(space_populate_all(space, (u64)shared, 1));

    fault_memory = new_memory(FAULT_PAGES);
    must(space_map(space, fault_memory, FAULT_ADDRESS, 0, FAULT_PAGES, RIGHT_READ));

    share = new_slot();
    must(share_create(SLOT_POOL, share, LOW_PRIORITY, 100, 0));
}

void second_give(u32 its_slot, u32 own_slot, u64 rights)
{
    must(cap_copy(space, its_slot, own_slot, rights, 0));
}

u32 second_start(void (*function)(struct shared *shared), struct shared *shared, u32 endpoint)
{
    u32 thread = new_slot();
    struct thread_registers registers = {
        .rip = (u64)function,
        .rdi = (u64)shared,
        .rsp = STACK_TOP - sizeof(u64), /* as if it had been called */
    };
    must(thread_create(SLOT_POOL, thread, space, share, endpoint, 0));
    must(thread_write(thread, &registers));
    must(thread_resume(thread));
    return thread;
}

void second_end(u32 thread)
{
    must(object_destroy_all(thread));
    slot_free(thread);
}

void second_fault_in(u64 page)
{
    must(memory_commit_all(fault_memory, page, 1));
    must(space_populate_all(space, FAULT_ADDRESS + page * PAGE_SIZE, 1));
}

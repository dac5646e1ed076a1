/*
 * The first program: made here of its boot module, with capabilities to everything there is. What
 * it is told is in libpv/include/abi/boot.h.
 *
 * Nothing here may fail: a machine on which root cannot be made is refused with one sentence.
 */
#include "boot/memory.h"
#include "boot/multiboot.h"
#include "boot/start.h"
#include "cpu/clock.h"
#include "cpu/cpu.h"
#include "debug/panic.h"
#include "memory/direct.h"
#include "object/device.h"
#include "object/memory.h"
#include "object/pool.h"
#include "object/share.h"
#include "object/space.h"
#include "object/thread.h"
#include <abi/boot.h>
#include <base/elf.h>
#include <base/string.h>

#define ROOT_IMAGE_LIMIT BOOT_ARCHIVE_ADDRESS
#define ROOT_WEIGHT      100

static struct pool *pool;
static struct space *space;

static void must(enum error error, const char *what)
{
    if (error) {
        panic_plain("cannot start root: %s: %s", what, error_text(error));
    }
}

static void give(u32 slot, struct object *object, u64 rights)
{
    must(space_fill_slot(space, slot, object, rights, 0), "slot");
}

/* Fresh memory of root's, mapped at `address`, with `bytes` copied to its beginning. */
static void *map_new(u64 address, u64 size, const void *bytes, u64 count, u64 rights)
{
    struct memory *memory;
    u64 pages = align_up(size, PAGE_SIZE) / PAGE_SIZE;
    bool large;
    must(memory_create(pool, pages, false, &memory), "memory");
    must(space_map(space, memory, address, 0, pages, rights), "mapping");
    for (u64 page = 0, done; page < pages; page += done) {
        must(memory_commit_step(memory, page, pages - page, &done), "memory");
    }
    for (u64 page = 0; page * PAGE_SIZE < count; page++) {
        u64 offset = page * PAGE_SIZE;
        memcpy(phys_to_virt(memory_frame(memory, page, &large)), (const u8 *)bytes + offset,
               min(PAGE_SIZE, count - offset));
    }
    return phys_to_virt(memory_frame(memory, 0, &large));
}

/* Loads the program; returns where it begins. */
static u64 load_image(const struct module *module)
{
    struct elf elf;
    struct elf_segment segment;
    u32 cursor = 0;
    if (!module->size) {
        panic_plain("cannot start root: the boot loader brought no module 'root'");
    }
    enum elf_error error =
        elf_open(&elf, phys_to_virt(module->start), module->size, PAGE_SIZE, ROOT_IMAGE_LIMIT);
    if (error) {
        panic_plain("cannot start root: its program is damaged: %s (at offset %lu)",
                    elf_error_text(error), elf.error_offset);
    }
    while (elf_next_segment(&elf, &cursor, &segment)) {
        u64 rights = RIGHT_READ | (segment.writable ? RIGHT_WRITE : 0) |
                     (segment.executable ? RIGHT_EXECUTE : 0);
        u64 start = align_down(segment.address, PAGE_SIZE);
        if (start != segment.address) {
            panic_plain("cannot start root: its program has a segment that begins inside a page");
        }
        (void)map_new(start, segment.memory_size, segment.bytes, segment.file_size, rights);
    }
    return elf.entry;
}

static void map_archive(const struct module *module)
{
    struct memory *memory;
    u64 pages = align_up(module->size, PAGE_SIZE) / PAGE_SIZE;
    if (!pages) {
        return; /* root says so, in its own words */
    }
    must(memory_create_fixed(pool, module->start, pages, CACHE_WRITE_BACK, &memory), "archive");
    must(space_map(space, memory, BOOT_ARCHIVE_ADDRESS, 0, pages, RIGHT_READ), "archive");
    give(BOOT_SLOT_ARCHIVE, &memory->object, RIGHT_READ);
}

static void fill_info(struct boot_info *info, const struct boot_facts *facts, u64 tsc)
{
    const struct framebuffer *screen = &facts->framebuffer;
    *info = (struct boot_info){
        .magic = BOOT_INFO_MAGIC,
        .version = BOOT_INFO_VERSION,
        .size = sizeof(*info),
        .tsc_hz = tsc_hz,
        .tsc_entry = tsc,
        .archive_size = facts->module[MODULE_ARCHIVE].size,
        .memory_bytes = facts->total,
        .rsdp_size = facts->rsdp_size,
        .framebuffer_type = screen->type,
        .framebuffer = screen->address,
        .framebuffer_pitch = screen->pitch,
        .framebuffer_width = screen->width,
        .framebuffer_height = screen->height,
        .framebuffer_bits = screen->bits,
        .red_position = screen->red_position,
        .red_size = screen->red_size,
        .green_position = screen->green_position,
        .green_size = screen->green_size,
        .blue_position = screen->blue_position,
        .blue_size = screen->blue_size,
    };
    memcpy(info->rsdp_copy, facts->rsdp_copy, sizeof(info->rsdp_copy));
    memcpy(info->command_line, facts->command_line, sizeof(info->command_line));
}

static void give_capabilities(struct share *share, struct thread *thread, struct device *machine)
{
    give(BOOT_SLOT_SPACE, &space->object, RIGHT_READ | RIGHT_WRITE);
    give(BOOT_SLOT_THREAD, &thread->object, RIGHT_READ | RIGHT_RECEIVE);
    give(BOOT_SLOT_POOL, &pool->object, RIGHT_READ | RIGHT_WRITE);
    give(BOOT_SLOT_SHARE, &share->object, RIGHT_READ | RIGHT_WRITE | RIGHT_EXECUTE);
    give(BOOT_SLOT_MACHINE, &machine->object, RIGHT_READ | RIGHT_WRITE | RIGHT_CONTROL);
}

void root_start(const struct boot_facts *facts, u64 tsc)
{
    struct share *share;
    struct thread *thread;
    struct device *machine;
    pool = pool_init_root();
    must(space_create(pool, &space), "space");
    must(share_create(pool, ROOT_PRIORITY, ROOT_WEIGHT, 0, &share), "share");
    must(thread_create(pool, space, share, NULL, 0, &thread), "thread");
    must(device_create(pool, DEVICE_MACHINE, 0, 0x10000, &machine), "machine");
    give_capabilities(share, thread, machine);
    thread->root = true;
    frame_of(thread)->rip = load_image(&facts->module[MODULE_ROOT]);
    frame_of(thread)->rsp = ROOT_STACK_TOP;
    frame_of(thread)->rdi = BOOT_INFO_ADDRESS;
    (void)map_new(ROOT_STACK_TOP - ROOT_STACK_SIZE, ROOT_STACK_SIZE, NULL, 0,
                  RIGHT_READ | RIGHT_WRITE);
    fill_info(map_new(BOOT_INFO_ADDRESS, sizeof(struct boot_info), NULL, 0, RIGHT_READ), facts,
              tsc);
    map_archive(&facts->module[MODULE_ARCHIVE]);
    boot_memory_release(&facts->module[MODULE_ROOT]);
    pool_grow_root(pool);
    if (!thread_resume(thread)) {
        panic_plain("cannot start root: its thread does not start");
    }
    cpu_leave();
}

/*
 * Memory that root owns and lends: for devices to work in, RAM disks, the clock page. It is made at
 * boot, all of it present, and stays what it is when servers die.
 */
#include <base/string.h>
#include <runtime/map.h>
#include <runtime/start.h>
#include <runtime/syscall.h>

#include "archive.h"
#include "grants.h"

/* Files are copied through a window of so many pages, which costs one page table. */
#define COPY_PAGES LARGE_PAGES

bool give_memory(struct giving *giving, enum grant_kind kind, u32 slot, u64 bytes, u64 rights)
{
    struct grant *grant = give_begin(giving, kind);
    grant->value[0] = bytes;
    return give(giving, 0, slot, rights, 0);
}

static u32 memory_slot(const struct config_grant *grant)
{
    return grant->kind == CONFIG_CLOCK ? (u32)ROOT_SLOT_CLOCK
                                       : ROOT_SLOT_MEMORIES + (u32)(grant - config.grants);
}

bool give_root_memory(struct giving *giving)
{
    const struct config_grant *what = giving->what;
    u32 slot = memory_slot(what);
    switch (what->kind) {
    case CONFIG_DMA:
        return give_memory(giving, GRANT_DMA, slot, what->a, RIGHT_READ | RIGHT_WRITE);
    case CONFIG_RAM:
        return give_memory(giving, GRANT_RAM, slot, what->a, RIGHT_READ | RIGHT_WRITE);
    default:
        return give_memory(giving, GRANT_MEMORY, slot, PAGE_SIZE,
                           what->a ? RIGHT_READ | RIGHT_WRITE : RIGHT_READ);
    }
}

static void make(u32 slot, u64 bytes)
{
    must(memory_create(BOOT_SLOT_POOL, slot, bytes / PAGE_SIZE, 0), "making memory for a server");
    must(memory_commit_all(slot, 0, bytes / PAGE_SIZE), "making memory for a server");
}

static void copy_in(u32 slot, const u8 *from, u64 size)
{
    for (u64 done = 0; done < size; done += COPY_PAGES * PAGE_SIZE) {
        u64 bytes = min(size - done, COPY_PAGES * PAGE_SIZE);
        void *to = map_memory(slot, done / PAGE_SIZE, align_up(bytes, PAGE_SIZE) / PAGE_SIZE,
                              RIGHT_READ | RIGHT_WRITE);
        if (!to)
            die("a RAM disk cannot be filled: its memory cannot be mapped");
        memcpy(to, from + done, bytes);
        unmap(to);
    }
}

static bool fill_ram(const struct config_grant *grant, const char *file,
                     struct config_message *message)
{
    struct tar_file content;
    if (!grant->path[0])
        return true;
    if (!archive_find(grant->path, &content))
        return config_fail(message, file, grant->line,
                           "there is no '%s' in the boot archive for RAM disk '%s': correct the "
                           "path",
                           grant->path, grant->name);
    if (content.size > grant->a)
        return config_fail(message, file, grant->line,
                           "'%s' has %lu bytes, and RAM disk '%s' only %lu: write 'ram %s %luK' or "
                           "more",
                           grant->path, content.size, grant->name, grant->a, grant->name,
                           align_up(content.size, PAGE_SIZE) >> 10);
    copy_in(memory_slot(grant), content.bytes, content.size);
    return true;
}

bool grants_prepare(const char *file, struct config_message *message)
{
    bool clock = false;
    for (u32 i = 0; i < config.grant_count; i++) {
        const struct config_grant *grant = &config.grants[i];
        if (grant->kind == CONFIG_DMA || grant->kind == CONFIG_RAM)
            make(memory_slot(grant), grant->a);
        if (grant->kind == CONFIG_CLOCK && !clock) {
            clock = true;
            make(ROOT_SLOT_CLOCK, PAGE_SIZE);
        }
        if (grant->kind == CONFIG_RAM && !fill_ram(grant, file, message))
            return false;
    }
    return true;
}

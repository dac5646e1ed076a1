/*
 * RAM disks. See ramdisk.h.
 *
 * Sectors are copied between the disk and the session's data area. The client may write to its
 * data area meanwhile: then it gets, or has written, a mixture, and nobody else notices.
 */
#include <disk/ramdisk.h>

#include <base/format.h>
#include <base/string.h>
#include <runtime/map.h>
#include <runtime/print.h>
#include <runtime/start.h>

static u8 *bases[DISKS];

static void open_one(struct volumes *volumes, u32 unit, const struct grant *grant)
{
    char name[DISK_NAME_SIZE + 1];
    format_buffer(name, sizeof(name), "%.*s", (int)sizeof(grant->name), grant->name);
    u64 sectors = grant->value[0] / BLOCK_SECTOR;
    u64 pages = align_up(grant->value[0], PAGE_SIZE) / PAGE_SIZE;
    bases[unit] = map_memory(grant->slot, 0, pages, RIGHT_READ | RIGHT_WRITE);
    if (!bases[unit])
        return; /* map_memory has said why */
    struct disk *disk = volumes_add_disk(volumes, DISK_RAM, unit, name);
    if (!disk) {
        print("disk: no room in the table for RAM disk %s\n", name);
        return;
    }
    disk->sectors = sectors;
    disk->can_trim = true;
    format_buffer(disk->model, sizeof(disk->model), "RAM disk");
    format_buffer(disk->verdict, sizeof(disk->verdict), "RAM disks have no partitions");
    disk->gpt = GPT_NONE;
    if (!volumes_add(volumes, disk, NULL))
        print("disk: no room in the table for volume %s\n", name);
    print("disk: %s: RAM disk, %lu sectors\n", name, sectors);
}

void ramdisks_open(struct volumes *volumes)
{
    u32 unit = 0;
    for (u32 i = 0; i < start->grant_count && i < GRANT_LIMIT && unit < DISKS; i++) {
        if (start->grants[i].kind == GRANT_RAM)
            open_one(volumes, unit++, &start->grants[i]);
    }
}

/* Both are at least 64-byte aligned, and it is whole sectors: eight bytes at a time. */
static void copy(void *to, const void *from, u32 bytes)
{
    u64 words = bytes / sizeof(u64);
    __asm__ volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(words) : : "memory");
}

void ramdisk_move(u32 unit, const struct transfer *transfer, const struct back_request *request,
                  u8 *data)
{
    u8 *disk = bases[unit] + transfer->sector * BLOCK_SECTOR;
    for (u32 i = 0; i < request->count; i++) {
        const struct ring_sqe *entry = &request->entry[i];
        u8 *buffer = data + entry_offset(entry);
        u32 bytes = entry_bytes(entry);
        if (transfer->op == BLOCK_READ)
            copy(buffer, disk, bytes);
        else
            copy(disk, buffer, bytes);
        disk += bytes;
    }
}

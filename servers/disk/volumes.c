/*
 * The table of disks and volumes. See volumes.h for what is promised.
 *
 * Which of two partitions gets a name that both have follows from the order in which the disks are
 * added, which is up to the caller, and from their numbers on the disk.
 */
#include <disk/volumes.h>

#include <base/format.h>
#include <base/string.h>

static bool volume_is_used(const struct volume *volume)
{
    return volume->readers != 0 || volume->writers != 0;
}

/* Empties the places of what is gone and used by nobody any more. */
static void forget_gone(struct volumes *volumes)
{
    bool needed[DISKS] = {false};
    for (u32 i = 0; i < VOLUMES; i++) {
        struct volume *volume = &volumes->volumes[i];
        if (volume->disk && volume_is_gone(volume) && !volume_is_used(volume))
            volume->disk = NULL;
        if (volume->disk)
            needed[volume->disk - volumes->disks] = true;
    }
    for (u32 i = 0; i < DISKS; i++) {
        if (volumes->disks[i].state == DISK_GONE && !needed[i])
            volumes->disks[i].state = DISK_FREE;
    }
}

struct disk *volumes_add_disk(struct volumes *volumes, enum disk_kind kind, u32 unit,
                              const char *name)
{
    forget_gone(volumes);
    for (u32 i = 0; i < DISKS; i++) {
        struct disk *disk = &volumes->disks[i];
        if (disk->state != DISK_FREE)
            continue;
        memset(disk, 0, sizeof(*disk));
        disk->kind = kind;
        disk->unit = unit;
        disk->state = DISK_PROBING;
        disk->physical_sector = GPT_SECTOR;
        format_buffer(disk->name, sizeof(disk->name), "%s", name);
        return disk;
    }
    return NULL;
}

/* Would this name of a partition look like one that the server gives to disks? */
static bool is_reserved(const char *name)
{
    return slice_starts(slice_of(name), "ahci") && name[4] >= '0' && name[4] <= '9';
}

/* The name of a partition, or the one that it gets instead. */
static void choose_name(struct volumes *volumes, const struct disk *disk,
                        const struct gpt_partition *partition, char name[VOLUME_NAME_SIZE])
{
    format_buffer(name, VOLUME_NAME_SIZE, "%s", partition->name);
    if (name[0] == 0 || is_reserved(name) || volumes_find(volumes, slice_of(name)))
        format_buffer(name, VOLUME_NAME_SIZE, "%s-p%u", disk->name, partition->number);
}

static struct volume *find_free(struct volumes *volumes)
{
    for (u32 i = 0; i < VOLUMES; i++) {
        if (!volumes->volumes[i].disk)
            return &volumes->volumes[i];
    }
    return NULL;
}

bool volumes_add(struct volumes *volumes, struct disk *disk, const struct gpt *gpt)
{
    u32 partitions = gpt ? gpt->partition_count : 0;
    disk->state = DISK_READY;
    for (u32 i = 0; i <= partitions; i++) {
        struct volume new = {.sectors = disk->sectors}, *volume = find_free(volumes);
        if (!volume)
            return false;
        if (i == 0) {
            format_buffer(new.name, sizeof(new.name), "%s", disk->name);
        } else {
            const struct gpt_partition *partition = &gpt->partitions[i - 1];
            choose_name(volumes, disk, partition, new.name);
            new.first = partition->first;
            new.sectors = partition->sectors;
            new.partition = partition->number;
        }
        new.disk = disk;
        *volume = new;
    }
    return true;
}

void disk_remove(struct disk *disk)
{
    disk->state = DISK_GONE;
}

struct disk *volumes_disk(struct volumes *volumes, enum disk_kind kind, u32 unit)
{
    for (u32 i = 0; i < DISKS; i++) {
        struct disk *disk = &volumes->disks[i];
        if ((disk->state == DISK_PROBING || disk->state == DISK_READY) && disk->kind == kind &&
            disk->unit == unit)
            return disk;
    }
    return NULL;
}

struct volume *volumes_find(struct volumes *volumes, struct slice name)
{
    for (u32 i = 0; i < VOLUMES; i++) {
        struct volume *volume = &volumes->volumes[i];
        if (volume->disk && volume->disk->state == DISK_READY && slice_equal(name, volume->name))
            return volume;
    }
    return NULL;
}

enum session_reason volume_claim(struct volumes *volumes, struct volume *volume, bool write)
{
    for (u32 i = 0; i < VOLUMES; i++) {
        const struct volume *other = &volumes->volumes[i];
        if (other->disk != volume->disk ||
            !ranges_overlap(volume->first, volume->sectors, other->first, other->sectors))
            continue;
        if (other->writers != 0 || (write && other->readers != 0))
            return SESSION_IN_USE;
    }
    if (write)
        volume->writers++;
    else
        volume->readers++;
    return SESSION_REASON_NONE;
}

void volume_release(struct volume *volume, bool write)
{
    if (write)
        volume->writers--;
    else
        volume->readers--;
}

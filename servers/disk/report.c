/*
 * What the operator gets to know. See report.h.
 */
#include <disk/report.h>

#include <base/format.h>
#include <base/string.h>
#include <disk/ahci_home.h>
#include <service/disk.h>

/* Copies piece number `piece` of a structure into the reply. */
static status copy_piece(struct message *m, const void *from, u32 size, u64 piece)
{
    if (piece >= size / DISK_PIECE)
        return status_error(ERR_ARGUMENT, 2);
    memcpy(&m->word[1], (const u8 *)from + piece * DISK_PIECE, DISK_PIECE);
    return 0;
}

static status report_disk(struct message *m, u64 index, u64 piece)
{
    static const u32 states[] = {[DISK_PROBING] = DISK_INFO_PROBING,
                                 [DISK_READY] = DISK_INFO_READY,
                                 [DISK_GONE] = DISK_INFO_GONE};
    if (index >= DISKS)
        return status_error(ERR_ARGUMENT, 1);
    const struct disk *disk = &volumes.disks[index];
    if (disk->state == DISK_FREE)
        return status_error(ERR_EMPTY, 1);
    struct disk_info info = {.sectors = disk->sectors,
                             .state = states[disk->state],
                             .physical_sector = disk->physical_sector};
    format_buffer(info.name, sizeof(info.name), "%s", disk->name);
    format_buffer(info.model, sizeof(info.model), "%s", disk->model);
    format_buffer(info.serial, sizeof(info.serial), "%s", disk->serial);
    format_buffer(info.table, sizeof(info.table), "%s", disk->verdict);
    return copy_piece(m, &info, sizeof(info), piece);
}

static status report_volume(struct message *m, u64 index, u64 piece)
{
    if (index >= VOLUMES)
        return status_error(ERR_ARGUMENT, 1);
    const struct volume *volume = &volumes.volumes[index];
    if (!volume->disk)
        return status_error(ERR_EMPTY, 1);
    struct volume_info info = {.first = volume->first,
                               .sectors = volume->sectors,
                               .partition = volume->partition,
                               .readers = volume->readers,
                               .writers = volume->writers,
                               .gone = volume_is_gone(volume)};
    format_buffer(info.name, sizeof(info.name), "%s", volume->name);
    format_buffer(info.disk, sizeof(info.disk), "%s", volume->disk->name);
    return copy_piece(m, &info, sizeof(info), piece);
}

static status answer(struct message *m, u64 call, u64 index, u64 piece)
{
    switch (call) {
    case DISK_COUNT:
        m->word[1] = DISKS;
        m->word[2] = VOLUMES;
        return 0;
    case DISK_INFO:
        return report_disk(m, index, piece);
    case VOLUME_INFO:
        return report_volume(m, index, piece);
    case DISK_COUNTERS:
        ahci_home_counters(&m->word[1], &m->word[2]);
        return 0;
    default:
        return status_error(ERR_SYSCALL, 0);
    }
}

void report(struct message *m)
{
    u64 call = m->word[0], index = m->word[1], piece = m->word[2];
    m->word[1] = m->word[2] = m->word[3] = 0;
    m->word[0] = (u64)answer(m, call, index, piece);
}

/*
 * What the operator gets to know. See report.h.
 */
#include <disk/report.h>

#include <base/bits.h>
#include <base/format.h>
#include <base/string.h>
#include <disk/ahci_home.h>
#include <disk/flights.h>
#include <service/disk.h>

/* Copies piece number `piece` of a structure into the reply. */
static status copy_piece(struct message *m, const void *from, u32 size, u64 piece)
{
    if (piece >= size / DISK_PIECE)
        return status_error(ERR_ARGUMENT, 2);
    memcpy(&m->word[1], (const u8 *)from + piece * DISK_PIECE, DISK_PIECE);
    return 0;
}

/* What the driver knows of a disk at one of its ports. */
static void describe_port(struct disk_info *info, const struct ahci_port *port)
{
    format_buffer(info->port, sizeof(info->port), "%s", ahci_state_text(port->state));
    info->completed = port->completed;
    info->failed = port->failed;
    info->retried = port->retried;
    info->resets = port->resets;
    info->timeouts = port->timeouts;
    info->queue_depth = port->disk.queue_depth;
    info->under_way = bits_count(port->used);
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
                             .kind = disk->kind == DISK_RAM ? DISK_INFO_RAM : DISK_INFO_AHCI,
                             .unit = disk->unit,
                             .state = states[disk->state],
                             .physical_sector = disk->physical_sector};
    format_buffer(info.name, sizeof(info.name), "%s", disk->name);
    format_buffer(info.model, sizeof(info.model), "%s", disk->model);
    format_buffer(info.serial, sizeof(info.serial), "%s", disk->serial);
    format_buffer(info.table, sizeof(info.table), "%s", disk->verdict);
    if (disk->state != DISK_GONE && disk->at)
        describe_port(&info, disk->at->port);
    return copy_piece(m, &info, sizeof(info), piece);
}

/* The names of the clients that have the volume. */
static void name_users(const struct volume *volume, char *text, usize size)
{
    usize used = 0;
    for_each_session(session, SESSIONS_ALL)
    {
        const struct client *client = session->owner;
        if (client && client->volume == volume && used < size)
            used += format_buffer(text + used, size - used, "%s%.*s", used ? ", " : "",
                                  (int)START_NAME_SIZE, session->info->client);
    }
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
    name_users(volume, info.users, sizeof(info.users));
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

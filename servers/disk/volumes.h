/*
 * What there is to be had: disks, and the volumes on them. Pure: a table that the rest of the
 * server fills in, and that sessions look their volume up in.
 *
 * Every disk is a volume by itself, under its own name: `ahci0` for the disk at port 0, and for a
 * RAM disk the name of its grant. Each partition of a GPT is a volume called as the partition is,
 * or DISK-pN if it has no name, or one that somebody else has. RAM disks have no partitions: their
 * contents are their clients', who must not be able to make volumes.
 *
 * A volume may be used by one session that writes, or by any number that only read. Volumes that
 * share a sector, as a disk and its partitions do, count as one there.
 *
 * What was pulled out stays in the table as gone, without its name, until no session uses it.
 */
#pragma once
#include <abi/start.h>
#include <base/parse.h>
#include <disk/gpt.h>
#include <service/session.h>

#define DISKS             48u /* 32 ports, and as many RAM disks as there are grants */
#define VOLUMES           256u
#define DISK_NAME_SIZE    START_NAME_SIZE
#define DISK_MODEL_SIZE   41u
#define DISK_SERIAL_SIZE  21u
#define VOLUME_NAME_SIZE  48u /* as in struct block_info */
#define DISK_VERDICT_SIZE 256u

struct unit;

enum disk_kind { DISK_RAM, DISK_AHCI };

enum disk_state {
    DISK_FREE,    /* no disk: the place in the table is not used */
    DISK_PROBING, /* its partition table is being read */
    DISK_READY,
    DISK_GONE
};

struct disk {
    char name[DISK_NAME_SIZE];
    char model[DISK_MODEL_SIZE], serial[DISK_SERIAL_SIZE];
    char verdict[DISK_VERDICT_SIZE]; /* on its partition table, in words */
    enum disk_kind kind;
    enum disk_state state;
    enum gpt_verdict gpt;
    u32 unit; /* number among those of its kind: the port, the RAM disk */
    u64 sectors;
    u32 physical_sector; /* bytes */
    bool can_trim;
    struct unit *at; /* what else its driver keeps of it; of RAM disks nothing */
};

struct volume {
    char name[VOLUME_NAME_SIZE];
    struct disk *disk; /* NULL: the place in the table is not used */
    u64 first, sectors;
    u32 partition; /* its number; 0: the whole disk */
    u32 readers, writers;
};

struct volumes {
    struct disk disks[DISKS];
    struct volume volumes[VOLUMES];
};

/* A new disk, in state PROBING, with kind, unit and name set; NULL: the table is full. The name is
 * cut if it is too long. */
must_check struct disk *volumes_add_disk(struct volumes *volumes, enum disk_kind kind, u32 unit,
                                         const char *name);

/*
 * The disk is ready: its volumes are made, from the partitions found on it (NULL: none). False:
 * there was no room in the table for all of them.
 */
must_check bool volumes_add(struct volumes *volumes, struct disk *disk, const struct gpt *gpt);

/* The disk was pulled out, or does not work any more. */
void disk_remove(struct disk *disk);

/* The disk of this kind and number that is not gone; NULL: there is none. */
struct disk *volumes_disk(struct volumes *volumes, enum disk_kind kind, u32 unit);

/* The volume of this name, of a disk that is ready; NULL: there is none. */
struct volume *volumes_find(struct volumes *volumes, struct slice name);

/* A session begins to use the volume: SESSION_REASON_NONE, or SESSION_IN_USE. And ends. */
must_check enum session_reason volume_claim(struct volumes *volumes, struct volume *volume,
                                            bool write);
void volume_release(struct volume *volume, bool write);

static inline bool volume_is_gone(const struct volume *volume)
{
    return volume->disk->state == DISK_GONE;
}

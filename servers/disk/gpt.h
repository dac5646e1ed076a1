/*
 * The GUID partition table of a disk, as the UEFI specification (2.10, section 5.3) lays it out: a
 * protective MBR in sector 0, a header in sector 1 and its backup in the last sector, and with each
 * header an array of entries. All of it is somebody's bytes, and nothing is believed unchecked.
 *
 * Pure, and without waiting: a small machine that says which sectors it wants to see next, and is
 * handed them, until it knows. The backup is looked at also where the primary is good, so that the
 * operator hears of damage while it can still be repaired. Nothing is ever written.
 *
 *     gpt_begin(&gpt, sectors);
 *     while (gpt_next(&gpt, &sector, &count))
 *         gpt_take(&gpt, what the disk holds there, or NULL where it cannot be read);
 *     gpt.verdict, gpt.partitions
 */
#pragma once
#include <base/types.h>

#define GPT_SECTOR     512u
#define GPT_READ_MOST  8u   /* sectors that gpt_next asks for at once */
#define GPT_PARTITIONS 128u /* entries that are looked at */
#define GPT_NAME_SIZE  37u  /* 36 characters, and the terminating 0 */

/* What can be wrong with one of the two tables. */
#define GPT_ERROR_LIST(X)                                                                          \
    X(GPT_UNREADABLE, "cannot be read")                                                            \
    X(GPT_NO_SIGNATURE, "has no signature")                                                        \
    X(GPT_BAD_REVISION, "is of an unknown revision")                                               \
    X(GPT_BAD_HEADER_SIZE, "has a header of an impossible size")                                   \
    X(GPT_BAD_HEADER_CRC, "has a header with a wrong checksum")                                    \
    X(GPT_BAD_PLACE, "says that it belongs elsewhere")                                             \
    X(GPT_BAD_USABLE, "has a usable area that does not fit the disk")                              \
    X(GPT_BAD_ENTRY_SIZE, "has entries of an impossible size")                                     \
    X(GPT_BAD_ENTRY_COUNT, "has no entries, or impossibly many")                                   \
    X(GPT_BAD_ARRAY_PLACE, "has its entries in an impossible place")                               \
    X(GPT_BAD_ARRAY_CRC, "has entries with a wrong checksum")                                      \
    X(GPT_BAD_RANGE, "has an entry outside of the usable area")                                    \
    X(GPT_OVERLAP, "has entries that overlap")

enum gpt_error {
    GPT_OK,
#define X(name, text) name,
    GPT_ERROR_LIST(X)
#undef X
};

const char *gpt_error_text(enum gpt_error error);

enum gpt_verdict {
    GPT_READING,     /* more sectors are wanted */
    GPT_GOOD,        /* both tables are */
    GPT_BACKUP_BAD,  /* the primary is good and used, the backup is damaged */
    GPT_DIFFERENT,   /* both are good, but not the same: the primary is used */
    GPT_USED_BACKUP, /* the primary is damaged, the backup is good and used */
    GPT_NONE,        /* the disk has no partition table */
    GPT_FOREIGN,     /* it has partitions, but of an MBR */
    GPT_REFUSED      /* both tables are damaged: there are no partitions */
};

struct gpt_partition {
    u64 first, sectors;
    u32 number;               /* of the entry, from 1 on */
    char name[GPT_NAME_SIZE]; /* printable ASCII without blanks; may be empty */
};

/* What is known of one of the two tables. */
struct gpt_table {
    enum gpt_error error;
    u32 entry;        /* the entry that GPT_BAD_RANGE and GPT_OVERLAP mean, from 1 on */
    bool has_header;  /* the header is in order; so the next ones are */
    u64 lba;          /* where the header is */
    u64 alternate;    /* where it says the other one is */
    u64 first, last;  /* the usable area */
    u64 array;        /* where the entries are */
    u32 count, size;  /* of entries; bytes of one */
    u32 array_crc;    /* as the header says */
    u8 disk_guid[16]; /* of the disk */
};

enum gpt_step { GPT_STEP_MBR, GPT_STEP_HEADER, GPT_STEP_ARRAY, GPT_STEP_DONE };

struct gpt {
    u64 sectors; /* of the disk */
    enum gpt_verdict verdict;
    u32 partition_count;
    struct gpt_partition partitions[GPT_PARTITIONS];
    u32 ignored;                /* entries in use beyond those that are looked at */
    struct gpt_table tables[2]; /* primary, backup */

    /* Where the machine stands. */
    enum gpt_step step;
    u32 which;                /* table: 0 or 1 */
    u32 done;                 /* bytes of the array that were seen */
    u32 crc;                  /* of those */
    bool collect;             /* partitions are taken from this table */
    bool protective, foreign; /* what the MBR says */
};

void gpt_begin(struct gpt *gpt, u64 sectors);

/* The sectors to read next: at most GPT_READ_MOST, all on the disk. False: it is done. */
must_check bool gpt_next(const struct gpt *gpt, u64 *sector, u32 *count);

/* Hands over the contents of the sectors that gpt_next named; NULL: they cannot be read. */
void gpt_take(struct gpt *gpt, const void *bytes);

/* A line of text about the result, without a newline, for the log. It is cut to `size`. */
void gpt_describe(const struct gpt *gpt, char *buffer, usize size);

/*
 * Reading a GUID partition table. See gpt.h for what is promised. Names of fields are those of the
 * UEFI specification, section 5.3.
 *
 * Order of the steps: the MBR; the primary header, and its array in windows of eight sectors; the
 * backup header, and its array. A window is a multiple of every possible size of an entry, so no
 * entry lies across two of them. Numbers that come from the disk are compared before anything is
 * added to them or multiplied by them.
 */
#include <disk/gpt.h>

#include <base/checksum.h>
#include <base/format.h>
#include <base/string.h>

#define WINDOW (GPT_READ_MOST * GPT_SECTOR)

#define MBR_SIGNATURE_AT  510u
#define MBR_PARTITIONS    446u
#define MBR_OSTYPE        4u
#define MBR_GPT_PROTECTED 0xee

#define HEADER_SIZE_LEAST 92u
#define GPT_REVISION      0x00010000u
#define ENTRY_SIZE_LEAST  128u
#define ENTRY_SIZE_MOST   WINDOW
#define ARRAY_MOST        (1u << 20)
#define SECTORS_LEAST     6u /* MBR, two headers, two arrays, and something to use */

struct gpt_header {
    char Signature[8];
    u32 Revision, HeaderSize, HeaderCRC32, Reserved;
    u64 MyLBA, AlternateLBA, FirstUsableLBA, LastUsableLBA;
    u8 DiskGUID[16];
    u64 PartitionEntryLBA;
    u32 NumberOfPartitionEntries, SizeOfPartitionEntry, PartitionEntryArrayCRC32;
};
static_assert(offsetof(struct gpt_header, PartitionEntryArrayCRC32) == 88, "UEFI 5.3.2");

struct gpt_entry {
    u8 PartitionTypeGUID[16], UniquePartitionGUID[16];
    u64 StartingLBA, EndingLBA, Attributes;
    u16 PartitionName[36];
};
static_assert(sizeof(struct gpt_entry) == ENTRY_SIZE_LEAST, "UEFI 5.3.3");

const char *gpt_error_text(enum gpt_error error)
{
    switch (error) {
#define X(name, text)                                                                              \
    case name:                                                                                     \
        return text;
        GPT_ERROR_LIST(X)
#undef X
    default:
        return "is good";
    }
}

void gpt_begin(struct gpt *gpt, u64 sectors)
{
    memset(gpt, 0, sizeof(*gpt));
    gpt->sectors = sectors;
    if (sectors < SECTORS_LEAST) {
        gpt->verdict = GPT_NONE;
        gpt->step = GPT_STEP_DONE;
    }
}

static u32 array_bytes(const struct gpt_table *table)
{
    return table->count * table->size; /* both checked in header_check */
}

bool gpt_next(const struct gpt *gpt, u64 *sector, u32 *count)
{
    const struct gpt_table *table = &gpt->tables[gpt->which];
    *count = 1;
    switch (gpt->step) {
    case GPT_STEP_MBR:
        *sector = 0;
        return true;
    case GPT_STEP_HEADER:
        *sector = table->lba;
        return true;
    case GPT_STEP_ARRAY: {
        u32 left = array_bytes(table) - gpt->done;
        *sector = table->array + gpt->done / GPT_SECTOR;
        *count = (u32)min(align_up(left, GPT_SECTOR), WINDOW) / GPT_SECTOR;
        return true;
    }
    default:
        return false;
    }
}

/* --- the MBR --------------------------------------------------------------------------------- */

static void mbr_take(struct gpt *gpt, const u8 *bytes)
{
    if (!bytes || bytes[MBR_SIGNATURE_AT] != 0x55 || bytes[MBR_SIGNATURE_AT + 1] != 0xaa)
        return;
    bool used = false;
    for (u32 i = 0; i < 4; i++) {
        u8 type = bytes[MBR_PARTITIONS + 16 * i + MBR_OSTYPE];
        gpt->protective = gpt->protective || type == MBR_GPT_PROTECTED;
        used = used || type != 0;
    }
    gpt->foreign = used && !gpt->protective;
}

/* --- the header ------------------------------------------------------------------------------ */

/* Is the array between the header and the usable area, on the proper side of it? */
static bool array_is_in_place(const struct gpt_header *header, bool backup)
{
    u64 sectors =
        align_up(header->NumberOfPartitionEntries * header->SizeOfPartitionEntry, GPT_SECTOR) /
        GPT_SECTOR;
    u64 from = backup ? header->LastUsableLBA + 1 : 2;
    u64 to = backup ? header->MyLBA : header->FirstUsableLBA;
    u64 array = header->PartitionEntryLBA;
    return array >= from && range_fits(array, sectors, to);
}

static enum gpt_error header_check(const struct gpt *gpt, const u8 *bytes,
                                   struct gpt_header *header)
{
    if (!bytes)
        return GPT_UNREADABLE;
    memcpy(header, bytes, HEADER_SIZE_LEAST);
    if (memcmp(header->Signature, "EFI PART", sizeof(header->Signature)) != 0)
        return GPT_NO_SIGNATURE;
    if (header->Revision != GPT_REVISION)
        return GPT_BAD_REVISION;
    if (header->HeaderSize < HEADER_SIZE_LEAST || header->HeaderSize > GPT_SECTOR)
        return GPT_BAD_HEADER_SIZE;
    static const u8 zero[sizeof(header->HeaderCRC32)];
    u32 before = offsetof(struct gpt_header, HeaderCRC32), after = before + sizeof(zero);
    u32 crc = crc32(crc32(0, bytes, before), zero, sizeof(zero));
    if (crc32(crc, bytes + after, header->HeaderSize - after) != header->HeaderCRC32)
        return GPT_BAD_HEADER_CRC;
    if (header->MyLBA != gpt->tables[gpt->which].lba)
        return GPT_BAD_PLACE;
    if (header->FirstUsableLBA < 2 || header->FirstUsableLBA > header->LastUsableLBA ||
        header->LastUsableLBA >= gpt->sectors)
        return GPT_BAD_USABLE;
    u32 size = header->SizeOfPartitionEntry, count = header->NumberOfPartitionEntries;
    if (size < ENTRY_SIZE_LEAST || size > ENTRY_SIZE_MOST || !is_power_of_two(size))
        return GPT_BAD_ENTRY_SIZE;
    if (count == 0 || count > ARRAY_MOST / size)
        return GPT_BAD_ENTRY_COUNT;
    return array_is_in_place(header, gpt->which == 1) ? GPT_OK : GPT_BAD_ARRAY_PLACE;
}

/* --- from step to step ----------------------------------------------------------------------- */

static enum gpt_verdict judge(const struct gpt *gpt)
{
    const struct gpt_table *primary = &gpt->tables[0], *backup = &gpt->tables[1];
    if (gpt->foreign)
        return GPT_FOREIGN;
    if (primary->error != GPT_OK && backup->error != GPT_OK) {
        bool nothing = primary->error == GPT_NO_SIGNATURE && backup->error == GPT_NO_SIGNATURE;
        return nothing && !gpt->protective ? GPT_NONE : GPT_REFUSED;
    }
    if (primary->error != GPT_OK)
        return GPT_USED_BACKUP;
    if (backup->error != GPT_OK)
        return GPT_BACKUP_BAD;
    bool same = primary->array_crc == backup->array_crc && primary->first == backup->first &&
                primary->last == backup->last &&
                memcmp(primary->disk_guid, backup->disk_guid, sizeof(primary->disk_guid)) == 0;
    return same ? GPT_GOOD : GPT_DIFFERENT;
}

static void finish(struct gpt *gpt)
{
    gpt->step = GPT_STEP_DONE;
    gpt->verdict = judge(gpt);
    if (gpt->verdict >= GPT_NONE)
        gpt->partition_count = 0;
}

/* Goes to the header of a table. */
static void begin_table(struct gpt *gpt, u32 which, u64 lba)
{
    gpt->which = which;
    gpt->tables[which].lba = lba;
    gpt->step = GPT_STEP_HEADER;
}

/* Where the backup is: where the primary says, else where it belongs. */
static void begin_backup(struct gpt *gpt)
{
    const struct gpt_table *primary = &gpt->tables[0];
    u64 lba = primary->has_header ? primary->alternate : gpt->sectors - 1;
    if (lba >= gpt->sectors || lba <= 1) {
        gpt->tables[1].error = GPT_BAD_PLACE;
        finish(gpt);
    } else {
        begin_table(gpt, 1, lba);
    }
}

/* What there is to know of this table is known. */
static void end_table(struct gpt *gpt, enum gpt_error error)
{
    gpt->tables[gpt->which].error = error;
    if (gpt->which == 0)
        begin_backup(gpt);
    else
        finish(gpt);
}

static void header_take(struct gpt *gpt, const u8 *bytes)
{
    struct gpt_table *table = &gpt->tables[gpt->which];
    struct gpt_header header;
    enum gpt_error error = header_check(gpt, bytes, &header);
    if (error != GPT_OK) {
        end_table(gpt, error);
        return;
    }
    table->has_header = true;
    table->alternate = header.AlternateLBA;
    table->first = header.FirstUsableLBA;
    table->last = header.LastUsableLBA;
    table->array = header.PartitionEntryLBA;
    table->count = header.NumberOfPartitionEntries;
    table->size = header.SizeOfPartitionEntry;
    table->array_crc = header.PartitionEntryArrayCRC32;
    memcpy(table->disk_guid, header.DiskGUID, sizeof(table->disk_guid));
    gpt->done = 0;
    gpt->crc = 0;
    gpt->collect = gpt->which == 0 || gpt->tables[0].error != GPT_OK;
    if (gpt->collect)
        gpt->partition_count = gpt->ignored = 0;
    gpt->step = GPT_STEP_ARRAY;
}

/* --- the array ------------------------------------------------------------------------------- */

/* A name that can be a word of a configuration: what is no printable ASCII becomes '_'. */
static void take_name(char name[GPT_NAME_SIZE], const u16 from[36])
{
    u32 length = 0;
    while (length < 36 && from[length] != 0) {
        u16 c = from[length];
        name[length++] = c > ' ' && c < 0x7f ? (char)c : '_';
    }
    name[length] = 0;
}

static void take_entry(struct gpt *gpt, u32 number, const u8 *bytes)
{
    struct gpt_table *table = &gpt->tables[gpt->which];
    static const u8 unused[16];
    struct gpt_entry entry;
    memcpy(&entry, bytes, sizeof(entry));
    if (memcmp(entry.PartitionTypeGUID, unused, sizeof(unused)) == 0)
        return;
    if (number > GPT_PARTITIONS) {
        gpt->ignored++;
        return;
    }
    if (entry.StartingLBA < table->first || entry.StartingLBA > entry.EndingLBA ||
        entry.EndingLBA > table->last) {
        if (table->entry == 0)
            table->entry = number;
        return;
    }
    struct gpt_partition *partition = &gpt->partitions[gpt->partition_count++];
    partition->first = entry.StartingLBA;
    partition->sectors = entry.EndingLBA - entry.StartingLBA + 1;
    partition->number = number;
    take_name(partition->name, entry.PartitionName);
}

/* The number of an entry that shares a sector with an earlier one; 0: there is none. */
static u32 find_overlap(const struct gpt *gpt)
{
    for (u32 i = 1; i < gpt->partition_count; i++) {
        const struct gpt_partition *a = &gpt->partitions[i];
        for (u32 j = 0; j < i; j++) {
            const struct gpt_partition *b = &gpt->partitions[j];
            if (ranges_overlap(a->first, a->sectors, b->first, b->sectors))
                return a->number;
        }
    }
    return 0;
}

static enum gpt_error array_check(struct gpt *gpt)
{
    struct gpt_table *table = &gpt->tables[gpt->which];
    if (gpt->crc != table->array_crc)
        return GPT_BAD_ARRAY_CRC;
    if (!gpt->collect)
        return GPT_OK;
    if (table->entry != 0)
        return GPT_BAD_RANGE;
    table->entry = find_overlap(gpt);
    return table->entry != 0 ? GPT_OVERLAP : GPT_OK;
}

static void array_take(struct gpt *gpt, const u8 *bytes)
{
    const struct gpt_table *table = &gpt->tables[gpt->which];
    if (!bytes) {
        end_table(gpt, GPT_UNREADABLE);
        return;
    }
    u32 length = (u32)min(array_bytes(table) - gpt->done, WINDOW);
    gpt->crc = crc32(gpt->crc, bytes, length);
    for (u32 offset = 0; gpt->collect && offset < length; offset += table->size)
        take_entry(gpt, (gpt->done + offset) / table->size + 1, bytes + offset);
    gpt->done += length;
    if (gpt->done == array_bytes(table))
        end_table(gpt, array_check(gpt));
}

void gpt_take(struct gpt *gpt, const void *bytes)
{
    switch (gpt->step) {
    case GPT_STEP_MBR:
        mbr_take(gpt, bytes);
        begin_table(gpt, 0, 1);
        break;
    case GPT_STEP_HEADER:
        header_take(gpt, bytes);
        break;
    case GPT_STEP_ARRAY:
        array_take(gpt, bytes);
        break;
    default:
        break;
    }
}

/* --- what to say ----------------------------------------------------------------------------- */

static void describe_table(const struct gpt *gpt, u32 which, char *buffer, usize size)
{
    const struct gpt_table *table = &gpt->tables[which];
    const char *name = which == 0 ? "the primary table" : "the backup";
    const char *text = gpt_error_text(table->error);
    if (table->error == GPT_BAD_RANGE || table->error == GPT_OVERLAP)
        format_buffer(buffer, size, "%s %s (number %u)", name, text, table->entry);
    else
        format_buffer(buffer, size, "%s %s", name, text);
}

void gpt_describe(const struct gpt *gpt, char *buffer, usize size)
{
    char primary[96], backup[96];
    describe_table(gpt, 0, primary, sizeof(primary));
    describe_table(gpt, 1, backup, sizeof(backup));
    u32 count = gpt->partition_count;
    switch (gpt->verdict) {
    case GPT_GOOD:
        format_buffer(buffer, size, "GPT, %u partitions", count);
        break;
    case GPT_BACKUP_BAD:
        format_buffer(buffer, size, "GPT, %u partitions, but %s", count, backup);
        break;
    case GPT_DIFFERENT:
        format_buffer(buffer, size,
                      "GPT, %u partitions, but the backup is another table: the primary is used",
                      count);
        break;
    case GPT_USED_BACKUP:
        format_buffer(buffer, size, "GPT, %u partitions, but %s: the backup is used", count,
                      primary);
        break;
    case GPT_NONE:
        format_buffer(buffer, size, "no partition table");
        break;
    case GPT_FOREIGN:
        format_buffer(buffer, size, "no GPT, but partitions in an MBR, which are not used");
        break;
    case GPT_REFUSED:
        format_buffer(buffer, size, "its GPT is refused: %s, and %s", primary, backup);
        break;
    default:
        format_buffer(buffer, size, "its partition table is being read");
    }
}

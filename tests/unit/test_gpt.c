/*
 * Unit tests of the disk server's reader of partition tables, on a disk made of memory: right
 * tables, and tables with a single thing wrong.
 */
// with: servers/disk/gpt.c libpv/base/checksum.c libpv/base/format.c
#include "unit.h"

#include <base/checksum.h>
#include <disk/gpt.h>

enum { SECTORS = 400, BACKUP = SECTORS - 1, FIRST = 34, LAST = SECTORS - 33, ENTRIES = 128 };

/* Fields of the header and of an entry, as the specification numbers their bytes. */
enum {
    SIGNATURE = 0,
    REVISION = 8,
    HEADER_SIZE = 12,
    HEADER_CRC = 16,
    MY_LBA = 24,
    ALTERNATE_LBA = 32,
    FIRST_USABLE = 40,
    LAST_USABLE = 48,
    DISK_GUID = 56,
    ARRAY_LBA = 72,
    ENTRY_COUNT = 80,
    ENTRY_SIZE = 84,
    ARRAY_CRC = 88,
    STARTING_LBA = 32,
    ENDING_LBA = 40,
    NAME = 56
};

static u8 disk[SECTORS][GPT_SECTOR];
static bool unreadable[SECTORS];
static struct gpt gpt;

static void put(u8 *at, u64 value, u32 bytes)
{
    for (u32 i = 0; i < bytes; i++)
        at[i] = (u8)(value >> 8 * i);
}

static u64 get(const u8 *at, u32 bytes)
{
    u64 value = 0;
    for (u32 i = 0; i < bytes; i++)
        value |= (u64)at[i] << 8 * i;
    return value;
}

static u8 *entry(u64 array, u32 number)
{
    return &disk[array][0] + 128 * (number - 1);
}

/* Puts both checksums right. */
static void seal(u64 header)
{
    u8 *at = disk[header];
    u64 bytes = get(at + ENTRY_COUNT, 4) * get(at + ENTRY_SIZE, 4), array = get(at + ARRAY_LBA, 8);
    if (range_fits(array, bytes / GPT_SECTOR + 1, SECTORS))
        put(at + ARRAY_CRC, crc32(0, disk[array], bytes), 4);
    put(at + HEADER_CRC, 0, 4);
    put(at + HEADER_CRC, crc32(0, at, get(at + HEADER_SIZE, 4)), 4);
}

static void write_header(u64 lba, u64 other, u64 array)
{
    u8 *at = disk[lba];
    memcpy(at + SIGNATURE, "EFI PART", 8);
    put(at + REVISION, 0x10000, 4);
    put(at + HEADER_SIZE, 92, 4);
    put(at + MY_LBA, lba, 8);
    put(at + ALTERNATE_LBA, other, 8);
    put(at + FIRST_USABLE, FIRST, 8);
    put(at + LAST_USABLE, LAST - 1, 8);
    memset(at + DISK_GUID, 0x77, 16);
    put(at + ARRAY_LBA, array, 8);
    put(at + ENTRY_COUNT, ENTRIES, 4);
    put(at + ENTRY_SIZE, 128, 4);
}

static void write_entry(u32 number, u64 first, u64 last, const char *name)
{
    const u64 arrays[] = {2, LAST};
    for (u32 i = 0; i < 2; i++) {
        u8 *at = entry(arrays[i], number);
        memset(at, 0x11, 32);
        put(at + STARTING_LBA, first, 8);
        put(at + ENDING_LBA, last, 8);
        for (u32 c = 0; c < strlen(name); c++)
            put(at + NAME + 2 * c, (u8)name[c], 2);
    }
}

static void seal_both(void)
{
    seal(1);
    seal(BACKUP);
}

/* A disk with two partitions, and everything in order. */
static int setup(void **state)
{
    (void)state;
    memset(disk, 0, sizeof(disk));
    memset(unreadable, 0, sizeof(unreadable));
    disk[0][450] = 0xee;
    disk[0][510] = 0x55;
    disk[0][511] = 0xaa;
    write_header(1, BACKUP, 2);
    write_header(BACKUP, 1, LAST);
    write_entry(1, 40, 99, "system");
    write_entry(2, 100, 100, "my data\xe9");
    seal_both();
    return 0;
}

/* Lets the machine read the disk, from copies that end where the sectors end. */
static const char *look(void)
{
    static char text[256];
    u64 sector;
    u32 count, reads = 0;
    gpt_begin(&gpt, SECTORS);
    while (gpt_next(&gpt, &sector, &count)) {
        assert_in_range(count, 1, GPT_READ_MOST);
        assert_true(range_fits(sector, count, SECTORS));
        assert_true(reads++ < 2000);
        bool bad = false;
        for (u32 i = 0; i < count; i++)
            bad = bad || unreadable[sector + i];
        void *copy = exact_copy(disk[sector], count * GPT_SECTOR);
        gpt_take(&gpt, bad ? NULL : copy);
        free(copy);
    }
    gpt_describe(&gpt, text, sizeof(text));
    return text;
}

/* The verdict on both tables when each of them has the same wrong. */
static void assert_refused(enum gpt_error primary, enum gpt_error backup)
{
    const char *text = look();
    assert_int_equal(gpt.tables[0].error, primary);
    assert_int_equal(gpt.tables[1].error, backup);
    assert_int_equal(gpt.verdict, GPT_REFUSED);
    assert_int_equal(gpt.partition_count, 0);
    assert_non_null(strstr(text, gpt_error_text(primary)));
    assert_non_null(strstr(text, gpt_error_text(backup)));
}

static void good(void **state)
{
    (void)state;
    assert_string_equal(look(), "GPT, 2 partitions");
    assert_int_equal(gpt.verdict, GPT_GOOD);
    assert_int_equal(gpt.partition_count, 2);
    assert_int_equal(gpt.partitions[0].first, 40);
    assert_int_equal(gpt.partitions[0].sectors, 60);
    assert_int_equal(gpt.partitions[0].number, 1);
    assert_string_equal(gpt.partitions[0].name, "system");
    assert_int_equal(gpt.partitions[1].sectors, 1);
    assert_string_equal(gpt.partitions[1].name, "my_data_");
}

static void backup_is_used(void **state)
{
    (void)state;
    memset(disk[1], 0, GPT_SECTOR);
    assert_string_equal(look(), "GPT, 2 partitions, but the primary table has no signature: "
                                "the backup is used");
    assert_int_equal(gpt.verdict, GPT_USED_BACKUP);
    assert_int_equal(gpt.partition_count, 2);
    assert_string_equal(gpt.partitions[0].name, "system");

    setup(NULL);
    entry(2, 2)[STARTING_LBA] ^= 1;
    look();
    assert_int_equal(gpt.tables[0].error, GPT_BAD_ARRAY_CRC);
    assert_int_equal(gpt.verdict, GPT_USED_BACKUP);
    assert_int_equal(gpt.partition_count, 2);
    assert_int_equal(gpt.partitions[1].first, 100);

    /* Everything at the beginning of the disk is lost, the MBR as well. */
    setup(NULL);
    memset(disk, 0, FIRST * GPT_SECTOR);
    look();
    assert_int_equal(gpt.verdict, GPT_USED_BACKUP);
    assert_int_equal(gpt.partition_count, 2);
}

static void backup_is_damaged(void **state)
{
    (void)state;
    disk[BACKUP][DISK_GUID] ^= 1;
    assert_string_equal(look(),
                        "GPT, 2 partitions, but the backup has a header with a wrong checksum");
    assert_int_equal(gpt.verdict, GPT_BACKUP_BAD);
    assert_int_equal(gpt.partition_count, 2);
}

static void tables_differ(void **state)
{
    (void)state;
    put(entry(LAST, 2) + ENDING_LBA, 150, 8);
    seal(BACKUP);
    look();
    assert_int_equal(gpt.verdict, GPT_DIFFERENT);
    assert_int_equal(gpt.partitions[1].sectors, 1);
}

static void unreadable_sectors(void **state)
{
    (void)state;
    unreadable[1] = true;
    look();
    assert_int_equal(gpt.tables[0].error, GPT_UNREADABLE);
    assert_int_equal(gpt.verdict, GPT_USED_BACKUP);

    unreadable[1] = false;
    unreadable[12] = true; /* in the array */
    look();
    assert_int_equal(gpt.tables[0].error, GPT_UNREADABLE);
    assert_int_equal(gpt.verdict, GPT_USED_BACKUP);
    assert_int_equal(gpt.partition_count, 2);

    unreadable[0] = true;
    unreadable[BACKUP] = true;
    assert_refused(GPT_UNREADABLE, GPT_UNREADABLE);
}

static void no_table(void **state)
{
    (void)state;
    memset(disk, 0, sizeof(disk));
    assert_string_equal(look(), "no partition table");
    assert_int_equal(gpt.verdict, GPT_NONE);

    /* Somebody has made other partitions since. */
    setup(NULL);
    disk[0][450] = 0x83;
    look();
    assert_int_equal(gpt.verdict, GPT_FOREIGN);
    assert_int_equal(gpt.partition_count, 0);

    gpt_begin(&gpt, 5);
    u64 sector;
    u32 count;
    assert_false(gpt_next(&gpt, &sector, &count));
    assert_int_equal(gpt.verdict, GPT_NONE);
}

/* Sets one field of both headers to a value, with right checksums. */
static void spoil(u32 field, u64 value, u32 bytes)
{
    setup(NULL);
    put(disk[1] + field, value, bytes);
    put(disk[BACKUP] + field, value, bytes);
    seal_both();
}

static void wrong_headers(void **state)
{
    (void)state;
    static const struct {
        u32 field, bytes;
        u64 value;
        enum gpt_error error;
    } cases[] = {
        {SIGNATURE, 1, 'e', GPT_NO_SIGNATURE},
        {REVISION, 4, 0x20000, GPT_BAD_REVISION},
        {HEADER_SIZE, 4, 91, GPT_BAD_HEADER_SIZE},
        {MY_LBA, 8, 7, GPT_BAD_PLACE},
        {FIRST_USABLE, 8, 1, GPT_BAD_USABLE},
        {FIRST_USABLE, 8, LAST, GPT_BAD_USABLE},
        {LAST_USABLE, 8, SECTORS, GPT_BAD_USABLE},
        {LAST_USABLE, 8, UINT64_MAX, GPT_BAD_USABLE},
        {ENTRY_SIZE, 4, 0, GPT_BAD_ENTRY_SIZE},
        {ENTRY_SIZE, 4, 64, GPT_BAD_ENTRY_SIZE},
        {ENTRY_SIZE, 4, 384, GPT_BAD_ENTRY_SIZE},
        {ENTRY_SIZE, 4, 8192, GPT_BAD_ENTRY_SIZE},
        {ENTRY_SIZE, 4, 0x80000000, GPT_BAD_ENTRY_SIZE},
        {ENTRY_COUNT, 4, 0, GPT_BAD_ENTRY_COUNT},
        {ENTRY_COUNT, 4, 8193, GPT_BAD_ENTRY_COUNT},
        {ENTRY_COUNT, 4, UINT32_MAX, GPT_BAD_ENTRY_COUNT},
        {ENTRY_COUNT, 4, 132, GPT_BAD_ARRAY_PLACE}, /* one sector more than there is */
        {ARRAY_LBA, 8, 1, GPT_BAD_ARRAY_PLACE},
        {ARRAY_LBA, 8, FIRST, GPT_BAD_ARRAY_PLACE},
        {ARRAY_LBA, 8, UINT64_MAX, GPT_BAD_ARRAY_PLACE},
    };
    for (u32 i = 0; i < array_count(cases); i++) {
        spoil(cases[i].field, cases[i].value, cases[i].bytes);
        assert_refused(cases[i].error, cases[i].error);
    }
    setup(NULL);
    put(disk[1] + HEADER_SIZE, 513, 4); /* its checksum cannot be made */
    put(disk[BACKUP] + HEADER_SIZE, UINT32_MAX, 4);
    assert_refused(GPT_BAD_HEADER_SIZE, GPT_BAD_HEADER_SIZE);
}

static void backup_elsewhere(void **state)
{
    (void)state;
    put(disk[1] + ALTERNATE_LBA, SECTORS, 8);
    seal(1);
    look();
    assert_int_equal(gpt.tables[1].error, GPT_BAD_PLACE);
    assert_int_equal(gpt.verdict, GPT_BACKUP_BAD);
    put(disk[1] + ALTERNATE_LBA, 1, 8);
    seal(1);
    look();
    assert_int_equal(gpt.tables[1].error, GPT_BAD_PLACE);
    assert_int_equal(gpt.verdict, GPT_BACKUP_BAD);
}

static void entries_out_of_range(void **state)
{
    (void)state;
    static const u64 ranges[][2] = {
        {FIRST - 1, 99},          {50, 49},         {50, LAST},      {0, 0},
        {UINT64_MAX, UINT64_MAX}, {50, UINT64_MAX}, {UINT64_MAX, 50}};
    for (u32 i = 0; i < array_count(ranges); i++) {
        setup(NULL);
        write_entry(7, ranges[i][0], ranges[i][1], "bad");
        seal_both();
        assert_refused(GPT_BAD_RANGE, GPT_BAD_RANGE);
        assert_int_equal(gpt.tables[1].entry, 7);
    }
    write_entry(7, FIRST, FIRST, "first");
    write_entry(8, LAST - 1, LAST - 1, "last");
    seal_both();
    look();
    assert_int_equal(gpt.verdict, GPT_GOOD);
    assert_int_equal(gpt.partition_count, 4);
}

static void entries_overlap(void **state)
{
    (void)state;
    write_entry(9, 99, 99, "inside");
    seal_both();
    assert_refused(GPT_OVERLAP, GPT_OVERLAP);
    assert_int_equal(gpt.tables[0].entry, 9);
    assert_non_null(strstr(look(), "has entries that overlap (number 9)"));
}

/* Only the primary's entries overlap: then the backup, which is right, counts. */
static void overlap_in_primary(void **state)
{
    (void)state;
    put(entry(2, 2) + STARTING_LBA, 98, 8);
    seal(1);
    look();
    assert_int_equal(gpt.tables[0].error, GPT_OVERLAP);
    assert_int_equal(gpt.verdict, GPT_USED_BACKUP);
    assert_int_equal(gpt.partitions[1].first, 100);
}

/* Entries of 512 bytes, and more of them than are looked at. */
static void large_entries(void **state)
{
    (void)state;
    memset(disk[2], 0, 140 * GPT_SECTOR);
    u8 *at = disk[1];
    put(at + FIRST_USABLE, 150, 8);
    put(at + ENTRY_COUNT, 140, 4);
    put(at + ENTRY_SIZE, 512, 4);
    for (u32 i = 0; i < 140; i++) {
        u8 *one = disk[2 + i];
        memset(one, 0x33, 16);
        put(one + STARTING_LBA, 150 + i, 8);
        put(one + ENDING_LBA, 150 + i, 8);
    }
    seal(1);
    look();
    assert_int_equal(gpt.tables[0].error, GPT_OK);
    assert_int_equal(gpt.partition_count, GPT_PARTITIONS);
    assert_int_equal(gpt.ignored, 12);
    assert_int_equal(gpt.partitions[127].first, 150 + 127);
    assert_string_equal(gpt.partitions[127].name, "");
}

/* A name of all 36 characters, without a 0 behind it. */
static void long_name(void **state)
{
    (void)state;
    write_entry(1, 40, 99, "abcdefghijklmnopqrstuvwxyz0123456789");
    seal_both();
    look();
    assert_string_equal(gpt.partitions[0].name, "abcdefghijklmnopqrstuvwxyz0123456789");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(good, setup),
        cmocka_unit_test_setup(backup_is_used, setup),
        cmocka_unit_test_setup(backup_is_damaged, setup),
        cmocka_unit_test_setup(tables_differ, setup),
        cmocka_unit_test_setup(unreadable_sectors, setup),
        cmocka_unit_test_setup(no_table, setup),
        cmocka_unit_test_setup(wrong_headers, setup),
        cmocka_unit_test_setup(backup_elsewhere, setup),
        cmocka_unit_test_setup(entries_out_of_range, setup),
        cmocka_unit_test_setup(entries_overlap, setup),
        cmocka_unit_test_setup(overlap_in_primary, setup),
        cmocka_unit_test_setup(large_entries, setup),
        cmocka_unit_test_setup(long_name, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

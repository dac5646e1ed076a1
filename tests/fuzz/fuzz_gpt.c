/*
 * Fuzzer of the disk server's reader of partition tables: any bytes are a disk, and whatever comes
 * out lies on it and does not overlap.
 *
 * The input's first byte gives the number of sectors (up to 255) and the second one helps: bit 0
 * puts the signatures and fixed fields in place, bit 1 the checksums of the headers, bit 2 those of
 * the arrays, where they lie on the disk; bit 3 makes every 13th read fail.
 */
// with: servers/disk/gpt.c libpv/base/checksum.c libpv/base/format.c
#include <stdlib.h>
#include <string.h>

#include <base/checksum.h>
#include <disk/gpt.h>

enum { MOST = 256, HEADER_SIZE = 92 };

static u8 disk[MOST][GPT_SECTOR];

static void check(bool condition)
{
    if (!condition)
        abort();
}

static void put(u8 *at, u64 value, u32 bytes)
{
    memcpy(at, &value, bytes);
}

static u64 get(const u8 *at, u32 bytes)
{
    u64 value = 0;
    memcpy(&value, at, bytes);
    return value;
}

/* Makes a sector look more like a header. */
static void repair(u64 lba, u64 other, u64 sectors, u8 how)
{
    u8 *at = disk[lba];
    if (how & 1) {
        memcpy(at, "EFI PART", 8);
        put(at + 8, 0x10000, 4);
        put(at + 12, HEADER_SIZE, 4);
        put(at + 24, lba, 8);
        put(at + 32, other, 8);
        for (u32 field = 40; field <= 72; field += field == 48 ? 24 : 8)
            put(at + field, at[field], 8);
        put(at + 80, at[80], 4);
        put(at + 84, 128u << (at[84] & 7), 4);
    }
    u64 array = get(at + 72, 8), bytes = get(at + 80, 4) * get(at + 84, 4);
    if ((how & 4) && range_fits(array, bytes / GPT_SECTOR + 1, sectors))
        put(at + 88, crc32(0, disk[array], bytes), 4);
    if (how & 2) {
        put(at + 16, 0, 4);
        put(at + 16, crc32(0, at, min(get(at + 12, 4), GPT_SECTOR)), 4);
    }
}

static void check_result(const struct gpt *gpt, u64 sectors)
{
    check(gpt->verdict != GPT_READING && gpt->partition_count <= GPT_PARTITIONS);
    for (u32 i = 0; i < gpt->partition_count; i++) {
        const struct gpt_partition *a = &gpt->partitions[i];
        check(a->sectors != 0 && a->first >= 2 && range_fits(a->first, a->sectors, sectors));
        check(a->number >= 1 && a->number <= GPT_PARTITIONS);
        check(strnlen(a->name, GPT_NAME_SIZE) < GPT_NAME_SIZE);
        for (u32 j = 0; j < i; j++)
            check(!ranges_overlap(a->first, a->sectors, gpt->partitions[j].first,
                                  gpt->partitions[j].sectors));
    }
    char text[64];
    gpt_describe(gpt, text, sizeof(text));
    check(strnlen(text, sizeof(text)) < sizeof(text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    u64 sectors = data[0];
    u8 how = data[1];
    memset(disk, 0, sizeof(disk));
    memcpy(disk, data + 2, min(size - 2, sectors * GPT_SECTOR));
    if (sectors > 2) {
        if (how & 1)
            memcpy(disk[sectors - 1], disk[1], GPT_SECTOR);
        repair(1, sectors - 1, sectors, how);
        repair(sectors - 1, 1, sectors, how);
    }

    struct gpt gpt;
    u64 sector;
    u32 count, reads = 0;
    gpt_begin(&gpt, sectors);
    while (gpt_next(&gpt, &sector, &count)) {
        check(count >= 1 && count <= GPT_READ_MOST && range_fits(sector, count, sectors));
        check(++reads < 1000);
        u8 *copy = malloc(count * GPT_SECTOR);
        memcpy(copy, disk[sector], count * GPT_SECTOR);
        gpt_take(&gpt, (how & 8) && reads % 13 == 0 ? NULL : copy);
        free(copy);
    }
    check_result(&gpt, sectors);
    return 0;
}

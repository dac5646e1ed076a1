/*
 * Fuzzer of base/tar.c: any bytes are an archive or an error, and whatever the walk hands out lies
 * inside the archive.
 *
 * A random header never has the right checksum, and random bytes seldom end in a kilobyte of zeros.
 * So bits of the first byte ask for help. Wherever a header might be, bit 0 puts the magic right,
 * bit 1 makes a size of what stands in its place, bit 2 a kind, bit 3 makes the checksum fit; bit 4
 * fills up the last block and adds the archive's end.
 */
// with: libpv/base/tar.c
#include <stdlib.h>
#include <string.h>

#include <base/tar.h>

enum { BLOCK = 512, SIZE = 124, CHKSUM = 148, TYPE = 156, MAGIC = 257 };

static void put_octal(u8 *field, u32 digits, u32 number)
{
    for (u32 i = 0; i < digits; i++)
        field[i] = (u8)('0' + (number >> 3 * (digits - 1 - i) & 7));
    field[digits] = 0;
}

/* Makes every block that does not begin with a 0 look more like a header. */
static void repair(u8 *bytes, u64 size, u8 how)
{
    static const u8 magic[8] = {'u', 's', 't', 'a', 'r', 0, '0', '0'};
    for (u64 offset = 0; range_fits(offset, BLOCK, size); offset += BLOCK) {
        u8 *header = bytes + offset;
        if (header[0] == 0)
            continue;
        if (how & 2)
            put_octal(header + SIZE, 11, header[SIZE] * 4u);
        if (how & 4)
            header[TYPE] = header[TYPE] % 8 < 4 ? '0' : '5';
        if (how & 1)
            memcpy(header + MAGIC, magic, sizeof(magic));
        if (!(how & 8))
            continue;
        memset(header + CHKSUM, ' ', 8);
        u32 sum = 0;
        for (u32 i = 0; i < BLOCK; i++)
            sum += header[i];
        put_octal(header + CHKSUM, 6, sum);
    }
}

static void check(bool condition)
{
    if (!condition)
        abort();
}

static void check_file(const struct tar *tar, const struct tar_file *file)
{
    check(range_fits((u64)(file->bytes - tar->bytes), file->size, tar->size));
    check(file->name[0] != 0 && strnlen(file->name, TAR_NAME_SIZE) < TAR_NAME_SIZE);
    volatile u8 sink = 0;
    if (file->size != 0)
        sink = file->bytes[0] ^ file->bytes[file->size - 1];
    (void)sink;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    u64 length = data[0] & 16 ? align_up(size - 1, BLOCK) + 2 * BLOCK : size - 1;
    u8 *bytes = calloc(1, length);
    memcpy(bytes, data + 1, size - 1);
    repair(bytes, length, data[0]);

    struct tar tar;
    struct tar_file file;
    enum tar_error error;
    u64 files = 0;
    tar_open(&tar, bytes, length);
    while ((error = tar_next(&tar, &file)) == TAR_OK) {
        check_file(&tar, &file);
        files++;
    }
    check(files <= length / BLOCK);
    check(tar_check(&tar) == (error == TAR_END ? TAR_OK : error));
    if (tar_find(&tar, "a", &file) == TAR_OK) {
        check_file(&tar, &file);
        check(strcmp(file.name, "a") == 0 && !file.is_directory);
    }
    free(bytes);
    return 0;
}

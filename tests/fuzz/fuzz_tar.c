/*
 * Fuzzer of base/tar.c: any bytes are an archive or an error, and whatever the walk hands out lies
 * inside the archive.
 *
 * A random header never has the right checksum, so a first byte that is odd asks for the checksums
 * to be put right wherever a header would be read.
 */
// with: libpv/base/tar.c
#include <stdlib.h>
#include <string.h>

#include <base/tar.h>

enum { BLOCK = 512, CHKSUM = 148, MAGIC = 257 };

/* Makes every block that begins a file look more like a header. */
static void repair(u8 *bytes, u64 size)
{
    for (u64 offset = 0; range_fits(offset, BLOCK, size); offset += BLOCK) {
        u8 *header = bytes + offset;
        u32 sum = 0;
        if (header[0] == 0)
            continue;
        memcpy(header + MAGIC,
               "ustar\0"
               "00",
               8);
        memset(header + CHKSUM, ' ', 8);
        for (u32 i = 0; i < BLOCK; i++)
            sum += header[i];
        for (u32 i = 0; i < 6; i++)
            header[CHKSUM + i] = (u8)('0' + (sum >> 3 * (5 - i) & 7));
        header[CHKSUM + 6] = 0;
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
    u64 length = size - 1;
    u8 *bytes = malloc(length);
    memcpy(bytes, data + 1, length);
    if (data[0] & 1)
        repair(bytes, length);

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

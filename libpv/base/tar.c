/*
 * The walk through a tar archive (tar.h).
 *
 * A tar file is a row of 512-byte blocks: for each file a header, then its bytes, filled up to
 * whole blocks; at the end two blocks of zeros. Numbers are octal text.
 */
#include <base/string.h>
#include <base/tar.h>

enum { BLOCK = 512 };

/* POSIX.1-1988 ustar; the field names are those of <tar.h>'s specification. */
struct header {
    char name[100];
    char mode[8];
    char uid[8];
    char gid[8];
    char size[12];
    char mtime[12];
    char chksum[8];
    char typeflag;
    char linkname[100];
    char magic[6];
    char version[2];
    char uname[32];
    char gname[32];
    char devmajor[8];
    char devminor[8];
    char prefix[155];
    char padding[12];
};

static_assert(sizeof(struct header) == BLOCK, "a tar header is one block");

/* Octal digits up to the end of the field or to a first space or 0, after which only those. */
static bool read_octal(const char *field, usize length, u64 *number)
{
    usize i = 0;
    *number = 0;
    while (i < length && field[i] == ' ')
        i++;
    usize first = i;
    for (; i < length && field[i] >= '0' && field[i] <= '7'; i++)
        *number = *number * 8 + (u64)(field[i] - '0'); /* at most 12 digits: 36 bits */
    bool has_digits = i > first;
    while (i < length && (field[i] == ' ' || field[i] == 0))
        i++;
    return has_digits && i == length;
}

static bool is_zeros(const u8 *block)
{
    for (usize i = 0; i < BLOCK; i++) {
        if (block[i] != 0)
            return false;
    }
    return true;
}

/* The sum of the bytes of a block; eight of them at a time, in four sums of 16 bits, of which none
 * can overflow. */
static u64 sum_bytes(const void *block)
{
    const u64 low = 0x00ff00ff00ff00ff;
    const u8 *bytes = block;
    u64 sums = 0, word;
    for (usize i = 0; i < BLOCK; i += sizeof(word)) {
        __builtin_memcpy(&word, bytes + i, sizeof(word));
        sums += (word & low) + (word >> 8 & low);
    }
    return (sums & 0xffff) + (sums >> 16 & 0xffff) + (sums >> 32 & 0xffff) + (sums >> 48);
}

/* The sum of all bytes of the header, its checksum's own place taken as blanks. */
static bool checksum_is_right(const struct header *header)
{
    u64 sum = sum_bytes(header), expected;
    for (usize i = 0; i < sizeof(header->chksum); i++)
        sum += ' ' - (u64)(u8)header->chksum[i];
    return read_octal(header->chksum, sizeof(header->chksum), &expected) && sum == expected;
}

/* Puts together prefix and name; false when that leaves nothing. */
static bool read_name(const struct header *header, char name[TAR_NAME_SIZE])
{
    usize length = strnlen(header->prefix, sizeof(header->prefix));
    memcpy(name, header->prefix, length);
    if (length != 0)
        name[length++] = '/';
    usize rest = strnlen(header->name, sizeof(header->name));
    memcpy(name + length, header->name, rest);
    length += rest;
    while (length != 0 && name[length - 1] == '/')
        length--;
    usize skip = length > 2 && name[0] == '.' && name[1] == '/' ? 2 : 0;
    memmove(name, name + skip, length - skip);
    name[length - skip] = 0;
    return length > skip;
}

/* Checks a header at `tar->offset`, which lies inside the archive, and describes its file. */
static enum tar_error read_header(const struct tar *tar, struct tar_file *file)
{
    struct header header;
    memcpy(&header, tar->bytes + tar->offset, sizeof(header));
    if (memcmp(header.magic, "ustar", sizeof(header.magic)) != 0 ||
        memcmp(header.version, "00", sizeof(header.version)) != 0)
        return TAR_MAGIC;
    if (!checksum_is_right(&header))
        return TAR_CHECKSUM;
    struct tar_file found;
    found.is_directory = header.typeflag == '5';
    if (!found.is_directory && header.typeflag != '0' && header.typeflag != 0)
        return TAR_KIND;
    if (!read_octal(header.size, sizeof(header.size), &found.size))
        return TAR_SIZE;
    if (found.is_directory && found.size != 0)
        return TAR_SIZE;
    if (!read_name(&header, found.name))
        return TAR_NAME;
    if (!range_fits(tar->offset + BLOCK, found.size, tar->size))
        return TAR_BOUNDS;
    found.bytes = tar->bytes + tar->offset + BLOCK;
    *file = found;
    return TAR_OK;
}

void tar_open(struct tar *tar, const void *bytes, u64 size)
{
    *tar = (struct tar){.bytes = bytes, .size = size};
}

enum tar_error tar_next(struct tar *tar, struct tar_file *file)
{
    if (!range_fits(tar->offset, BLOCK, tar->size))
        return TAR_TRUNCATED;
    if (is_zeros(tar->bytes + tar->offset)) {
        if (!range_fits(tar->offset, 2 * BLOCK, tar->size))
            return TAR_TRUNCATED;
        return is_zeros(tar->bytes + tar->offset + BLOCK) ? TAR_END : TAR_LONE_ZEROS;
    }
    enum tar_error error = read_header(tar, file);
    if (error == TAR_OK)
        tar->offset += BLOCK + align_up(file->size, BLOCK);
    return error;
}

enum tar_error tar_find(struct tar *tar, const char *name, struct tar_file *file)
{
    enum tar_error error;
    struct tar_file found;
    tar->offset = 0;
    do
        error = tar_next(tar, &found);
    while (error == TAR_OK && (found.is_directory || strcmp(found.name, name) != 0));
    if (error == TAR_OK)
        *file = found;
    return error;
}

enum tar_error tar_check(struct tar *tar)
{
    enum tar_error error;
    struct tar_file file;
    tar->offset = 0;
    do
        error = tar_next(tar, &file);
    while (error == TAR_OK);
    return error == TAR_END ? TAR_OK : error;
}

const char *tar_error_text(enum tar_error error)
{
    switch (error) {
    case TAR_OK:
        return "no error";
    case TAR_END:
        return "not in the archive";
    case TAR_TRUNCATED:
        return "the archive is cut off here";
    case TAR_MAGIC:
        return "not a ustar header";
    case TAR_CHECKSUM:
        return "checksum wrong";
    case TAR_KIND:
        return "neither a regular file nor a directory";
    case TAR_SIZE:
        return "size is not a valid number";
    case TAR_NAME:
        return "name is empty";
    case TAR_BOUNDS:
        return "file reaches beyond the end of the archive";
    case TAR_LONE_ZEROS:
        return "a single block of zeros, where the archive should end with two";
    }
    return "unknown error";
}

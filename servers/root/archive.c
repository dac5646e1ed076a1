/*
 * The boot archive. See archive.h. A tar file has checksums of its headers only; those of the
 * contents are in the archive's file `checksums`, with a line "CRC32 PATH" for each of the others
 * (iso/mkarchive.sh). Only files that are used are checked: it takes a few instructions a byte.
 */
#include <base/checksum.h>
#include <base/format.h>
#include <base/parse.h>
#include <runtime/start.h>

#include "archive.h"
#include "root.h"

#define CHECKSUMS "checksums"
#define REMEDY    "make the ISO anew, or find out what damaged it"

static struct tar archive;
static struct slice checksums; /* empty: the archive has none, and nothing is checked */

_Noreturn static void die_of(enum tar_error error)
{
    die("boot archive (%lu bytes): at offset %lu: %s; " REMEDY, boot_info->archive_size,
        archive.offset, tar_error_text(error));
}

static bool find(const char *name, struct tar_file *file)
{
    enum tar_error error = tar_find(&archive, name, file);
    if (error != TAR_OK && error != TAR_END)
        die_of(error);
    return error == TAR_OK;
}

void archive_open(void)
{
    struct tar_file list;
    if (boot_info->archive_size == 0)
        die("no boot archive: GRUB has to load one, by 'module2 /boot/archive.tar archive'");
    tar_open(&archive, (const void *)BOOT_ARCHIVE_ADDRESS, boot_info->archive_size);
    enum tar_error error = tar_check(&archive);
    if (error != TAR_OK)
        die_of(error);
    if (find(CHECKSUMS, &list))
        checksums = (struct slice){(const char *)list.bytes, list.size};
}

/* Looks up a file's checksum as it should be; false if the list has none. */
static bool checksum_find(const char *name, struct slice *sum)
{
    struct slice line, path, rest = checksums;
    while (slice_next_line(&rest, &line)) {
        if (slice_split(line, ' ', sum, &path) && slice_equal(path, name))
            return true;
    }
    return false;
}

bool archive_find(const char *name, struct tar_file *file)
{
    struct slice sum;
    char actual[9];
    if (!find(name, file))
        return false;
    if (checksums.length == 0)
        return true;
    format_buffer(actual, sizeof(actual), "%08x", crc32(0, file->bytes, file->size));
    if (!checksum_find(name, &sum) || !slice_equal(sum, actual))
        die("boot archive: '%s' (%lu bytes at offset %lu) is damaged: its checksum is not the one "
            "in "
            "'" CHECKSUMS "'; " REMEDY,
            name, file->size, (u64)file->bytes - BOOT_ARCHIVE_ADDRESS);
    return true;
}

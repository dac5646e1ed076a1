/*
 * The boot archive. See archive.h.
 */
#include <runtime/start.h>

#include "archive.h"
#include "root.h"

static struct tar archive;

_Noreturn static void die_of(enum tar_error error)
{
    die("boot archive (%lu bytes): at offset %lu: %s; make the ISO anew, or find out what damaged "
        "it",
        boot_info->archive_size, archive.offset, tar_error_text(error));
}

void archive_open(void)
{
    if (boot_info->archive_size == 0)
        die("no boot archive: GRUB has to load one, by 'module2 /boot/archive.tar archive'");
    tar_open(&archive, (const void *)BOOT_ARCHIVE_ADDRESS, boot_info->archive_size);
    enum tar_error error = tar_check(&archive);
    if (error != TAR_OK)
        die_of(error);
}

bool archive_find(const char *name, struct tar_file *file)
{
    enum tar_error error = tar_find(&archive, name, file);
    if (error != TAR_OK && error != TAR_END)
        die_of(error); /* it was right when it was opened: memory is broken */
    return error == TAR_OK;
}

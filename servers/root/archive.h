/*
 * The boot archive: the file that GRUB loaded beside the kernel, with the programs of the servers and the
 * boot configurations.
 */
#pragma once
#include <base/tar.h>

/* Checks the whole archive; dies with the place and the reason if it is missing or wrong anywhere. */
void archive_open(void);

/* Finds a file; false if there is none of this name. */
must_check bool archive_find(const char *name, struct tar_file *file);

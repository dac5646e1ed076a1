/*
 * The boot archive: the file that GRUB loaded beside the kernel, with the programs of the servers
 * and the boot configurations.
 */
#pragma once
#include <base/tar.h>

/* Checks the archive's structure; dies with the place and the reason if it is missing or wrong. */
void archive_open(void);

/* Finds a file, and checks its contents against the archive's list of checksums: dies if it is
 * damaged. False if there is no file of this name. */
must_check bool archive_find(const char *name, struct tar_file *file);

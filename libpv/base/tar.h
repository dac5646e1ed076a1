/*
 * Reading a boot archive: a plain POSIX ("ustar") tar file in memory.
 *
 * Nothing is copied but names, and nothing is believed: of every header the magic, the checksum,
 * the numbers and the bounds are checked before it is used, and an archive without the two blocks
 * of zeros at its end is an error, because it was cut. The first error ends the walk, and `offset`
 * then says where it is:
 *
 *     printf("archive: header at offset %lu: %s", tar.offset, tar_error_text(error));
 *
 * The archive must not change while it is read.
 */
#pragma once

#include <base/types.h>

enum { TAR_NAME_SIZE = 257 }; /* 155 characters of prefix, '/', 100 of name, and a 0 */

enum tar_error {
    TAR_OK,
    TAR_END,       /* not an error of the archive: no more files, or no file of this name */
    TAR_TRUNCATED, /* the archive ends where a header, or the two blocks of its end, should be */
    TAR_MAGIC,
    TAR_CHECKSUM,
    TAR_KIND,
    TAR_SIZE,
    TAR_NAME,
    TAR_BOUNDS,
    TAR_LONE_ZEROS,
};

/* A walk through an archive. */
struct tar {
    const u8 *bytes;
    u64 size;
    u64 offset; /* of the header that comes next, or of the one that is wrong */
};

/* What stands in the archive. `bytes` points into it; a directory's `size` is 0. */
struct tar_file {
    char name[TAR_NAME_SIZE]; /* without a leading "./", and a directory's without its last '/' */
    bool is_directory;
    const u8 *bytes;
    u64 size;
};

/* Begins a walk through the `size` bytes at `bytes`, which need no alignment. */
void tar_open(struct tar *tar, const void *bytes, u64 size);

/*
 * Goes to the next file or directory. TAR_OK: `*file` describes it. TAR_END: the archive ended, as
 * it should. Otherwise the archive is wrong at `tar->offset`, and every further call says so again.
 * `*file` is written only on TAR_OK.
 */
must_check enum tar_error tar_next(struct tar *tar, struct tar_file *file);

/*
 * Finds the first regular file called `name`, from the beginning of the archive. TAR_END: there is
 * none in an archive that is right to its end. Otherwise as tar_next.
 */
must_check enum tar_error tar_find(struct tar *tar, const char *name, struct tar_file *file);

/* Walks through the whole archive; TAR_OK when all of it is right. Otherwise as tar_next. */
must_check enum tar_error tar_check(struct tar *tar);

const char *tar_error_text(enum tar_error error);

/*
 * Programs: ELF files of the boot archive, checked once, and loaded into a space as often as their
 * server is started.
 */
#pragma once
#include <abi/error.h>
#include <base/elf.h>

#include "config.h"

struct program {
    struct elf elf;
    u64 first, end; /* addresses of its first page, and after its last */
    u64 pages;      /* that are committed: gaps between segments are not */
};

/* Finds and checks a server's program; false, with a message, if it cannot be used. */
must_check bool program_open(struct program *program, const struct config_server *server,
                             const char *file, struct config_message *message);

/*
 * Makes a memory object of the program in `image`, charged to `pool`, and maps each segment into
 * `space` with its rights; nothing of it faults later.
 */
must_check status program_load(const struct program *program, u32 pool, u32 image, u32 space);

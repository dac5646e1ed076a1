/*
 * A load for a disk, in words and as the reads that it is made of. The same source is part of two
 * programs that are compared, one of Terrarium (main.c) and one of Linux (tests/compare), so that
 * both do the same. Pure.
 *
 *     random|sequential BYTES DEPTH SOME COUNT SEED
 *
 * means: COUNT reads of BYTES each (4K to 128K, whole blocks), at random places or one after the
 * other, DEPTH of them at a time; when SOME have completed, as many new ones are sent. SEED says
 * where to begin.
 *
 * The volume consists of blocks of 4 KiB that begin with LOAD_WORD(their number); tests/compare
 * makes it. What was read is looked at.
 */
#pragma once
#include <base/parse.h>
#include <base/random.h>

#define LOAD_BLOCK      4096u
#define LOAD_BYTES_MOST (128u << 10)
#define LOAD_DEPTH_MOST 32u
#define LOAD_COUNT_MOST 1000000u

#define LOAD_WORD(block) (0x6b636f6c42726554ul ^ (u64)(block))

struct load {
    bool sequential;
    u32 blocks; /* of a read */
    u32 depth, some, count;
    u64 seed;
};

/* Reads the words above. False: they are not such. */
must_check bool load_parse(struct load *load, struct slice text);

/* Where the reads of a load go. */
struct load_places {
    struct random random;
    u64 next, places; /* counted in reads */
    u32 blocks;       /* of one */
    bool sequential;
};

/* False: the volume is smaller than one read. */
must_check bool load_begin(struct load_places *places, const struct load *load, u64 volume_blocks);

/* The first block of the next read. */
u64 load_next(struct load_places *places);

/* Is this what the volume has from that block on? */
must_check bool load_is_right(const void *data, u64 block, u32 blocks);

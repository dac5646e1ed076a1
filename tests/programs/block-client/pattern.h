/*
 * What the block client writes: sectors that say which they are. Each carries its number, its
 * generation (how often it has been written), who wrote it, and 60 words that follow from these, so
 * that a sector that is old, misplaced, torn or damaged is known by looking at it alone. The host's
 * tests/system/disk_image.py knows the same format and checks images after power-off.
 *
 *     word 0     PATTERN_MAGIC
 *     word 1     number of the sector in its volume
 *     word 2     generation | writer << 32
 *     word 3     the two words before, mixed
 *     word 4..   word 3 plus a multiple of PATTERN_STEP
 *
 * The last sector of the volume is a summary: what generations there have to be.
 */
#pragma once
#include <base/types.h>
#include <ring/block.h>

#define PATTERN_MAGIC 0x6b636f6c42726554ul /* "TerBlock" */
#define SUMMARY_MAGIC 0x7972616d6d755354ul /* "TSummary" */
#define PATTERN_STEP  0x9e3779b97f4a7c15ul
#define PATTERN_WORDS (BLOCK_SECTOR / 8)

struct pattern {
    u64 sector;
    u32 generation;
    u32 writer;
};

/* Fills the sector at `words`. */
void pattern_fill(u64 *words, const struct pattern *pattern);

/* The first word in which the sector differs from what it should be; PATTERN_WORDS: none. */
u32 pattern_check(const u64 *words, const struct pattern *pattern);

/* What a sector of this number and generation adds to the digest of a volume. */
u64 pattern_digest(u64 sector, u32 generation);

/* The summary: all sectors but the last have been written by `writer`, and their digests add up. */
struct summary {
    u64 magic, sectors, writer, operations, digest, restarts;
    u64 check; /* of the words before */
    u64 unused[PATTERN_WORDS - 7];
};
static_assert(sizeof(struct summary) == BLOCK_SECTOR, "one sector");

u64 summary_check(const struct summary *summary);

/*
 * Block sessions. A session shows one volume; its argument in the configuration is
 * `VOLUME ro|rw`. Sectors have 512 bytes and are counted from the beginning of the volume.
 *
 *     BLOCK_READ, BLOCK_WRITE   each entry: arg = BLOCK_ARG(sector, sectors), buf = where.
 *                               The entries of a chain go on where the one before ended, on the
 *                               disk; in memory they may lie anywhere. RING_FUA on the first.
 *     BLOCK_FLUSH               one entry: everything that completed before is on the medium. An
 *                               error says that some of it may be lost for good, and is told once
 *     BLOCK_TRIM                one entry: arg as above; the sectors' contents do not matter any
 *                               more
 *     BLOCK_INFO                one entry: writes a struct block_info to `buf`
 *
 * A completion's `len` is the number of bytes moved: all or, with a negative status, 0.
 */
#pragma once
#include <ring/ring.h>

enum block_op { BLOCK_READ = 1, BLOCK_WRITE, BLOCK_FLUSH, BLOCK_TRIM, BLOCK_INFO };

#define BLOCK_SECTOR       512u
#define BLOCK_SECTORS_MOST 0xffffu /* of one entry */

#define BLOCK_ARG(sector, sectors) ((u64)(sector) << 16 | (u64)(sectors))
#define BLOCK_ARG_SECTOR(arg)      ((arg) >> 16)
#define BLOCK_ARG_SECTORS(arg)     ((u32)((arg)&0xffff))

enum block_info_flag { BLOCK_IS_WRITABLE = 1, BLOCK_CAN_TRIM = 2 };

struct block_info {
    u64 sectors;
    u32 physical_sector; /* in bytes: writes are best aligned to this */
    u32 flags;           /* enum block_info_flag */
    char name[48];
};
static_assert(sizeof(struct block_info) == 64, "format");

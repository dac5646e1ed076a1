/*
 * What a client asks of its volume, checked: from ring entries (ring/block.h) to stretches of the
 * disk and pieces of memory that a device can reach. Pure.
 *
 * The entries were copied out of the ring by back_take; only the copies are looked at. A request
 * that passes request_check lies inside the volume and inside the session's data area with every
 * byte, and all later steps may rely on that.
 */
#pragma once
#include <back.h>
#include <disk/volumes.h>
#include <drivers/device.h>
#include <ring/block.h>

/* What a session may do. */
struct request_limits {
    u64 first, sectors; /* of the volume, on the disk */
    u64 data_size;      /* of the data area */
    bool write;
    bool can_trim;
};

/* A request that was found to be in order. */
struct transfer {
    enum block_op op;
    bool fua;
    u64 sector; /* on the disk */
    u32 sectors;
};

/* Checks all entries of a request: RING_OK, or the status to complete it with. */
must_check int request_check(const struct request_limits *limits,
                             const struct back_request *request, struct transfer *transfer);

static inline u64 entry_offset(const struct ring_sqe *entry)
{
    return (u64)entry->buf * RING_UNIT;
}

static inline u32 entry_bytes(const struct ring_sqe *entry)
{
    return BLOCK_ARG_SECTORS(entry->arg) * BLOCK_SECTOR;
}

/* Where the data area is for a device: the bus address of each of its pages. */
struct bus_table {
    const u64 *pages; /* data area's pages */
    u64 count;
};

/* How far a request was handed to the device. */
struct cursor {
    u32 entry;  /* of the request */
    u32 offset; /* bytes of that entry */
    u64 sector; /* on the disk */
};

/* The most that one command of the device takes. */
struct piece_limits {
    u32 pieces;
    u32 piece_bytes; /* a multiple of BLOCK_SECTOR */
    u32 sectors;
};

/*
 * The next command for a request that was checked: fills in `pieces` with as much as one command
 * takes, from the cursor on, and moves the cursor beyond it. The entries of a chain, and pages that
 * follow each other on the bus, become as few pieces as there can be. Returns how many sectors
 * that are (the beginning of which was at cursor->sector), and their number of pieces; 0: there is
 * no more.
 */
u32 request_pieces(const struct back_request *request, const struct bus_table *bus,
                   const struct piece_limits *limits, struct cursor *cursor,
                   struct dma_piece *pieces, u32 *piece_count);

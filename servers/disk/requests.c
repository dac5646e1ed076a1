/*
 * Checking requests, and cutting them into what a device takes. See requests.h.
 */
#include <disk/requests.h>

/* READ, WRITE and TRIM: the sectors of all entries, which go on where the one before ended. */
static int check_sectors(const struct request_limits *limits, const struct back_request *request,
                         struct transfer *transfer)
{
    u64 first = BLOCK_ARG_SECTOR(request->entry[0].arg), next = first;
    for (u32 i = 0; i < request->count; i++) {
        const struct ring_sqe *entry = &request->entry[i];
        u32 sectors = BLOCK_ARG_SECTORS(entry->arg);
        if (BLOCK_ARG_SECTOR(entry->arg) != next || sectors == 0)
            return RING_INVALID;
        if (!range_fits(next, sectors, limits->sectors))
            return RING_RANGE;
        if (transfer->op != BLOCK_TRIM &&
            !range_fits(entry_offset(entry), entry_bytes(entry), limits->data_size))
            return RING_RANGE;
        next += sectors;
    }
    transfer->sector = limits->first + first;
    transfer->sectors = (u32)(next - first); /* 32 entries of 65535 */
    return RING_OK;
}

/* All entries of a chain are of the operation of the first one, and only that may say FUA. */
static bool chain_is_of_one_kind(const struct back_request *request)
{
    for (u32 i = 1; i < request->count; i++) {
        const struct ring_sqe *entry = &request->entry[i];
        if (entry->op != request->entry[0].op || (entry->flags & ~RING_MORE) != 0)
            return false;
    }
    return true;
}

int request_check(const struct request_limits *limits, const struct back_request *request,
                  struct transfer *transfer)
{
    const struct ring_sqe *entry = &request->entry[0];
    u32 flags = entry->flags & ~(u32)RING_MORE;
    *transfer = (struct transfer){.op = entry->op, .fua = flags & RING_FUA};
    if (flags != 0 && (flags != RING_FUA || entry->op != BLOCK_WRITE))
        return RING_INVALID;
    if (request->count > 1 && !chain_is_of_one_kind(request))
        return RING_INVALID;
    switch (transfer->op) {
    case BLOCK_WRITE:
        if (!limits->write)
            return RING_READ_ONLY;
        return check_sectors(limits, request, transfer);
    case BLOCK_READ:
        return check_sectors(limits, request, transfer);
    case BLOCK_TRIM:
        if (request->count != 1)
            return RING_INVALID;
        if (!limits->write)
            return RING_READ_ONLY;
        if (!limits->can_trim)
            return RING_UNSUPPORTED;
        return check_sectors(limits, request, transfer);
    case BLOCK_FLUSH:
        return request->count == 1 ? RING_OK : RING_INVALID;
    case BLOCK_INFO:
        if (request->count != 1)
            return RING_INVALID;
        return range_fits(entry_offset(entry), sizeof(struct block_info), limits->data_size)
                   ? RING_OK
                   : RING_RANGE;
    default:
        return RING_UNSUPPORTED;
    }
}

/* --- pieces ---------------------------------------------------------------------------------- */

/* What is being put together. */
struct gather {
    const struct piece_limits *limits;
    struct dma_piece *pieces;
    u32 count;
    u32 bytes;
};

/* Adds a stretch of memory inside one page. False: there is no room for it. */
static bool gather_add(struct gather *gather, u64 bus, u32 length)
{
    struct dma_piece *last = &gather->pieces[gather->count - 1];
    if (gather->count != 0 && last->bus + last->length == bus &&
        last->length + length <= gather->limits->piece_bytes) {
        last->length += length;
    } else {
        if (gather->count == gather->limits->pieces)
            return false;
        gather->pieces[gather->count++] = (struct dma_piece){.bus = bus, .length = length};
    }
    gather->bytes += length;
    return true;
}

/* Takes the last `bytes` off again. */
static void gather_cut(struct gather *gather, u32 bytes)
{
    gather->bytes -= bytes;
    while (bytes != 0) {
        struct dma_piece *last = &gather->pieces[gather->count - 1];
        u32 here = (u32)min(bytes, last->length);
        last->length -= here;
        bytes -= here;
        if (last->length == 0)
            gather->count--;
    }
}

u32 request_pieces(const struct back_request *request, const struct bus_table *bus,
                   const struct piece_limits *limits, struct cursor *cursor,
                   struct dma_piece *pieces, u32 *piece_count)
{
    struct gather gather = {.limits = limits, .pieces = pieces};
    bool room = true;
    while (room && cursor->entry < request->count) {
        const struct ring_sqe *entry = &request->entry[cursor->entry];
        u32 most = limits->sectors * BLOCK_SECTOR - gather.bytes;
        u64 at = entry_offset(entry) + cursor->offset;
        u32 length = (u32)min(entry_bytes(entry) - cursor->offset, PAGE_SIZE - at % PAGE_SIZE);
        length = (u32)min(length, most);
        room = length != 0 && at / PAGE_SIZE < bus->count &&
               gather_add(&gather, bus->pages[at / PAGE_SIZE] + at % PAGE_SIZE, length);
        if (!room)
            break;
        cursor->offset += length;
        if (cursor->offset == entry_bytes(entry))
            *cursor = (struct cursor){.entry = cursor->entry + 1, .sector = cursor->sector};
    }
    /* A command moves whole sectors. Entries do as well, so what is cut lies in the last one. */
    u32 torn = gather.bytes % BLOCK_SECTOR;
    gather_cut(&gather, torn);
    cursor->offset -= torn;
    cursor->sector += gather.bytes / BLOCK_SECTOR;
    *piece_count = gather.count;
    return gather.bytes / BLOCK_SECTOR;
}

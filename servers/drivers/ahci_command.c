/*
 * Requests as the device reads them: a command table for each slot, with the command (a Register
 * H2D FIS) and the pieces of memory (PRDs), and the header in the command list that points to it.
 * AHCI 1.3.1, section 4.2.
 */
#include "ahci_parts.h"
#include <base/string.h>

#define FIS_H2D_COMMAND 0x8027u /* FIS type 27h, with the bit that says: it is a command */
#define DEVICE_LBA      0x40u
#define DEVICE_FUA      0x80u /* of NCQ writes */
#define FEATURE_TRIM    1u
#define RANGE_SECTORS   65535u
#define RANGES          (BLOCK_BYTES / 8)

static_assert(AHCI_TRIM_SECTORS == RANGES * RANGE_SECTORS, "one block of ranges for each trim");

struct registers_fis {
    enum command command;
    u64 sector;
    u32 count, features, device;
};

static u32 *table_of(const struct ahci_port *port, u32 slot)
{
    return (u32 *)(port->memory + TABLES + TABLE_BYTES * slot);
}

static u64 table_bus(const struct ahci_port *port, u32 slot)
{
    u32 offset = TABLES + TABLE_BYTES * slot;
    return port->bus[offset / 4096] + offset % 4096;
}

static void write_fis(u32 *table, struct registers_fis fis)
{
    table[0] = FIS_H2D_COMMAND | (u32)fis.command << 16 | (fis.features & 0xff) << 24;
    table[1] = (u32)(fis.sector & 0xffffff) | fis.device << 24;
    table[2] = (u32)(fis.sector >> 24 & 0xffffff) | (fis.features >> 8 & 0xff) << 24;
    table[3] = fis.count & 0xffff;
    table[4] = 0;
}

static void write_piece(u32 *table, u32 index, u64 bus, u32 length)
{
    u32 *piece = table + TABLE_PIECES / 4 + 4 * index;
    piece[0] = (u32)bus;
    piece[1] = (u32)(bus >> 32);
    piece[2] = 0;
    piece[3] = length - 1;
}

static enum ahci_refusal check_pieces(const struct ahci_port *port,
                                      const struct ahci_request *request)
{
    u64 total = 0;
    if (request->piece_count > AHCI_PIECES)
        return AHCI_BAD_PIECES;
    for (u32 i = 0; i < request->piece_count; i++) {
        u64 bus = request->pieces[i].bus;
        u32 length = request->pieces[i].length;
        if (length == 0 || length > AHCI_PIECE_BYTES || (bus | length) & 1 ||
            bus > UINT64_MAX - length)
            return AHCI_BAD_PIECE;
        if (!(port->ahci->capabilities & CAP_S64A) && bus + length > 1ul << 32)
            return AHCI_PIECE_ABOVE_4G;
        total += length;
    }
    return total == (u64)request->sectors * AHCI_SECTOR_BYTES ? AHCI_TAKEN : AHCI_BAD_PIECES;
}

enum ahci_refusal command_check(const struct ahci_port *port, const struct ahci_request *request)
{
    if (!port->present)
        return AHCI_NO_DISK;
    if (request->op == AHCI_FLUSH)
        return AHCI_TAKEN;
    bool trim = request->op == AHCI_TRIM;
    if (!trim && request->op != AHCI_READ && request->op != AHCI_WRITE)
        return AHCI_BAD_OP;
    if (trim && !port->disk.trim)
        return AHCI_NO_TRIM;
    if (request->sectors == 0 || request->sectors > (trim ? AHCI_TRIM_SECTORS : AHCI_SECTORS) ||
        !range_fits(request->sector, request->sectors, port->disk.sectors))
        return AHCI_BAD_SECTORS;
    return trim ? AHCI_TAKEN : check_pieces(port, request);
}

/* A read or write: for NCQ the count is where the features were, and the tag where the count was.
 * With FUA the disk puts the data on the medium at once, if it can. */
static bool prepare_transfer(struct ahci_port *port, u32 slot, const struct ahci_request *request)
{
    bool write = request->op == AHCI_WRITE;
    bool fua = write && request->fua && port->disk.write_cache;
    bool queued = port->disk.queue_depth != 0;
    struct registers_fis fis = {.sector = request->sector, .device = DEVICE_LBA};
    if (queued) {
        fis.command = write ? WRITE_FPDMA_QUEUED : READ_FPDMA_QUEUED;
        fis.features = request->sectors;
        fis.count = slot << 3;
        if (fua && port->disk.fua)
            fis.device |= DEVICE_FUA;
    } else {
        fis.command = !write                  ? READ_DMA_EXT
                      : fua && port->disk.fua ? WRITE_DMA_FUA_EXT
                                              : WRITE_DMA_EXT;
        fis.count = request->sectors;
    }
    u32 *table = table_of(port, slot);
    write_fis(table, fis);
    for (u32 i = 0; i < request->piece_count; i++)
        write_piece(table, i, request->pieces[i].bus, request->pieces[i].length);
    port->slots[slot].flags =
        HEADER_CFL | HEADER_PRDTL(request->piece_count) | (write ? HEADER_WRITE : 0);
    port->slots[slot].fua_flush = fua && !port->disk.fua;
    return queued;
}

void command_make_flush(struct ahci_port *port, u32 slot)
{
    write_fis(table_of(port, slot), (struct registers_fis){FLUSH_CACHE_EXT, .device = DEVICE_LBA});
    port->slots[slot].flags = HEADER_CFL;
    port->slots[slot].op = AHCI_FLUSH;
    port->slots[slot].fua_flush = false;
}

static void prepare_trim(struct ahci_port *port, u32 slot)
{
    u32 *table = table_of(port, slot);
    write_fis(table, (struct registers_fis){.command = DATA_SET_MANAGEMENT,
                                            .count = 1,
                                            .features = FEATURE_TRIM,
                                            .device = DEVICE_LBA});
    write_piece(table, 0, port->bus[0] + TRIM_RANGES, BLOCK_BYTES);
    port->slots[slot].flags = HEADER_CFL | HEADER_PRDTL(1) | HEADER_WRITE;
    port->slots[slot].fua_flush = false;
}

bool command_prepare(struct ahci_port *port, u32 slot, const struct ahci_request *request)
{
    if (request->op == AHCI_READ || request->op == AHCI_WRITE)
        return prepare_transfer(port, slot, request);
    if (request->op == AHCI_FLUSH)
        command_make_flush(port, slot);
    else
        prepare_trim(port, slot);
    return false;
}

/* A range is its first sector in 48 bits and their number in 16; the rest of the block is 0. */
void command_write_ranges(struct ahci_port *port, u32 slot)
{
    u64 *ranges = (u64 *)(port->memory + TRIM_RANGES);
    u64 sector = port->slots[slot].sector;
    u32 left = port->slots[slot].sectors;
    for (u32 i = 0; i < RANGES; i++) {
        u32 count = (u32)min(left, RANGE_SECTORS);
        ranges[i] = count ? sector | (u64)count << 48 : 0;
        sector += count;
        left -= count;
    }
}

static void write_header(struct ahci_port *port, u32 slot, u32 flags, u64 table)
{
    u32 *header = (u32 *)(port->memory + LIST + HEADER_BYTES * slot);
    header[0] = flags;
    header[1] = 0;
    header[2] = (u32)table;
    header[3] = (u32)(table >> 32);
}

void command_write_header(struct ahci_port *port, u32 slot)
{
    write_header(port, slot, port->slots[slot].flags, table_bus(port, slot));
}

void command_own(struct ahci_port *port, enum command command, u64 sector, u32 count)
{
    u32 *table = (u32 *)(port->memory + OWN_TABLE);
    write_fis(table, (struct registers_fis){.command = command, .sector = sector, .count = count});
    write_piece(table, 0, port->bus[0] + OWN_DATA, BLOCK_BYTES);
    write_header(port, 0, HEADER_CFL | HEADER_PRDTL(1), port->bus[0] + OWN_TABLE);
}

void command_clear_list(struct ahci_port *port)
{
    memset(port->memory + OWN_TABLE, 0, TABLE_PIECES);
    for (u32 slot = 0; slot < AHCI_SLOTS; slot++)
        write_header(port, slot, HEADER_CFL, port->bus[0] + OWN_TABLE);
}

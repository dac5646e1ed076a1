/* The model of a SATA controller: its disks, and the memory that it can reach. See ahci_model.h. */
#include "unit.h"

#include "ahci_model.h"
#include <drivers/ahci_parts.h>

#define DATA_BUS 0x200000000ul

/* --- memory ---------------------------------------------------------------------------------- */

/* Pages that follow each other in memory do not on the bus. */
static u64 page_bus(u64 page)
{
    return 0x10000000 + (page * 37 % (MODEL_SHARED / 4096)) * 8192;
}

u64 home_bus_address(const struct dma *dma, u64 offset)
{
    assert_ptr_equal(dma->base, model_shared);
    assert_true(offset < MODEL_SHARED);
    return page_bus(offset / 4096) + offset % 4096;
}

/* Between the reset and the first command. */
void home_device_was_reset(const struct dma *dma)
{
    assert_ptr_equal(dma->base, model_shared);
    assert_false(model.ghc & GHC_HR);
    for (u32 i = 0; i < MODEL_PORTS; i++)
        assert_int_equal(model.ports[i].cmd, 0);
    model.is_master = true;
}

u64 model_bus(u64 offset)
{
    return DATA_BUS + offset;
}

/* What is at a bus address; it ends the test if that is nobody's. */
static u8 *at_bus(u64 bus, u64 length)
{
    assert_true(model.is_master);
    if (bus >= DATA_BUS) {
        assert_true(range_fits(bus - DATA_BUS, length, MODEL_DATA));
        return model_data + (bus - DATA_BUS);
    }
    assert_true(bus % 4096 + length <= 4096);
    for (u64 page = 0; page < MODEL_SHARED / 4096; page++)
        if (page_bus(page) == bus / 4096 * 4096)
            return model_shared + page * 4096 + bus % 4096;
    fail_msg("the device was given the bus address %lx", bus);
    return NULL;
}

u32 *model_header(struct model_port *port, u32 slot)
{
    return (u32 *)at_bus(port->clb | (u64)port->clbu << 32, 1024) + 8 * slot;
}

u8 *model_received(struct model_port *port)
{
    return at_bus(port->fb | (u64)port->fbu << 32, 256);
}

u64 home_time_ns(void)
{
    return model.now;
}

void home_log(const char *format, ...)
{
    va_list arguments;
    char line[256];
    va_start(arguments, format);
    int length = vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    assert_in_range(length, 1, sizeof(line) - 1);
    assert_int_equal(line[length - 1], '\n');
    model.log_lines++;
}

/* --- disks ----------------------------------------------------------------------------------- */

struct command_view {
    u32 *header;
    u8 *fis;
    u8 command;
    u64 sector;
    u32 sectors;
    bool ncq;
};

static struct command_view view(struct model_port *port, u32 slot)
{
    struct command_view v = {.header = model_header(port, slot)};
    v.fis = at_bus(v.header[2] | (u64)v.header[3] << 32, 0x80);
    v.command = v.fis[2];
    v.sector = v.fis[4] | v.fis[5] << 8 | (u64)v.fis[6] << 16 | (u64)v.fis[8] << 24 |
               (u64)v.fis[9] << 32 | (u64)v.fis[10] << 40;
    v.ncq = v.command == READ_FPDMA_QUEUED || v.command == WRITE_FPDMA_QUEUED;
    v.sectors = v.ncq ? (u32)(v.fis[3] | v.fis[11] << 8) : (u32)(v.fis[12] | v.fis[13] << 8);
    return v;
}

/* Moves data between `bytes` and the pieces, which have to be exactly as long. */
static void transfer(const struct command_view *v, u8 *bytes, u32 length, bool to_disk)
{
    u32 count = v->header[0] >> 16, at = 0;
    assert_in_range(count, 1, AHCI_PIECES);
    assert_int_equal(!!(v->header[0] & HEADER_WRITE), to_disk);
    for (u32 i = 0; i < count; i++) {
        u32 piece[4];
        memcpy(piece, v->fis + TABLE_PIECES + 16 * i, sizeof(piece));
        u32 size = (piece[3] & 0x3fffff) + 1;
        assert_int_equal(size % 2, 0);
        assert_true(at + size <= length);
        u8 *memory = at_bus(piece[0] | (u64)piece[1] << 32, size);
        memcpy(to_disk ? bytes + at : memory, to_disk ? memory : bytes + at, size);
        at += size;
    }
    assert_int_equal(at, length);
    v->header[1] = length;
}

static void trim(struct model_port *port, const struct command_view *v)
{
    u64 ranges[64];
    assert_int_equal(v->fis[3], 1);
    transfer(v, (u8 *)ranges, sizeof(ranges), true);
    for (u32 i = 0; i < 64; i++) {
        u64 first = ranges[i] & 0xffffffffffff, count = ranges[i] >> 48;
        assert_true(range_fits(first, count, MODEL_SECTORS));
        memset(port->content + first * 512, 0, count * 512);
    }
    port->trims++;
}

static void log_page(struct model_port *port, const struct command_view *v)
{
    u8 log[512] = {0};
    assert_int_equal(v->sector, 0x10);
    port->halted = false;
    port->logs++;
    if (port->log == MODEL_LOG_SILENT)
        return;
    log[0] = (u8)port->failed_tag | (port->log == MODEL_LOG_NQ ? 0x80 : 0);
    if (port->log == MODEL_LOG_OTHER)
        log[0] = 31;
    log[2] = 0x41;
    log[3] = port->failed_error;
    u8 sum = 0;
    for (u32 i = 0; i < 511; i++)
        sum = (u8)(sum + log[i]);
    log[511] = (u8)(-sum + (port->log == MODEL_LOG_DAMAGED));
    transfer(v, log, sizeof(log), false);
}

/* Does what the command says; the error, or 0. */
static u8 perform(struct model_port *port, const struct command_view *v)
{
    bool write = v->command == WRITE_FPDMA_QUEUED || v->command == WRITE_DMA_EXT ||
                 v->command == WRITE_DMA_FUA_EXT;
    bool reads_or_writes = write || v->command == READ_FPDMA_QUEUED || v->command == READ_DMA_EXT;
    for (u32 i = 0; reads_or_writes && i < MODEL_BAD; i++)
        if (port->bad[i].times && port->bad[i].sector - v->sector < v->sectors) {
            port->bad[i].times--;
            port->failures++;
            return port->bad[i].error;
        }
    if (reads_or_writes) {
        assert_true(range_fits(v->sector, v->sectors, MODEL_SECTORS));
        assert_true(v->fis[7] & 0x40);
        transfer(v, port->content + v->sector * 512, v->sectors * 512, write);
        bool fua = v->command == WRITE_DMA_FUA_EXT || (v->ncq && v->fis[7] & 0x80);
        port->reads += !write;
        port->writes += write;
        port->fua_writes += fua;
        port->unflushed += write && !fua;
        return 0;
    }
    if (v->command == FLUSH_CACHE_EXT) {
        if (port->bad_flushes) {
            port->bad_flushes--;
            return ERROR_ABRT;
        }
        port->flushes++;
        port->unflushed = 0;
    } else if (v->command == DATA_SET_MANAGEMENT) {
        trim(port, v);
    } else if (v->command == IDENTIFY_DEVICE) {
        transfer(v, (u8 *)port->identify, 512, false);
        port->identifies++;
    } else if (v->command == READ_LOG_EXT && port->log != MODEL_LOG_REFUSED && !model.qemu) {
        log_page(port, v);
    } else {
        return ERROR_ABRT;
    }
    return 0;
}

static void done_ncq(struct model_port *port, u32 slot, u8 error)
{
    u8 *fis = model_received(port) + 0x58;
    port->tfd = error ? error << 8 | 0x41u | (port->busy_error ? TFD_BSY : 0) : 0x40;
    fis[0] = 0xa1;
    fis[2] = error ? 0x41 : 0x40;
    fis[3] = error;
    port->is |= SDBS;
    if (!error) {
        port->sact &= ~(1u << slot);
        memset(fis + 4, 0, 4);
        fis[4 + slot / 8] = (u8)(1u << slot % 8);
    } else if (model.qemu) {
        port->serr |= 1u << slot;
    } else {
        port->is |= TFES;
        port->halted = true;
        port->flying = 0;
        port->failed_tag = slot;
        port->failed_error = error;
    }
}

static void done_alone(struct model_port *port, u32 slot, u8 error, u8 command)
{
    port->alone = false;
    if (model.qemu && command == READ_LOG_EXT) { /* refused without a word */
        port->ci &= ~(1u << slot);
        port->tfd &= ~TFD_BSY;
        return;
    }
    port->tfd = error ? error << 8 | 0x41u : 0x50;
    port->is |= error ? TFES | DHRS : command == IDENTIFY_DEVICE ? PSS : DHRS;
    if (!error || model.qemu)
        port->ci &= ~(1u << slot);
}

void model_finish(struct model_port *port, u32 slot)
{
    struct command_view v = view(port, slot);
    port->flying &= ~(1u << slot);
    if (port->fatal) {
        port->is |= port->fatal;
        port->fatal = 0;
        port->flying = 0;
        return;
    }
    u8 error = perform(port, &v);
    if (v.ncq)
        done_ncq(port, slot, error);
    else
        done_alone(port, slot, error, v.command);
}

bool model_names(struct model_port *port, u64 bus, u64 length)
{
    for (u32 left = port->flying; left; left &= left - 1) {
        struct command_view v = view(port, bit_lowest(left));
        for (u32 i = 0; i < v.header[0] >> 16; i++) {
            u32 piece[4];
            memcpy(piece, v.fis + TABLE_PIECES + 16 * i, sizeof(piece));
            if (ranges_overlap(bus, length, piece[0] | (u64)piece[1] << 32,
                               (piece[3] & 0x3fffff) + 1))
                return true;
        }
    }
    return false;
}

/* A command is taken from the list. */
static void take(struct model_port *port, u32 slot)
{
    struct command_view v = view(port, slot);
    if (v.fis[0] == 0 && model.qemu) { /* no command at all: done at once */
        port->ci &= ~(1u << slot);
        return;
    }
    assert_int_equal(v.fis[0], 0x27);
    assert_int_equal(v.fis[1], 0x80);
    assert_int_equal(v.header[0] & 31, 5);
    assert_int_equal(v.header[1], 0);
    assert_false(port->alone);
    assert_false(port->halted && v.ncq);
    if (v.ncq) {
        assert_int_equal(v.fis[12] >> 3, slot);
        assert_true(port->sact & 1u << slot);
        assert_true(port->identify[76] & 1u << 8);
        port->ci &= ~(1u << slot);
    } else {
        assert_int_equal(port->flying, 0);
        port->alone = true;
        port->flushing = v.command == FLUSH_CACHE_EXT;
        port->tfd = TFD_BSY | 0x50;
    }
    port->flying |= 1u << slot;
}

void model_take_all(struct model_port *port)
{
    for (u32 slot = 0; slot < 32; slot++)
        if (port->ci & 1u << slot && !port->alone)
            take(port, slot);
}

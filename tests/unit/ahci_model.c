/* A SATA controller made of memory. See ahci_model.h. */
#include "unit.h"

#include "ahci_model.h"
#include <drivers/ahci_parts.h>

#define DMA_BYTES (256u << 10)
#define DATA_BUS  0x200000000ul
#define SERR_X    (1u << 26)
#define SERR_N    (1u << 16)

struct model model;
u8 *model_data;
struct ahci model_ahci;
static u8 *dma_memory;
static u32 seed;

u32 model_random(u32 limit)
{
    seed = seed * 1664525 + 1013904223;
    return (seed >> 8) % limit;
}

/* --- memory ---------------------------------------------------------------------------------- */

/* Pages that follow each other in memory do not on the bus. */
static u64 page_bus(u64 page)
{
    return 0x10000000 + (page * 37 % (DMA_BYTES / 4096)) * 8192;
}

u64 home_bus_address(const struct dma *dma, u64 offset)
{
    assert_ptr_equal(dma->base, dma_memory);
    assert_true(offset < DMA_BYTES);
    return page_bus(offset / 4096) + offset % 4096;
}

u64 model_bus(u64 offset)
{
    return DATA_BUS + offset;
}

/* What is at a bus address; it ends the test if that is nobody's. */
static u8 *at_bus(u64 bus, u64 length)
{
    if (bus >= DATA_BUS) {
        assert_true(range_fits(bus - DATA_BUS, length, MODEL_DATA));
        return model_data + (bus - DATA_BUS);
    }
    assert_true(bus % 4096 + length <= 4096);
    for (u64 page = 0; page < DMA_BYTES / 4096; page++)
        if (page_bus(page) == bus / 4096 * 4096)
            return dma_memory + page * 4096 + bus % 4096;
    fail_msg("the device was given the bus address %lx", bus);
    return NULL;
}

static u32 *header_at(struct model_port *port, u32 slot)
{
    return (u32 *)at_bus(port->clb | (u64)port->clbu << 32, 1024) + 8 * slot;
}

static u8 *received(struct model_port *port)
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

/* --- interrupts ------------------------------------------------------------------------------ */

static u32 port_is(const struct model_port *port)
{
    return port->is | (port->serr & SERR_X ? PCS : 0) | (port->serr & SERR_N ? PRCS : 0);
}

/* A message goes out whenever a bit of IS gets set. */
static void update(void)
{
    u32 is = model.is;
    for (u32 i = 0; i < MODEL_PORTS; i++)
        if (port_is(&model.ports[i]) & model.ports[i].ie)
            is |= 1u << i;
    if (is & ~model.is && model.ghc & GHC_IE)
        model.messages++;
    model.is = is;
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
    struct command_view v = {.header = header_at(port, slot)};
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
    log[0] = (u8)port->failed_tag;
    log[2] = 0x41;
    log[3] = (u8)(port->tfd >> 8);
    u8 sum = 0;
    for (u32 i = 0; i < 511; i++)
        sum = (u8)(sum + log[i]);
    log[511] = (u8)-sum;
    transfer(v, log, sizeof(log), false);
    port->halted = false;
    port->logs++;
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
        port->flushes++;
        port->unflushed = 0;
    } else if (v->command == DATA_SET_MANAGEMENT) {
        trim(port, v);
    } else if (v->command == IDENTIFY_DEVICE) {
        transfer(v, (u8 *)port->identify, 512, false);
        port->identifies++;
    } else if (v->command == READ_LOG_EXT && !port->no_log && !model.qemu) {
        log_page(port, v);
    } else {
        return ERROR_ABRT;
    }
    return 0;
}

static void done_ncq(struct model_port *port, u32 slot, u8 error)
{
    u8 *fis = received(port) + 0x58;
    port->tfd = error ? error << 8 | 0x41u | (port->busy_error ? TFD_BSY : 0) : 0x40;
    fis[0] = 0xa1;
    fis[2] = error ? 0x41 : 0x40;
    fis[3] = error;
    port->is |= SDBS;
    port->failures += error != 0;
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
    }
}

static void done_alone(struct model_port *port, u32 slot, u8 error, u8 command)
{
    port->alone = false;
    port->failures += error != 0;
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

/* The disk finishes one command. */
static void finish(struct model_port *port, u32 slot)
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
        port->tfd = TFD_BSY | 0x50;
    }
    port->flying |= 1u << slot;
}

static void take_all(struct model_port *port)
{
    for (u32 slot = 0; slot < 32; slot++)
        if (port->ci & 1u << slot && !port->alone)
            take(port, slot);
}

/* The disk was reset, and begins anew. */
static void begin(struct model_port *port)
{
    port->flying = 0;
    port->alone = port->halted = false;
    port->sact = 0;
    port->sig = SIG_NONE;
    port->linked = port->attached;
    port->tfd = port->attached ? 0x80 : 0x7f;
    port->ready_at = model.now + port->start_ns;
    if (port->attached)
        port->serr |= SERR_X | SERR_N;
}

static void tick(void)
{
    if (model.ghc & GHC_HR && model.now >= model.reset_until)
        model.ghc = GHC_AE;
    if (model.bohc & BOHC_OOS && model.now >= model.release_at)
        model.bohc &= ~BOHC_BOS;
    for (u32 i = 0; i < MODEL_PORTS; i++) {
        struct model_port *port = &model.ports[i];
        if (port->linked && port->sig == SIG_NONE && model.now >= port->ready_at) {
            port->sig = port->signature;
            port->tfd = 0x50;
            port->is |= DHRS;
        }
    }
    update();
}

/* --- registers ------------------------------------------------------------------------------- */

static void reset_hba(void)
{
    model.ghc = GHC_AE | GHC_HR;
    model.is = 0;
    model.hba_resets++;
    model.reset_until = model.now + model.reset_ns;
    for (u32 i = 0; i < MODEL_PORTS; i++) {
        struct model_port *port = &model.ports[i];
        port->is = port->ie = port->cmd = port->sctl = port->serr = 0;
        if (!model.qemu)
            port->ci = 0;
        port->clb = port->fb = port->clbu = port->fbu = 0xdeadbe00;
        port->cr_stuck = false;
        begin(port);
    }
}

static u32 read_port(const struct model_port *port, u64 offset)
{
    switch (offset) {
    case PxIS:
        return port_is(port);
    case PxIE:
        return port->ie;
    case PxCMD:
        return port->cmd;
    case PxTFD:
        return port->tfd;
    case PxSIG:
        return port->sig;
    case PxSSTS:
        return port->linked && (port->sctl & 15) == 0 ? 0x123 : 0;
    case PxSCTL:
        return port->sctl;
    case PxSERR:
        return port->serr;
    case PxSACT:
        return port->sact;
    case PxCI:
        return port->ci;
    default:
        fail_msg("port register %lx was read", offset);
        return 0;
    }
}

static void write_cmd(struct model_port *port, u32 value)
{
    bool was_on = port->cmd & CMD_ST, on = value & CMD_ST;
    if (on && !was_on) {
        assert_true(port->cmd & CMD_FRE && !(port->cmd & CMD_CR));
        assert_int_equal(port->tfd & (TFD_BSY | TFD_DRQ), 0);
        assert_int_equal(read_port(port, PxSSTS) & 15, 3);
        header_at(port, 0);
    }
    u32 running = on || port->cr_stuck ? CMD_CR : 0;
    port->cmd = (value & ~(CMD_CR | CMD_FR)) | running | (value & CMD_FRE ? CMD_FR : 0);
    if (value & CMD_FRE)
        received(port);
    if (!on && was_on && !model.qemu)
        port->ci = port->sact = port->flying = 0;
    if (on && !was_on)
        take_all(port);
}

static void write_sctl(struct model_port *port, u32 value)
{
    assert_false(port->cmd & CMD_ST);
    bool reset = (port->sctl & 15) == 1 && (value & 15) == 0;
    port->sctl = value;
    if (reset) {
        port->resets++;
        port->serr = 0;
        begin(port);
    }
}

static void write_port(struct model_port *port, u64 offset, u32 value)
{
    if (offset <= PxFBU)
        assert_false(port->cmd & (offset <= PxCLBU ? CMD_ST | CMD_CR : CMD_FRE | CMD_FR));
    switch (offset) {
    case PxCLB:
        assert_int_equal(value & 1023, 0);
        port->clb = value;
        return;
    case PxCLBU:
        port->clbu = value;
        return;
    case PxFB:
        assert_int_equal(value & 255, 0);
        port->fb = value;
        return;
    case PxFBU:
        port->fbu = value;
        return;
    case PxIS:
        port->is &= ~value;
        return;
    case PxIE:
        port->ie = value;
        return;
    case PxCMD:
        write_cmd(port, value);
        return;
    case PxSCTL:
        write_sctl(port, value);
        return;
    case PxSERR:
        port->serr &= ~value;
        return;
    case PxSACT:
        assert_true(port->cmd & CMD_ST);
        assert_int_equal(port->sact & value, 0);
        port->sact |= value;
        return;
    case PxCI:
        assert_true(port->cmd & CMD_ST);
        assert_int_equal(port->ci & value, 0);
        port->ci |= value;
        take_all(port);
        return;
    default:
        fail_msg("port register %lx was written", offset);
    }
}

u32 model_read(const struct registers *registers, u64 offset)
{
    assert_true(range_fits(offset, 4, registers->size));
    if (model.vanished)
        return UINT32_MAX;
    tick();
    if (offset >= PORTS_OFFSET)
        return read_port(&model.ports[(offset - PORTS_OFFSET) / PORT_SPAN], offset % PORT_SPAN);
    switch (offset) {
    case CAP:
        return model.cap;
    case GHC:
        return model.ghc;
    case IS:
        return model.is;
    case PI:
        return model.pi;
    case VS:
        return model.version;
    case CAP2:
        return model.cap2;
    case BOHC:
        return model.bohc;
    default:
        fail_msg("register %lx was read", offset);
        return 0;
    }
}

void model_write(const struct registers *registers, u64 offset, u32 value)
{
    assert_true(range_fits(offset, 4, registers->size));
    if (model.vanished)
        return;
    if (offset >= PORTS_OFFSET) {
        assert_false(model.ghc & GHC_HR);
        write_port(&model.ports[(offset - PORTS_OFFSET) / PORT_SPAN], offset % PORT_SPAN, value);
    } else if (offset == GHC && value & GHC_HR) {
        reset_hba();
    } else if (offset == GHC) {
        model.ghc = value;
    } else if (offset == IS) {
        model.is &= ~value;
    } else if (offset == BOHC) {
        model.bohc = value;
        model.release_at = model.now + 10 * MS;
    } else if (offset == PI) {
        model.pi = value;
    } else {
        fail_msg("register %lx was written", offset);
    }
    update();
}

struct registers model_registers(void)
{
    return (struct registers){.size = PORTS_OFFSET + MODEL_PORTS * PORT_SPAN};
}

struct dma model_dma(void)
{
    return (struct dma){.base = dma_memory, .size = DMA_BYTES};
}

/* --- what a test does ------------------------------------------------------------------------ */

void model_identify(struct model_port *port, u64 sectors, const char *serial, bool ncq)
{
    u16 *words = port->identify;
    memset(words, 0, 512);
    for (u32 i = 0; i < 40; i++)
        words[27 + i / 2] |= (u16)((i < 10 ? "Model Disk"[i] : ' ') << (i % 2 ? 0 : 8));
    for (u32 i = 0; i < 20; i++)
        words[10 + i / 2] |= (u16)((i < strlen(serial) ? serial[i] : ' ') << (i % 2 ? 0 : 8));
    words[75] = 31;
    words[76] = ncq ? 1u << 8 : 0;
    words[83] = 1u << 14 | 1u << 10;
    words[84] = 1u << 14;
    words[85] = 1u << 5;
    words[106] = 1u << 14 | 1u << 13 | 3;
    words[169] = 1;
    for (u32 i = 0; i < 4; i++)
        words[100 + i] = (u16)(sectors >> 16 * i);
}

void model_init(void)
{
    if (!dma_memory) {
        dma_memory = aligned_alloc(4096, DMA_BYTES);
        model_data = aligned_alloc(4096, MODEL_DATA);
    }
    memset(dma_memory, 0xa5, DMA_BYTES);
    memset(model_data, 0x5a, MODEL_DATA);
    memset(&model, 0, sizeof(model));
    seed = 1;
    model.cap = CAP_S64A | CAP_SNCQ | 31u << 8 | (MODEL_PORTS - 1);
    model.pi = (1u << MODEL_PORTS) - 1;
    model.version = 0x10301;
    model.now = 1000 * MS;
    for (u32 i = 0; i < MODEL_PORTS; i++) {
        model.ports[i].signature = SIG_DISK;
        model_identify(&model.ports[i], MODEL_SECTORS, "S0", true);
        model.ports[i].identify[14] = (u16)('0' + i);
        model.ports[i].sig = SIG_NONE;
    }
    model.ports[1].attached = true;
}

void model_deliver(void)
{
    tick();
    for (u32 i = 0; model.messages; i++) {
        assert_true(i < 1000);
        model.messages = 0;
        ahci_interrupt(&model_ahci);
        ahci_start(&model_ahci);
    }
}

/* A command that a disk can finish, or none. */
static bool pick(u32 *number, u32 *slot)
{
    u32 first = model_random(MODEL_PORTS);
    for (u32 i = 0; i < MODEL_PORTS; i++) {
        *number = (first + i) % MODEL_PORTS;
        struct model_port *port = &model.ports[*number];
        if (port->flying == 0 || port->mute || !port->linked)
            continue;
        u32 skip = model_random(bits_count(port->flying)), left = port->flying;
        while (skip--)
            left &= left - 1;
        *slot = bit_lowest(left);
        return true;
    }
    return false;
}

void model_run(u32 count, u32 batch)
{
    u32 number, slot;
    ahci_start(&model_ahci);
    for (u32 i = 0; i < count; i++) {
        if (!pick(&number, &slot)) {
            model_deliver();
            if (!pick(&number, &slot))
                return;
        }
        finish(&model.ports[number], slot);
        update();
        if ((i + 1) % batch == 0)
            model_deliver();
    }
    model_deliver();
}

void model_pass(u64 ns)
{
    u64 end = model.now + ns;
    while (model.now < end) {
        model.now = max(model.now + 1, min(end, model_ahci.poll_at));
        model_deliver();
        if (model.now >= model_ahci.poll_at) {
            ahci_poll(&model_ahci);
            ahci_start(&model_ahci);
        }
        model_run(UINT32_MAX, 1);
    }
}

void model_unplug(u32 number)
{
    struct model_port *port = &model.ports[number];
    port->attached = port->linked = false;
    port->serr |= SERR_N;
    port->flying = 0;
    port->tfd = 0x7f;
    update();
    model_deliver();
}

void model_plug(u32 number)
{
    model.ports[number].attached = true;
    begin(&model.ports[number]);
    update();
    model_deliver();
}

/* A SATA controller made of memory. See ahci_model.h. */
#include "unit.h"

#include "ahci_model.h"
#include <drivers/ahci_parts.h>

#define SERR_X (1u << 26)
#define SERR_N (1u << 16)

struct model model;
u8 *model_data;
struct ahci model_ahci;
u8 *model_shared;
static u32 seed;

void model_seed(u32 value)
{
    seed = value;
}

u32 model_random(u32 limit)
{
    seed = seed * 1664525 + 1013904223;
    return (seed >> 8) % limit;
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

/* --- time ------------------------------------------------------------------------------------ */

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
    model.is_master = false;
    if (model.forgets)
        model.pi = 0;
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
        model_header(port, 0);
    }
    u32 running = on || (port->cr_stuck && port->cmd & CMD_CR) ? CMD_CR : 0;
    port->cmd = (value & ~(CMD_CR | CMD_FR)) | running | (value & CMD_FRE ? CMD_FR : 0);
    if (value & CMD_FRE)
        model_received(port);
    if (!on && was_on && !model.qemu)
        port->ci = port->sact = port->flying = 0;
    if (on && !was_on)
        model_take_all(port);
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
        model_take_all(port);
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
    return (struct dma){.base = model_shared, .size = MODEL_SHARED};
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
    if (!model_shared) {
        model_shared = aligned_alloc(4096, MODEL_SHARED);
        model_data = aligned_alloc(4096, MODEL_DATA);
    }
    memset(model_shared, 0xa5, MODEL_SHARED);
    memset(model_data, 0x5a, MODEL_DATA);
    memset(&model, 0, sizeof(model));
    model_seed(1);
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
        if (port->flying == 0 || port->mute || !port->linked || (port->mute_data && !port->alone) ||
            (port->mute_flush && port->alone && port->flushing))
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
        model_finish(&model.ports[number], slot);
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

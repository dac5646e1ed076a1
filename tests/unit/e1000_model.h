/*
 * A network controller made of memory, as servers/drivers/e1000.c sees it. What a real one does by
 * itself happens here when the driver asks for the time (a reset, the EEPROM), or when the test
 * says so: model_transmit and model_receive walk the descriptor rings as the device does, and look
 * whether the driver has kept to the rules. Bus addresses have nothing to do with addresses: each
 * page lies elsewhere.
 */
#pragma once

#include "unit.h"

#include <base/checksum.h>
#include <drivers/e1000_registers.h>

#define MODEL_PAGES  160u
#define MODEL_HOME   E1000_DMA_SIZE /* the home's part of the memory begins here */
#define MODEL_BUS    0x7f00000000ul
#define MODEL_FRAMES 512u

struct model_frame {
    u8 bytes[E1000_FRAME_MOST];
    u32 length;
};

/* Of the device; the driver changes only the registers and the memory. */
static struct {
    bool resets_never, gone, no_receive_address;
    u32 resets;
    bool is_master; /* since its last reset */
    u8 mac[6];
    u32 tdh, rdh;
    u32 context_start, context_at; /* its last context descriptor */
    u32 contexts, reports;         /* how many it has seen, and how many RS */
    u32 limit;                     /* so many descriptors at once */
    struct model_frame frame;      /* what it has of the frame that it is reading */
    bool checksum;                 /* which gets one */
    struct model_frame sent[MODEL_FRAMES];
    u32 sent_count;
    u64 time_ns;
} model;

static _Alignas(4096) u8 model_registers[REGISTERS_SIZE];
static _Alignas(4096) u8 model_memory[MODEL_PAGES * 4096];
static const struct dma model_dma = {.base = model_memory, .size = sizeof(model_memory)};
static const struct registers registers = {model_registers, sizeof(model_registers)};

static volatile u32 *model_register(u64 offset)
{
    return (volatile u32 *)(model_registers + offset);
}

/* 37 and 160 have no common divisor, so every page has one place and every place one page. */
static u64 model_bus(u64 offset)
{
    return MODEL_BUS + offset / 4096 * 37 % MODEL_PAGES * 4096 + offset % 4096;
}

u64 home_bus_address(const struct dma *dma, u64 offset)
{
    assert_ptr_equal(dma, &model_dma);
    assert_true(offset < dma->size);
    return model_bus(offset);
}

void home_device_was_reset(const struct dma *dma)
{
    assert_ptr_equal(dma, &model_dma);
    assert_false(*model_register(CTRL) & CTRL_RST);
    model.is_master = true;
}

/* What the device finds at a bus address: `length` bytes, which have to be in one page. */
static u8 *model_at(u64 bus, u32 length)
{
    assert_true(bus >= MODEL_BUS && bus - MODEL_BUS < sizeof(model_memory));
    assert_true(length <= 4096 - bus % 4096);
    assert_true(model.is_master);
    for (u64 page = 0; page < MODEL_PAGES; page++)
        if (model_bus(page * 4096) == bus - bus % 4096)
            return model_memory + page * 4096 + bus % 4096;
    fail_msg("nothing is at bus address %lx", bus);
    return NULL;
}

void home_log(const char *format, ...)
{
    (void)format;
}

/* What the device does on its own: finish a reset, read a word of its EEPROM. */
static void model_step(void)
{
    u32 ctrl = *model_register(CTRL);
    if (ctrl & CTRL_GIO_MASTER_DISABLE)
        *model_register(STATUS) &= ~STATUS_GIO_MASTER_ENABLE;
    else
        *model_register(STATUS) |= STATUS_GIO_MASTER_ENABLE;
    if ((ctrl & CTRL_RST) && !model.resets_never) {
        *model_register(CTRL) = ctrl & ~CTRL_RST;
        *model_register(EECD) |= EECD_AUTO_RD;
        *model_register(RAL0) = model.no_receive_address ? 0 : *(u32 *)model.mac;
        *model_register(RAH0) =
            model.no_receive_address ? 0 : model.mac[4] | model.mac[5] << 8 | RAH_AV;
        model.resets++;
        model.is_master = false;
        model.tdh = model.rdh = 0;
        model.context_start = model.frame.length = 0;
    }
    u32 eerd = *model_register(EERD);
    if (eerd & EERD_START) {
        u32 word = eerd >> EERD_ADDR_574 & 0xf;
        if (eerd & 0xf00)
            word = eerd >> EERD_ADDR_540 & 0xf;
        assert_true(word < 3);
        *model_register(EERD) = (u32)(model.mac[2 * word] | model.mac[2 * word + 1] << 8) << 16 |
                                EERD_DONE_540 | EERD_DONE_574;
    }
    if (model.gone)
        memset(model_registers, 0xff, sizeof(model_registers));
}

u64 home_time_ns(void)
{
    model_step();
    model.time_ns += 100000;
    return model.time_ns;
}

/* A device that has just been switched on, or that somebody has used and left behind. */
static void model_init(bool used)
{
    memset(&model, 0, sizeof(model));
    memset(model_registers, used ? 0x5a : 0, sizeof(model_registers));
    memset(model_memory, used ? 0xff : 0, sizeof(model_memory));
    memcpy(model.mac, "\x52\x54\x00\x12\x34\x56", 6);
    model.limit = E1000_RING;
    *model_register(CTRL) = 0;
    *model_register(STATUS) = STATUS_LU;
    *model_register(EECD) = 0;
    *model_register(EERD) = 0;
}

/* --- transmitting ---------------------------------------------------------------------------- */

static struct e1000_descriptor *model_descriptor(u64 base, u32 index)
{
    u64 bus = *model_register(base) | (u64)*model_register(base + 4) << 32;
    assert_true(is_aligned(bus, 128) && index < E1000_RING);
    return (struct e1000_descriptor *)model_at(bus, 4096) + index;
}

/* Fills in the checksum that the last context descriptor has asked for. */
static void model_checksum(struct model_frame *frame)
{
    u32 start = model.context_start, place = start + model.context_at;
    assert_true(start != 0 && place + 2 <= frame->length);
    u16 sum = internet_checksum(internet_sum(0, frame->bytes + start, frame->length - start));
    memcpy(frame->bytes + place, &sum, 2);
}

/* Goes on with the transmit ring, at most model.limit descriptors; true if it moved. */
static bool model_transmit(void)
{
    struct model_frame *frame = &model.frame;
    u32 done = 0;
    assert_true(*model_register(TCTL) & TCTL_EN);
    for (; model.tdh != *model_register(TDT) && done < model.limit; done++) {
        struct e1000_descriptor *d = model_descriptor(TDBAL, model.tdh);
        u64 fields = d->fields;
        assert_true(fields & TX_DEXT);
        assert_false(fields >> 32 & 0xff); /* of the status and what is reserved, all is 0 */
        model.tdh = (model.tdh + 1) % E1000_RING;
        if (!(fields & TX_DTYP_DATA)) {
            assert_false(fields & TX_RS);
            assert_int_equal(frame->length, 0); /* not in the middle of a frame */
            model.context_start = d->address >> 32 & 0xff;
            model.context_at = (d->address >> 40 & 0xff) - model.context_start;
            model.contexts++;
            continue;
        }
        if (frame->length == 0)
            model.checksum = fields & TX_POPTS_TXSM;
        u32 length = fields & 0xfffff;
        assert_true(length > 0 && length <= sizeof(frame->bytes) - frame->length);
        memcpy(frame->bytes + frame->length, model_at(d->address, length), length);
        frame->length += length;
        if (fields & TX_EOP) {
            assert_true(fields & TX_IFCS);
            if (model.checksum)
                model_checksum(frame);
            assert_true(frame->length >= E1000_FRAME_LEAST);
            model.sent[model.sent_count++ % MODEL_FRAMES] = *frame;
            frame->length = 0;
        }
        if (fields & TX_RS) {
            d->fields |= DESCRIPTOR_DD;
            model.reports++;
        }
    }
    *model_register(TDH) = model.tdh;
    return done > 0;
}

/* --- receiving ------------------------------------------------------------------------------- */

/* Writes back one receive descriptor, as it is told; false: the driver has given none. */
static bool model_write_back(const void *bytes, u32 length, u64 flags)
{
    assert_true(*model_register(RCTL) & RCTL_EN);
    if (model.rdh == *model_register(RDT))
        return false;
    struct e1000_descriptor *d = model_descriptor(RDBAL, model.rdh);
    assert_true(d->fields == 0);
    memcpy(model_at(d->address, E1000_BUFFER), bytes, min(length, E1000_BUFFER));
    d->fields = length | flags | DESCRIPTOR_DD;
    model.rdh = (model.rdh + 1) % E1000_RING;
    return true;
}

/* A frame arrives. */
static bool model_receive(const void *bytes, u32 length)
{
    return model_write_back(bytes, length, RX_EOP | RX_TCPCS);
}

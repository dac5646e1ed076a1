/*
 * Wires that are network cards of drivers/e1000.h. See wire.h and wires.h.
 *
 * The heads of frames to be sent lie behind the driver's part of the memory for DMA, in as many
 * places as the card can have frames to send: they leave in their order, so when a place comes
 * round again it is free.
 */
#include <base/string.h>
#include <net/wire.h>
#include <net/wires.h>
#include <runtime/clock.h>
#include <runtime/dma.h>
#include <runtime/heap.h>
#include <runtime/print.h>
#include <runtime/start.h>
#include <runtime/syscall.h>

#define HEADS_SIZE   ((u64)E1000_RING * PORT_HEAD)
#define POLL_PERIOD  (500 * NS_PER_MS)
#define VENDOR_INTEL 0x8086u

static_assert(PAGE_SIZE % PORT_HEAD == 0, "no head lies across two pages");

struct wire {
    bool present;
    char name[START_NAME_SIZE];
    u32 device_slot, irq_slot;
    u64 irq_bits;
    bool level;   /* its interrupt has to be acknowledged */
    bool link_up; /* as the switch knows it */
    u32 next_head;
    struct dma dma;
    u64 head_bus[HEADS_SIZE / PAGE_SIZE];
    struct e1000 card;
};

static struct wire wires[SWITCH_WIRES];
static u64 polled; /* when the cards were looked after last */

#define for_each_wire(wire)                                                                        \
    for (struct wire *wire = wires; wire < wires + SWITCH_WIRES; wire++)                           \
        if (!wire->present)                                                                        \
            continue;                                                                              \
        else

/* --- opening --------------------------------------------------------------------------------- */

static bool take_grants(struct wire *wire, struct registers *registers, u32 *device)
{
    const struct grant *card = grant_find(GRANT_DEVICE, wire->name);
    const struct grant *irq = grant_find(GRANT_IRQ, wire->name);
    if (!card)
        return false;
    if (!irq || (card->value[1] & 0xffff) != VENDOR_INTEL) {
        print("net: %s is left alone: %s\n", wire->name,
              irq ? "no driver for it" : "it has no interrupt");
        return false;
    }
    *device = (u32)(card->value[1] >> 16);
    wire->device_slot = card->slot;
    wire->irq_slot = irq->slot;
    wire->irq_bits = 1ul << irq->value[0];
    wire->level = irq->value[2];
    if (!registers_open(registers, wire->name, 0) || !dma_open(&wire->dma, wire->name, wire->name))
        return false;
    if (wire->dma.size < E1000_DMA_SIZE + HEADS_SIZE) {
        print("net: %s is left alone: it needs %lu bytes of memory for DMA\n", wire->name,
              E1000_DMA_SIZE + HEADS_SIZE);
        return false;
    }
    return true;
}

static bool open_wire(struct wire *wire)
{
    struct registers registers;
    u32 device;
    if (!take_grants(wire, &registers, &device))
        return false;
    enum e1000_interrupts interrupts = wire->level              ? E1000_LINE
                                       : device == E1000_82574L ? E1000_MSIX
                                                                : E1000_MSI;
    enum e1000_error error = e1000_open(&wire->card, registers, &wire->dma, device, interrupts);
    if (error != E1000_OK) {
        print("net: %s: %s\n", wire->name, e1000_error_text(error));
        return false;
    }
    for (u32 i = 0; i < array_count(wire->head_bus); i++)
        wire->head_bus[i] = home_bus_address(&wire->dma, E1000_DMA_SIZE + i * PAGE_SIZE);
    const u8 *mac = wire->card.mac;
    print("net: %s is an %s, %02x:%02x:%02x:%02x:%02x:%02x, its link is %s\n", wire->name,
          device == E1000_82574L ? "82574L" : "82540EM", mac[0], mac[1], mac[2], mac[3], mac[4],
          mac[5], wire->card.link_up ? "up" : "down");
    return true;
}

/* Lets the switch know which links are up. */
static void look_at_links(struct net *net)
{
    net->link = false;
    for_each_wire(wire)
    {
        bool up = wire->card.link_up && wire->card.working;
        if (up != wire->link_up)
            switch_set_wire(&net->sw, (u32)(wire - wires), up);
        wire->link_up = up;
        net->link = net->link || up;
    }
}

void wires_open(struct net *net)
{
    for (u32 i = 0; i < SWITCH_WIRES; i++) {
        memcpy(wires[i].name, "nic0", sizeof("nic0"));
        wires[i].name[3] = (char)('0' + i);
        wires[i].present = open_wire(&wires[i]);
        if (wires[i].present)
            net->wires |= SWITCH_BIT(i);
    }
    if (net->wires == 0)
        print("net: no network card: frames go between sessions only\n");
    look_at_links(net);
}

const struct e1000 *wire_card(u32 wire)
{
    return wire < SWITCH_WIRES && wires[wire].present ? &wires[wire].card : NULL;
}

/* --- sessions' memory ------------------------------------------------------------------------ */

static bool show(struct wire *wire, struct port *port, u32 data_slot, u64 count)
{
    u64 *pages = heap_allocate(count * sizeof(u64));
    if (!pages)
        return false;
    status mapped = dma_map(wire->device_slot, data_slot, 0, count);
    for (u64 i = 0; mapped >= 0 && i < count; i++) {
        mapped = dma_address(wire->device_slot, data_slot, i);
        pages[i] = (u64)mapped;
    }
    if (mapped < 0) {
        print("net: %s cannot reach a session's memory: %s\n", wire->name,
              error_text(status_code(mapped)));
        ignore_status(dma_unmap(wire->device_slot, data_slot, 0)); /* it may not be mapped */
        heap_free(pages);
        return false;
    }
    port->pages[wire - wires] = pages;
    return true;
}

bool wires_show(struct port *port, u32 data_slot, u64 size)
{
    for_each_wire(wire)
    {
        if (!show(wire, port, data_slot, size / PAGE_SIZE)) {
            wires_hide(port, data_slot);
            return false;
        }
    }
    return true;
}

void wires_hide(struct port *port, u32 data_slot)
{
    for_each_wire(wire)
    {
        u64 **pages = &port->pages[wire - wires];
        if (!*pages)
            continue;
        ignore_status(dma_unmap(wire->device_slot, data_slot, 0)); /* it is mapped */
        heap_free(*pages);
        *pages = NULL;
    }
}

/* --- frames ---------------------------------------------------------------------------------- */

enum e1000_sent wire_send(u32 number, const struct wire_frame *frame)
{
    struct wire *wire = &wires[number];
    if (!wire->present)
        return E1000_DOWN;
    u32 at = wire->next_head * PORT_HEAD;
    struct dma_piece pieces[1 + WIRE_PIECES] = {
        {.bus = wire->head_bus[at / PAGE_SIZE] + at % PAGE_SIZE, .length = frame->head_length}};
    for (u32 i = 0; i < frame->count; i++)
        pieces[1 + i] = frame->pieces[i];
    memcpy(wire->dma.base + E1000_DMA_SIZE + at, frame->head, frame->head_length);
    enum e1000_sent sent =
        e1000_send(&wire->card, pieces, 1 + frame->count, frame->start, frame->at, frame->cookie);
    if (sent == E1000_QUEUED)
        wire->next_head = (wire->next_head + 1) % E1000_RING;
    return sent;
}

u32 wire_reap(u32 wire, u64 *cookies, u32 limit)
{
    return wires[wire].present ? e1000_reap_sent(&wires[wire].card, cookies, limit) : 0;
}

bool wire_receive(u32 wire, struct e1000_frame *frame)
{
    return wires[wire].present && e1000_receive(&wires[wire].card, frame);
}

/* --- the loop -------------------------------------------------------------------------------- */

void wires_events(struct net *net, u64 events)
{
    u64 now = home_time_ns();
    bool poll = now - polled >= POLL_PERIOD;
    for_each_wire(wire)
    {
        if (events & wire->irq_bits) {
            e1000_interrupt(&wire->card);
            if (wire->level)
                ignore_status(irq_ack(wire->irq_slot)); /* it is bound */
        }
        if (poll)
            e1000_poll(&wire->card, now);
    }
    if (poll)
        polled = now;
    look_at_links(net);
}

void wires_flush(void)
{
    for_each_wire(wire)
    {
        e1000_give_back(&wire->card);
        e1000_flush(&wire->card);
    }
}

bool wires_may_sleep(void)
{
    bool may_sleep = true;
    for_each_wire(wire) may_sleep = e1000_may_sleep(&wire->card) && may_sleep;
    return may_sleep;
}

/*
 * The requests of a port. A slot that is taken is in exactly one of these sets:
 *
 *     queued      an NCQ command, to be told to the device
 *     alone       a command that is not NCQ: it waits until the device has no other
 *     riders      a flush that is done when the flush at the device is
 *     issued      told to the device
 *     doomed      failed for good; it ends when nothing can touch its memory any more
 *
 * Whatever was submitted after the oldest command of `alone` waits for that, so neither kind can
 * keep the other out.
 *
 * Register accesses are what costs time here: two to tell the device of any number of NCQ commands,
 * one to learn which of them are done.
 */
#include "ahci_parts.h"

enum ahci_refusal ahci_submit(struct ahci_port *port, const struct ahci_request *request)
{
    enum ahci_refusal refusal = command_check(port, request);
    if (refusal != AHCI_TAKEN)
        return refusal;
    u32 free = port->usable & ~port->used;
    if (free == 0)
        return AHCI_BUSY;
    u32 slot = bit_lowest(free);
    struct ahci_slot *taken = &port->slots[slot];
    taken->cookie = request->cookie;
    taken->deadline = 0;
    taken->sector = request->sector;
    taken->sectors = request->sectors;
    taken->order = port->order++;
    taken->op = request->op;
    taken->failures = 0;
    taken->timeouts = 0;
    if (command_prepare(port, slot, request))
        port->queued |= 1u << slot;
    else
        port->alone |= 1u << slot;
    port->used |= 1u << slot;
    port->ahci->waiting |= 1u << port->number;
    return AHCI_TAKEN;
}

u32 ahci_room(const struct ahci_port *port)
{
    return port->present ? bits_count(port->usable & ~port->used) : 0;
}

/* Was slot a's request submitted before slot b's? The numbers may wrap around. */
static bool is_older(const struct ahci_port *port, u32 a, u32 b)
{
    return (i32)(port->slots[a].order - port->slots[b].order) < 0;
}

static u32 oldest(const struct ahci_port *port, u32 slots)
{
    u32 first = bit_lowest(slots);
    for (u32 left = slots & (slots - 1); left; left &= left - 1)
        if (is_older(port, bit_lowest(left), first))
            first = bit_lowest(left);
    return first;
}

/* Tells the device of a batch of NCQ commands. */
static void issue_queued(struct ahci_port *port, u32 batch)
{
    for (u32 left = batch; left; left &= left - 1)
        command_write_header(port, bit_lowest(left));
    port->queued &= ~batch;
    port->issued |= batch;
    memory_done();
    port_write(port, PxSACT, batch);
    port_write(port, PxCI, batch);
}

static void issue_alone(struct ahci_port *port, u32 slot)
{
    port->alone &= ~(1u << slot);
    if (port->slots[slot].op == AHCI_TRIM)
        command_write_ranges(port, slot);
    if (port->slots[slot].op == AHCI_FLUSH && port->suspects == 0)
        for (u32 left = port->alone; left; left &= left - 1)
            if (port->slots[bit_lowest(left)].op == AHCI_FLUSH)
                port->riders |= 1u << bit_lowest(left);
    port->alone &= ~port->riders;
    command_write_header(port, slot);
    port->issued = 1u << slot;
    port->issued_alone = true;
    memory_done();
    port_write(port, PxCI, 1u << slot);
}

/* One command at a time, until it is known which of the suspects fails. */
static void start_suspect(struct ahci_port *port)
{
    if (port->issued)
        return;
    u32 slot = oldest(port, port->suspects);
    if (port->alone & 1u << slot)
        issue_alone(port, slot);
    else
        issue_queued(port, 1u << slot);
}

/* There are commands that have to be alone. */
static void start_mixed(struct ahci_port *port)
{
    u32 first = oldest(port, port->alone);
    u32 batch = 0;
    for (u32 left = port->queued; left; left &= left - 1)
        if (is_older(port, bit_lowest(left), first))
            batch |= 1u << bit_lowest(left);
    if (batch)
        issue_queued(port, batch);
    else if (port->issued == 0)
        issue_alone(port, first);
}

static void queue_start(struct ahci_port *port)
{
    if (port->issued_alone || port->state != AHCI_READY)
        return;
    if (unlikely(port->suspects))
        start_suspect(port);
    else if (unlikely(port->alone))
        start_mixed(port);
    else if (port->queued)
        issue_queued(port, port->queued);
}

void ahci_start(struct ahci *ahci)
{
    for (u32 left = ahci->waiting & ahci->ready; left; left &= left - 1) {
        struct ahci_port *port = &ahci->ports[bit_lowest(left)];
        queue_start(port);
        if ((port->queued | port->alone) == 0)
            ahci->waiting &= ~(1u << port->number);
    }
}

void queue_end(struct ahci_port *port, u32 slot, enum ahci_result result)
{
    u32 kept = ~(1u << slot);
    port->used &= kept;
    port->queued &= kept;
    port->alone &= kept;
    port->riders &= kept;
    port->issued &= kept;
    port->suspects &= kept;
    port->doomed &= kept;
    port->troubles = 0;
    if (result == AHCI_DONE)
        port->completed++;
    else
        port->failed++;
    port->ahci->home.done(port, port->slots[slot].cookie, result);
}

void queue_end_all(struct ahci_port *port, u32 slots, enum ahci_result result)
{
    for (u32 left = slots; left; left &= left - 1)
        queue_end(port, bit_lowest(left), result);
}

/* A command went well; a write may have a flush to come. */
static void finish(struct ahci_port *port, u32 slot)
{
    if (likely(!port->slots[slot].fua_flush)) {
        queue_end(port, slot, AHCI_DONE);
        return;
    }
    port->issued &= ~(1u << slot);
    port->suspects &= ~(1u << slot);
    port->alone |= 1u << slot;
    port->slots[slot].order = port->order++;
    port->slots[slot].deadline = 0;
    command_make_flush(port, slot);
    port->ahci->waiting |= 1u << port->number;
}

bool queue_collect(struct ahci_port *port)
{
    u32 active = port_read(port, PxSACT);
    memory_done();
    if (unlikely(active & ~port->issued)) {
        /* All ones: the controller is not there any more. Others: nobody asked for them. */
        if (active == NOBODY_THERE)
            return false;
        port->strays++;
    }
    u32 done = port->issued & ~active;
    for (u32 left = done; left; left &= left - 1)
        finish(port, bit_lowest(left));
    return done != 0;
}

void queue_alone_done(struct ahci_port *port)
{
    u32 slot = bit_lowest(port->issued);
    u32 riders = port->riders;
    port->issued_alone = false;
    finish(port, slot);
    queue_end_all(port, riders, AHCI_DONE);
}

void queue_take_back(struct ahci_port *port)
{
    u32 again = port->issued & ~port->doomed;
    for (u32 left = again | port->riders; left; left &= left - 1)
        port->slots[bit_lowest(left)].deadline = 0;
    if (port->issued_alone)
        port->alone |= again;
    else
        port->queued |= again;
    port->alone |= port->riders & ~port->doomed;
    port->retried += bits_count(again);
    port->issued = 0;
    port->riders = 0;
    port->issued_alone = false;
    if (port->queued | port->alone)
        port->ahci->waiting |= 1u << port->number;
}

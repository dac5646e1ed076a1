/*
 * A port, from its first link to a disk that is ready to work: AHCI 1.3.1, sections 10.1.2 and
 * 10.10. Each step either goes on at once or waits, with a limit, for an interrupt or the next
 * poll.
 *
 *     LINKING -> SPINNING -> IDENTIFYING -> READY
 *        |          |            |           |
 *      EMPTY     FOREIGN      FOREIGN     STOPPING (ahci_trouble.c), from where it begins anew
 *
 * After each reset the disk is asked again what it is: it might be another one.
 */
#include "ahci_parts.h"
#include <base/string.h>

#define LINK_NS     (100 * MS)
#define LATE_NS     (1000 * MS) /* a device is there, but does not talk yet; or it was reset */
#define SPIN_NS     (30000 * MS)
#define IDENTIFY_NS (5000 * MS)
#define COMRESET_NS (2 * MS) /* section 10.4.2: at least one */
#define STEP_NS     (10 * MS)

void port_begin(struct ahci_port *port, u64 now)
{
    port_write(port, PxSCTL, SCTL_IPM_NONE);
    port_write(port, PxCMD, CMD_SUD | CMD_POD | CMD_ICC_ACTIVE);
    port_write(port, PxSERR, UINT32_MAX);
    port_write(port, PxIS, UINT32_MAX);
    port_write(port, PxIE, IS_WANTED);
    if (port->troubles > TROUBLES_MOST)
        port_settle(port, AHCI_FAILED);
    else
        port_link(port, now, LINK_NS);
}

void port_link(struct ahci_port *port, u64 now, u64 patience)
{
    port->state = AHCI_LINKING;
    port->late = false;
    port->limit = now + (patience ? patience : LINK_NS);
}

void port_reset(struct ahci_port *port, u64 now)
{
    port->resets++;
    port_write(port, PxSCTL, SCTL_IPM_NONE | SCTL_DET_RESET);
    port->state = AHCI_RESETTING;
    port->limit = now + COMRESET_NS;
}

/*
 * What was is over. PxSERR comes first, because it holds bits of PxIS, and IS comes last: a bit
 * that is left there keeps the next interrupt from coming.
 */
static void forget_past(struct ahci_port *port)
{
    port_write(port, PxSERR, UINT32_MAX);
    port_write(port, PxIS, UINT32_MAX);
    port_write_is(port);
}

/* Gives the port its memory, if it has none yet. */
static bool has_memory(struct ahci_port *port)
{
    struct ahci *ahci = port->ahci;
    if (port->memory)
        return true;
    if (!range_fits(ahci->dma_used, AHCI_PORT_BYTES, ahci->dma.size))
        return false;
    port->memory = ahci->dma.base + ahci->dma_used;
    for (u32 page = 0; page < array_count(port->bus); page++)
        port->bus[page] = home_bus_address(&ahci->dma, ahci->dma_used + page * 4096ul);
    ahci->dma_used += AHCI_PORT_BYTES;
    memset(port->memory, 0, AHCI_PORT_BYTES);
    return true;
}

/* There is a link: lets the device say something (its first FIS, with its signature). */
static void listen(struct ahci_port *port, u64 now)
{
    if (!has_memory(port)) {
        home_log("ahci: port %u: the memory for DMA is used up by other disks\n", port->number);
        port_settle(port, AHCI_FOREIGN);
        return;
    }
    forget_past(port);
    u32 cmd = port_read(port, PxCMD);
    if (!(cmd & CMD_FRE)) {
        port_write(port, PxCLB, (u32)(port->bus[0] + LIST));
        port_write(port, PxCLBU, (u32)(port->bus[0] >> 32));
        port_write(port, PxFB, (u32)(port->bus[0] + FIS));
        port_write(port, PxFBU, (u32)(port->bus[0] >> 32));
        memory_done();
        port_write(port, PxCMD, (cmd & ~CMD_ICC_MASK) | CMD_FRE);
    }
    port->state = AHCI_SPINNING;
    port->limit = now + SPIN_NS;
}

static bool step_linking(struct ahci_port *port, u64 now)
{
    u32 det = DET(port_read(port, PxSSTS));
    if (det == DET_LINK) {
        listen(port, now);
        return true;
    }
    if (now < port->limit) {
        ahci_wake(port->ahci, min(port->limit, now + STEP_NS));
        return false;
    }
    if (det == DET_NO_LINK && !port->late) {
        port->late = true;
        port->limit = now + LATE_NS;
        ahci_wake(port->ahci, now + STEP_NS);
        return false;
    }
    port_settle(port, AHCI_EMPTY);
    return false;
}

/* A disk that does not start is reset some times before it is given up. */
static bool start_failed(struct ahci_port *port, const char *what, u64 now)
{
    home_log("ahci: port %u: the disk %s\n", port->number, what);
    port->troubles += TROUBLES_NO_START;
    trouble_begin(port, AHCI_RESET, now);
    return true;
}

/*
 * Registers that still name a command of earlier, which section 3.3.14 rules out, are met all the
 * same (QEMU): it would start now. It finds a command that no device knows, and is done.
 */
bool port_engage(struct ahci_port *port)
{
    if (port_read(port, PxSACT) != 0)
        return false;
    u32 left_over = port_read(port, PxCI);
    if (left_over)
        command_clear_list(port);
    port->memory[FIS_SDB + 2] = 0;
    forget_past(port);
    memory_done();
    u32 cmd = port_read(port, PxCMD) & ~CMD_ICC_MASK;
    port_write(port, PxCMD, cmd | CMD_ST);
    return left_over == 0 || port_read(port, PxCI) == 0;
}

void port_own_issue(struct ahci_port *port)
{
    memory_done();
    port_write(port, PxCI, 1);
}

enum own_outcome port_own_outcome(struct ahci_port *port)
{
    u32 tfd = port_read(port, PxTFD);
    if (tfd & TFD_ERR)
        return OWN_FAILED;
    if (port_read(port, PxCI) & 1)
        return OWN_RUNNING;
    memory_done();
    return OWN_DONE;
}

static bool ask_identity(struct ahci_port *port, u64 now)
{
    if (!port_engage(port))
        return start_failed(port, "cannot be started", now);
    memset(port->memory + OWN_DATA, 0, BLOCK_BYTES);
    command_own(port, IDENTIFY_DEVICE, 0, 0);
    port_own_issue(port);
    port->state = AHCI_IDENTIFYING;
    port->limit = now + IDENTIFY_NS;
    return true;
}

static const char *signature_text(u32 signature)
{
    return signature == SIG_ATAPI        ? "a CD or DVD drive"
           : signature == SIG_MULTIPLIER ? "a port multiplier"
                                         : "something unknown";
}

static bool step_spinning(struct ahci_port *port, u64 now)
{
    u32 tfd = port_read(port, PxTFD), signature = port_read(port, PxSIG);
    if (DET(port_read(port, PxSSTS)) != DET_LINK) {
        port_link(port, now, LATE_NS);
        ahci_wake(port->ahci, now + STEP_NS);
        return false;
    }
    if (!(tfd & (TFD_BSY | TFD_DRQ)) && signature == SIG_DISK)
        return ask_identity(port, now);
    if (!(tfd & (TFD_BSY | TFD_DRQ)) && signature != SIG_NONE) {
        home_log("ahci: port %u has %s (signature %08x), which is left alone\n", port->number,
                 signature_text(signature), signature);
        port_settle(port, AHCI_FOREIGN);
        return false;
    }
    if (now >= port->limit)
        return start_failed(port, "does not get ready", now);
    ahci_wake(port->ahci, now + STEP_NS);
    return false;
}

/* Takes over what the disk says of itself. Where another disk was, that one is gone. */
static void accept(struct ahci_port *port, const struct ahci_disk *disk)
{
    struct ahci *ahci = port->ahci;
    if (port->present && !identify_same(&port->disk, disk)) {
        home_log("ahci: port %u has another disk now\n", port->number);
        port_settle(port, AHCI_IDENTIFYING);
    }
    bool is_new = !port->present;
    port->disk = *disk;
    if (!(ahci->capabilities & CAP_SNCQ))
        port->disk.queue_depth = 0;
    u32 depth = port->disk.queue_depth;
    port->usable = (u32)bits_below(depth ? min(depth, ahci->slots) : ahci->slots);
    if (is_new)
        home_log("ahci: port %u: %s, serial %s, %lu sectors, queue %u%s%s%s\n", port->number,
                 disk->model, disk->serial, disk->sectors, depth,
                 disk->write_cache ? ", write cache" : "", disk->fua ? ", FUA" : "",
                 disk->trim ? ", trim" : "");
    port_ready(port);
}

static bool step_identifying(struct ahci_port *port, u64 now)
{
    enum own_outcome outcome = port_own_outcome(port);
    if (outcome == OWN_FAILED)
        return start_failed(port, "does not say what it is", now);
    if (outcome == OWN_RUNNING) {
        if (now >= port->limit)
            return start_failed(port, "does not answer", now);
        ahci_wake(port->ahci, now + STEP_NS);
        return false;
    }
    u16 words[IDENTIFY_WORDS];
    struct ahci_disk disk;
    memcpy(words, port->memory + OWN_DATA, sizeof(words));
    enum identify_error error = identify_parse(&disk, words);
    if (error == IDENTIFY_OK) {
        accept(port, &disk);
        return false;
    }
    home_log("ahci: port %u: not usable: %s\n", port->number, identify_error_text(error));
    port_write(port, PxCMD, port_read(port, PxCMD) & ~(CMD_ST | CMD_ICC_MASK));
    port_settle(port, AHCI_FOREIGN);
    return false;
}

static bool step_resetting(struct ahci_port *port, u64 now)
{
    if (now < port->limit) {
        ahci_wake(port->ahci, port->limit);
        return false;
    }
    port_write(port, PxSCTL, SCTL_IPM_NONE);
    trouble_bury(port);
    if (port->troubles > TROUBLES_MOST) {
        home_log("ahci: port %u is given up\n", port->number);
        port_settle(port, AHCI_FAILED);
        return false;
    }
    port_link(port, now, LATE_NS);
    return true;
}

/* True: it is in another state now, and may go on. */
static bool step(struct ahci_port *port, u64 now)
{
    switch (port->state) {
    case AHCI_LINKING:
        return step_linking(port, now);
    case AHCI_SPINNING:
        return step_spinning(port, now);
    case AHCI_IDENTIFYING:
        return step_identifying(port, now);
    case AHCI_RESETTING:
        return step_resetting(port, now);
    case AHCI_STOPPING:
        return trouble_stopping(port, now);
    case AHCI_LOGGING:
        return trouble_logging(port, now);
    default:
        return false;
    }
}

void port_step(struct ahci_port *port, u64 now)
{
    while (step(port, now))
        ;
}

void port_ready(struct ahci_port *port)
{
    port->state = AHCI_READY;
    port->ahci->ready |= 1u << port->number;
    port->settled = true;
    if (!port->present) {
        port->present = true;
        port->ahci->home.changed(port);
    }
}

void port_settle(struct ahci_port *port, enum ahci_state state)
{
    bool news = port->present || !port->settled;
    port->state = state;
    port->ahci->ready &= ~(1u << port->number);
    port->present = false;
    port->settled = true;
    port->issued_alone = false;
    queue_end_all(port, port->used, AHCI_GONE);
    if (news)
        port->ahci->home.changed(port);
}

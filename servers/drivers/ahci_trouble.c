/*
 * Errors: who failed, who is tried again, when to reset. AHCI 1.3.1, section 6.2.
 *
 * Any error stops the port first. When one of several NCQ commands fails, the disk forgets all of
 * them, and keeps a log that says which it was (ATA8-ACS, log 10h): that one has failed, the others
 * are told again. A disk that cannot say it is reset, and then the commands are told one at a time
 * until the one that fails is alone. A request fails for good after three failures, a flush after
 * one, or after two times too long; it ends only when the device has been reset or has forgotten
 * it, so that nothing touches its memory afterwards.
 *
 * QEMU 7.2 reports failed NCQ commands in its own way: no TFES, other commands carry on, and the
 * error in PxTFD is gone with the next command that goes well; what stays is a bit in PxSERR. Hence
 * the look at the received FIS after each interrupt, and at PxSERR when a command takes longer.
 */
#include "ahci_parts.h"
#include <base/string.h>

#define ATTEMPTS      3
#define ATTEMPTS_SLOW 2          /* of those that take too long */
#define STOP_NS       (500 * MS) /* section 10.3.2 */
#define LOG_NS        (2000 * MS)
#define LOG_NCQ       0x10
#define LOG_NQ        (1u << 7) /* the failed command was not NCQ */
#define LOG_TAG       31

static enum ahci_result result_of(u8 error)
{
    return error & ERROR_ICRC   ? AHCI_TRANSFER_ERROR
           : error & ERROR_UNC  ? AHCI_MEDIUM_ERROR
           : error & ERROR_IDNF ? AHCI_NOT_FOUND
                                : AHCI_ABORTED;
}

/* --- who failed ------------------------------------------------------------------------------ */

static void doom(struct ahci_port *port, u32 slot)
{
    const struct ahci_slot *doomed = &port->slots[slot];
    home_log("ahci: port %u: operation %u at sector %lu: %s\n", port->number, (u32)doomed->op,
             doomed->sector, ahci_result_text(doomed->result));
    port->doomed |= 1u << slot;
    port->suspects &= ~(1u << slot);
}

static void slot_failed(struct ahci_port *port, u32 slot, enum ahci_result result)
{
    port->slots[slot].result = result;
    if (++port->slots[slot].failures >= ATTEMPTS)
        doom(port, slot);
}

/*
 * A disk that cannot write some sector of its cache says so once, forgets the sector, and has the
 * next flush go on behind it (ATA8-ACS, FLUSH CACHE EXT). So a flush that failed is not tried
 * again, nor is one that waits already: it would go well, and what it was for be lost.
 */
static void flush_failed(struct ahci_port *port, enum ahci_result result)
{
    u32 flushes = port->issued | port->riders;
    for (u32 left = port->alone; left; left &= left - 1)
        if (port->slots[bit_lowest(left)].op == AHCI_FLUSH)
            flushes |= 1u << bit_lowest(left);
    port->losses++;
    port->riders = 0;
    port->alone &= ~flushes;
    for (u32 left = flushes; left; left &= left - 1) {
        port->slots[bit_lowest(left)].result = result;
        doom(port, bit_lowest(left));
    }
}

/* One of the issued commands failed. If there are several, each is tried alone. */
static void someone_failed(struct ahci_port *port, enum ahci_result result)
{
    if (is_power_of_two(port->issued))
        slot_failed(port, bit_lowest(port->issued), result);
    else
        port->suspects |= port->issued;
}

void trouble_bury(struct ahci_port *port)
{
    for (u32 left = port->doomed; left; left &= left - 1)
        queue_end(port, bit_lowest(left), port->slots[bit_lowest(left)].result);
}

/* --- looking --------------------------------------------------------------------------------- */

/* The command that is alone: true when it is done. */
static bool look_alone(struct ahci_port *port, bool failed)
{
    if (failed || port_read(port, PxCI) & port->issued)
        return false;
    memory_done();
    queue_alone_done(port);
    return true;
}

static void task_file_error(struct ahci_port *port, u32 tfd, u64 now)
{
    port->result = result_of(TFD_ERROR(tfd));
    bool ask = !port->issued_alone && !(tfd & (TFD_BSY | TFD_DRQ));
    if (port->issued_alone && port->slots[bit_lowest(port->issued)].op == AHCI_FLUSH)
        flush_failed(port, port->result);
    else if (!ask)
        someone_failed(port, port->result);
    trouble_begin(port, ask ? AHCI_ASK : AHCI_RESET, now);
}

/* What is wrong, if anything is. */
static bool look_errors(struct ahci_port *port, u32 status, u32 tfd, u64 now)
{
    if (status & IS_LINK) {
        trouble_begin(port, AHCI_RELINK, now);
    } else if (port->issued && status & IS_FATAL) {
        someone_failed(port, AHCI_TRANSFER_ERROR);
        trouble_begin(port, AHCI_RESET, now);
    } else if (port->issued && (status & TFES || tfd & TFD_ERR)) {
        task_file_error(port, tfd, now);
    } else {
        return false;
    }
    return true;
}

/* A port without a disk hears only of its link. One that was given up has been reset just now, so a
 * link that comes means nothing new; one that goes does. */
static void look_idle(struct ahci_port *port, u32 status, u64 now)
{
    bool waits = port->state == AHCI_EMPTY || port->state == AHCI_FOREIGN ||
                 (port->state == AHCI_FAILED && DET(port_read(port, PxSSTS)) != DET_LINK);
    if (waits && status & IS_LINK) {
        port->troubles = 0;
        trouble_begin(port, AHCI_RELINK, now);
    }
}

bool trouble_look(struct ahci_port *port, u64 now)
{
    u32 status = port_read(port, PxIS);
    if (status == NOBODY_THERE) {
        ahci_vanished(port->ahci);
        return true;
    }
    if (status & (IS_LINK | IS_FATAL))
        port_write(port, PxSERR, port_read(port, PxSERR));
    port_write(port, PxIS, status);
    port_write_is(port);
    bool found = status != 0;
    if (port->state == AHCI_READY) {
        u32 tfd = port_read(port, PxTFD);
        bool failed = status & TFES || tfd & TFD_ERR;
        if (port->issued)
            found |= port->issued_alone ? look_alone(port, failed) : queue_collect(port);
        found |= look_errors(port, status, tfd, now);
    } else {
        look_idle(port, status, now);
    }
    port_step(port, now);
    return found;
}

/* Gives limits to commands that have none yet, and finds those that are over theirs. */
static u32 look_overdue(struct ahci_port *port, u64 now, bool *slow)
{
    u32 overdue = 0;
    for (u32 left = port->issued; left; left &= left - 1) {
        struct ahci_slot *slot = &port->slots[bit_lowest(left)];
        if (slot->deadline == 0)
            slot->deadline = now + port->ahci->limit_ns;
        else
            *slow = true;
        if (now >= slot->deadline)
            overdue |= 1u << bit_lowest(left);
    }
    return overdue;
}

void trouble_poll(struct ahci_port *port, u64 now)
{
    if (port->state != AHCI_READY)
        return;
    bool slow = false;
    u32 overdue = look_overdue(port, now, &slow);
    if (overdue)
        overdue |= port->riders; /* they have waited for the same */
    for (u32 left = overdue; left; left &= left - 1) {
        struct ahci_slot *slot = &port->slots[bit_lowest(left)];
        slot->result = AHCI_TIMED_OUT;
        port->timeouts++;
        if (++slot->timeouts >= ATTEMPTS_SLOW)
            doom(port, bit_lowest(left));
    }
    if (overdue) {
        trouble_begin(port, AHCI_RESET, now);
    } else if (slow && !port->issued_alone && port_read(port, PxSERR)) {
        port->result = AHCI_ABORTED;
        trouble_begin(port, AHCI_ASK, now);
    }
    port_step(port, now);
}

/* --- remedies -------------------------------------------------------------------------------- */

void trouble_begin(struct ahci_port *port, enum ahci_remedy remedy, u64 now)
{
    port->ahci->ready &= ~(1u << port->number);
    port->troubles++;
    port->remedy = remedy;
    port->state = AHCI_STOPPING;
    port->limit = now + STOP_NS;
    port_write(port, PxCMD, port_read(port, PxCMD) & ~(CMD_ST | CMD_ICC_MASK));
}

static void reset(struct ahci_port *port, u64 now)
{
    queue_take_back(port);
    port_reset(port, now);
}

/* Asks for the log. It is written into a page that says nothing, in case nobody writes. */
static void ask(struct ahci_port *port, u64 now)
{
    if (!port_engage(port)) {
        someone_failed(port, port->result);
        trouble_begin(port, AHCI_RESET, now);
        return;
    }
    memset(port->memory + OWN_DATA, 0, BLOCK_BYTES);
    port->memory[OWN_DATA] = LOG_NQ;
    command_own(port, READ_LOG_EXT, LOG_NCQ, 1);
    port_own_issue(port);
    port->state = AHCI_LOGGING;
    port->limit = now + LOG_NS;
}

bool trouble_stopping(struct ahci_port *port, u64 now)
{
    if (port_read(port, PxCMD) & CMD_CR) {
        if (now < port->limit) {
            ahci_wake(port->ahci, now + MS);
            return false;
        }
        home_log("ahci: port %u does not stop\n", port->number);
        ahci_reset_all(port->ahci, now);
        return false;
    }
    bool linked = DET(port_read(port, PxSSTS)) == DET_LINK;
    if (linked && port->remedy == AHCI_ASK) {
        ask(port, now);
    } else if (linked || port->remedy == AHCI_RESET) {
        reset(port, now);
    } else {
        queue_take_back(port);
        trouble_bury(port);
        port_link(port, now, 0);
    }
    return true;
}

/* The tag of the command that failed, if the log says so. */
static bool parse_log(const u8 *log, u32 issued, u32 *tag)
{
    u32 sum = 0;
    for (u32 i = 0; i < BLOCK_BYTES; i++)
        sum += log[i];
    *tag = log[0] & LOG_TAG;
    return (sum & 0xff) == 0 && !(log[0] & LOG_NQ) && issued & 1u << *tag;
}

bool trouble_logging(struct ahci_port *port, u64 now)
{
    enum own_outcome outcome = port_own_outcome(port);
    if (outcome == OWN_RUNNING && now < port->limit) {
        ahci_wake(port->ahci, now + MS);
        return false;
    }
    u8 log[BLOCK_BYTES];
    u32 tag;
    memcpy(log, port->memory + OWN_DATA, sizeof(log));
    if (outcome != OWN_DONE || !parse_log(log, port->issued, &tag)) {
        someone_failed(port, port->result);
        trouble_begin(port, AHCI_RESET, now);
        return true;
    }
    slot_failed(port, tag, result_of(log[3]));
    queue_take_back(port);
    trouble_bury(port);
    port_ready(port);
    return true;
}

/*
 * What the files of the AHCI driver share: the registers, the layout of the shared memory, and the
 * functions that lead from one file to the next. ahci.h is for everybody else.
 *
 *     ahci.c             the controller: opening, interrupts, time
 *     ahci_port.c        a port, from its first link to a disk that is ready
 *     ahci_queue.c       requests: taken, told to the device, found done
 *     ahci_trouble.c     errors: who failed, who is tried again, when to reset
 *     ahci_command.c     requests as the device reads them
 *     ahci_identify.c    a disk as it describes itself
 *     ahci_text.c        what the numbers mean
 */
#pragma once
#include <base/bits.h>
#include <drivers/ahci.h>

/* --- registers ------------------------------------------------------------------------------- */

#define CAP  0x00ul
#define GHC  0x04ul
#define IS   0x08ul
#define PI   0x0cul
#define VS   0x10ul
#define CAP2 0x24ul
#define BOHC 0x28ul

#define PORTS_OFFSET 0x100ul /* of the registers of port 0 */
#define PORT_SPAN    0x80ul
#define PxCLB        0x00ul
#define PxCLBU       0x04ul
#define PxFB         0x08ul
#define PxFBU        0x0cul
#define PxIS         0x10ul
#define PxIE         0x14ul
#define PxCMD        0x18ul
#define PxTFD        0x20ul
#define PxSIG        0x24ul
#define PxSSTS       0x28ul
#define PxSCTL       0x2cul
#define PxSERR       0x30ul
#define PxSACT       0x34ul
#define PxCI         0x38ul

#define CAP_NCS(cap) ((cap) >> 8 & 0x1f) /* the number of the last command slot */
#define CAP_SNCQ     (1u << 30)
#define CAP_S64A     (1u << 31)

#define GHC_HR (1u << 0)
#define GHC_IE (1u << 1)
#define GHC_AE (1u << 31)

#define VS_1_2   0x10200u
#define CAP2_BOH (1u << 0)
#define BOHC_BOS (1u << 0)
#define BOHC_OOS (1u << 1)
#define BOHC_BB  (1u << 4)

/* PxIS and PxIE. */
#define DHRS (1u << 0) /* a D2H Register FIS came */
#define PSS  (1u << 1)
#define DSS  (1u << 2)
#define SDBS (1u << 3) /* a Set Device Bits FIS came: NCQ commands are done */
#define PCS  (1u << 6)
#define PRCS (1u << 22)
#define OFS  (1u << 24)
#define IFS  (1u << 27)
#define HBDS (1u << 28)
#define HBFS (1u << 29)
#define TFES (1u << 30)

#define IS_DONE   (DHRS | PSS | DSS | SDBS) /* something may be done, and went well */
#define IS_LINK   (PCS | PRCS)
#define IS_FATAL  (OFS | IFS | HBDS | HBFS)
#define IS_WANTED (DHRS | PSS | SDBS | IS_LINK | IS_FATAL | TFES)

#define CMD_ST         (1u << 0)
#define CMD_SUD        (1u << 1)
#define CMD_POD        (1u << 2)
#define CMD_FRE        (1u << 4)
#define CMD_FR         (1u << 14)
#define CMD_CR         (1u << 15)
#define CMD_ICC_ACTIVE (1u << 28)
#define CMD_ICC_MASK   (15u << 28)

#define TFD_ERR        (1u << 0)
#define TFD_DRQ        (1u << 3)
#define TFD_BSY        (1u << 7)
#define TFD_STS(tfd)   ((u8)(tfd))
#define TFD_ERROR(tfd) ((u8)((tfd) >> 8))

/* The error register, in PxTFD or in the log. */
#define ERROR_ABRT (1u << 2)
#define ERROR_IDNF (1u << 4)
#define ERROR_UNC  (1u << 6)
#define ERROR_ICRC (1u << 7)

#define DET(ssts)      ((ssts)&15)
#define DET_NO_LINK    1 /* a device is there, without communication yet */
#define DET_LINK       3
#define SCTL_IPM_NONE  (3u << 8) /* no power management of the link */
#define SCTL_DET_RESET 1u
#define SIG_DISK       0x00000101u
#define SIG_ATAPI      0xeb140101u
#define SIG_MULTIPLIER 0x96690101u
#define SIG_NONE       UINT32_MAX
#define NOBODY_THERE   UINT32_MAX /* what is read where no device is */

static inline u32 ahci_read(struct ahci *ahci, u64 offset)
{
    ahci->register_accesses++;
    return register_read32(&ahci->registers, offset);
}

static inline void ahci_write(struct ahci *ahci, u64 offset, u32 value)
{
    ahci->register_accesses++;
    register_write32(&ahci->registers, offset, value);
}

static inline u32 port_read(const struct ahci_port *port, u64 offset)
{
    return ahci_read(port->ahci, PORTS_OFFSET + PORT_SPAN * port->number + offset);
}

static inline void port_write(const struct ahci_port *port, u64 offset, u32 value)
{
    ahci_write(port->ahci, PORTS_OFFSET + PORT_SPAN * port->number + offset, value);
}

/* What the port has to say was heard: its bit in IS can go. After PxIS (section 10.7.2.1). */
static inline void port_write_is(const struct ahci_port *port)
{
    ahci_write(port->ahci, IS, 1u << port->number);
}

/* The compiler keeps ordinary writes to shared memory before a register's, and reads after it; the
 * processor does by itself. */
static inline void memory_done(void)
{
    __asm__ volatile("" : : : "memory");
}

/* --- shared memory ---------------------------------------------------------------------------
 *
 * For each port nine pages: the first as follows, the others with the command tables, four in each.
 */

#define LIST         0u    /* the command list: 32 headers of 32 bytes */
#define FIS          1024u /* received FIS */
#define FIS_SDB      (FIS + 0x58u)
#define OWN_TABLE    1280u /* command table of the driver's own commands, with one piece */
#define OWN_DATA     1536u /* for what these read */
#define TRIM_RANGES  2048u
#define BLOCK_BYTES  512u
#define TABLES       4096u
#define TABLE_BYTES  1024u
#define TABLE_PIECES 0x80u /* where the pieces (PRDs) are in a table */

static_assert(TABLE_PIECES + 16 * AHCI_PIECES <= TABLE_BYTES, "the pieces fit into a table");
static_assert(TABLES + AHCI_SLOTS * TABLE_BYTES == AHCI_PORT_BYTES, "the tables fill the memory");

/* Of a command header: its first word says how long the command is, and... */
#define HEADER_BYTES       32u
#define HEADER_CFL         5u /* words of the command */
#define HEADER_WRITE       (1u << 6)
#define HEADER_PRDTL(prds) ((prds) << 16)

/* --- ahci_command.c -------------------------------------------------------------------------- */

enum command {
    DATA_SET_MANAGEMENT = 0x06,
    READ_DMA_EXT = 0x25,
    READ_LOG_EXT = 0x2f,
    WRITE_DMA_EXT = 0x35,
    WRITE_DMA_FUA_EXT = 0x3d,
    READ_FPDMA_QUEUED = 0x60,
    WRITE_FPDMA_QUEUED = 0x61,
    FLUSH_CACHE_EXT = 0xea,
    IDENTIFY_DEVICE = 0xec,
};

/* Would this port take the request? AHCI_TAKEN or the reason why not; a busy port is none. */
enum ahci_refusal command_check(const struct ahci_port *port, const struct ahci_request *request);

/* Writes the command table of a slot, and `flags` in the slot. True: it is an NCQ command. */
bool command_prepare(struct ahci_port *port, u32 slot, const struct ahci_request *request);

/* Turns a write that is done into the flush that makes it last. */
void command_make_flush(struct ahci_port *port, u32 slot);

/* What to trim goes into memory that all trims of the port share, when its turn comes. */
void command_write_ranges(struct ahci_port *port, u32 slot);

/* Points the header of a slot at its table. */
void command_write_header(struct ahci_port *port, u32 slot);

/* Writes a command of the driver's own into slot 0: it reads one block into OWN_DATA. */
void command_own(struct ahci_port *port, enum command command, u64 sector, u32 count);

/* Fills the whole list with commands that no device knows. */
void command_clear_list(struct ahci_port *port);

/* --- ahci_identify.c ------------------------------------------------------------------------- */

#define IDENTIFY_WORDS 256

#define IDENTIFY_ERROR_LIST(X)                                                                     \
    X(IDENTIFY_NO_DISK, "it is not an ATA disk")                                                   \
    X(IDENTIFY_DAMAGED, "the checksum of its description is wrong")                                \
    X(IDENTIFY_NO_LBA48, "it is too old: without 48-bit addresses")                                \
    X(IDENTIFY_SECTOR_SIZE, "its logical sectors have not 512 bytes")                              \
    X(IDENTIFY_NO_SECTORS, "it has no sectors, or more than there are addresses")

enum identify_error {
    IDENTIFY_OK,
#define X(name, text) name,
    IDENTIFY_ERROR_LIST(X)
#undef X
};

must_check enum identify_error identify_parse(struct ahci_disk *disk,
                                              const u16 words[IDENTIFY_WORDS]);
const char *identify_error_text(enum identify_error error);

/* Are these the same disk? */
bool identify_same(const struct ahci_disk *a, const struct ahci_disk *b);

/* --- ahci_port.c ----------------------------------------------------------------------------- */

#define MS 1000000ul /* in nanoseconds */

/* Looks for a disk; the controller was reset. */
void port_begin(struct ahci_port *port, u64 now);

/* Waits for a link. The port is stopped. */
void port_link(struct ahci_port *port, u64 now, u64 patience);

/* COMRESET. The port is stopped. */
void port_reset(struct ahci_port *port, u64 now);

/* Goes on in the present state as far as that goes without waiting. */
void port_step(struct ahci_port *port, u64 now);

/* Switches the command engine on. False: that needs a reset of the port. */
must_check bool port_engage(struct ahci_port *port);

/* Tells the device the command that command_own wrote; is it done, and did it go well? */
void port_own_issue(struct ahci_port *port);
enum own_outcome { OWN_RUNNING, OWN_DONE, OWN_FAILED };
must_check enum own_outcome port_own_outcome(struct ahci_port *port);

/* The disk is ready to work, for the first time or again. */
void port_ready(struct ahci_port *port);

/* Nothing comes of this port for now: its requests end, and the home is told. */
void port_settle(struct ahci_port *port, enum ahci_state state);

/* --- ahci_queue.c ---------------------------------------------------------------------------- */

/* Ends the NCQ commands that the device is done with. True: there were some. */
bool queue_collect(struct ahci_port *port);

/* Ends the command that is alone at the device. */
void queue_alone_done(struct ahci_port *port);

/* What was told to the device has to be told again. */
void queue_take_back(struct ahci_port *port);

/* Ends requests. */
void queue_end(struct ahci_port *port, u32 slot, enum ahci_result result);
void queue_end_all(struct ahci_port *port, u32 slots, enum ahci_result result);

/* --- ahci_trouble.c -------------------------------------------------------------------------- */

#define TROUBLES_MOST     16 /* in a row, until a port is given up */
#define TROUBLES_NO_START 6  /* so many of them is a disk worth that does not even start */

/* Looks at all that a port has to say: its link, errors, what is done. True: there was
 * something. */
bool trouble_look(struct ahci_port *port, u64 now);

/* Looks for requests that are too old, and for errors that nobody was told of. */
void trouble_poll(struct ahci_port *port, u64 now);

/* Stops the port, to apply the remedy when it has stopped: port_step goes on with that. */
void trouble_begin(struct ahci_port *port, enum ahci_remedy remedy, u64 now);

/* In the states AHCI_STOPPING and AHCI_LOGGING. True: the state is another now. */
must_check bool trouble_stopping(struct ahci_port *port, u64 now);
must_check bool trouble_logging(struct ahci_port *port, u64 now);

/* The device was reset, or is not there: ends the requests that have failed for good. */
void trouble_bury(struct ahci_port *port);

/* --- ahci.c ---------------------------------------------------------------------------------- */

/* Wants ahci_poll at that time. */
void ahci_wake(struct ahci *ahci, u64 time);

/* A port does not stop: resets the controller with all its ports. */
void ahci_reset_all(struct ahci *ahci, u64 now);

/* The registers read as all ones: the controller has been taken away. */
void ahci_vanished(struct ahci *ahci);

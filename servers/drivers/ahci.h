/*
 * AHCI: a SATA controller with its disks. Names of registers and fields are those of the Serial ATA
 * AHCI specification 1.3.1, names of commands those of ATA8-ACS.
 *
 * The home gives it the registers (BAR 5), memory to share with the device, and two functions to be
 * called back by. Then, from its loop:
 *
 *     ahci_submit       as often as it likes; tells the device nothing yet
 *     ahci_start        once after all submitting, after ahci_interrupt and after ahci_poll: tells
 *                       the device of all that was submitted since, in one go. Costs nothing when
 *                       there is nothing to tell
 *     ahci_interrupt    on the device's interrupt
 *     ahci_poll         not later than at the time `poll_at`, which any of these functions may
 *                       bring forward: look at it before each wait
 *
 * Nothing here waits for long. Finding the disks takes its time in steps, by interrupts and
 * ahci_poll; `changed` says what came of it. The controller may be in any state when it is opened,
 * and commands that a crashed predecessor left running are ended by that.
 *
 * Commands that fail, or take too long, are tried again, and the disk is reset where that is
 * needed; the home sees only how each request ended. Reads and writes are queued in the disk (NCQ)
 * where it can do that. A flush or trim, and whatever is submitted after it, waits for the requests
 * before it, because disks demand that. A write with FUA to a disk that has not got it is followed
 * by a flush, in here.
 */
#pragma once
#include <drivers/device.h>

#define AHCI_PORTS 32
#define AHCI_SLOTS 32

/* The most pieces of one request, and the most bytes of a piece. */
#define AHCI_PIECES      56
#define AHCI_PIECE_BYTES (4u << 20)

/* The most sectors of one request, to read or write and to trim. */
#define AHCI_SECTORS      65535u
#define AHCI_TRIM_SECTORS (64u * 65535)

#define AHCI_SECTOR_BYTES 512

/* So much of the shared memory is taken for each disk that is found, in the order of finding. */
#define AHCI_PORT_BYTES (9u * 4096)

/* --- requests -------------------------------------------------------------------------------- */

enum ahci_op { AHCI_READ, AHCI_WRITE, AHCI_FLUSH, AHCI_TRIM };

struct ahci_request {
    enum ahci_op op;
    bool fua;   /* a write that is on the medium when it ends */
    u64 sector; /* of AHCI_SECTOR_BYTES; not for a flush */
    u32 sectors;
    u32 piece_count; /* for a read or write: together as long as the sectors */
    const struct dma_piece *pieces;
    void *cookie; /* comes back with the result */
};

/* Why a request was not taken. */
#define AHCI_REFUSAL_LIST(X)                                                                       \
    X(AHCI_BUSY, "as many requests as the disk can take are under way")                            \
    X(AHCI_NO_DISK, "there is no disk")                                                            \
    X(AHCI_BAD_OP, "there is no such operation")                                                   \
    X(AHCI_BAD_SECTORS, "the sectors are not all on the disk, or too many, or none")               \
    X(AHCI_BAD_PIECES, "too many pieces, or not as long together as the sectors")                  \
    X(AHCI_BAD_PIECE, "a piece is empty, too long, or at an odd address or length")                \
    X(AHCI_PIECE_ABOVE_4G, "a piece lies above 4 GiB, where this controller cannot reach")         \
    X(AHCI_NO_TRIM, "the disk cannot trim")

enum ahci_refusal {
    AHCI_TAKEN,
#define X(name, text) name,
    AHCI_REFUSAL_LIST(X)
#undef X
};

/* How a request ended. */
#define AHCI_RESULT_LIST(X)                                                                        \
    X(AHCI_MEDIUM_ERROR, "the medium cannot be read or written there")                             \
    X(AHCI_ABORTED, "the disk refused the command")                                                \
    X(AHCI_NOT_FOUND, "the disk says that it has no such sector")                                  \
    X(AHCI_TRANSFER_ERROR, "the data did not come across between disk and memory")                 \
    X(AHCI_TIMED_OUT, "the disk did not answer in time")                                           \
    X(AHCI_GONE, "the disk is gone")

enum ahci_result {
    AHCI_DONE,
#define X(name, text) name,
    AHCI_RESULT_LIST(X)
#undef X
};

/* --- disks ----------------------------------------------------------------------------------- */

/* What a disk says of itself (IDENTIFY DEVICE), checked. */
struct ahci_disk {
    char model[41], serial[21], firmware[9]; /* printable, without spaces at the ends */
    u64 sectors;                             /* of AHCI_SECTOR_BYTES */
    u32 physical_sector;                     /* in bytes */
    u32 queue_depth;                         /* with NCQ; else 0 */
    bool write_cache, fua, trim;
};

/* What is at a port. */
#define AHCI_STATE_LIST(X)                                                                         \
    X(AHCI_EMPTY, "nothing is connected")                                                          \
    X(AHCI_LINKING, "waiting for a link")                                                          \
    X(AHCI_SPINNING, "waiting for the disk to get ready")                                          \
    X(AHCI_IDENTIFYING, "asking the disk what it is")                                              \
    X(AHCI_READY, "ready")                                                                         \
    X(AHCI_STOPPING, "an error: stopping the port")                                                \
    X(AHCI_LOGGING, "an error: asking the disk which command failed")                              \
    X(AHCI_RESETTING, "being reset")                                                               \
    X(AHCI_FOREIGN, "not a disk for this driver")                                                  \
    X(AHCI_FAILED, "given up")

enum ahci_state {
    AHCI_NO_PORT,
#define X(name, text) name,
    AHCI_STATE_LIST(X)
#undef X
};

/* What an error asks for, once the port has stopped. The driver's own, and so is what follows. */
enum ahci_remedy {
    AHCI_RELINK, /* the link has changed: look what is there now */
    AHCI_ASK,    /* read the disk's log to see which of its commands failed */
    AHCI_RESET
};

/* A request in its slot. */
struct ahci_slot {
    void *cookie;
    u64 deadline; /* 0: it is set when ahci_poll sees the request for the first time */
    u64 sector;
    u32 sectors;
    u32 order; /* of submission */
    u32 flags; /* of the command header */
    enum ahci_op op;
    enum ahci_result result; /* what went wrong last */
    u8 failures, timeouts;
    bool fua_flush; /* the write is followed by a flush, in the same slot */
};

struct ahci_port {
    struct ahci *ahci;
    u32 number;
    bool present; /* there is a disk, and requests are taken; for the time of an error as well */
    enum ahci_state state;
    struct ahci_disk disk; /* of the present disk, or the last one */

    /* What happened, for whoever asks. */
    u64 completed, failed, retried, resets, timeouts, strays;
    u64 losses; /* flushes that the disk failed: it has lost something that it had in its cache */

    /* The rest is the driver's own. */
    bool settled; /* it is known whether there is a disk */
    u32 usable;   /* slots, as bits; and so are those that are: */
    u32 used;     /* taken by a request, in one of the ways that ahci_queue.c describes */
    u32 queued, alone, riders, issued, doomed;
    bool issued_alone; /* `issued` is one command that is not NCQ */
    u32 suspects;      /* one of these fails: they are issued one at a time */
    u32 order;         /* of the next request */
    u32 troubles;      /* errors with nothing ended between them */
    u64 limit;         /* until when the state may last */
    bool late;         /* the link takes its time */
    enum ahci_remedy remedy;
    enum ahci_result result; /* of whoever failed */
    u8 *memory;
    u64 bus[AHCI_PORT_BYTES / 4096];
    struct ahci_slot slots[AHCI_SLOTS];
};

/* What the home gives. */
struct ahci_home {
    /* A request ended; its slot is free again, and new ones may be submitted from in here. */
    void (*done)(struct ahci_port *port, void *cookie, enum ahci_result result);
    /* A disk came (`present`), went (not `present`; all its requests have ended as AHCI_GONE), or
     * a port turned out to have none. */
    void (*changed)(struct ahci_port *port);
    /* The controller does not stop. Its requests will not end, because it might touch their memory
     * at any time: end the program, so that somebody switches the device's DMA off. */
    void (*stuck)(struct ahci *ahci);
};

#define AHCI_ERROR_LIST(X)                                                                         \
    X(AHCI_TOO_SMALL, "its registers are not all in what was granted")                             \
    X(AHCI_NO_ANSWER, "its registers read as all ones: it is not there")                           \
    X(AHCI_NO_PORTS, "it says that it has no ports")                                               \
    X(AHCI_SMALL_DMA, "the memory to share with it is too small for one disk")                     \
    X(AHCI_DMA_ABOVE_4G, "the memory to share with it lies above 4 GiB, where it cannot reach")

enum ahci_error {
    AHCI_OK,
#define X(name, text) name,
    AHCI_ERROR_LIST(X)
#undef X
};

/* AHCI_DEAD: it is gone, closed or stuck. */
enum ahci_phase { AHCI_HANDOFF, AHCI_HBA_RESET, AHCI_RUNNING, AHCI_DEAD };

struct ahci {
    struct ahci_home home;
    u64 poll_at;           /* when to call ahci_poll, by home_time_ns */
    u64 register_accesses; /* reads and writes of the device's registers */
    u64 interrupts, spurious;
    u64 limit_ns;    /* how long a request may take; 30 s, unless the home sets it after opening */
    void *home_data; /* the home's own */

    /* The driver's own. */
    struct registers registers;
    struct dma dma;
    u64 dma_used;
    enum ahci_phase phase;
    u64 limit;
    u32 capabilities, implemented, slots;
    u32 ready;   /* ports, as bits: with a disk at work */
    u32 waiting; /* ports with something to start */
    struct ahci_port ports[AHCI_PORTS];
};

/* Takes the controller over and starts looking for disks. Call ahci_poll at `poll_at`. */
must_check enum ahci_error ahci_open(struct ahci *ahci, struct registers registers, struct dma dma,
                                     struct ahci_home home);

/* Ports whose first disk may still be found. When it gets false, `changed` has been called for
 * every port that has a disk. */
bool ahci_probing(const struct ahci *ahci);

/* Takes a request, or says why not. The pieces are not needed afterwards. */
must_check enum ahci_refusal ahci_submit(struct ahci_port *port,
                                         const struct ahci_request *request);

/* How many more requests can be submitted now. */
u32 ahci_room(const struct ahci_port *port);

/* Tells all disks what was submitted. */
void ahci_start(struct ahci *ahci);

/* To be called for each interrupt, before the home acknowledges it. Calls `done`. */
void ahci_interrupt(struct ahci *ahci);

/* Looks at everything: limits on waiting, states that go on, interrupts that got lost. */
void ahci_poll(struct ahci *ahci);

/* Ends it all: the device touches no memory afterwards, requests end as AHCI_GONE. Takes some
 * milliseconds, on slow devices up to a second. False: the device does not stop. */
bool ahci_close(struct ahci *ahci);

const char *ahci_error_text(enum ahci_error error);
const char *ahci_refusal_text(enum ahci_refusal refusal);
const char *ahci_result_text(enum ahci_result result);
const char *ahci_state_text(enum ahci_state state);

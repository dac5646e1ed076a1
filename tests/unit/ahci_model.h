/*
 * A SATA controller made of memory, with disks, for unit tests of servers/drivers/ahci*.c. What the
 * driver does to registers comes here, and what it must not do ends the test: starting commands
 * on a stopped port, mixing NCQ commands with others, memory that is not its own, and so on.
 *
 * Nothing happens by itself: model_run lets the disks work, model_pass lets time go by, and both
 * tell the driver what it would hear as interrupts. Which command is done first is a matter of
 * chance, the same one in each run.
 *
 * The driver comes with ahci_driver.h.
 */
#pragma once
#include <drivers/ahci.h>

#define MODEL_PORTS   4u
#define MODEL_SECTORS 8192u
#define MODEL_DATA    (1u << 20)   /* bytes of memory for data */
#define MODEL_SHARED  (256u << 10) /* and of the driver's */
#define MODEL_BAD     4u

struct model_bad {
    u64 sector;
    u32 times; /* so often a command with this sector fails... */
    u8 error;  /* ... and this is in the error register then */
};

/* What comes of READ LOG EXT. */
enum model_log {
    MODEL_LOG,         /* what should */
    MODEL_LOG_REFUSED, /* an error */
    MODEL_LOG_SILENT,  /* nothing is written */
    MODEL_LOG_NQ,      /* it was not an NCQ command */
    MODEL_LOG_DAMAGED, /* a wrong checksum */
    MODEL_LOG_OTHER,   /* a command that nobody has issued */
    MODEL_LOGS
};

struct model_port {
    /* To be set by the test. */
    bool attached, busy_error, cr_stuck;
    bool mute, mute_data, mute_flush; /* no command ends, or no NCQ command, or no flush */
    u32 signature;
    u64 start_ns; /* a disk needs so long to get ready */
    u16 identify[256];
    struct model_bad bad[MODEL_BAD];
    enum model_log log;
    u32 bad_flushes; /* so many of the next flushes fail */
    u32 fatal;       /* PxIS bits that come in place of the next completion */

    /* To be looked at. */
    u8 content[MODEL_SECTORS * 512];
    u32 reads, writes, flushes, trims, logs, identifies, resets, fua_writes, unflushed, failures;
    u32 flying; /* commands that the disk has */

    /* Its registers, and what happens inside. */
    u32 clb, clbu, fb, fbu, is, ie, cmd, tfd, sig, sctl, serr, sact, ci;
    bool alone, flushing, halted, linked;
    u32 failed_tag;
    u8 failed_error;
    u64 ready_at;
};

struct model {
    bool vanished;
    bool is_master; /* since its last reset */
    bool forgets;   /* GHC.HR clears PI */
    bool qemu;      /* does it in QEMU 7.2's ways */
    u64 now;
    u64 reset_ns; /* so long GHC.HR takes */
    u32 cap, cap2, bohc, version;
    u32 ghc, is, pi;
    u64 reset_until, release_at;
    u32 hba_resets, messages, log_lines;
    struct model_port ports[MODEL_PORTS];
};

extern struct model model;
extern u8 *model_data;         /* MODEL_DATA bytes */
extern struct ahci model_ahci; /* the driver */

/* A controller with a disk at port 1, and a driver that has not begun. */
void model_init(void);

/* Fills in what IDENTIFY DEVICE says. */
void model_identify(struct model_port *port, u64 sectors, const char *serial, bool ncq);

/* A bus address in the data memory. */
u64 model_bus(u64 offset);

/* Has the disk a command that names some of this memory? */
bool model_names(struct model_port *port, u64 bus, u64 length);

/* The disks finish `count` commands, or all that they can; the driver hears of it after each
 * `batch`. */
void model_run(u32 count, u32 batch);

/* Time goes by in steps, with ahci_poll when the driver wants it. */
void model_pass(u64 ns);

/* Delivers the interrupts that there are, and starts what the driver has to start. */
void model_deliver(void);

/* The cable is pulled, or put in. */
void model_unplug(u32 port);
void model_plug(u32 port);

void model_seed(u32 value);
u32 model_random(u32 limit);

u32 model_read(const struct registers *registers, u64 offset);
void model_write(const struct registers *registers, u64 offset, u32 value);
struct registers model_registers(void);
struct dma model_dma(void);

/* Between the files of the model (ahci_model_disk.c): */

extern u8 *model_shared; /* MODEL_SHARED bytes */

/* A command header, and the received FIS, of a port. */
u32 *model_header(struct model_port *port, u32 slot);
u8 *model_received(struct model_port *port);

/* The disk takes the commands that it was told, and finishes one that it has. */
void model_take_all(struct model_port *port);
void model_finish(struct model_port *port, u32 slot);

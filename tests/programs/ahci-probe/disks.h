/*
 * The controller of the AHCI test, and runs of requests on all its disks: so many at a time, each
 * with 4 KiB of its own memory, what is read compared with what should be there.
 */
#pragma once
#include <drivers/ahci.h>

#define BUFFERS        32u
#define BUFFER_BYTES   4096u
#define BUFFER_SECTORS (BUFFER_BYTES / AHCI_SECTOR_BYTES)

/* What a run does, and what came of it. Request number i goes to disk i modulo their number. */
struct run {
    enum ahci_op op;
    bool fua;
    u32 depth;      /* so many at a time, on all disks together */
    u32 count;      /* so many requests of BUFFER_SECTORS on each disk... */
    u64 first;      /* ... from this sector on */
    u32 seed;       /* of the pattern */
    u32 flush_each; /* after so many requests there is a flush; 0: none */
    bool print_errors;
    u32 done, failed, wrong, flushes; /* from here on it is filled in */
    u64 accesses, interrupts;
};

extern struct ahci ahci;
extern struct ahci_port *disks[AHCI_PORTS];
extern u32 disk_count;
extern u8 *buffers;
extern u64 buffer_bus[BUFFERS];

/* Opens the controller, and waits until it is known what is there. */
void disks_open(void);

/* Waits for an interrupt, or for the time of the driver's next poll, and tells the driver. */
void disks_wait(void);

void disks_run(struct run *run);

/* One request to the first disk, with pieces of the caller's; the result. */
enum ahci_result disks_one(const struct ahci_request *request);

/* The pattern of sectors: 64-bit words, different in each, for each seed. */
void pattern_fill(u8 *bytes, u64 sector, u32 sectors, u32 seed);
bool pattern_is(const u8 *bytes, u64 sector, u32 sectors, u32 seed);

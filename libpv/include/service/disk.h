/*
 * The protocol of the disk server at its endpoint: what disks and volumes there are, for the
 * operator. Data goes over rings (ring/block.h).
 *
 * A call's word 0 is one of enum disk_call, the reply's word 0 a status. The server has a table of
 * disks and one of volumes, some of whose places are empty (ERR_EMPTY). A structure is fetched in
 * pieces of DISK_PIECE bytes: word 1 of the call is the place in the table, word 2 the number of
 * the piece, and words 1 to 3 of the reply are the piece. Between two pieces the table may change.
 */
#pragma once
#include <abi/start.h>

enum disk_call {
    DISK_COUNT = 1, /* reply: word 1 = places for disks, word 2 = for volumes */
    DISK_INFO,      /* a piece of struct disk_info */
    VOLUME_INFO,    /* a piece of struct volume_info */
    DISK_COUNTERS   /* reply, of the controller: word 1 = register accesses, word 2 = interrupts */
};

#define DISK_PIECE 24u /* bytes */

enum disk_info_kind { DISK_INFO_RAM = 1, DISK_INFO_AHCI };
enum disk_info_state { DISK_INFO_PROBING = 1, DISK_INFO_READY, DISK_INFO_GONE };

struct disk_info {
    char name[START_NAME_SIZE]; /* all texts are NUL-terminated */
    char model[48], serial[24];
    char table[272]; /* about its partition table */
    char port[48];   /* of an AHCI disk: what its port is doing */
    u64 sectors;     /* of 512 bytes */
    /* Of an AHCI disk: commands that are done, that failed for good, and that were tried again;
     * resets of the port; commands that took too long. */
    u64 completed, failed, retried, resets, timeouts;
    u32 kind;  /* enum disk_info_kind */
    u32 unit;  /* number of the port, of the RAM disk */
    u32 state; /* enum disk_info_state */
    u32 physical_sector;
    u32 queue_depth; /* commands at a time with NCQ; 0: one, or there is no queue at all */
    u32 under_way;   /* commands that the AHCI disk has now */
};
static_assert(sizeof(struct disk_info) % DISK_PIECE == 0, "whole pieces");

struct volume_info {
    char name[48];
    char disk[START_NAME_SIZE];
    char users[72]; /* names of the clients that have it, with ", " between; cut if too long */
    u64 first, sectors;
    u32 partition; /* its number; 0: the whole disk */
    u32 readers;   /* sessions that only read */
    u32 writers;   /* sessions that write: at most one */
    u32 gone;      /* 1: the disk is */
};
static_assert(sizeof(struct volume_info) % DISK_PIECE == 0, "whole pieces");

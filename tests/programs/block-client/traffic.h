/*
 * Traffic on a volume, of which everything is checked: what is on its way, and what every sector
 * has to contain. traffic.c runs the requests, plan.c says what to ask for next.
 */
#pragma once
#include "client.h"

#define JOBS_MOST 64u
#define UNKNOWN   0x80000000u /* in a generation: the sector was trimmed */

/* A request on its way, with a stretch of the data area of its own. */
struct job {
    u32 serial; /* 0: not in use */
    u8 op, flags;
    u32 count; /* of pieces */
    u64 sector;
    u32 sectors;
    struct block_piece pieces[RING_CHAIN_LIMIT];
};

struct traffic {
    struct client *client;
    u64 sectors; /* of the volume, without the summary */
    u32 *generation;
    u8 *readers, *writers; /* by sector: requests on their way */
    u32 depth, most;       /* requests at present; sectors in one */
    u32 region;            /* of each job, in units of RING_UNIT */
    u32 busy, serial;
    u64 cursor; /* of the plans that go through the volume from end to end */
    bool gone, stopped;
    u64 questions; /* whether it is to stop */
    u64 operations, counted_from, reads, writes, trims, flushes;
    struct job jobs[JOBS_MOST];
};

/*
 * What to ask for next: op, flags, sector and sectors of a job. False: nothing just now; when
 * nothing is on its way, nothing more.
 */
bool plan_fill(struct traffic *traffic, struct job *job);     /* writes every sector */
bool plan_random(struct traffic *traffic, struct job *job);   /* what the mode's name promises */
bool plan_rewrite(struct traffic *traffic, struct job *job);  /* writes what was trimmed */
bool plan_readback(struct traffic *traffic, struct job *job); /* reads every sector */

/*
 * What the measurements of this program share: sessions, batches, and the list of results.
 */
#pragma once
#include <runtime/session.h>

#define ROUNDS     200u /* batches, of which the best counts */
#define DEPTH_MOST 32u

/* A session in use. */
struct lane {
    struct front front;
    u64 event;
};

/* Opens the console and notes what looking at the clock costs. */
void rings_start(void);

/* Opens a session; false, and a line in the log, when there is none: what it is for is left out. */
bool lane_open(struct lane *lane, const char *name);

/* Notes a result: `value` / `per`, rounded up; or with three decimals. */
void figure(const char *name, u64 value, u64 per);
void figure_fraction(const char *name, u64 value, u64 per);

/* All results, on the console. */
void report(void);

/* What a batch cost. */
struct cost {
    u64 ticks;  /* of the best batch */
    u64 events; /* doorbells and completions' wake-ups of all ROUNDS batches together */
};

/*
 * Runs ROUNDS batches of `depth` requests, each pushed by `push` with its number in the batch, from
 * the first push to the last completion. All have to succeed.
 */
struct cost measure_batches(struct lane *lane, u32 depth,
                            void (*push)(struct lane *lane, u32 index));

/* Instructions, from one look at the clock to another, without those of looking. */
u64 ticks_since(u64 before);

void measure_ring(void);
void measure_ram(void);
void measure_ahci(void);
void measure_net(void);
void measure_timer(void);

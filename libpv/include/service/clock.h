/*
 * The clock page: time without asking anybody. The timer server writes it, everybody who was
 * granted it may read it; it is root's, and goes on across restarts of the timer server.
 *
 * Time is a line, nanoseconds over ticks of the time-stamp counter, which is bent a little now and
 * then. There is room for two lines, and `sequence` says which of them counts: the one with the
 * number `sequence % 2`. The writer writes the other one and then counts `sequence` up. So whoever
 * reads never waits for the writer, which may be less urgent, or may have died in the middle; it
 * reads again if `sequence` has changed meanwhile (libpv/clock.h does that). The time is, in 128
 * bits,
 *
 *     line.ns + ((tsc now - line.tsc) * line.after  >> CLOCK_SHIFT)    from line.tsc on
 *     line.ns - ((line.tsc - tsc now) * line.before >> CLOCK_SHIFT)    before
 *
 * A line is published well before its line.tsc, where it bends, and agrees with the line before it
 * up to there: time never jumps and never goes backwards, whichever line was read.
 */
#pragma once
#include <base/types.h>

#define CLOCK_MAGIC 0x6b636f6c43726554ul /* "TerClock" */
#define CLOCK_SHIFT 48                   /* binary places of a rate */

/* Rates are nanoseconds in a tick, with CLOCK_SHIFT binary places. */
struct clock_line {
    u64 tsc, ns; /* the bend */
    u64 before, after;
    /* The writer's notes for its successor: the rate at which the clock neither gains nor loses,
     * and what the hardware's clock has to be added to for it to show this time. */
    u64 rate, offset;
};

struct clock_page {
    u64 magic; /* 0 until the clock runs */
    u32 sequence, unused;
    u64 wall; /* seconds since 1970 at ns = 0; 0: not known */
    u64 padding;
    struct clock_line line[2];
};
static_assert(sizeof(struct clock_page) == 128, "format");

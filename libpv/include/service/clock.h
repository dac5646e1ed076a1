/*
 * The clock page: time without asking anybody. The timer server writes it, everybody who was
 * granted it may read it; it is root's, and goes on across restarts of the timer server.
 *
 * A reader takes `sequence`, which is odd while the page is being written, reads the rest, and
 * begins again if `sequence` has changed (libpv/clock.h does that). The time is
 *
 *     ns + ((tsc now - tsc) * scale >> shift)     in 128 bits
 *
 * and never goes backwards.
 */
#pragma once
#include <base/types.h>

#define CLOCK_MAGIC 0x6b636f6c43726554ul /* "TerClock" */

struct clock_page {
    u64 magic; /* 0 until the clock runs */
    u32 sequence, shift;
    u64 tsc, ns, scale;
    u64 wall; /* seconds since 1970 at ns = 0; 0: not known */
};
static_assert(sizeof(struct clock_page) == 48, "format");

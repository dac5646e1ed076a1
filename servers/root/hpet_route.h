/*
 * Which interrupt line a timer of the HPET gets. A timer can use only some lines, which it tells;
 * of those the best is one that nobody else uses.
 */
#pragma once
#include <base/types.h>

#define HPET_REGISTERS 1024u /* bytes; IA-PC HPET specification 1.0a, 2.3.1 */

/* Lines 0 to 31 that are in use already. */
struct hpet_lines {
    u32 taken;
};

void hpet_line_taken(struct hpet_lines *lines, u64 line);

/*
 * The best of the lines in `routes`: unused and above those of ISA, where old devices cannot be;
 * then unused; then any. `routes` must not be 0. Pure.
 */
u32 hpet_line_choose(u32 routes, const struct hpet_lines *lines);

/*
 * Looks at the HPET at this physical address, and chooses the line for this timer, which then
 * counts as taken. NULL, or what it is that the machine has not.
 */
must_check const char *hpet_route(u64 address, u32 timer, struct hpet_lines *lines, u32 *line);

/*
 * The choice of an interrupt line for the HPET. Pure; see hpet_route.h.
 */
#include <base/bits.h>

#include "hpet_route.h"

#define ISA_LINES 0xffffu

void hpet_line_taken(struct hpet_lines *lines, u64 line)
{
    if (line < 32)
        lines->taken |= 1u << line;
}

u32 hpet_line_choose(u32 routes, const struct hpet_lines *lines)
{
    u32 unused = routes & ~lines->taken;
    if (unused & ~ISA_LINES)
        return bit_highest(unused & ~ISA_LINES);
    return bit_highest(unused ? unused : routes);
}

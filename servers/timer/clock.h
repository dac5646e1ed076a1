/*
 * The timer server's clock and alarm: the HPET that it was granted.
 */
#pragma once
#include <base/types.h>

/* Takes over the HPET. False, with a line in the log that says why, when there is none to use. */
must_check bool clock_open(void);

/* Nanoseconds since the counter was 0; it goes on across a restart of the server. */
u64 clock_now(void);

/* Interrupts once, at `ns` or soon after; earlier if the hardware cannot count that far. */
void clock_arm(u64 ns);

/* Is the HPET's interrupt among these event bits? Then it is taken note of and acknowledged. */
bool clock_interrupt(u64 events);

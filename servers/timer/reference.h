/*
 * The reference clock, and the alarm that rings by it: the HPET that the server was granted, in
 * nanoseconds.
 */
#pragma once
#include <base/types.h>

/* Takes over the HPET. False, with a line in the log that says why, when there is none to use. */
must_check bool reference_open(void);

/* What it shows, and the time-stamp counter at the same moment, as nearly as can be. */
void reference_sample(u64 *tsc, u64 *ns);

/* Interrupts once, when it shows `ns` or soon after; earlier if it cannot count that far. */
void reference_alarm(u64 ns);

/* Is its interrupt among these event bits? Then it is taken note of and acknowledged. */
bool reference_interrupt(u64 events);

/*
 * The timer server's time: the clock page, which this server writes, kept right by the reference
 * clock. It is the time of all timers, so nobody who reads the page ever sees one expire early.
 */
#pragma once
#include <base/types.h>

/* Goes on with the clock, or starts it. False: there is nothing that could ring an alarm. */
must_check bool time_open(void);

/* The time in nanoseconds: what the clock page shows. */
u64 time_now(void);

/* Looks after the clock if it is time to do that; when it will be again (UINT64_MAX: never). */
u64 time_tend(u64 now);

/* Rings once at `ns`, as nearly as the hardware can tell, or earlier. */
void time_alarm(u64 ns);

/* Is the alarm among these event bits? */
bool time_rang(u64 events);

/*
 * What a program needs to have time and timers: a grant of the clock page (`clock`), and a session
 * with the timer server. What can be done with them is in libpv/clock.h and libpv/front_timer.h.
 */
#pragma once
#include <abi/error.h>
#include <clock.h>
#include <front_timer.h>

/* The clock page, from now on mapped here. NULL: none was granted. It may be that the clock does
 * not run yet, if the program is not started after the timer server. */
must_check const struct clock_page *timer_clock(void);

/* Opens the session with the timer server that the configuration calls `name`; see session_open. */
must_check status timer_open(struct front_timer *timer, const char *name, u64 *event);

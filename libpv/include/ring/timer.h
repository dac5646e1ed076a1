/*
 * Timer sessions. Times are nanoseconds of the clock page's clock (service/clock.h), which goes on
 * across restarts of the server.
 *
 *     TIMER_SET      arg = absolute time. Completes when it has come; `len` = how late that was, in
 *                    nanoseconds, or UINT32_MAX for more. Never early.
 *     TIMER_CANCEL   arg = the tag of a TIMER_SET: that one completes with RING_CANCELLED, this one
 *                    with 0; or with RING_ABSENT if that one has completed or was never set
 *
 * There are as many timers in a session as the ring has entries. Periodic ones are set anew by the
 * client, at absolute times, so they don't drift.
 */
#pragma once
#include <ring/ring.h>

enum timer_op { TIMER_SET = 1, TIMER_CANCEL };

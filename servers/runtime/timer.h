/*
 * A client of the timer server: the calls of service/timer.h as functions. The program needs a
 * grant of the service under the name `timer`.
 *
 * Results are those of the server. ERR_ABSENT says that there is no grant, that the server has no
 * timer hardware, or (except from timer_open) that it was restarted: open again, and arm again.
 * Root tells a restart by EVENT_PEER_RESTARTED.
 */
#pragma once
#include <abi/error.h>
#include <base/types.h>
#include <service/timer.h>

/* Opens: from now on `bits` of the program's own event (SLOT_EVENT) are raised at each expiry. */
must_check status timer_open(u64 bits);

/* The time in nanoseconds, of the timer's clock. */
must_check status timer_now(u64 *ns);

/* Arms or moves alarm `id` (below TIMER_IDS). */
must_check status timer_arm(u64 id, u64 ns);

/* ERR_ABSENT: it was not armed, or has expired and is or will be told. */
must_check status timer_cancel(u64 id);

/* 1 and the first alarm that has expired and was not told, with how many nanoseconds too late
 * that was; 0 when there is none. */
must_check status timer_expired(u64 *id, u64 *late);

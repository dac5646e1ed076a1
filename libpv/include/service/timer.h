/*
 * The protocol of the timer server. Times are nanoseconds of the timer's own clock, which goes on
 * across a restart of the server; TIMER_NOW tells it.
 *
 * A client opens first, passing a capability to its event; the server raises the bits of that
 * capability's badge (which must not be 0) at each expiry. Calls before that, or after a restart of
 * the server, get ERR_ABSENT: open again and arm again. Where there is no HPET every call gets
 * ERR_ABSENT, TIMER_OPEN as well.
 */
#pragma once
#include <base/types.h>

/* Word 0 of a call; word 0 of a reply is a status. */
enum timer_call {
    TIMER_OPEN = 1, /* passes the event capability */
    TIMER_NOW,      /* reply word 1: the time */
    TIMER_ARM,      /* word 1: id (0 to TIMER_IDS - 1), word 2: absolute time. Arming an armed id
                       moves it; one that has expired and was not told yet forgets that expiry */
    TIMER_CANCEL,   /* word 1: id. ERR_ABSENT when it is not armed (any more): it is, or will be,
                       told */
    TIMER_EXPIRED   /* reply: word 0 = 1 and word 1 = id, word 2 = how late it was, of one that has
                       expired and was not told yet; word 0 = 0 when there is none */
};

#define TIMER_IDS 1024

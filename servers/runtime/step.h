/*
 * The named steps of a server's loop, at which tests let it die: in debug builds the arguments of
 * its section may say
 *
 *     die=STEP:COUNT:LIVES     in its first LIVES lives it faults when it comes to this step for
 *                              the COUNT-th time (a few times later in each further life)
 *     hang=STEP:COUNT:LIVES    it goes round in a circle instead, and is found by its deadline
 *
 * STEP is one of taken, device, completed, published, raised. In release builds there is nothing
 * of this.
 */
#pragma once
#include <base/types.h>

enum step {
    STEP_TAKEN,       /* a request was taken from the ring, nothing done about it */
    STEP_DEVICE_DONE, /* the device, or whatever does the work, has done it */
    STEP_COMPLETED,   /* the completion is written, not published */
    STEP_PUBLISHED,   /* it is published, the client not woken (in host_ring) */
    STEP_RAISED,      /* the client's event is raised; if that was when the server began to wait,
                         it has slept since then (in session_news.c) */
    STEPS
};

#if TERRARIUM_DEBUG
/* The server has come to this step. */
void step(enum step where);
#else
static inline void step(enum step where)
{
    (void)where;
}
#endif

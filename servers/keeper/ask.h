/*
 * Asking servers that may not answer. Calling a server means waiting for it, and nobody can wait
 * with a limit for a call; so a second thread calls, and this one waits for it or for an alarm,
 * whichever comes first. A thread that has not come back by then is destroyed.
 *
 * It needs `session timer timer 4K` and `clock clock` in the keeper's section of the
 * configuration.
 */
#pragma once
#include <base/types.h>

#define ASK_LIMIT_SECONDS 3u

enum ask_result {
    ASK_DONE,
    ASK_LATE,    /* the job was not done in time */
    ASK_NO_TIME, /* no alarm can be set */
    ASK_NO_MEMORY
};

/*
 * Does `job`, with this argument, in another thread. After it, whatever it comes to, nothing of the
 * job runs any more. A job calls servers and computes; the console, the heap and the log are not
 * for it.
 */
must_check enum ask_result ask(void (*job)(void *argument), void *argument);

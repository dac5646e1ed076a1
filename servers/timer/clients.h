/*
 * All clients of the timer server: memory for each, the capabilities they passed, and the queue of
 * their alarms.
 */
#pragma once
#include <timer/client.h>

/* The client whose calls carry this badge; NULL when it has not opened. */
struct client *clients_find(u64 badge);

/* The queue of armed alarms, with room for all of every client. */
struct queue *clients_queue(void);

/*
 * A client opens: `event` is the slot of the event capability it passed, `bits` what to raise. A
 * client that had opened before begins anew. On success the slot is the client's from here on.
 */
must_check status clients_open(u64 badge, u32 event, u64 bits);

/* Moves every alarm that is due at `now` to its client's list; the next deadline, or UINT64_MAX. */
u64 clients_expire(u64 now);

/* Raises the events of clients with news; closes those whose event is gone. */
void clients_raise(void);

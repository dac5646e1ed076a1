/*
 * The alarms that are armed, of all sessions together, the earliest first: a binary heap whose
 * members know their place in it, so that any of them can be taken out. Pure logic.
 */
#pragma once
#include <base/types.h>

struct client;

struct alarm {
    u64 deadline; /* nanoseconds */
    u64 sequence; /* of two with one deadline, the one armed first is first */
    struct client *client;
    u32 place; /* in the heap, counted from 1; 0: not armed */
    u16 tag;   /* of the request that it is */
};

struct queue {
    struct alarm **alarms;
    u32 count, capacity;
    u64 sequence;
};

/* Lets the queue use `storage`, with room for `capacity` alarms and at least for those it has:
 * they move there. Returns the storage that it used before, NULL at first. A queue starts out
 * all zero. */
struct alarm **queue_set_storage(struct queue *queue, struct alarm **storage, u32 capacity);

/* The alarm with the earliest deadline, NULL when there is none. */
static inline struct alarm *queue_first(const struct queue *queue)
{
    return queue->count == 0 ? NULL : queue->alarms[0];
}

/* Arms the alarm, which is not armed. There must be room. */
void queue_arm(struct queue *queue, struct alarm *alarm, u64 deadline);

/* Takes the alarm out. False when it was not armed. */
bool queue_cancel(struct queue *queue, struct alarm *alarm);

/* Is every alarm at the place it knows, and after its parent? For tests. */
bool queue_is_sound(const struct queue *queue);

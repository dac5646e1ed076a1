/*
 * The alarms that are armed, of all clients together, the earliest first: a binary heap whose
 * members know their place in it, so that any of them can be moved or taken out. Pure logic.
 */
#pragma once
#include <base/list.h>
#include <base/types.h>

struct alarm {
    u64 deadline; /* nanoseconds */
    union {
        u64 sequence; /* while armed: of two with one deadline, the one armed first is first */
        u64 late;     /* once expired: by how much */
    };
    struct list expired; /* on the client's list of those not told yet */
    u32 place;           /* in the heap, counted from 1; 0: not armed */
    u16 client, id;      /* whose it is */
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
struct alarm *queue_first(const struct queue *queue);

/* Arms the alarm, which may be armed already: then it moves. There must be room. */
void queue_arm(struct queue *queue, struct alarm *alarm, u64 deadline);

/* Takes the alarm out. False when it was not armed. */
bool queue_cancel(struct queue *queue, struct alarm *alarm);

/* Is every alarm at the place it knows, and after its parent? For tests. */
bool queue_is_sound(const struct queue *queue);

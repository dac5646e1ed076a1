/*
 * What the timer server knows about one client: its alarms, and those that have expired and that it
 * has not been told about yet. Pure logic, on the queue that all clients share.
 */
#pragma once
#include <abi/error.h>
#include <service/timer.h>
#include <timer/queue.h>

struct client {
    u64 badge;           /* of its calls */
    u32 event;           /* slot of the capability it passed... */
    u64 event_bits;      /* ...and the bits to raise */
    bool must_raise;     /* something has expired since the last time */
    struct list expired; /* alarms, the first to expire first */
    struct alarm alarms[TIMER_IDS];
};

/* A client without armed alarms. `number` is its number among all clients. */
void client_init(struct client *client, u16 number);

/* The calls of service/timer.h that are about alarms; they return the status to reply. */
status client_arm(struct client *client, struct queue *queue, u64 id, u64 deadline);
status client_cancel(struct client *client, struct queue *queue, u64 id);

/* The alarm that expired first of those not told yet, now told; NULL when there is none. */
struct alarm *client_take_expired(struct client *client);

/* One of its alarms is due: takes it out of the queue, to be told. */
void client_expire(struct client *client, struct queue *queue, struct alarm *alarm, u64 now);

/* Takes all its alarms out of the queue. */
void client_close(struct client *client, struct queue *queue);

/*
 * One session of the timer server: its requests, and its timers, one for each tag. Pure logic, on
 * the session's end of the ring and on the queue that all sessions share.
 */
#pragma once
#include <back.h>
#include <ring/timer.h>
#include <timer/queue.h>

struct client {
    struct back *back;
    struct client *next_news; /* of those with completions to be published */
    bool has_news;
    struct alarm alarms[RING_ENTRIES];
};

/* A session without timers. */
void client_init(struct client *client, struct back *back);

/*
 * Takes up to `quantum` requests. BACK_EMPTY: there were fewer. BACK_BROKEN: the client broke a
 * rule of the ring, and back->broken says which.
 */
must_check enum back_result client_take(struct client *client, struct queue *queue, u32 quantum);

/* A timer of it is due: it is taken from the queue, and completes. */
void client_expire(struct client *client, struct queue *queue, struct alarm *alarm, u64 now);

/* Takes all its timers out of the queue. */
void client_close(struct client *client, struct queue *queue);

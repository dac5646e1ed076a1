/*
 * The clients of the disk server: one for each session, with the volume that it sees.
 *
 * A client is in one of a few states, and its link is in the list that belongs to the state:
 *
 *     ASLEEP     its ring was empty, and its doorbell rings when it is not
 *     READY      there may be requests in its ring: it gets its turn
 *     SETTLING   its ring was empty: when its completions are published, it may go to sleep
 *     BLOCKED    there are requests, but the disk takes no more now
 *     HELD       there are requests, but the client has as many at the disk as it may
 *     WAITING    its volume is not known yet, because the disks are still being looked for, or is
 *                that of a client that is CLOSING
 *     CLOSING    it ends, as soon as the device has let go of its memory
 *
 * Turns go round among those that are READY, and each takes a quantum, so that nobody is starved by
 * anybody's storm. Completions are collected and published once for each client and round.
 */
#pragma once
#include <base/list.h>
#include <disk/requests.h>
#include <runtime/session.h>

enum client_state {
    CLIENT_ASLEEP,
    CLIENT_READY,
    CLIENT_SETTLING,
    CLIENT_BLOCKED,
    CLIENT_HELD,
    CLIENT_WAITING,
    CLIENT_CLOSING
};

struct unit;

struct client {
    struct session *session;
    struct volume *volume; /* NULL: WAITING, or refused */
    bool write;
    enum client_state state;
    struct list link;    /* of the state */
    struct list publish; /* of those with completions to publish */
    struct request_limits limits;
    struct unit *unit;    /* the disk, if it is at a controller; NULL: a RAM disk */
    struct bus_table bus; /* of the data area, for that controller */
    u64 *bus_pages;       /* the memory for it */
    u32 flights;          /* requests at the disk */
    u64 losses;           /* of the disk, that it knows of */
    u64 refused;          /* requests that made no sense, or were not allowed */
};

/* The table of all disks and volumes. */
extern struct volumes volumes;

/* Puts a client into another state, and its link at the end of `list`, if there is one. */
void client_set(struct client *client, enum client_state state, struct list *list);

/* There may be something to do for it: READY. */
void client_wake(struct client *client);

/* Completes a request of it, unless it is CLOSING. */
void client_complete(struct client *client, u16 tag, int result, u32 len);

/* The disk has let go of all its memory: for one that is CLOSING, the end. */
void client_finish(struct client *client);

/* Wakes those whose doorbell rang. */
void clients_ring(u64 events);

/* The disks, or more of them, are known, or a volume is free: clients that are WAITING get theirs;
 * or, if `all` are known now and it is not among them, an error. */
void clients_resolve(bool all);

/* Gives the clients that are READY their turns, as many as are good between two looks at the
 * devices. */
void clients_turns(void);

/* Publishes completions, and lets those sleep who have nothing to do. True: all have; the server
 * may wait. */
must_check bool clients_settle(void);

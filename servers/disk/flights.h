/*
 * Requests on their way at a disk of the AHCI controller.
 *
 * A flight carries one request of a client. It keeps one of the disk's slots at a time; a request
 * that is too much for one command goes in several, one after the other. What the device is told
 * are pieces of the session's data area, by their bus addresses: the data is not copied.
 */
#pragma once
#include <disk/clients.h>
#include <drivers/ahci.h>

#define FLIGHTS AHCI_SLOTS
/* A client that is not alone at its disk leaves so many for the others. */
#define FLIGHTS_LEFT (FLIGHTS / 4)

struct flight {
    struct flight *next; /* of the free ones */
    struct client *client;
    struct transfer transfer;
    struct cursor cursor;
    struct back_request request;
};

/* A disk at a port: what there is of it besides its volumes. */
struct unit {
    struct ahci_port *port;
    struct disk *disk;
    u32 users;           /* clients */
    struct flight *free; /* flights that are not in use */
    struct list blocked; /* clients that wait for one */
    struct flight flights[FLIGHTS];
};

/* A unit for a disk that was found. NULL: no memory. Freed by flights_detach of the last client, or
 * by unit_gone. */
must_check struct unit *unit_create(struct ahci_port *port, struct disk *disk);

/* The disk is gone: clients that wait for it are told. */
void unit_gone(struct unit *unit);

/* The session's memory is made known to the controller. Why it cannot be, or
 * SESSION_REASON_NONE. */
must_check enum session_reason flights_attach(struct client *client, struct volume *volume);
void flights_detach(struct client *client);

/* A flight for a request of this client; NULL: it is BLOCKED or HELD. */
must_check struct flight *flight_allocate(struct client *client);
void flight_free(struct unit *unit, struct flight *flight);

/* Submits a request that was checked. */
void flight_start(struct flight *flight, struct client *client);

/* A command of it ended. */
void flight_done(struct flight *flight, enum ahci_result result);

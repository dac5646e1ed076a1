/*
 * The block client: a program that uses one block session, named `disk`, in the way that its
 * arguments say, and logs what came of it.
 *
 *     verify   write, read, flush, FUA and trim at random, in chains of odd pieces; everything that
 *              comes back is checked, at the end the whole volume
 *     load     the same without trims, and without end unless `operations` says so: for tests that
 *              kill the server meanwhile
 *     edges    requests at and over every edge, each of which must get its status
 *     scan     reads the volume once and says which sectors failed
 *     show     prints some bytes of a sector
 *     crowd    reads without end, `depth` requests of `sectors` at a time, and looks at nothing
 *
 * Arguments are the mode and then any of these, with their defaults:
 *
 *     operations=4000  after so many it ends; 0: never
 *     restarts=0       but not before the server was restarted so often: the operations are counted
 *                      from then on
 *     depth=32         requests outstanding, at most
 *     sectors=64       in a request, at most
 *     chain=32         pieces in a request, at most
 *     seed=1           of the random numbers; also what the writer calls itself in the sectors
 *     report=5000      a line in the log every so many operations
 *     patient=0        1: requests survive any number of restarts
 *     gone=0           1: ends well when, and only when, the device fails or has gone
 *     told=0           1: ends well when the operator opens a session `stop` for it
 *     sector=0 offset=0 count=2     what to show
 *
 * What the tests wait for are the lines `block-client: done: ...`; anything wrong is a line
 * `block-client: FAILED: ...`, and the end of the program.
 */
#pragma once
#include <base/random.h>
#include <front_block.h>

enum mode { MODE_VERIFY, MODE_LOAD, MODE_EDGES, MODE_SCAN, MODE_SHOW, MODE_CROWD };

struct options {
    enum mode mode;
    u64 operations, restarts, depth, sectors, chain, seed, report, patient, gone, told;
    u64 sector, offset, count;
};

struct client {
    struct options options;
    struct front front;
    u64 event;
    struct front_block block;
    struct random random;
};

/* Reads the program's arguments. What cannot be understood ends the program. */
void options_read(struct options *options);

/* Logs a line, and ends the program. */
__attribute__((format(printf, 1, 2))) _Noreturn void fail(const char *text, ...);

/* Opens `client->block` on the session; fails if that cannot be. */
void client_open_block(struct client *client);

/* The modes. */
void traffic(struct client *client);
void edges(struct client *client);
void scan(struct client *client);
void show(struct client *client);
void crowd(struct client *client);

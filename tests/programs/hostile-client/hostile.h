/*
 * The hostile client: a program that knows the ring's format, and breaks its rules in every way, on
 * one session for each way. What it checks is that the server closes the session when it has to,
 * for the right reason, and otherwise completes every request exactly once; that nobody else is
 * harmed is for honest clients beside it to say.
 *
 * Two threads. The worker, as urgent as other clients, does the attacks, one after the other. The
 * first thread is more urgent than all servers; a timer wakes it at random moments, in the middle
 * of whatever a server does, and it rewrites what that server may be reading (meddle.c).
 *
 * Sessions are called ATTACK, or ATTACK-1, ATTACK-2 and so on, and each is used for that attack
 * (attacks.c). Arguments of the section:
 *
 *     kind=NAME   of server: echo, disk, ahci, net, timer, console (kinds.c)
 *     seed=N      of the random numbers, together with the number of the life
 *     lives=N     so often it does everything; at the end of a life it ends, with its requests
 *                 under way, and is started again
 *     rounds=N    how long the attacks are that can go on for long
 *     storm=1     nothing but the attack `storm`, for ever; then it needs no HPET
 *
 * Results are lines of the log: "hostile-client life L: C checks, F failed", at last
 * "hostile-client: done".
 */
#pragma once
#include <base/random.h>
#include <front.h>

struct target;

/* What a server takes. Requests that `plain` and `any` make complete soon, whatever they ask. */
struct kind {
    const char *name;
    /* Learns what has to be known of the session; NULL: nothing. */
    void (*open)(struct target *target);
    /* A request that is done without an error. */
    struct ring_sqe (*plain)(struct target *target);
    /* Any at all: fields at their edges, and by chance. */
    struct ring_sqe (*any)(struct target *target);
    /* May it be done without an error? */
    bool (*may_succeed)(const struct target *target, const struct ring_sqe *entry);
    /* One that stays outstanding; NULL: the server has none. */
    struct ring_sqe (*hold)(struct target *target);
    /* An operation's number for an entry that is rewritten. */
    u8 (*op)(struct random *random);
};

extern const struct kind kinds[];
extern const u32 kind_count;

/* A session that is attacked. */
struct target {
    struct front front;
    const struct kind *kind;
    struct random random;
    const char *name;
    u32 units;     /* of its data area */
    u64 sectors;   /* kind->open: of the volume */
    bool writable; /* kind->open: it is */
    u8 mac[6];     /* kind->open: of the port */
};

struct attack {
    const char *name;
    void (*run)(struct target *target);
    enum session_reason reason; /* for which the session is closed; NONE: it goes on */
    bool may_close;             /* or it is closed, for any reason */
    bool gone;                  /* the session is not there any more */
};

extern const struct attack attacks[];
extern const u32 attack_count;

extern u64 rounds;

/* As check.h has it, but for all files together. */
void check_at(bool holds, const char *what, int line);
void check_report(void);
#define check(condition) check_at(condition, #condition, __LINE__)

/* --- the ring, as the attacks use it (raw.c) ------------------------------------------------- */

/* Rings the doorbell, now: if the server is more urgent, it runs. */
void ring_now(const struct target *target);

/* Writes an entry behind those that there are, with the tag that it carries. */
void put(struct target *target, struct ring_sqe entry);

/* Publishes up to `prod`, without a look at anything, and rings. */
void publish_raw(struct target *target, u32 prod);

/* Pushes a request, waits for its completion, and returns its status. */
int ask(struct target *target, struct ring_sqe entry, u32 *len);

/* Takes all completions that there are; how many. Each must be of a request that is outstanding. */
u32 reap_all(struct target *target);

/* Is there still patience to wait for `what`? Lets others run. False: no; a check failed. */
bool be_patient(u64 *since, const char *what);

/* Until nothing is outstanding. */
void finish(struct target *target);

/* One of the places in the data area, most of them at its edges or beyond. */
u32 any_buf(struct target *target);

static inline u64 any_of(struct random *random, const u64 *values, u32 count)
{
    return values[random_below(random, count)];
}

/* --- rewriting (meddle.c) -------------------------------------------------------------------- */

/* From now on entries and data of this session are rewritten at random moments; with `all`, the
 * tags, the chains and the head of the page as well. NULL: no more, also not at this moment. */
void meddle(struct target *target, bool all);

/* Called by the first thread: runs `worker` in a thread of its own and meddles, until that calls
 * worker_end. */
void meddle_until_end(void (*worker)(void), u64 seed);
void worker_end(void);

/* How often something was rewritten. */
extern u64 meddled;

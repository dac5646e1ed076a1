/*
 * The client's end of a session: requests go in, completions come out, each exactly once, also when
 * the server dies in between. The front ends for block, network, timer and console (front_NAME.h)
 * stand on this; so does whoever wants to speak to a server in its own way.
 *
 *     front_push...      as many as there are credits for
 *     front_publish      once for the batch
 *     front_reap...      until there is no more
 *     front_may_sleep    then wait for the session's event; look again when woken
 *
 * A server is not trusted: a completion for a tag that is not in use is ignored and counted, a
 * length above what was asked for is cut and counted, an impossible index makes the session as good
 * as closed. When root says that the server died (the session's state is LOST), front_reap drains
 * what is left, sends what is outstanding once more in the order of submission, and the caller
 * notices nothing. A request that saw FRONT_RESTARTS servers die completes with RING_IO. When the
 * session is closed, all that is outstanding completes with RING_GONE; once front_is_closed says
 * so, the session's memory is not touched any more.
 *
 * One thread uses a front. It needs no memory but its structure, and makes no assumption about
 * where it runs: libpv/host.h is all that is below.
 */
#pragma once
#include <ring.h>
#include <service/session.h>

#define FRONT_RESTARTS 3u
#define FRONT_PATIENT  0u /* for `restarts` of a front whose requests are never given up */

/* A request between push and completion. Its entries are kept to be sent again. */
struct front_slot {
    struct ring_sqe entry;
    u64 cookie;
    u32 limit;   /* most that a completion's `len` may say */
    u32 order;   /* of submission */
    u8 next;     /* of the chain, or of the free slots */
    u8 count;    /* entries of the request; in its first slot. 0: not in use */
    u8 restarts; /* servers that died under it */
    bool failed; /* counted in `failed` */
};

struct front {
    const struct session_info *info;
    struct ring_page_g *g;
    const struct ring_page_s *s;
    u8 *data;
    u64 data_size;
    u64 bell;
    u32 number;
    u32 mask; /* N - 1 */
    struct ring_producer sq;
    struct ring_consumer cq;
    u32 credits;  /* free slots */
    u32 requests; /* pushed and not reaped */
    u32 failed;   /* those of them that are to be reaped without having been completed */
    u32 order;    /* of the next request */
    u32 epoch;    /* that G was written for: while the session's is another, S is not to be read */
    u8 free;      /* the first free slot */
    u8 last;      /* the tag of the last push */
    /* Deaths of servers after which a request completes with RING_IO. FRONT_RESTARTS; may be
     * changed after front_open by those whose requests wait for long, and can kill nobody. */
    u8 restarts;
    bool closed;
    struct front_slot slots[RING_ENTRIES];
};

struct front_done {
    u64 cookie;
    int status; /* enum ring_status, or above 0 */
    u32 len;
};

/* Opens the end: `base` is where the session's pages and data area are, as session.h lays them out,
 * `bell` is for host_ring. False: the session's page is of another version, or no such. */
must_check bool front_open(struct front *front, void *base, u64 bell);

/*
 * Pushes one request of `count` entries, which are copied; their tags, and RING_MORE, are filled in
 * here. The completion carries `cookie`, and a length of at most `limit`. False: there are not
 * enough credits just now, or the session is closed, or count is not 1 to RING_CHAIN_LIMIT.
 */
must_check bool front_push(struct front *front, const struct ring_sqe *entries, u32 count,
                           u32 limit, u64 cookie);

/* The tag that the last push was given: what TIMER_CANCEL names. */
static inline u16 front_last_tag(const struct front *front)
{
    return front->last;
}

/* Lets the server see what was pushed, and wakes it if it sleeps. */
void front_publish(struct front *front);

/* The next completion. False: there is none at the moment. */
must_check bool front_reap(struct front *front, struct front_done *done);

/* True: nothing to reap, and the session's event comes when there are `more` completions, or all
 * that are outstanding if that is less. More than 1 is for those who can wait: fewer wake-ups. */
must_check bool front_may_sleep(struct front *front, u32 more);

/* Entries that can be pushed now. */
static inline u32 front_credits(const struct front *front)
{
    return front->credits;
}

static inline bool front_is_closed(const struct front *front)
{
    return front->closed;
}

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
 * notices nothing. A request that saw FRONT_RESTARTS servers die completes with RING_IO, when the
 * next one is there: until then the device of the last may be at its memory. When the session is
 * closed, all that is outstanding completes with RING_GONE; once front_is_closed says so, the
 * session's memory is not touched any more.
 *
 * One thread uses a front. It needs no memory but its structure, and makes no assumption about
 * where it runs: libpv/host.h is all that is below.
 */
#pragma once
#include <ring.h>
#include <service/session.h>

#define FRONT_RESTARTS 3u
#define FRONT_PATIENT  0u /* for `restarts` of a front whose requests are never given up */
#define FRONT_FAILED   0x80u

/* A request between push and completion. Its entries are kept to be sent again. */
struct front_slot {
    struct ring_sqe entry;
    u64 cookie;
    u32 limit;   /* most that a completion's `len` may say */
    u8 next;     /* slot of the chain */
    u8 count;    /* entries of the request, in its first slot; 0: not in use. With FRONT_FAILED
                  * nobody will complete it, and it is to be reaped all the same */
    u8 restarts; /* servers that died under it */
};
static_assert(sizeof(struct front_slot) == 32, "an address is a shift away");

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
    u32 credits; /* free slots: their numbers are in `free`. None when the session is closed */
    u32 chained; /* entries beyond the first of their request, pushed and not reaped */
    u32 failed;  /* requests that are to be reaped without having been completed */
    u32 epoch;   /* that G was written for: while the session's is another, S is not to be read */
    /* Deaths of servers after which a request completes with RING_IO. FRONT_RESTARTS; may be
     * changed after front_open by those whose requests wait for long, and can kill nobody. */
    u8 restarts;
    bool closed;
    struct front_slot slots[RING_ENTRIES];
    u32 order[RING_ENTRIES]; /* of requests, by tag: the index of their first entry */
    u8 free[RING_ENTRIES];
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
must_check static inline bool front_push(struct front *front, const struct ring_sqe *entries,
                                         u32 count, u32 limit, u64 cookie);

/* The same for one entry, for those in a hurry; `head` is RING_HEAD(op, flags, buf). */
must_check static inline bool front_push_one(struct front *front, u64 head, u64 arg, u32 limit,
                                             u64 cookie);

/* The tag that the last push was given: what TIMER_CANCEL names. To be asked before anything else
 * is done with the front. */
static inline u16 front_last_tag(const struct front *front)
{
    return front->g->sqe[(front->sq.next - 1) & front->mask].tag;
}

/* Lets the server see what was pushed, and wakes it if it sleeps. */
void front_publish(struct front *front);

/* The next completion. False: there is none at the moment. */
must_check static inline bool front_reap(struct front *front, struct front_done *done);

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

/* --- the short way, inline ------------------------------------------------------------------- */

/* Writes an entry into page G: in whole words, as the server reads it. */
static inline void front_write(struct front *front, u64 head, u64 arg)
{
    ring_word *words = ring_words(&front->g->sqe[front->sq.next++ & front->mask]);
    words[0] = head;
    words[1] = arg;
}

static inline bool front_push_one(struct front *front, u64 head, u64 arg, u32 limit, u64 cookie)
{
    if (unlikely(front->credits == 0))
        return false;
    u64 tag = front->free[--front->credits];
    struct front_slot *slot = &front->slots[tag];
    ring_word *kept = ring_words(&slot->entry);
    head |= tag << RING_SQE_TAG_SHIFT;
    kept[0] = head;
    kept[1] = arg;
    slot->cookie = cookie;
    slot->limit = limit;
    slot->count = 1;
    slot->restarts = 0;
    front->order[tag] = front->sq.next;
    front_write(front, head, arg);
    return true;
}

/* Several entries, or none. */
must_check bool front_push_chain(struct front *front, const struct ring_sqe *entries, u32 count,
                                 u32 limit, u64 cookie);

static inline bool front_push(struct front *front, const struct ring_sqe *entries, u32 count,
                              u32 limit, u64 cookie)
{
    if (unlikely(count != 1))
        return front_push_chain(front, entries, count, limit, cookie);
    u64 head = RING_HEAD(entries->op, entries->flags & ~RING_MORE, entries->buf);
    return front_push_one(front, head, entries->arg, limit, cookie);
}

/* The long way: nothing is known to be in S; or this came from there, and is not as usual. */
must_check bool front_reap_more(struct front *front, struct front_done *done);
must_check bool front_reap_word(struct front *front, struct front_done *done, u64 word);

/* What comes the long way is copied, so that `done` can live in registers the short way. */
static inline bool front_reap(struct front *front, struct front_done *done)
{
    struct front_done rare;
    if (unlikely(front->cq.known == front->cq.next)) {
        if (!front_reap_more(front, &rare))
            return false;
        *done = rare;
        return true;
    }
    const struct ring_cqe *cqe = &front->s->cqe[front->cq.next++ & front->mask];
    u64 word = ring_read(*ring_words_const(cqe));
    u32 tag = RING_CQE_TAG(word), len = RING_CQE_LEN(word);
    if (likely(tag <= front->mask)) {
        struct front_slot *slot = &front->slots[tag];
        if (likely(slot->count == 1 && len <= slot->limit)) {
            done->cookie = slot->cookie;
            done->status = RING_CQE_STATUS(word);
            done->len = len;
            slot->count = 0;
            front->free[front->credits++] = (u8)tag;
            return true;
        }
    }
    if (!front_reap_word(front, &rare, word))
        return false;
    *done = rare;
    return true;
}

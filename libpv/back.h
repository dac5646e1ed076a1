/*
 * The server's end of a session: takes requests, each copied once and checked before anybody sees
 * it, and gives completions. What is inside a request (sectors, lengths, places in the data area)
 * is for the server to check, with back_data for the last.
 *
 *     back_take...       until there is no more, or the server has enough
 *     back_complete      each, in any order
 *     back_publish       once for the batch
 *     back_may_sleep     then wait for the doorbell; look again when woken
 *
 * A client is not trusted: whatever it writes, the server's memory and the other sessions are safe.
 * One that breaks the rules of the ring gets its session closed; the reason is in `broken`.
 */
#pragma once
#include <ring.h>
#include <service/session.h>

struct back {
    const struct ring_page_g *g;
    struct ring_page_s *s;
    u8 *data;
    u64 data_size;
    u64 bell;
    u32 mask; /* N - 1 */
    struct ring_consumer sq;
    struct ring_producer cq;
    u32 chained; /* entries of completed chains beyond their first */
    u32 epoch;   /* of the session, that the client's page must be of */
    bool met;    /* it is: looked at when the first entry is there */
    enum session_reason broken;
    u8 entries[RING_ENTRIES]; /* by tag: entries of the request; 0: not in use */
};

/* A request, copied. */
struct back_request {
    u16 tag;
    u16 count;
    struct ring_sqe entry[RING_CHAIN_LIMIT]; /* `count` of them */
};

enum back_result { BACK_EMPTY, BACK_TAKEN, BACK_BROKEN };

/* Attaches to a session at index 0, S being zero; `base` is where its memory is, `bell` is for
 * host_ring. The reason why it cannot be served, or SESSION_REASON_NONE. */
must_check enum session_reason back_open(struct back *back, void *base, u64 bell);

/* The next request. BACK_BROKEN: none, ever again; back->broken says why. */
must_check static inline enum back_result back_take(struct back *back,
                                                    struct back_request *request);

/*
 * The same for those in a hurry: the two words of the next request (libpv/ring.h says what is where
 * in them), if it is known to be there and has a single entry. False: ask back_take.
 */
must_check static inline bool back_take_one(struct back *back, u64 *head, u64 *arg);

/* Completes a request that was taken. */
static inline void back_complete(struct back *back, u16 tag, int result, u32 len);

/* The same for a request that is known to be of one entry, and not to have been completed. */
static inline void back_complete_one(struct back *back, u16 tag, int result, u32 len);

/* Lets the client see the completions, and wakes it if it sleeps. */
void back_publish(struct back *back);

/* True: there is nothing to take, and the doorbell rings when there is. */
must_check bool back_may_sleep(struct back *back);

/* Where `length` bytes at `buf` (in RING_UNITs) plus `offset` are; NULL: not inside the data
 * area. */
static inline must_check void *back_data(const struct back *back, u32 buf, u32 offset, u64 length)
{
    u64 at = (u64)buf * RING_UNIT + offset;
    return at <= back->data_size && length <= back->data_size - at ? back->data + at : NULL;
}

/* --- the short way, inline ------------------------------------------------------------------- */

/* Entries taken and not completed. */
static inline u32 back_outstanding(const struct back *back)
{
    return back->sq.next - back->cq.next - back->chained;
}

/* Copies the entry at `index`; its first word. */
static inline u64 back_copy(const struct back *back, u32 index, struct ring_sqe *copy)
{
    const ring_word *from = ring_words_const(&back->g->sqe[index & back->mask]);
    ring_word *to = ring_words(copy);
    u64 head = ring_read(from[0]);
    to[0] = head;
    to[1] = ring_read(from[1]);
    return head;
}

/* The long way: is there more in G? And the rest of a request of which the first entry was copied
 * and is not as usual. */
must_check enum back_result back_look(struct back *back);
must_check enum back_result back_take_chain(struct back *back, struct back_request *request);
void back_complete_chain(struct back *back, u16 tag, int result, u32 len);

static inline enum back_result back_take(struct back *back, struct back_request *request)
{
    if (unlikely(back->sq.known == back->sq.next)) {
        enum back_result result = back_look(back);
        if (result != BACK_TAKEN)
            return result;
    }
    u64 head = back_copy(back, back->sq.next, &request->entry[0]);
    u16 tag = RING_SQE_TAG(head);
    if (unlikely(head & RING_SQE_MORE || tag > back->mask || back->entries[tag] != 0))
        return back_take_chain(back, request);
    request->tag = tag;
    request->count = 1;
    back->entries[tag] = 1;
    back->sq.next++;
    return BACK_TAKEN;
}

static inline bool back_take_one(struct back *back, u64 *head, u64 *arg)
{
    u32 next = back->sq.next;
    if (unlikely(back->sq.known == next))
        return false;
    const ring_word *from = ring_words_const(&back->g->sqe[next & back->mask]);
    u64 word = ring_read(from[0]);
    u16 tag = RING_SQE_TAG(word);
    if (unlikely(word & RING_SQE_MORE || tag > back->mask || back->entries[tag] != 0))
        return false;
    *head = word;
    *arg = ring_read(from[1]);
    back->entries[tag] = 1;
    back->sq.next = next + 1;
    return true;
}

static inline void back_complete_one(struct back *back, u16 tag, int result, u32 len)
{
    back->entries[tag] = 0;
    *ring_words(&back->s->cqe[back->cq.next++ & back->mask]) = RING_CQE(tag, result, len);
}

static inline void back_complete(struct back *back, u16 tag, int result, u32 len)
{
    if (unlikely(tag > back->mask || back->entries[tag] != 1))
        back_complete_chain(back, tag, result, len);
    else
        back_complete_one(back, tag, result, len);
}

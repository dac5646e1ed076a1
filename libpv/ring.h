/*
 * The two sides of one direction of a ring: indices, fences and wake-ups, and nothing else. Used by
 * every front end and every back end; what an entry is does not matter here. The rules are those of
 * libpv/include/RING.md, checked as a model in tests/model/.
 *
 * Every word of the other side's page is read once (`ring_read`), checked, and then only the copy
 * is used.
 */
#pragma once
#include <ring/ring.h>

/* A word that the other side may change at any moment. */
#define ring_read(word) (*(const volatile __typeof__(word) *)&(word))

/* Entries are copied in whole words: a struct ring_sqe is two, a struct ring_cqe one. */
typedef u64 __attribute__((may_alias)) ring_word;

static inline ring_word *ring_words(void *entry)
{
    return entry;
}

static inline const ring_word *ring_words_const(const void *entry)
{
    return entry;
}

/* Where the members of an entry are in its (first) word. */
#define RING_HEAD(op, flags, buf)                                                                  \
    ((u64)(u8)(op) | (u64)(u8)(flags) << 8 | (u64)(u32)(buf) << 32) /* with a tag of 0 */
#define RING_SQE_OP(word)    ((u8)(word))
#define RING_SQE_BUF(word)   ((u32)((word) >> 32))
#define RING_SQE_FLAGS_SHIFT 8
#define RING_SQE_TAG_SHIFT   16
#define RING_SQE_TAG(word)   ((u16)((word) >> RING_SQE_TAG_SHIFT))
#define RING_SQE_MORE        ((u64)RING_MORE << RING_SQE_FLAGS_SHIFT)

#define RING_CQE(tag, code, len)                                                                   \
    ((u64)(u16)(tag) | (u64)(u16)(i16)(code) << 16 | (u64)(u32)(len) << 32)
#define RING_CQE_TAG(word)    ((u16)(word))
#define RING_CQE_STATUS(word) ((i16)((word) >> 16))
#define RING_CQE_LEN(word)    ((u32)((word) >> 32))

/* Writes a word, and lets everything written before be seen before it, and everything read after
 * be read after: the full fence of rules 3 and 4. */
static inline void ring_exchange(u32 *word, u32 value)
{
    __asm__ volatile("xchgl %0, %1" : "+r"(value), "+m"(*word) : : "memory");
}

/* --- the producer ---------------------------------------------------------------------------- */

struct ring_producer {
    struct ring_ctl *own;        /* in the page that it writes */
    const struct ring_ctl *peer; /* whose `event` says when to wake */
    u32 next;                    /* entries written, published or not */
    u32 published;
};

/* Publishes what was written. True: the other side wants to be woken. */
static inline must_check bool ring_publish(struct ring_producer *producer)
{
    u32 old = producer->published, new = producer->next;
    if (new == old)
        return false;
    producer->published = new;
    ring_exchange(&producer->own->prod, new);
    bool wake = (u32)(new - ring_read(producer->peer->event) - 1) < (u32)(new - old);
    if (wake)
        producer->own->raised++;
    else
        producer->own->suppressed++;
    return wake;
}

/* --- the consumer ---------------------------------------------------------------------------- */

struct ring_consumer {
    struct ring_ctl *own;        /* in the page that it writes: `event` */
    const struct ring_ctl *peer; /* whose `prod` says how much there is */
    u32 next;                    /* entries taken */
    u32 known;                   /* the peer's `prod`, when last read and checked */
};

/* Looks how many entries there are to take. False: more than `most`, which cannot be. */
static inline must_check bool ring_look(struct ring_consumer *consumer, u32 most)
{
    u32 prod = ring_read(consumer->peer->prod);
    if (prod - consumer->next > most)
        return false;
    consumer->known = prod;
    __asm__ volatile("" : : : "memory"); /* entries are read after this, also by the compiler */
    return true;
}

static inline u32 ring_known(const struct ring_consumer *consumer)
{
    return consumer->known - consumer->next;
}

/* Asks to be woken when `more` further entries are there (1: at the next one). True: there are
 * fewer yet, so the caller may wait. */
static inline must_check bool ring_sleep(struct ring_consumer *consumer, u32 more)
{
    ring_exchange(&consumer->own->event, consumer->next + more - 1);
    return ring_read(consumer->peer->prod) - consumer->next < more;
}

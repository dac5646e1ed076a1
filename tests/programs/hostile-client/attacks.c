/*
 * The attacks. See hostile.h.
 *
 * The first ones break a rule of the ring (libpv/include/RING.md), so the server closes the
 * session. The others keep them, to the letter, and it has to go on. (RING_ENTRIES is the size of
 * these rings.)
 */
#include "hostile.h"

#include <runtime/ipc.h>
#include <runtime/print.h>
#include <runtime/session.h>
#include <runtime/start.h>
#include <runtime/syscall.h>
#include <service/root.h>

#define GOOD_TAGS 64u /* from here on: of requests that are nothing but good */
#define GOOD_MOST 8u
#define HELD      32u

/* --- the rules of the ring -------------------------------------------------------------------- */

/* A few good requests, so that the bad one is somewhere in a batch. */
static void put_good(struct target *target)
{
    u32 count = (u32)random_below(&target->random, GOOD_MOST + 1);
    for (u32 i = 0; i < count; i++) {
        struct ring_sqe entry = target->kind->plain(target);
        entry.tag = (u16)(GOOD_TAGS + i);
        put(target, entry);
    }
}

/* As is right, a number of times. */
static void do_good(struct target *target)
{
    u32 len;
    for (u64 left = 1 + random_below(&target->random, GOOD_MOST); left > 0; left--)
        check(ask(target, target->kind->plain(target), &len) >= 0);
}

static void prod_over(struct target *target)
{
    publish_raw(target, target->front.sq.next + RING_ENTRIES + 1);
}

static void prod_back(struct target *target)
{
    do_good(target);
    publish_raw(target, target->front.sq.next - 1);
}

static void prod_far(struct target *target)
{
    do_good(target);
    publish_raw(target, target->front.sq.next + 0x80000000);
}

static void prod_wild(struct target *target)
{
    u64 wild = random_below(&target->random, (1ul << 32) - 2 * RING_ENTRIES);
    publish_raw(target, target->front.sq.next + RING_ENTRIES + 1 + (u32)wild);
}

/* All credits are used up, and one more entry comes. */
static void prod_held(struct target *target)
{
    for (u32 i = 0; i < RING_ENTRIES; i++) {
        struct ring_sqe entry = target->kind->hold(target);
        entry.tag = (u16)i;
        put(target, entry);
    }
    publish_raw(target, target->front.sq.next);
    publish_raw(target, target->front.sq.next + 1);
}

static void put_tag(struct target *target, u16 tag)
{
    struct ring_sqe entry = target->kind->plain(target);
    entry.tag = tag;
    put(target, entry);
    publish_raw(target, target->front.sq.next);
}

static void tag_large(struct target *target)
{
    put_good(target);
    put_tag(target, RING_ENTRIES);
}

static void tag_most(struct target *target)
{
    put_good(target);
    put_tag(target, UINT16_MAX);
}

/* Two requests of one tag; or of all tags but the last. */
static void tag_twice(struct target *target)
{
    struct ring_sqe entry = target->kind->hold(target);
    put_good(target);
    for (u32 i = 0; i < HELD; i++) {
        entry.tag = (u16)min(i, HELD - 2);
        put(target, entry);
    }
    publish_raw(target, target->front.sq.next);
}

/* `count` entries of a chain that goes on behind the last. */
static void put_chain(struct target *target, u32 count)
{
    for (u32 i = 0; i < count; i++) {
        struct ring_sqe entry = target->kind->plain(target);
        entry.flags = RING_MORE;
        entry.tag = 3;
        put(target, entry);
    }
}

static void chain_torn(struct target *target)
{
    put_good(target);
    put_chain(target, 1 + (u32)random_below(&target->random, RING_CHAIN_LIMIT - 1));
    publish_raw(target, target->front.sq.next);
}

static void chain_long(struct target *target)
{
    put_good(target);
    put_chain(target, RING_CHAIN_LIMIT);
    put_tag(target, 3);
}

static void chain_endless(struct target *target)
{
    put_chain(target, RING_ENTRIES);
    publish_raw(target, target->front.sq.next);
}

static void chain_tags(struct target *target)
{
    put_good(target);
    put_chain(target, 1 + (u32)random_below(&target->random, RING_CHAIN_LIMIT - 1));
    put_tag(target, 4);
}

static void page_version(struct target *target)
{
    target->front.g->ctl.version = RING_VERSION + 1;
    put_tag(target, 0);
}

static void page_size(struct target *target)
{
    target->front.g->ctl.log2_n = (u16)random_below(&target->random, RING_LOG2);
    put_tag(target, 0);
}

static void page_epoch(struct target *target)
{
    target->front.g->ctl.epoch--;
    put_tag(target, 0);
}

/* --- within the rules ------------------------------------------------------------------------- */

/* One batch of anything. What comes back is of the batch, each once, and no error is missing. */
static void batch_of_any(struct target *target)
{
    struct front *front = &target->front;
    struct ring_sqe pushed[RING_ENTRIES];
    bool open[RING_ENTRIES] = {0};
    u32 count = 1 + (u32)random_below(&target->random, RING_ENTRIES - 1), left = 0;
    for (; left < count; left++) {
        pushed[left] = target->kind->any(target);
        /* front_push would take RING_MORE away: chains are made by somebody else. */
        if (!front_push(front, &pushed[left], 1, UINT32_MAX, left))
            break;
        open[left] = true;
    }
    u64 since = 0;
    front_publish(front);
    while (left > 0) {
        struct front_done done;
        if (!front_reap(front, &done)) {
            if (front_is_closed(front) || !be_patient(&since, "a batch"))
                break;
            continue;
        }
        check(done.cookie < count && open[done.cookie]);
        open[done.cookie] = false;
        left--;
        if (done.status >= 0 && !target->kind->may_succeed(target, &pushed[done.cookie])) {
            const struct ring_sqe *entry = &pushed[done.cookie];
            print("op %u, flags 0x%x, buf 0x%x, arg 0x%lx: done, with %u\n", entry->op,
                  entry->flags, entry->buf, entry->arg, done.len);
            check(!"a request can be done that must not be");
        }
    }
    check(left == 0 && !front_is_closed(front));
}

static void requests(struct target *target)
{
    for (u64 i = 0; i < rounds; i++)
        batch_of_any(target);
}

/* Chains of anything: an error, or not, but each completes once. */
static void chains(struct target *target)
{
    struct front *front = &target->front;
    for (u64 i = 0; i < rounds; i++) {
        struct ring_sqe entries[RING_CHAIN_LIMIT];
        u32 count = 1 + (u32)random_below(&target->random, RING_CHAIN_LIMIT);
        for (u32 j = 0; j < count; j++)
            entries[j] = target->kind->any(target);
        if (!front_push(front, entries, count, UINT32_MAX, 0))
            finish(target);
    }
    finish(target);
}

/* Published, and nobody is told. */
static void quiet(struct target *target)
{
    struct front *front = &target->front;
    for (u64 i = 0; i < rounds; i++) {
        struct ring_sqe entry = target->kind->plain(target);
        if (!front_push(front, &entry, 1, UINT32_MAX, 0))
            break;
        front->sq.published = front->sq.next;
        ring_exchange(&front->g->ctl.prod, front->sq.next);
        yield();
    }
    u64 since = 0;
    ring_now(target);
    while (reap_all(target), front_credits(front) != RING_ENTRIES) {
        if (front_is_closed(front) || !be_patient(&since, "completions without a doorbell"))
            break;
    }
}

/* Doorbells for nothing, and then many for each request. */
static void storm(struct target *target)
{
    for (u64 i = 0; i < 100 * rounds; i++)
        ring_now(target);
    for (u64 i = 0; i < rounds; i++) {
        struct ring_sqe entry = target->kind->plain(target);
        if (!front_push(&target->front, &entry, 1, UINT32_MAX, 0))
            finish(target);
        for (u32 j = 0; j < 3; j++)
            ring_now(target);
        front_publish(&target->front);
        for (u32 j = 0; j < 10; j++)
            ring_now(target);
    }
    finish(target);
}

/* When the client wants to be woken changes all the time, and makes no sense. */
static void wakings(struct target *target)
{
    struct front *front = &target->front;
    u64 since = 0;
    for (u64 i = 0; i < rounds; i++) {
        struct ring_sqe entry = target->kind->plain(target);
        front->g->ctl.event =
            (u32)random_next(&target->random) >> random_below(&target->random, 32);
        if (!front_push(front, &entry, 1, UINT32_MAX, 0))
            finish(target);
        if (random_below(&target->random, 4) == 0)
            front_publish(front);
    }
    front_publish(front);
    while (reap_all(target), front_credits(front) != RING_ENTRIES) {
        if (front_is_closed(front) || !be_patient(&since, "completions"))
            break;
    }
}

/* Completions are not taken, as long as there are credits; the ring goes round many times. */
static void unread(struct target *target)
{
    struct front *front = &target->front;
    for (u64 i = 0; i < rounds; i++) {
        struct ring_sqe entry = target->kind->plain(target);
        while (front_push(front, &entry, 1, UINT32_MAX, 0)) {
        }
        finish(target);
    }
}

/* --- rewriting, leaving ----------------------------------------------------------------------- */

/*
 * Requests, while they are rewritten so and so often; or until none has completed for long, because
 * what was rewritten asks for something that never does. A session that may not be closed must not
 * be, and there is no completion too many.
 */
static void rewritten(struct target *target, bool all)
{
    struct front *front = &target->front;
    u64 begin = meddled, last = begin, since = 0;
    meddle(target, all);
    while (meddled - begin < 5 * rounds && meddled - last < rounds && !front_is_closed(front)) {
        for (u64 left = 1 + random_below(&target->random, 32); left > 0; left--) {
            struct ring_sqe entry = target->kind->any(target);
            if (!front_push(front, &entry, 1, UINT32_MAX, 0))
                break;
        }
        front_publish(front);
        if (random_below(&target->random, 2) == 0)
            ring_now(target);
        if (reap_all(target) != 0)
            last = meddled;
        if (!be_patient(&since, "a rewrite"))
            break;
    }
    meddle(NULL, false);
}

static void rewrite(struct target *target)
{
    rewritten(target, false);
    check(!front_is_closed(&target->front));
    check(target->front.g->ctl.errors == 0);
}

static void rewrite_all(struct target *target)
{
    rewritten(target, true);
}

/* A ring full of requests. */
static void fill(struct target *target)
{
    for (u32 i = 0; i < RING_ENTRIES; i++) {
        bool hold = target->kind->hold && random_below(&target->random, 2) == 0;
        struct ring_sqe entry = hold ? target->kind->hold(target) : target->kind->any(target);
        check(front_push(&target->front, &entry, 1, UINT32_MAX, 0));
    }
    front_publish(&target->front);
    ring_now(target);
}

static status tell_root(u64 call, u64 number)
{
    struct message m = {.word = {call, number}};
    status result = ipc_call(SLOT_ROOT, &m, 0);
    return result < 0 ? result : (status)m.word[0];
}

/* It lets go in the middle. */
static void release(struct target *target)
{
    u32 number = target->front.number;
    fill(target);
    session_close(&target->front);
    check(status_code(tell_root(ROOT_SESSION_RELEASED, number)) == ERR_ABSENT);
    check(status_code(tell_root(ROOT_SESSION_RECONNECT, number)) == ERR_ABSENT);
}

const struct attack attacks[] = {
    {"prod-over", prod_over, SESSION_BAD_INDEX, false, false},
    {"prod-back", prod_back, SESSION_BAD_INDEX, false, false},
    {"prod-far", prod_far, SESSION_BAD_INDEX, false, false},
    {"prod-wild", prod_wild, SESSION_BAD_INDEX, false, false},
    {"prod-held", prod_held, SESSION_BAD_INDEX, false, false},
    {"tag-large", tag_large, SESSION_BAD_TAG, false, false},
    {"tag-most", tag_most, SESSION_BAD_TAG, false, false},
    {"tag-twice", tag_twice, SESSION_BAD_TAG, false, false},
    {"chain-torn", chain_torn, SESSION_BAD_CHAIN, false, false},
    {"chain-long", chain_long, SESSION_BAD_CHAIN, false, false},
    {"chain-endless", chain_endless, SESSION_BAD_CHAIN, false, false},
    {"chain-tags", chain_tags, SESSION_BAD_CHAIN, false, false},
    {"page-version", page_version, SESSION_BAD_RING, false, false},
    {"page-size", page_size, SESSION_BAD_RING, false, false},
    {"page-epoch", page_epoch, SESSION_BAD_RING, false, false},
    {"requests", requests, SESSION_REASON_NONE, false, false},
    {"chains", chains, SESSION_REASON_NONE, false, false},
    {"quiet", quiet, SESSION_REASON_NONE, false, false},
    {"storm", storm, SESSION_REASON_NONE, false, false},
    {"wakings", wakings, SESSION_REASON_NONE, false, false},
    {"unread", unread, SESSION_REASON_NONE, false, false},
    {"rewrite", rewrite, SESSION_REASON_NONE, false, false},
    {"rewrite-all", rewrite_all, SESSION_REASON_NONE, true, false},
    {"release", release, SESSION_REASON_NONE, false, true},
    {"leave", fill, SESSION_REASON_NONE, false, false},
};
const u32 attack_count = array_count(attacks);

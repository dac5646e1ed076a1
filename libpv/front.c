/*
 * The client's end of a ring, as front.h promises it. Two ideas:
 *
 * Every entry that is outstanding is kept in a slot of the client's own memory, so page G can be
 * written anew at any time. The tag of a request is the number of its first slot, and stays the
 * same when the request is sent again.
 *
 * The state of the session is looked at only when S is empty, so the usual way does not pay for it:
 * front_look is where a client meets the end of its server.
 */
#include <front.h>
#include <host.h>

/* Not to be made part of what is done for every batch. */
#define rarely __attribute__((noinline, cold))

static u32 entries_of(const struct front *front)
{
    return front->mask + 1;
}

/* Those that are outstanding. */
static u32 requests_of(const struct front *front)
{
    return entries_of(front) - front->credits - front->chained;
}

bool front_open(struct front *front, void *base, u64 bell)
{
    const struct session_info *info = (const void *)((u8 *)base + PAGE_SIZE);
    if (info->magic != SESSION_MAGIC || info->version != SESSION_VERSION ||
        info->log2_n < RING_LOG2_LEAST || info->log2_n > RING_LOG2_MOST)
        return false;
    struct ring_page_g *g = base;
    const struct ring_page_s *s = (const void *)((u8 *)base + 2 * PAGE_SIZE);
    u32 count = 1u << info->log2_n;
    *front = (struct front){
        .info = info,
        .g = g,
        .s = s,
        .data = (u8 *)base + SESSION_DATA,
        .data_size = info->data_size,
        .bell = bell,
        .number = info->number,
        .mask = count - 1,
        .sq = {.own = &g->ctl, .peer = &s->ctl},
        .cq = {.own = &g->ctl, .peer = &s->ctl},
        .credits = count,
        .epoch = ring_read(info->epoch),
        .restarts = FRONT_RESTARTS,
    };
    for (u32 i = 0; i < count; i++)
        front->free[i] = (u8)(count - 1 - i);
    g->ctl = (struct ring_ctl){
        .version = RING_VERSION, .log2_n = (u16)info->log2_n, .epoch = front->epoch};
    return true;
}

/* --- pushing --------------------------------------------------------------------------------- */

bool front_push_chain(struct front *front, const struct ring_sqe *entries, u32 count, u32 limit,
                      u64 cookie)
{
    if (unlikely(count > front->credits || count == 0 || count > RING_CHAIN_LIMIT))
        return false;
    const ring_word *from = ring_words_const(entries);
    u64 clear = ~(0xfffful << RING_SQE_TAG_SHIFT | RING_SQE_MORE);
    u8 tag = front->free[--front->credits];
    struct front_slot *first = &front->slots[tag], *slot = first;
    front->order[tag] = front->sq.next;
    front->chained += count - 1;
    for (u32 left = count;; from += 2) {
        ring_word *kept = ring_words(&slot->entry);
        kept[0] =
            (from[0] & clear) | (u64)tag << RING_SQE_TAG_SHIFT | (left > 1 ? RING_SQE_MORE : 0);
        kept[1] = from[1];
        front_write(front, kept[0], kept[1]);
        if (--left == 0)
            break;
        slot->next = front->free[--front->credits];
        slot = &front->slots[slot->next];
    }
    first->cookie = cookie;
    first->limit = limit;
    first->count = (u8)count;
    first->restarts = 0;
    return true;
}

/* Does root owe us the answer to host_reconnect? So long S is not to be read. */
static bool is_reconnecting(const struct front *front)
{
    return ring_read(front->info->epoch) != front->epoch;
}

/* Whoever attaches looks at the ring, and sees this; unless root has answered in between, and the
 * new server has looked already. */
rarely static void publish_early(struct front *front)
{
    front->sq.published = front->sq.next;
    ring_exchange(&front->g->ctl.prod, front->sq.next);
    if (!is_reconnecting(front))
        host_ring(front->bell);
}

void front_publish(struct front *front)
{
    if (front->sq.next == front->sq.published)
        return;
    if (unlikely(is_reconnecting(front))) {
        publish_early(front);
        return;
    }
    front->g->ctl.outstanding = entries_of(front) - front->credits;
    if (ring_publish(&front->sq))
        host_ring(front->bell);
}

/* --- when the session is lost, or closed ----------------------------------------------------- */

/* Is this the first slot of a request that a server may complete? */
static bool is_expected(const struct front_slot *slot)
{
    return slot->count - 1u < RING_CHAIN_LIMIT;
}

static void fail(struct front *front, struct front_slot *slot)
{
    slot->count |= FRONT_FAILED;
    front->failed++;
}

/* The end: what is outstanding is reaped with RING_GONE. Nothing of the session is touched again:
 * its memory may be taken from us. */
rarely static void shut(struct front *front)
{
    front->closed = true;
    front->credits = 0;
    front->sq.published = front->sq.next;
    for (u32 i = 0; i < entries_of(front); i++)
        if (is_expected(&front->slots[i]))
            fail(front, &front->slots[i]);
}

/* The requests to be sent again, in the order of submission; how many. A server died under each,
 * and some have seen enough of that. */
static u32 survivors(struct front *front, u8 tags[RING_ENTRIES])
{
    u32 count = 0;
    for (u32 tag = 0; tag < entries_of(front); tag++) {
        struct front_slot *slot = &front->slots[tag];
        if (!is_expected(slot))
            continue;
        if (front->restarts != FRONT_PATIENT && ++slot->restarts >= front->restarts) {
            fail(front, slot);
            continue;
        }
        u32 age = front->sq.next - front->order[tag], at = count++;
        for (; at > 0 && front->sq.next - front->order[tags[at - 1]] < age; at--)
            tags[at] = tags[at - 1];
        tags[at] = (u8)tag;
    }
    return count;
}

/*
 * Writes page G anew from index 0, for the epoch to come, and tells root. The server that attaches
 * then finds the requests as if they had just been pushed; S has been zeroed by then, and `event`
 * asks for its first completion.
 */
rarely static void reconnect(struct front *front)
{
    u8 tags[RING_ENTRIES];
    u32 count = survivors(front, tags);
    struct ring_ctl *ctl = &front->g->ctl;
    front->epoch++;
    front->sq.next = 0;
    front->cq.next = front->cq.known = 0;
    ctl->event = 0;
    ctl->epoch = front->epoch;
    ctl->version = RING_VERSION;
    ctl->log2_n = (u16)front->info->log2_n;
    ctl->restarts++;
    for (u32 i = 0; i < count; i++) {
        const struct front_slot *slot = &front->slots[tags[i]];
        front->order[tags[i]] = front->sq.next;
        for (u32 left = slot->count; left > 0; left--) {
            const ring_word *kept = ring_words_const(&slot->entry);
            front_write(front, kept[0], kept[1]);
            slot = &front->slots[slot->next];
        }
    }
    front->sq.published = front->sq.next;
    ring_exchange(&ctl->prod, front->sq.next);
    host_reconnect(front->number);
}

/* --- reaping --------------------------------------------------------------------------------- */

/*
 * Is there more in S? To be called when all that is known of it has been reaped.
 *
 * The epoch comes first: once G was written anew, S is root's until the epoch has moved. (Root
 * moves the epoch last: who sees the new one does not see the state LOST from before.) Then S; then
 * the state. When that is LOST, S is frozen, and what came into it in between is looked for again.
 */
static bool front_look(struct front *front)
{
    struct ring_consumer *cq = &front->cq;
    if (front->closed)
        return false;
    if (unlikely(is_reconnecting(front))) {
        if (ring_read(front->info->state) == SESSION_CLOSED)
            shut(front); /* root will not answer: the session was closed before we asked */
        return false;
    }
    bool sane = ring_look(cq, requests_of(front));
    if (sane && cq->known != cq->next)
        return true;
    u32 state = ring_read(front->info->state);
    if (sane && (state == SESSION_ATTACHED || state == SESSION_WAITING))
        return false;
    if (sane)
        sane = ring_look(cq, requests_of(front));
    if (sane && cq->known != cq->next)
        return true;
    if (!sane)
        front->g->ctl.errors++;
    if (state == SESSION_LOST)
        reconnect(front);
    else
        shut(front);
    return false;
}

/* Gives back the slots of a request. */
static void release(struct front *front, u32 tag)
{
    u32 count = front->slots[tag].count & ~FRONT_FAILED;
    front->slots[tag].count = 0;
    front->chained -= count - 1;
    for (u32 left = count; left > 0 && !front->closed; left--) {
        front->free[front->credits++] = (u8)tag;
        tag = front->slots[tag].next;
    }
}

/*
 * Are there requests that nobody will complete, and may the caller have their memory back? A dead
 * server's device may still be at it until a new server is there, which has reset the device. Root
 * wakes the client then.
 */
static bool may_give_up(const struct front *front)
{
    return unlikely(front->failed != 0) &&
           (front->closed ||
            (!is_reconnecting(front) && ring_read(front->info->state) == SESSION_ATTACHED));
}

/* Completes one of them. */
rarely static bool reap_failed(struct front *front, struct front_done *done)
{
    u32 tag = 0;
    while (!(front->slots[tag].count & FRONT_FAILED))
        tag++;
    front->failed--;
    *done = (struct front_done){front->slots[tag].cookie, front->closed ? RING_GONE : RING_IO, 0};
    release(front, tag);
    return true;
}

/* A completion as nobody expects it, or that of a chain; then those after it, as far as known: a
 * server that writes nonsense for ever does not keep us in here. */
bool front_reap_word(struct front *front, struct front_done *done, u64 word)
{
    u32 tag = RING_CQE_TAG(word), len = RING_CQE_LEN(word);
    while (tag > front->mask || !is_expected(&front->slots[tag])) {
        front->g->ctl.errors++;
        if (front->cq.known == front->cq.next)
            return false;
        word = ring_read(*ring_words_const(&front->s->cqe[front->cq.next++ & front->mask]));
        tag = RING_CQE_TAG(word);
        len = RING_CQE_LEN(word);
    }
    struct front_slot *slot = &front->slots[tag];
    if (len > slot->limit) {
        front->g->ctl.errors++;
        len = slot->limit;
    }
    *done = (struct front_done){slot->cookie, RING_CQE_STATUS(word), len};
    release(front, tag);
    return true;
}

bool front_reap_more(struct front *front, struct front_done *done)
{
    if (may_give_up(front))
        return reap_failed(front, done);
    if (front_look(front))
        return front_reap(front, done);
    return may_give_up(front) && reap_failed(front, done);
}

bool front_may_sleep(struct front *front, u32 more)
{
    if (front->cq.known != front->cq.next || may_give_up(front))
        return false;
    if (front->closed)
        return true; /* nothing will come */
    if (unlikely(
            is_reconnecting(front))) /* root will answer, and then the first completion comes */
        return ring_read(front->info->state) != SESSION_CLOSED;
    front->g->ctl.outstanding = entries_of(front) - front->credits;
    if (more > requests_of(front))
        more = requests_of(front);
    if (!ring_sleep(&front->cq, more == 0 ? 1 : more))
        return false;
    u32 state = ring_read(front->info->state);
    return state == SESSION_ATTACHED || state == SESSION_WAITING;
}

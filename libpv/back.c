/*
 * The server's end of a ring, as back.h promises it. Whatever is in page G may change while it is
 * read, so each word of an entry is read once, and what was read is checked and used.
 */
#include <back.h>
#include <host.h>

enum session_reason back_open(struct back *back, void *base, u64 bell)
{
    const struct session_info *info = (const void *)((u8 *)base + PAGE_SIZE);
    if (info->magic != SESSION_MAGIC || info->version != SESSION_VERSION ||
        info->log2_n < RING_LOG2_LEAST || info->log2_n > RING_LOG2_MOST)
        return SESSION_BAD_RING;
    const struct ring_page_g *g = base;
    struct ring_page_s *s = (void *)((u8 *)base + 2 * PAGE_SIZE);
    *back = (struct back){
        .g = g,
        .s = s,
        .data = (u8 *)base + SESSION_DATA,
        .data_size = info->data_size,
        .bell = bell,
        .mask = (1u << info->log2_n) - 1,
        .sq = {.own = &s->ctl, .peer = &g->ctl},
        .cq = {.own = &s->ctl, .peer = &g->ctl},
        .epoch = ring_read(info->epoch),
    };
    s->ctl.version = RING_VERSION;
    s->ctl.log2_n = (u16)info->log2_n;
    s->ctl.epoch = back->epoch;
    return SESSION_REASON_NONE;
}

static enum back_result refuse(struct back *back, enum session_reason reason)
{
    back->broken = reason;
    back->sq.known = back->sq.next;
    back->s->ctl.errors++;
    return BACK_BROKEN;
}

/* The client may open its end after us: so its page is looked at when it has published. */
static bool page_is_right(const struct back *back)
{
    const struct ring_ctl *ctl = &back->g->ctl;
    return ring_read(ctl->version) == RING_VERSION &&
           ring_read(ctl->log2_n) == back->s->ctl.log2_n && ring_read(ctl->epoch) == back->epoch;
}

/* Is there more in G? To be called when all that is known of it was taken. */
enum back_result back_look(struct back *back)
{
    if (back->broken != SESSION_REASON_NONE)
        return BACK_BROKEN;
    if (!ring_look(&back->sq, back->mask + 1 - back_outstanding(back)))
        return refuse(back, SESSION_BAD_INDEX);
    if (back->sq.known == back->sq.next)
        return BACK_EMPTY;
    if (!back->met && !page_is_right(back))
        return refuse(back, SESSION_BAD_RING);
    back->met = true;
    return BACK_TAKEN;
}

enum back_result back_take_chain(struct back *back, struct back_request *request)
{
    u64 head = *ring_words(&request->entry[0]);
    u32 tag = RING_SQE_TAG(head), count = 1, next = back->sq.next + 1;
    if (tag > back->mask || back->entries[tag] != 0)
        return refuse(back, SESSION_BAD_TAG);
    for (; head & RING_SQE_MORE; count++) {
        if (next == back->sq.known || count == RING_CHAIN_LIMIT)
            return refuse(back, SESSION_BAD_CHAIN);
        head = back_copy(back, next++, &request->entry[count]);
        if (RING_SQE_TAG(head) != tag)
            return refuse(back, SESSION_BAD_CHAIN);
    }
    request->tag = (u16)tag;
    request->count = (u16)count;
    back->entries[tag] = (u8)count;
    back->sq.next = next;
    return BACK_TAKEN;
}

void back_complete_chain(struct back *back, u16 tag, int result, u32 len)
{
    if (tag > back->mask || back->entries[tag] == 0) {
        back->s->ctl.errors++; /* the server's own mistake: the client must not suffer from it */
        return;
    }
    back->chained += back->entries[tag] - 1u;
    back->entries[tag] = 1;
    back_complete(back, tag, result, len);
}

void back_publish(struct back *back)
{
    if (back->cq.next == back->cq.published)
        return;
    back->s->ctl.outstanding = back_outstanding(back);
    if (ring_publish(&back->cq))
        host_ring(back->bell);
}

bool back_may_sleep(struct back *back)
{
    if (back->broken != SESSION_REASON_NONE)
        return true;
    if (back->sq.known != back->sq.next)
        return false;
    back->s->ctl.outstanding = back_outstanding(back);
    return ring_sleep(&back->sq, 1);
}

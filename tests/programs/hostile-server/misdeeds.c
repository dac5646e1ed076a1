/*
 * What the hostile server does. See evil.h.
 *
 * More completions than there are requests outstanding would be one mistake in any case; where
 * another one is meant, a right answer is kept back for each wrong one, until the client waits.
 */
#include "evil.h"

#include <host.h>

#define WILD  1000u
#define NOISE 20u /* wake-ups in a tick */

static struct ring_page_s *page(struct evil *evil)
{
    return evil->session->back.s;
}

static void publish(struct evil *evil)
{
    back_publish(&evil->session->back);
}

static void wake(struct evil *evil)
{
    host_ring(evil->session->back.bell);
}

/* --- indices ---------------------------------------------------------------------------------- */

static void wild(struct evil *evil)
{
    u32 far = WILD + (u32)random_below(&evil->random, UINT32_MAX - 2 * WILD);
    ring_exchange(&page(evil)->ctl.prod, page(evil)->ctl.prod + far);
    wake(evil);
}

/* Further and further back. */
static void back(struct evil *evil)
{
    if (evil->count > 1)
        answer(evil, 0);
    publish(evil);
}

static void back_more(struct evil *evil)
{
    if (evil->count == 0)
        return;
    ring_exchange(&page(evil)->ctl.prod, page(evil)->ctl.prod - 1);
    wake(evil);
}

/* Each request twice, at once. */
static void many(struct evil *evil)
{
    u32 count = evil->count;
    for (u32 i = 0; i < count; i++)
        write_completion(evil, evil->held[i].tag, RING_OK, 0);
    answer_all(evil);
    publish(evil);
}

/* --- tags ------------------------------------------------------------------------------------- */

/* To be done when the client has taken all that was published, so that it counts on nothing. */
static void when_it_waits(struct evil *evil, u32 least, void (*act)(struct evil *evil))
{
    if (evil->count == 0 || !client_waits(evil))
        return;
    if (evil->count >= least)
        act(evil);
    else
        answer_all(evil);
    publish(evil);
}

static void do_twice(struct evil *evil)
{
    u16 tag = evil->held[0].tag;
    answer(evil, 0);
    write_completion(evil, tag, RING_OK, 0);
    while (evil->count > 1)
        answer(evil, evil->count - 1);
}

static void twice(struct evil *evil)
{
    when_it_waits(evil, 3, do_twice);
}

static void do_unknown(struct evil *evil)
{
    const u32 tags[] = {RING_ENTRIES, UINT16_MAX, 0x8000, RING_ENTRIES + 1};
    write_completion(evil, tags[random_below(&evil->random, array_count(tags))], RING_OK,
                     (u32)random_next(&evil->random));
    while (evil->count > 1)
        answer(evil, (u32)random_below(&evil->random, evil->count));
}

static void unknown(struct evil *evil)
{
    when_it_waits(evil, 2, do_unknown);
}

/* --- what a completion says ------------------------------------------------------------------- */

/* One completion for each, of that status and length. */
static void complete_all(struct evil *evil, int result, u32 len)
{
    for (; evil->count > 0; evil->count--)
        write_completion(evil, evil->held[evil->count - 1].tag, result, len);
    publish(evil);
}

static void too_long(struct evil *evil)
{
    complete_all(evil, RING_OK, UINT32_MAX - (u32)random_below(&evil->random, 100));
}

static void too_short(struct evil *evil)
{
    complete_all(evil, RING_OK, 0);
}

static void wrong_status(struct evil *evil)
{
    const int results[] = {INT16_MIN, INT16_MAX, 1, -1, -100, -11, 0x55};
    complete_all(evil, results[random_below(&evil->random, array_count(results))], 0);
}

/* --- time ------------------------------------------------------------------------------------- */

static void noise(struct evil *evil)
{
    if (evil->count == 0)
        return;
    for (u32 i = 0; i < NOISE; i++)
        wake(evil);
    if (random_below(&evil->random, 16) != 0)
        return;
    answer(evil, (u32)random_below(&evil->random, evil->count));
    publish(evil);
}

/* --- memory ----------------------------------------------------------------------------------- */

static void right(struct evil *evil)
{
    answer_all(evil);
    publish(evil);
}

/* One right answer, now and then. */
static void answer_one(struct evil *evil)
{
    if (evil->count == 0 || random_below(&evil->random, 4) != 0)
        return;
    answer(evil, (u32)random_below(&evil->random, evil->count));
    publish(evil);
}

/* Anywhere in its page, but most of it where it hurts. */
static void scribble(struct evil *evil)
{
    answer_one(evil);
    struct ring_page_s *s = page(evil);
    struct random *random = &evil->random;
    struct ring_cqe *cqe = &s->cqe[random_below(random, RING_ENTRIES)];
    switch (random_below(random, 6)) {
    case 0:
        cqe->tag = (u16)random_below(random, 2 * RING_ENTRIES);
        break;
    case 1:
        cqe->len = (u32)random_next(random);
        break;
    case 2:
        cqe->status = (i16)random_next(random);
        break;
    case 3:
        s->ctl.event = (u32)random_next(random);
        break;
    case 4:
        s->ctl.prod += (u32)random_below(random, 3);
        break;
    default:
        ((u64 *)(void *)s)[random_below(random, PAGE_SIZE / sizeof(u64))] = random_next(random);
    }
    wake(evil);
}

static void spoil_data(struct evil *evil)
{
    answer_one(evil);
    struct back *ring = &evil->session->back;
    u64 *words = (u64 *)(void *)ring->data;
    for (u32 i = 0; i < 64; i++)
        words[random_below(&evil->random, ring->data_size / sizeof(u64))] =
            random_next(&evil->random);
}

const struct misdeed misdeeds[] = {
    {"wild", wild, NULL, false},         {"back", back, back_more, false},
    {"many", many, NULL, false},         {"twice", NULL, twice, false},
    {"unknown", NULL, unknown, false},   {"long", too_long, NULL, false},
    {"short", too_short, NULL, false},   {"status", wrong_status, NULL, false},
    {"silent", NULL, NULL, true},        {"noise", NULL, noise, false},
    {"scribble", NULL, scribble, false}, {"data", NULL, spoil_data, false},
    {"lies", right, NULL, true},
};
const u32 misdeed_count = array_count(misdeeds);

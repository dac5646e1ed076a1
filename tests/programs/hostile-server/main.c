/*
 * The hostile server's loop, and what a right answer is. See evil.h.
 */
#include "../ticker.h"
#include "evil.h"

#include <base/string.h>
#include <ring/block.h>
#include <ring/console.h>
#include <ring/net.h>

#define SECTORS 4096u
#define TICKS   2000u

static struct evil all[SESSION_LIMIT];
static struct ticker ticker;
static u64 opened; /* sessions so far: where their random numbers come from */

/* --- right answers ---------------------------------------------------------------------------- */

/* Writes to the data area what is asked for; how many bytes. */
static u32 fill(struct evil *evil, const struct held *held, const void *bytes, u32 length)
{
    void *to = back_data(&evil->session->back, held->entry.buf, 0, length);
    if (to)
        memcpy(to, bytes, length);
    return length;
}

static u32 describe_block(struct evil *evil, const struct held *held)
{
    struct block_info info = {.sectors = SECTORS,
                              .physical_sector = BLOCK_SECTOR,
                              .flags = BLOCK_IS_WRITABLE | BLOCK_CAN_TRIM,
                              .name = "promised"};
    if (evil->misdeed->lies)
        memset(&info, 0xee, sizeof(info));
    return fill(evil, held, &info, sizeof(info));
}

static u32 describe_net(struct evil *evil, const struct held *held)
{
    struct net_info info = {.mac = {2, 3, 4, 5, 6, 7}};
    if (evil->misdeed->lies)
        memset(&info, 0xee, sizeof(info));
    return fill(evil, held, &info, sizeof(info));
}

static u32 length_of_answer(struct evil *evil, const struct held *held)
{
    u8 op = held->entry.op;
    if (evil->is_block && op == BLOCK_INFO)
        return describe_block(evil, held);
    if (evil->is_block)
        return op == BLOCK_READ || op == BLOCK_WRITE ? held->bytes : 0;
    if (evil->is_net && op == NET_INFO)
        return describe_net(evil, held);
    if (evil->is_net)
        return op == NET_RXPOST ? 60 : 0;
    return op == CONSOLE_READPOST ? fill(evil, held, "promise\n", 8) : 0;
}

void write_completion(struct evil *evil, u32 tag, int result, u32 len)
{
    struct back *back = &evil->session->back;
    back->entries[tag & back->mask] = 0;
    *ring_words(&back->s->cqe[back->cq.next++ & back->mask]) = RING_CQE(tag, result, len);
}

void answer(struct evil *evil, u32 index)
{
    struct held *held = &evil->held[index];
    write_completion(evil, held->tag, RING_OK, length_of_answer(evil, held));
    *held = evil->held[--evil->count];
}

void answer_all(struct evil *evil)
{
    while (evil->count > 0)
        answer(evil, evil->count - 1);
}

bool client_waits(const struct evil *evil)
{
    const struct back *back = &evil->session->back;
    return ring_read(back->g->ctl.event) == back->cq.published;
}

/* --- sessions --------------------------------------------------------------------------------- */

enum session_reason session_opened(struct session *session)
{
    struct evil *evil = &all[session->number];
    struct slice name = session_argument(session, 0), kind = session_argument(session, 1);
    *evil = (struct evil){.session = session};
    random_init(&evil->random, opened++);
    for (u32 i = 0; i < misdeed_count; i++) {
        if (slice_equal(name, misdeeds[i].name))
            evil->misdeed = &misdeeds[i];
    }
    evil->is_block = slice_equal(kind, "block");
    evil->is_net = slice_equal(kind, "net");
    session->owner = evil;
    return evil->misdeed ? SESSION_REASON_NONE : SESSION_BAD_ARGUMENT;
}

void session_closing(struct session *session)
{
    session_release(session);
}

/* Questions about the device are answered at once, so that more is asked; unless it lies. */
static bool is_question(const struct evil *evil, const struct held *held)
{
    if (evil->misdeed->lies)
        return false;
    return (evil->is_block && held->entry.op == BLOCK_INFO) ||
           (evil->is_net && held->entry.op == NET_INFO);
}

static void take(struct evil *evil)
{
    struct back_request request;
    struct back *back = &evil->session->back;
    while (evil->count < RING_ENTRIES && back_take(back, &request) == BACK_TAKEN) {
        struct held *held = &evil->held[evil->count++];
        *held = (struct held){.tag = request.tag, .entry = request.entry[0]};
        for (u32 i = 0; i < request.count; i++)
            held->bytes += BLOCK_ARG_SECTORS(request.entry[i].arg) * BLOCK_SECTOR;
        if (is_question(evil, held)) {
            answer(evil, evil->count - 1);
            back_publish(back);
        }
    }
}

static void rang(struct evil *evil)
{
    struct back *back = &evil->session->back;
    do {
        u32 before = evil->count;
        take(evil);
        if (evil->count > before)
            evil->ticks = 0;
        if (evil->count > before && evil->misdeed->rang)
            evil->misdeed->rang(evil);
    } while (back->broken == SESSION_REASON_NONE && evil->count < RING_ENTRIES &&
             !back_may_sleep(back));
}

/* Not for ever, when nothing more is asked. */
static void ticked(struct evil *evil)
{
    if (!evil->misdeed->ticked || evil->session->back.sq.next == 0)
        return;
    if (evil->count > 0 || evil->ticks++ < TICKS)
        evil->misdeed->ticked(evil);
}

int main(void)
{
    ticker_open(&ticker, 1);
    sessions_start();
    u64 events = SESSIONS_ALL;
    for (;;) {
        for_each_session(session, events)
        {
            rang(session->owner);
        }
        if (events & ticker.bit) {
            for_each_session(session, SESSIONS_ALL)
            {
                ticked(session->owner);
            }
            ticker_rang(&ticker);
        }
        struct message m;
        status got = ipc_wait(SLOT_NONE, 0, &m, 0);
        if (got < 0)
            panic("hostile-server: waiting: %s", error_text(status_code(got)));
        session_events(m.events);
        events = m.events & EVENT_SESSIONS ? m.events | SESSIONS_ALL : m.events;
    }
}

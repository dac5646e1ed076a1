/*
 * The client's half of sessions. See session.h.
 */
#include <base/string.h>
#include <runtime/ipc.h>
#include <runtime/print.h>
#include <runtime/session.h>
#include <runtime/session_news.h>
#include <runtime/slots.h>
#include <runtime/syscall.h>
#include <service/root.h>

/* The slots of the doorbells of the sessions that root handed out; SLOT_NONE: it has not. */
static u32 bells[SESSION_LIMIT];
static bool opened[SESSION_LIMIT]; /* somebody has the front of it */
static u64 kept;                   /* event bits that came while others were waited for */

static const struct session_info *info_of(u32 number)
{
    return (const struct session_info *)(session_address(number) + PAGE_SIZE);
}

/* A number that had been used before: that session was closed by the operator. */
static void forget(u32 number)
{
    ignore_status(cap_drop(SLOT_SPACE, bells[number])); /* it is there: nobody else empties it */
    slot_free(bells[number]);
}

/* Nothing touches it any more. */
static void let_go(u32 number)
{
    forget(number);
    bells[number] = SLOT_NONE;
    opened[number] = false;
    session_tell_root(ROOT_SESSION_RELEASED, number, 0);
}

void session_close(const struct front *front)
{
    let_go(front->number); /* not from the session's page: that goes away */
}

/* Sessions that the operator has closed, and nobody has opened: their memory is of no use. (Those
 * that a server refused stay: who opens them is to know why.) */
static void tidy(void)
{
    for (u32 number = 0; number < SESSION_LIMIT; number++) {
        if (bells[number] != SLOT_NONE && !opened[number] &&
            info_of(number)->reason == SESSION_BY_OPERATOR)
            let_go(number);
    }
}

static void use(const struct session_given *given)
{
    if (bells[given->number] != SLOT_NONE)
        forget(given->number);
    bells[given->number] = given->event_slot;
    opened[given->number] = false;
}

static void take_news(void)
{
    session_on_use = use;
    session_news();
    tidy();
}

status session_open(struct front *front, const char *name, u64 *event)
{
    take_news();
    for (u32 number = 0; number < SESSION_LIMIT; number++) {
        if (bells[number] == SLOT_NONE ||
            strncmp(info_of(number)->name, name, START_NAME_SIZE) != 0)
            continue;
        u64 bell = session_bell(bells[number], EVENT_DOORBELL(number));
        if (!front_open(front, (void *)session_address(number), bell))
            return status_error(ERR_ABSENT, 0);
        opened[number] = true;
        *event = EVENT_COMPLETION(number);
        return 0;
    }
    return status_error(ERR_ABSENT, 0);
}

void session_wait(u64 events)
{
    while (!(kept & events)) {
        struct message m;
        status result = session_ipc_wait(SLOT_NONE, 0, &m);
        if (result < 0)
            panic("waiting for a session: %s", error_text(status_code(result)));
        kept |= m.events & ~(EVENT_SESSIONS | EVENT_ALIVE);
        if (m.events & EVENT_ALIVE)
            session_tell_root(ROOT_ALIVE, 0, 0);
        if (m.events & EVENT_SESSIONS)
            take_news();
    }
    kept &= ~events;
}

u64 session_take_events(void)
{
    u64 events = kept;
    kept = 0;
    return events;
}

/*
 * The server's half of sessions. See session.h.
 */
#include <base/string.h>
#include <runtime/ipc.h>
#include <runtime/session.h>
#include <runtime/session_news.h>
#include <runtime/slots.h>
#include <runtime/syscall.h>
#include <service/root.h>

static struct session table[SESSION_LIMIT];
static struct session *first;

/* Puts a session into the list, which is in the order of their numbers. */
static void list_add(struct session *session)
{
    struct session **place = &first;
    while (*place && (*place)->number < session->number)
        place = &(*place)->next;
    session->next = *place;
    *place = session;
}

/* Its own `next` stays, so that who is at it can go on. */
static void list_take(struct session *session)
{
    struct session **place = &first;
    while (*place && *place != session)
        place = &(*place)->next;
    if (*place)
        *place = session->next;
}

static void serve(const struct session_given *given)
{
    struct session *session = &table[given->number];
    u64 bell = session_bell(given->event_slot, EVENT_COMPLETION(given->number));
    *session = (struct session){
        .info = given->info,
        .number = given->number,
        .data_slot = given->data_slot,
        .event_slot = given->event_slot,
        .open = true,
    };
    list_add(session);
    enum session_reason reason =
        back_open(&session->back, (void *)session_address(given->number), bell);
    if (reason == SESSION_REASON_NONE)
        reason = session_opened(session);
    session->accepted = reason == SESSION_REASON_NONE;
    if (!session->accepted)
        session_refuse(session, reason);
}

static void release(u32 number)
{
    struct session *session = &table[number];
    session->open = false;
    if (session->accepted)
        session_closing(session);
    else
        session_release(session);
}

void session_refuse(struct session *session, enum session_reason reason)
{
    session->open = false;
    session_tell_root(ROOT_SESSION_REFUSE, session->number, reason);
}

void session_release(struct session *session)
{
    const u32 slots[] = {session->data_slot, session->event_slot};
    list_take(session);
    session->info = NULL;
    for (u32 i = 0; i < array_count(slots); i++) {
        ignore_status(cap_drop(SLOT_SPACE, slots[i])); /* root may have emptied it already */
        slot_free(slots[i]);
    }
    session_tell_root(ROOT_SESSION_RELEASED, session->number, 0);
}

void sessions_start(void)
{
    session_on_serve = serve;
    session_on_release = release;
    session_tell_root(ROOT_READY, 0, 0);
    session_news();
}

void session_events(u64 events)
{
    if (events & EVENT_ALIVE)
        session_tell_root(ROOT_ALIVE, 0, 0);
    if (events & EVENT_SESSIONS)
        session_news();
}

struct session *session_next(struct session *after, u64 events)
{
    struct session *session = after ? after->next : first;
    while (session && !(session->open && (events & EVENT_DOORBELL(session->number))))
        session = session->next;
    return session;
}

struct slice session_argument(const struct session *session, u32 index)
{
    struct slice word,
        rest = {session->info->argument, strnlen(session->info->argument, SESSION_ARGUMENT)};
    for (u32 i = 0; slice_next_word(&rest, &word); i++) {
        if (i == index)
            return word;
    }
    return (struct slice){rest.bytes, 0};
}

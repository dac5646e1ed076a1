/*
 * Sessions of a program, on either side (libpv/include/service/session.h): what root hands out and
 * takes back, and the rings over it. A server writes
 *
 *     for (;;) {
 *         wait for a message or event
 *         session_events(events);               attaches, lets go, says that it is alive
 *         for_each_session (session, events)    those whose doorbell may have rung
 *             work: back_take(&session->back), back_complete, back_publish
 *         before it waits: back_may_sleep of every session, or go round again
 *     }
 *
 * and the two functions at the end of this page. A client opens its sessions with session_open and
 * uses the front that it gets.
 */
#pragma once
#include <abi/error.h>
#include <back.h>
#include <base/parse.h>
#include <front.h>

struct message;

/*
 * From now on the other side of a session is woken when this program waits, by session_ipc_wait or
 * session_wait: one system call for the two. (If it has woken somebody else meanwhile, at once.)
 * For programs that wait soon whenever they have published something.
 */
void session_hold_bells(void);

/* ipc_wait without capabilities, for programs that hold bells. */
must_check status session_ipc_wait(u32 endpoint, u32 flags, struct message *m);

/* --- serving --------------------------------------------------------------------------------- */

struct session {
    const struct session_info *info;
    u32 number;
    u32 data_slot; /* capability to the memory of the data area, for dma_map */
    u32 event_slot;
    bool open;            /* served; else being let go */
    bool accepted;        /* session_opened took it */
    void *owner;          /* the server's own of this session */
    struct session *next; /* of those that there are, by number */
    struct back back;
};

/* To be called once, before the first wait, when devices have been reset: tells root that the
 * server is up, and takes the sessions that there are already. Those that it uses itself it opens
 * before: if it has opened none, it uses none, and they are given back. */
void sessions_start(void);

/*
 * To be called with the event bits of each wait: does what root asks for. It calls session_opened
 * and session_closing.
 */
void session_events(u64 events);

/* The sessions to look at for these event bits: `for_each_session (session, events) { ... }`. Ends
 * are left out. */
struct session *session_next(struct session *after, u64 events);
#define for_each_session(each, events)                                                             \
    for (struct session *each = session_next(NULL, events); each;                                  \
         each = session_next(each, events))

/* All open sessions, whatever rang. */
#define SESSIONS_ALL EVENT_DOORBELLS

/* The client broke a rule (back_take says BACK_BROKEN), or cannot be served: root is told, and will
 * ask to let go. Until then the session is not `open`. */
void session_refuse(struct session *session, enum session_reason reason);

/* After session_closing: nothing of the server or its device uses the session's memory any more. It
 * is gone with this call. */
void session_release(struct session *session);

/* The word number `index` of the session's argument; an empty slice if there are fewer. */
struct slice session_argument(const struct session *session, u32 index);

/* To be written by every server: a session came; its ring is open. The reason why it cannot be
 * served, or SESSION_REASON_NONE. */
must_check enum session_reason session_opened(struct session *session);

/* To be written by every server: the session ends. Stop working on it, and call session_release
 * when its memory is not in use any more: in here, or later. Only for sessions that session_opened
 * took. */
void session_closing(struct session *session);

/* --- using ----------------------------------------------------------------------------------- */

/*
 * Opens the session that the configuration calls `name`, waiting for root to hand it out if need
 * be. ERR_ABSENT: there is none. `event` gets the bits of the program's event that say "look".
 */
must_check status session_open(struct front *front, const char *name, u64 *event);

/* The client wants no more of the session: root closes it and takes its memory. What is outstanding
 * never completes, and the front is not to be used any more. */
void session_close(const struct front *front);

/* Waits for these bits of the program's event; others that come are kept for session_take_events.
 * For programs that have nothing else to wait for. */
void session_wait(u64 events);

/* The bits that came meanwhile and nobody has asked for: taken and cleared. */
u64 session_take_events(void);

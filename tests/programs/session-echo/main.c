/*
 * A server that does as little as a server of sessions can do, and misbehaves when asked (echo.h):
 * for tests of root's part, and of the ring. A session whose argument is `refuse` is refused.
 */
#include "echo.h"

#include <runtime/print.h>
#include <runtime/session.h>
#include <runtime/start.h>
#include <runtime/step.h>
#include <runtime/syscall.h>

enum session_reason session_opened(struct session *session)
{
    if (slice_equal(session_argument(session, 0), "refuse"))
        return SESSION_NO_TARGET;
    return SESSION_REASON_NONE;
}

void session_closing(struct session *session)
{
    session_release(session);
}

static void misbehave(struct session *session, const struct back_request *request)
{
    switch (request->entry[0].op) {
    case ECHO_DIE:
        panic("echo: dies, as it was asked to");
    case ECHO_HANG:
        print("echo: hangs, as it was asked to\n");
        for (;;)
            __builtin_ia32_pause();
    case ECHO_KEEP:
        return;
    case ECHO_RESTARTS:
        back_complete(&session->back, request->tag, RING_OK, (u32)start->restarts);
        return;
    default:
        back_complete(&session->back, request->tag, RING_UNSUPPORTED, 0);
        return;
    }
}

static inline void serve(struct session *session, const struct back_request *request)
{
    if (likely(request->entry[0].op == ECHO))
        back_complete(&session->back, request->tag, RING_OK, request->count);
    else
        misbehave(session, request);
}

/* Does all there is. False: the client has broken a rule. */
static bool work(struct session *session)
{
    static struct back_request request;
    enum back_result result;
    do {
        while ((result = back_take(&session->back, &request)) == BACK_TAKEN) {
            step(STEP_TAKEN);
            serve(session, &request);
            step(STEP_COMPLETED);
        }
        back_publish(&session->back);
    } while (result == BACK_EMPTY && !back_may_sleep(&session->back));
    return result == BACK_EMPTY;
}

int main(void)
{
    sessions_start();
    session_hold_bells();
    u64 events = SESSIONS_ALL;
    for (;;) {
        for_each_session(session, events)
        {
            if (!work(session))
                session_refuse(session, session->back.broken);
        }
        struct message m;
        status got = session_ipc_wait(SLOT_NONE, 0, &m);
        if (got < 0)
            panic("echo: waiting: %s", error_text(status_code(got)));
        session_events(m.events);
        events = m.events & EVENT_SESSIONS ? SESSIONS_ALL : m.events;
    }
}

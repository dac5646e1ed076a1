/*
 * The timer server: alarms for its clients, in nanoseconds of the HPET's counter. The protocol is
 * libpv/include/service/timer.h.
 *
 * One loop: it waits for a call or the HPET's interrupt, moves what is due to its clients' lists,
 * raises each client's event once, sets the HPET to the next deadline, and replies. Clients are
 * hostile: each has its own alarms and its own list, and what it asks for is checked here or in
 * client.c.
 */
#include <timer/clients.h>
#include <timer/clock.h>

#include <runtime/print.h>
#include <runtime/slots.h>
#include <runtime/start.h>
#include <runtime/syscall.h>
#include <service/root.h>

#define NEVER UINT64_MAX

static bool clock_is_there;
static u64 armed = NEVER; /* what the HPET is set to */
static u32 receive_slot;  /* empty, for the capability that comes with TIMER_OPEN */

/* Moves everything that is due to its client, and sets the HPET to what comes next. */
static void expire(void)
{
    u64 now = clock_now();
    armed = clients_expire(now);
    clients_raise();
    clock_arm(armed);
}

static status serve_open(u64 badge, bool has_capability)
{
    struct cap_info info;
    if (!has_capability || cap_info(receive_slot, &info) < 0)
        return status_error(ERR_SLOT, 0);
    if (info.type != OBJECT_EVENT)
        return status_error(ERR_TYPE, 0);
    if (!(info.rights & RIGHT_RAISE))
        return status_error(ERR_RIGHTS, 0);
    if (info.badge == 0)
        return status_error(ERR_ARGUMENT, 0); /* it would not say which bits are meant */
    u32 next = slot_allocate();
    if (next == SLOT_NONE)
        return status_error(ERR_LIMIT, 0);
    status result = clients_open(badge, receive_slot, info.badge);
    if (result < 0)
        slot_free(next);
    else
        receive_slot = next;
    return result;
}

/* The calls of a client that has opened. */
static status serve_client(struct client *client, const struct message *call, u64 reply[4])
{
    switch (call->word[0]) {
    case TIMER_NOW:
        reply[1] = clock_now();
        return 0;
    case TIMER_ARM:
        return client_arm(client, clients_queue(), call->word[1], call->word[2]);
    case TIMER_CANCEL:
        return client_cancel(client, clients_queue(), call->word[1]);
    case TIMER_EXPIRED: {
        const struct alarm *alarm = client_take_expired(client);
        if (!alarm)
            return 0;
        reply[1] = alarm->id;
        reply[2] = alarm->late;
        return 1;
    }
    default:
        return status_error(ERR_SYSCALL, 0);
    }
}

/* Answers a call: the message becomes the reply. */
static void serve(struct message *m, bool has_capability)
{
    u64 reply[4] = {0};
    status result;
    struct client *client = clients_find(m->badge);
    if (!clock_is_there)
        result = status_error(ERR_ABSENT, 0);
    else if (m->word[0] == TIMER_OPEN)
        result = serve_open(m->badge, has_capability);
    else if (!client)
        result = status_error(ERR_ABSENT, 0);
    else
        result = serve_client(client, m, reply);
    if (has_capability && (m->word[0] != TIMER_OPEN || result < 0))
        ignore_status(
            cap_drop(SLOT_SPACE, receive_slot)); /* not wanted; it may be gone by itself */
    reply[0] = (u64)result;
    for (unsigned i = 0; i < array_count(reply); i++)
        m->word[i] = reply[i];
}

static void tell_root(void)
{
    struct message m = {.word = {ROOT_READY}};
    status result = ipc_call(SLOT_ROOT, &m, 0);
    if (result < 0)
        print("timer: root does not answer: %s\n", error_text(status_code(result)));
}

int main(void)
{
    receive_slot = slot_allocate();
    clock_is_there = clock_open();
    if (clock_is_there)
        expire();
    tell_root();

    struct message m;
    bool must_reply = false;
    for (;;) {
        status got =
            ipc_next(SLOT_SERVICE, must_reply, &m, IPC_CAPABILITIES(SLOT_NONE, receive_slot));
        if (got < 0)
            panic("timer: waiting for calls: %s", error_text(status_code(got)));
        must_reply = false;
        bool is_due = (got & WAIT_EVENT) && clock_is_there && clock_interrupt(m.events);
        if (got & WAIT_MESSAGE) {
            serve(&m, got & WAIT_CAP);
            must_reply = true;
        }
        const struct alarm *first = queue_first(clients_queue());
        if (is_due || (first && first->deadline < armed))
            expire();
    }
}

/*
 * Asking root for news about sessions; and the layer below libpv (libpv/host.h) for programs of
 * ring 3: one system call, and one call to root. See session_news.h.
 */
#include <host.h>
#include <runtime/print.h>
#include <runtime/session.h>
#include <runtime/session_news.h>
#include <runtime/slots.h>
#include <runtime/step.h>
#include <runtime/syscall.h>
#include <service/root.h>

/* How long a batch may go on before the other side runs: long enough for any batch, short enough
 * that nobody minds. */
#define RING_WINDOW_NS 50000ul

void (*session_on_serve)(const struct session_given *given);
void (*session_on_release)(u32 number);
void (*session_on_use)(const struct session_given *given);

static bool holds_bells; /* until the program waits */
static u64 held_bell;    /* 0: none */

static u64 bell_bits(u64 bell)
{
    return 1ul << (bell >> 32);
}

void session_hold_bells(void)
{
    holds_bells = true;
}

static void ring_now(u64 bell)
{
    /* The events are root's, and outlive whoever waits for them. */
    ignore_status(event_raise((u32)bell, bell_bits(bell), RING_WINDOW_NS));
    step(STEP_RAISED);
}

void host_ring(u64 bell)
{
    u64 ring = bell;
    if (holds_bells) {
        ring = held_bell;
        held_bell = bell;
    }
    step(STEP_PUBLISHED);
    if (ring != 0)
        ring_now(ring);
}

status session_ipc_wait(u32 endpoint, u32 flags, struct message *m)
{
    u64 bell = held_bell;
    held_bell = 0;
    if (bell == 0)
        return ipc_wait(endpoint, flags, m, 0);
    if (flags == 0) {
        status got = ipc_raise_wait((u32)bell, bell_bits(bell), endpoint, m);
        if (got >= 0) {
            step(STEP_RAISED);
            return got;
        }
    } else {
        ring_now(bell);
    }
    return ipc_wait(endpoint, flags, m, 0); /* also when root has taken the event meanwhile */
}

void host_reconnect(u64 number)
{
    session_tell_root(ROOT_SESSION_RECONNECT, number, 0);
}

void session_tell_root(u64 call, u64 number, u64 word)
{
    struct message m = {.word = {call, number, word}};
    status result = ipc_call(SLOT_ROOT, &m, 0);
    if (result >= 0)
        result = (status)m.word[0];
    if (result < 0)
        print("session %lu: root refuses call %lu: %s\n", number, call,
              error_text(status_code(result)));
}

/* A slot that root has not filled. */
static void give_back(u32 slot)
{
    ignore_status(cap_drop(SLOT_SPACE, slot)); /* most likely it is empty */
    slot_free(slot);
}

static void refuse(u32 number)
{
    session_tell_root(ROOT_SESSION_REFUSE, number, SESSION_BAD_ARGUMENT);
    session_tell_root(ROOT_SESSION_RELEASED, number, 0);
}

/* Hands one piece of news on. True: the slots are in use now. */
static bool handle(u64 news, const struct session_given *given)
{
    if (news == SESSION_RELEASE && session_on_release) {
        session_on_release(given->number);
    } else if (news == SESSION_USE && session_on_use) {
        session_on_use(given);
        return true;
    } else if (news == SESSION_SERVE && session_on_serve) {
        session_on_serve(given);
        return true;
    } else if (news == SESSION_SERVE) {
        refuse(given->number);
    } else if (news == SESSION_USE) { /* this program uses none */
        session_tell_root(ROOT_SESSION_RELEASED, given->number, 0);
    }
    return false;
}

/* One question. False: there is no more news. */
static bool next(void)
{
    u32 first = slot_allocate(), second = slot_allocate();
    struct message m = {.word = {ROOT_SESSION_NEXT, first, second}};
    status result = ipc_call(SLOT_ROOT, &m, 0);
    if (result >= 0)
        result = (status)m.word[0];
    bool used = false;
    if (result >= 0) {
        u32 number = (u32)m.word[1];
        bool serves = m.word[2] == SESSION_SERVE;
        struct session_given given = {
            .info = (const struct session_info *)(session_address(number) + PAGE_SIZE),
            .number = number,
            .data_slot = serves ? first : SLOT_NONE,
            .event_slot = second,
        };
        used = handle(m.word[2], &given);
        if (used && !serves)
            slot_free(first);
    } else if (status_code(result) != ERR_EMPTY) {
        print("sessions: %s\n", error_text(status_code(result)));
    }
    if (!used) {
        give_back(first);
        give_back(second);
    }
    return result >= 0;
}

void session_news(void)
{
    while (next()) {
    }
}

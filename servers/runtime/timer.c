/*
 * Calling the timer server. See timer.h.
 */
#include <runtime/slots.h>
#include <runtime/start.h>
#include <runtime/syscall.h>
#include <runtime/timer.h>

/* Calls with the words of `m`; the server's status, or why it could not be called. */
static status timer_call(struct message *m, u64 capabilities)
{
    const struct grant *grant = grant_find(GRANT_SERVICE, "timer");
    if (!grant)
        return status_error(ERR_ABSENT, 0);
    status result = ipc_call(grant->slot, m, capabilities);
    return result < 0 ? result : (status)m->word[0];
}

status timer_open(u64 bits)
{
    u32 slot = slot_allocate();
    if (slot == SLOT_NONE)
        return status_error(ERR_LIMIT, 0);
    status result = cap_copy(SLOT_SPACE, slot, SLOT_EVENT, RIGHT_RAISE, bits);
    if (result >= 0) {
        struct message m = {.word = {TIMER_OPEN}};
        result = timer_call(&m, IPC_CAPABILITIES(slot, SLOT_NONE));
        ignore_status(cap_drop(SLOT_SPACE, slot)); /* the server has its own copy now, or none */
    }
    slot_free(slot);
    return result;
}

status timer_now(u64 *ns)
{
    struct message m = {.word = {TIMER_NOW}};
    status result = timer_call(&m, 0);
    *ns = m.word[1];
    return result;
}

status timer_arm(u64 id, u64 ns)
{
    struct message m = {.word = {TIMER_ARM, id, ns}};
    return timer_call(&m, 0);
}

status timer_cancel(u64 id)
{
    struct message m = {.word = {TIMER_CANCEL, id}};
    return timer_call(&m, 0);
}

status timer_expired(u64 *id, u64 *late)
{
    struct message m = {.word = {TIMER_EXPIRED}};
    status result = timer_call(&m, 0);
    *id = m.word[1];
    *late = m.word[2];
    return result;
}

/*
 * Messages: the stubs of the four IPC system calls, and of raising and polling events.
 *
 * Each is the SYSCALL instruction and the moves that bring its words into the registers where the
 * kernel wants them; with a `struct message` that lives in the caller's frame the compiler keeps
 * the words in registers throughout. What the calls mean is in libpv/include/ABI.md.
 */
#pragma once
#include <abi/error.h>
#include <abi/object.h>
#include <abi/syscall.h>
#include <base/types.h>

struct message {
    u64 badge;   /* received: the badge of the capability that the caller used */
    u64 word[4]; /* sent and received */
    u64 events;  /* received with WAIT_EVENT: the bits that were pending */
};

/* The instruction: words go in and come out in rsi, r8, r9 and r10; rdi is the endpoint and then
 * the badge, rdx the capabilities and then the event bits. */
static inline status ipc_enter(enum syscall number, u64 endpoint, struct message *m,
                               u64 capabilities)
{
    status result = (status)number;
    register u64 r8 __asm__("r8") = m->word[1];
    register u64 r9 __asm__("r9") = m->word[2];
    register u64 r10 __asm__("r10") = m->word[3];
    __asm__ volatile("syscall"
                     : "+a"(result), "+D"(endpoint), "+S"(m->word[0]), "+d"(capabilities), "+r"(r8),
                       "+r"(r9), "+r"(r10)
                     :
                     : "rcx", "r11", "memory");
    m->badge = endpoint;
    m->word[1] = r8;
    m->word[2] = r9;
    m->word[3] = r10;
    m->events = capabilities;
    return result;
}

/*
 * Calls `endpoint` with the words of `m` and waits for the reply, whose words replace them.
 * `capabilities` is IPC_CAPABILITIES(slot to send, empty slot for one in the reply), or 0. WAIT_CAP
 * is in the result when the reply brought a capability.
 */
static inline must_check status ipc_call(u32 endpoint, struct message *m, u64 capabilities)
{
    return ipc_enter(capabilities ? SYS_CALL_CAPS : SYS_CALL, endpoint, m, capabilities);
}

/*
 * Waits for a caller at `endpoint` (SLOT_NONE: for nobody) or for the event bound to the thread.
 * The result tells what came: WAIT_MESSAGE, WAIT_EVENT, WAIT_CAP added up. With WAIT_POLL in
 * `flags` it does not block: ERR_EMPTY.
 */
static inline must_check status ipc_wait(u32 endpoint, u32 flags, struct message *m,
                                         u64 capabilities)
{
    m->word[0] = flags;
    m->word[1] = m->word[2] = m->word[3] = 0;
    return ipc_enter(SYS_WAIT, endpoint, m, capabilities);
}

/* Replies to the present caller with the words of `m`, and waits for the next as ipc_wait does. */
static inline must_check status ipc_reply_wait(u32 endpoint, struct message *m, u64 capabilities)
{
    return ipc_enter(capabilities ? SYS_REPLY_WAIT_CAPS : SYS_REPLY_WAIT, endpoint, m,
                     capabilities);
}

/* Replies to the present caller and goes on. */
static inline must_check status ipc_reply(const struct message *m, u64 capabilities)
{
    struct message words = *m;
    return ipc_enter(SYS_REPLY, SLOT_NONE, &words, capabilities);
}

/* One turn of a server's loop: answers the caller whose call is in `m` if `must_reply`, and
 * waits for the next one or for an event. */
static inline must_check status ipc_next(u32 endpoint, bool must_reply, struct message *m,
                                         u64 capabilities)
{
    return must_reply ? ipc_reply_wait(endpoint, m, capabilities)
                      : ipc_wait(endpoint, 0, m, capabilities);
}

/*
 * Adds `bits` to the event. `window` nanoseconds long, whoever waits for it does not take the CPU
 * from the caller unless the caller waits; 0: at once.
 */
static inline must_check status event_raise(u32 event, u64 bits, u64 window)
{
    status result = SYS_EVENT_RAISE;
    u64 rdi = event;
    __asm__ volatile("syscall"
                     : "+a"(result), "+D"(rdi), "+S"(bits), "+d"(window)
                     :
                     : "r8", "r9", "r10", "rcx", "r11", "memory");
    return result;
}

/*
 * Raises bits lazily, and waits as ipc_wait does, as one call: `endpoint` may be SLOT_NONE. An
 * error of the raise says so, and nothing was waited for.
 */
static inline must_check status ipc_raise_wait(u32 event, u64 bits, u32 endpoint, struct message *m)
{
    m->word[0] = bits;
    m->word[1] = m->word[2] = m->word[3] = 0;
    return ipc_enter(SYS_RAISE_WAIT, event, m, endpoint);
}

/* Takes and clears the event's bits without waiting; ERR_EMPTY, with 0 bits, if none is set. */
static inline must_check status event_poll(u32 event, u64 *bits)
{
    status result = SYS_EVENT_POLL;
    u64 rdi = event, rdx = 0;
    __asm__ volatile("syscall"
                     : "+a"(result), "+D"(rdi), "+d"(rdx)
                     :
                     : "rsi", "r8", "r9", "r10", "rcx", "r11", "memory");
    *bits = result < 0 ? 0 : rdx;
    return result;
}

/*
 * Sessions: what joins a client with a server. A session is two ring pages, a data area, and two
 * events. It belongs to root, and outlives the server: when that dies, root starts a new one and
 * hands it the session as it stands.
 *
 * Root maps the session's memory into both spaces, at addresses that follow from its number:
 *
 *     session_address(number)   page G       client: read, write     server: read
 *               + 1 page        page INFO    both: read (struct session_info, written by root)
 *               + 2 pages       page S       client: read            server: read, write
 *               + SESSION_DATA  data area    both: read, write
 *
 * and gives each of them, in a slot of its choice, the capability to raise the other's event, and
 * the server one to the memory of the data area, for DMA. The calls for this are in service/root.h.
 *
 * A session's state:
 *
 *     WAITING    no server has it. The client may push; S is zero
 *     ATTACHED   the server works on it. When it was LOST before, the client is woken
 *     LOST       the server died. S is frozen: the client drains it, writes G anew from index 0
 *                with what is outstanding, in the order of submission, and calls
 *                ROOT_SESSION_RECONNECT; root zeroes S and counts `epoch` up: WAITING
 *     CLOSED     for good; `reason` says why
 */
#pragma once
#include <abi/start.h>
#include <ring/ring.h>

#define SESSION_MAGIC   0x6e6f697373655354ul /* "TSession" */
#define SESSION_VERSION 1

#define SESSION_LIMIT    96u /* in the system */
#define SESSION_ADDRESS  0x0000400000000000ul
#define SESSION_SPAN     0x0000000400000000ul /* from one session to the next */
#define SESSION_DATA     LARGE_SIZE           /* where the data area begins */
#define SESSION_ARGUMENT 96u

static inline u64 session_address(u32 number)
{
    return SESSION_ADDRESS + number * SESSION_SPAN;
}

/* Event bits, of the events bound to the first threads of client and server. */
#define EVENT_DOORBELL(number)   (1ul << (32 + (number) % 16)) /* to the server */
#define EVENT_COMPLETION(number) (1ul << (48 + (number) % 8))  /* to the client */
#define EVENT_DOORBELLS          (0xfffful << 32)
#define EVENT_COMPLETIONS        (0xfful << 48)
#define EVENT_SESSIONS           (1ul << 60) /* from root: call ROOT_SESSION_NEXT */
#define EVENT_ALIVE              (1ul << 59) /* from root: call ROOT_ALIVE */

enum session_state {
    SESSION_FREE,
    SESSION_WAITING,
    SESSION_ATTACHED,
    SESSION_LOST,
    SESSION_CLOSED
};

/* Why a session was closed. */
#define SESSION_REASON_LIST(X)                                                                     \
    X(SESSION_BY_OPERATOR, "the operator closed it")                                               \
    X(SESSION_CLIENT_ENDED, "its client ended")                                                    \
    X(SESSION_SERVER_ENDED, "its server ended, and is not restarted")                              \
    X(SESSION_BAD_INDEX, "the client published more entries than the ring has")                    \
    X(SESSION_BAD_TAG, "the client used a tag that is too large, or in use")                       \
    X(SESSION_BAD_CHAIN, "the client pushed a chain that is too long, torn, or of several tags")   \
    X(SESSION_BAD_RING, "the client's page is of another version, size or epoch")                  \
    X(SESSION_BAD_ARGUMENT, "its argument in the configuration makes no sense to the server")      \
    X(SESSION_NO_TARGET, "the server has nothing of the name in its argument")                     \
    X(SESSION_IN_USE, "what it asks for is in use by another session")                             \
    X(SESSION_NO_MEMORY, "one of its two sides has no memory left for it")                         \
    X(SESSION_TOO_MANY, "the server has no room for another session")

enum session_reason {
    SESSION_REASON_NONE,
#define X(name, text) name,
    SESSION_REASON_LIST(X)
#undef X
        SESSION_REASONS
};

static inline const char *session_reason_text(enum session_reason reason)
{
    switch (reason) {
#define X(name, text)                                                                              \
    case name:                                                                                     \
        return text;
        SESSION_REASON_LIST(X)
#undef X
    default:
        return "no reason";
    }
}

struct session_info {
    u64 magic;
    u32 version, size;
    u32 number;
    u32 log2_n;
    u64 data_size;              /* bytes */
    u32 state;                  /* enum session_state */
    u32 epoch;                  /* how often S was zeroed */
    u32 reason;                 /* enum session_reason */
    u32 restarts;               /* of the server, while the session lasted */
    u32 place;                  /* among the sessions of the boot configuration, from 0 on */
    u32 padding;
    char name[START_NAME_SIZE]; /* what the client calls it */
    char client[START_NAME_SIZE], server[START_NAME_SIZE];
    char argument[SESSION_ARGUMENT]; /* for the server; NUL-terminated */
};
static_assert(sizeof(struct session_info) == 200, "format");

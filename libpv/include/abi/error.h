/*
 * The errors of Terrarium: one list, with one text each, for every system call and service.
 *
 * A status is a signed 64-bit word. Zero and above is success, and may carry a count or a value.
 * Below zero is an error: -(code | argument << 8), where `argument` is the number (1 to 6) of the
 * argument that was wrong, or 0 when no single argument is to blame. A call that returns an error
 * has changed nothing.
 */
#pragma once
#include <base/types.h>

#define ERROR_LIST(X)                                                                              \
    X(ERR_SYSCALL, 1, "no such system call")                                                       \
    X(ERR_SLOT, 2, "no capability in this slot")                                                   \
    X(ERR_TYPE, 3, "capability to another kind of object")                                         \
    X(ERR_RIGHTS, 4, "capability lacks the right for this")                                        \
    X(ERR_ARGUMENT, 5, "argument out of range")                                                    \
    X(ERR_ADDRESS, 6, "address not usable")                                                        \
    X(ERR_MEMORY, 7, "the pool that pays has no memory left")                                      \
    X(ERR_OCCUPIED, 8, "slot or range already in use")                                             \
    X(ERR_ABSENT, 9, "nothing there")                                                              \
    X(ERR_BUSY, 10, "in use by somebody else")                                                     \
    X(ERR_AGAIN, 11, "more work left: call again")                                                 \
    X(ERR_DEAD, 12, "the partner is gone")                                                         \
    X(ERR_LIMIT, 13, "a fixed limit of the kernel is reached")                                     \
    X(ERR_EMPTY, 14, "nothing pending")

enum error {
    ERR_NONE = 0,
#define X(name, number, text) name = number,
    ERROR_LIST(X)
#undef X
        ERR_COUNT
};

typedef i64 status;

/* A status for `code`, blaming argument number `argument` (0: none). */
static inline status status_error(enum error code, unsigned argument)
{
    return -(status)((unsigned)code | argument << 8);
}

/* The error code in a status; ERR_NONE for success. */
static inline enum error status_code(status s)
{
    return s < 0 ? (enum error)(-s & 0xff) : ERR_NONE;
}

/* The number of the argument that a status blames; 0 when it blames none. */
static inline unsigned status_argument(status s)
{
    return s < 0 ? (unsigned)(-s >> 8) & 0xff : 0;
}

/* The text for a code. */
static inline const char *error_text(enum error code)
{
    switch (code) {
    case ERR_NONE:
        return "no error";
#define X(name, number, text)                                                                      \
    case name:                                                                                     \
        return text;
        ERROR_LIST(X)
#undef X
    default:
        return "unknown error";
    }
}

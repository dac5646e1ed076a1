/*
 * The ring: how a client asks a server for disk, network, time and console. One format for all of
 * them; libpv/include/RING.md is the page of text that goes with this, and the headers beside this
 * one say what `op`, `arg` and `len` mean for each device.
 *
 * Two pages, each with one writer, which the page tables enforce:
 *
 *     page G   the client writes, the server reads     struct ring_ctl, then ring_sqe[N]
 *     page S   the server writes, the client reads     struct ring_ctl, then ring_cqe[N]
 *
 * Indices run freely; entry i is in place i % N. N comes from the session (service/session.h),
 * never from a page.
 */
#pragma once
#include <base/types.h>

#define RING_VERSION     1
#define RING_LOG2_LEAST  1u
#define RING_LOG2_MOST   7u /* 128 entries are what fits into a page */
#define RING_LOG2        7u /* without a word about it */
#define RING_ENTRIES     128u
#define RING_UNIT        64u /* `buf` counts in these, from the beginning of the data area */
#define RING_CHAIN_LIMIT 32u /* entries of one request */

/* The head of a page, written by the page's owner alone. */
struct ring_ctl {
    u32 prod;  /* entries published so far */
    u32 event; /* "wake me when you publish the entry with this index" */
    u32 epoch; /* of the session, when the owner began to write this page */
    u16 version, log2_n;
    /* For the operator: what the owner counted. Nobody acts on them. */
    u32 raised;      /* times it woke the other side */
    u32 suppressed;  /* batches after which it did not have to */
    u32 errors;      /* things of the other side that were wrong, and were ignored or refused */
    u32 outstanding; /* entries pushed and not completed, as the owner sees it */
    u32 restarts;    /* client: how often it had to send its requests again */
    u32 unused[7];
};

/* One entry of a request. Several with RING_MORE set on all but the last make one request. */
struct ring_sqe {
    u8 op;
    u8 flags; /* enum ring_flag */
    u16 tag;  /* below N, and not in use by another request */
    u32 buf;  /* where in the data area, in units of RING_UNIT */
    u64 arg;
};

/* The completion of a request: exactly one, however many entries the request has. */
struct ring_cqe {
    u16 tag;
    i16 status; /* enum ring_status; above 0: flags of the device */
    u32 len;
};

enum ring_flag {
    RING_MORE = 1, /* the next entry belongs to the same request */
    RING_FUA = 2   /* block: a write that is on the medium when it completes */
};

/* Statuses of completions. */
#define RING_STATUS_LIST(X)                                                                        \
    X(RING_IO, -1, "the device failed")                                                            \
    X(RING_INVALID, -2, "the request makes no sense")                                              \
    X(RING_RANGE, -3, "it reaches beyond the end of the volume or of the data area")               \
    X(RING_READ_ONLY, -4, "the volume may only be read")                                           \
    X(RING_UNSUPPORTED, -5, "the device cannot do this")                                           \
    X(RING_CANCELLED, -6, "it was cancelled")                                                      \
    X(RING_GONE, -7, "the device is gone, or the session is closed")                               \
    X(RING_ABSENT, -8, "there is nothing of this name")                                            \
    X(RING_REFUSED, -9, "the server does not allow this")                                          \
    X(RING_TOO_LONG, -10, "it does not fit")

enum ring_status {
    RING_OK = 0,
#define X(name, number, text) name = number,
    RING_STATUS_LIST(X)
#undef X
};

static inline const char *ring_status_text(int code)
{
    switch (code) {
#define X(name, number, text)                                                                      \
    case name:                                                                                     \
        return text;
        RING_STATUS_LIST(X)
#undef X
    default:
        return code >= 0 ? "done" : "unknown status";
    }
}

struct ring_page_g {
    struct ring_ctl ctl;
    struct ring_sqe sqe[RING_ENTRIES];
};

struct ring_page_s {
    struct ring_ctl ctl;
    struct ring_cqe cqe[RING_ENTRIES];
};

static_assert(sizeof(struct ring_ctl) == 64, "format");
static_assert(sizeof(struct ring_sqe) == 16, "format");
static_assert(sizeof(struct ring_cqe) == 8, "format");
static_assert(sizeof(struct ring_page_g) <= 4096, "one page");
static_assert(sizeof(struct ring_page_s) <= 4096, "one page");

/*
 * The client's end of a block session: a volume that is read, written, flushed and trimmed without
 * waiting, any number of requests at a time. It stands on front.h, which sees to it that each
 * request completes exactly once, also when the server dies.
 *
 *     front_block_open, then front_block_finish     or reap until front_block_is_ready
 *     front_block_read, _write, _flush, _trim       as many as it takes
 *     front_block_publish                           once for the batch
 *     front_block_reap                              until there is no more
 *     front_block_may_sleep                         then wait for the session's event
 *
 * Everything is checked against the volume and the data area before the server sees it. Of two
 * writes that touch the same sector, the later one is held back until the earlier has completed
 * (rule 7 of RING.md: a server that is restarted does all that is outstanding once more, in any
 * order, so that two of them would leave it to chance which one wins). A trim counts as a write.
 * Reads are not held back: one that is out together with a write of the same sectors may bring
 * either contents.
 *
 * The server is not trusted with anything but the data: a completion that claims success and has
 * moved too little is an error, and what the server says of the volume is copied once and checked.
 */
#pragma once
#include <front.h>
#include <ring/block.h>

#define FRONT_BLOCK_HELD    8u /* writes that can be held back at a time */
#define FRONT_BLOCK_BUCKETS 256u

/* Where a request is taken at once, and where not. */
#define FRONT_BLOCK_LIST(X)                                                                        \
    X(FRONT_BLOCK_FULL, "no room for another request: take completions first")                     \
    X(FRONT_BLOCK_CLOSED, "the session is closed")                                                 \
    X(FRONT_BLOCK_NOT_READY, "the volume is not known yet")                                        \
    X(FRONT_BLOCK_PIECES, "no pieces, an empty one, or more than a request can have")              \
    X(FRONT_BLOCK_SECTORS, "it reaches beyond the end of the volume")                              \
    X(FRONT_BLOCK_MEMORY, "a piece reaches beyond the end of the data area")                       \
    X(FRONT_BLOCK_READ_ONLY, "the volume may only be read")                                        \
    X(FRONT_BLOCK_NO_TRIM, "the volume cannot be trimmed")

enum front_block_answer {
    FRONT_BLOCK_TAKEN,
#define X(name, text) name,
    FRONT_BLOCK_LIST(X)
#undef X
};

static inline const char *front_block_text(enum front_block_answer answer)
{
    switch (answer) {
#define X(name, text)                                                                              \
    case name:                                                                                     \
        return text;
        FRONT_BLOCK_LIST(X)
#undef X
    default:
        return "taken";
    }
}

/* A stretch of the data area, for that many sectors. */
struct block_piece {
    u32 buf;     /* in units of RING_UNIT */
    u32 sectors; /* 1 to BLOCK_SECTORS_MOST */
};

/* A request on its way. */
struct front_block_request {
    u64 cookie;
    u64 sector;
    u32 sectors;
    u32 bytes; /* what a completion must say that it moved */
    u8 op;
    u8 next; /* of those that are not in use */
};

/* A write that waits until an earlier one of the same sectors is through. */
struct front_block_held {
    u8 request; /* its number */
    u8 count;
    struct ring_sqe entries[RING_CHAIN_LIMIT];
};

struct front_block {
    struct front *front;
    struct block_info info; /* of the volume, when it is ready */
    u32 info_buf;
    bool ready;
    int failure;     /* enum ring_status: why it will never be ready */
    u32 outstanding; /* requests that were taken and not reaped */
    u8 free;
    u32 held_count;
    bool starved; /* a held one could go, but there was no room: nobody overtakes it */
    /* How many writes on their way touch each stretch of 8 sectors, modulo the number of buckets;
     * and how many are too large to be counted so. What finds nothing here overlaps with none. */
    u32 wide;
    u8 touched[FRONT_BLOCK_BUCKETS];
    u64 writes[(RING_ENTRIES + 63) / 64];  /* bit i: request i is a write, sent or held */
    u64 waiting[(RING_ENTRIES + 63) / 64]; /* bit i: it is held */
    struct front_block_request requests[RING_ENTRIES];
    struct front_block_held held[FRONT_BLOCK_HELD]; /* the oldest first */
};

/*
 * Begins on a front that was just opened, and asks for the volume's size. The answer goes to the
 * 64 bytes at `buf` of the data area, which are free again when the volume is ready. False: they
 * are not inside it, or nothing can be pushed.
 */
must_check bool front_block_open(struct front_block *block, struct front *front, u32 buf);

/* Is the volume known? If it never will be, `failure` says why. */
static inline bool front_block_is_ready(const struct front_block *block)
{
    return block->ready;
}

/* Reads or writes consecutive sectors, from `sector` on, to or from `count` pieces of memory, which
 * belong to the server until the request is reaped. */
must_check enum front_block_answer front_block_read(struct front_block *block, u64 sector,
                                                    const struct block_piece *pieces, u32 count,
                                                    u64 cookie);
/* `flags` is 0, or RING_FUA: on the medium when it completes. */
must_check enum front_block_answer front_block_write(struct front_block *block, u64 sector,
                                                     const struct block_piece *pieces, u32 count,
                                                     u8 flags, u64 cookie);

/* All that was reaped before is on the medium when this completes. */
must_check enum front_block_answer front_block_flush(struct front_block *block, u64 cookie);

/* The contents of at most BLOCK_SECTORS_MOST sectors do not matter any more. */
must_check enum front_block_answer front_block_trim(struct front_block *block, u64 sector,
                                                    u32 sectors, u64 cookie);

/* Lets the server see what was taken. */
static inline void front_block_publish(struct front_block *block)
{
    front_publish(block->front);
}

/* The next completion, in no particular order. False: there is none at the moment. */
must_check bool front_block_reap(struct front_block *block, struct front_done *done);

/* True: nothing to reap, and the session's event comes with `more` completions (see front.h). */
must_check bool front_block_may_sleep(struct front_block *block, u32 more);

/*
 * For small programs: publishes, and waits until nothing is outstanding. `wait` is called, with
 * `argument`, when there is nothing to do until the session's event. The result is the first status
 * below 0 among the completions, or RING_OK.
 */
must_check int front_block_finish(struct front_block *block, void (*wait)(u64 argument),
                                  u64 argument);

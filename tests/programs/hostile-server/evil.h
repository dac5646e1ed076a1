/*
 * The hostile server: it serves sessions like any other, but does to each what the first word of
 * its argument says; the second word says what it should be serving, and so what an answer looks
 * like. Its client is tests/programs/victim.
 *
 * What it does, it does when its doorbell rings, and when its timer ticks (ticker.h), which is at
 * random moments, in the middle of whatever its client is doing: it is the more urgent of the two.
 */
#pragma once
#include <base/random.h>
#include <runtime/session.h>

/* A request that was taken. */
struct held {
    u16 tag;
    struct ring_sqe entry;
    u32 bytes; /* of all its entries, if they are of a block */
};

struct evil {
    const struct misdeed *misdeed;
    struct session *session;
    struct random random;
    bool is_block, is_net;
    u32 ticks; /* since something was asked */
    u32 count;
    struct held held[RING_ENTRIES];
};

struct misdeed {
    const char *name;
    void (*rang)(struct evil *evil); /* something was asked; NULL: nothing is done */
    void (*ticked)(struct evil *evil);
    bool lies; /* also about what the device is like */
};

extern const struct misdeed misdeeds[];
extern const u32 misdeed_count;

/* Completes number `index` of what is held as it should be; publishing is something else. */
void answer(struct evil *evil, u32 index);

/* All that is held. */
void answer_all(struct evil *evil);

/* Writes a completion, whatever it says. */
void write_completion(struct evil *evil, u32 tag, int result, u32 len);

/* Has the client taken all completions, and waits for more? */
bool client_waits(const struct evil *evil);

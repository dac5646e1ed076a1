/*
 * What root has to say about sessions, fetched and handed to the two halves: session_serve.c and
 * session_use.c. A program is linked with the half that it uses.
 */
#pragma once
#include <service/session.h>

/* A session that root handed out, with the two slots that it filled. */
struct session_given {
    const struct session_info *info;
    u32 number;
    u32 data_slot; /* of those served; else SLOT_NONE */
    u32 event_slot;
};

/* What to do with those to be served, and those to be released; those to be used. NULL: nobody here
 * does that. */
extern void (*session_on_serve)(const struct session_given *given);
extern void (*session_on_release)(u32 number);
extern void (*session_on_use)(const struct session_given *given);

/* Fetches all news there are. */
void session_news(void);

/* Calls root with one or two words; failures are logged. */
void session_tell_root(u64 call, u64 number, u64 word);

/* What host_ring is given: a slot, and the number of the bit to raise there. */
static inline u64 session_bell(u32 slot, u64 bits)
{
    return slot | (u64)__builtin_ctzll(bits) << 32;
}

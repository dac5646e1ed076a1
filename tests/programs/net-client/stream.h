/*
 * A stream over frames that may be lost, doubled or late: the sender keeps up to STREAM_WINDOW
 * frames on their way, the receiver accepts them in order alone, and tells in each answer how far
 * it is and a digest of all that it has accepted. So both see whether the stream is right.
 */
#pragma once
#include "client.h"

#define STREAM_WINDOW 48u
#define STREAM_MAGIC  0x6d727453u /* "Strm" */

/* After the Ethernet header, at no particular alignment; then comes the payload. */
struct stream_header {
    u32 magic;
    u16 is_answer, sum; /* the Internet checksum of the payload */
    u64 stream;         /* which: every sender's is another */
    u64 sequence;
    u64 next, digest; /* in answers: what the receiver expects next, and of all before that */
} __attribute__((packed));

#define STREAM_HEAD (HEADER_BYTES + (u32)sizeof(struct stream_header))

/* The digest of a stream that goes on with a frame of this checksum. */
static inline u64 digest_add(u64 digest, u64 sequence, u16 sum)
{
    u64 mixed = (digest ^ sum) + sequence * 0x9e3779b97f4a7c15ul;
    return (mixed ^ mixed >> 29) * 0xbf58476d1ce4e5b9ul;
}

static inline u16 payload_sum(const u8 *frame, u32 length)
{
    return internet_checksum(internet_sum(0, frame + STREAM_HEAD, length - STREAM_HEAD));
}

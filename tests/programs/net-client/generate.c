/*
 * The sender of a checked stream. See stream.h. Every frame's length and bytes follow from its
 * number, so what comes back can be compared with what was sent, to the byte.
 */
#include "stream.h"

#include <base/random.h>
#include <runtime/clock.h>
#include <runtime/start.h>
#include <runtime/syscall.h>

#define RESEND_AFTER (20 * NS_PER_MS)
#define REPORT_EVERY 20000u
#define WIRE_LEAST   60u /* bytes of a frame, without its checksum */

static struct {
    struct end end;
    u8 to[NET_MAC];
    u64 stream, count;
    u64 base, next; /* the first frame that is not acknowledged; the next one to be sent */
    u64 furthest;   /* frames sent at least once */
    u64 resent, answers, doubled;
    u64 progress;                     /* when `base` moved last */
    u64 digests[2 * STREAM_WINDOW];   /* of the stream before frame i, at i % array_count */
    bool answered[2 * STREAM_WINDOW]; /* has frame i come back? */
} the;

#define PLACE(sequence) ((sequence) % array_count(the.digests))

static u32 length_of(u64 sequence)
{
    struct random random;
    random_init(&random, the.stream ^ sequence);
    return STREAM_HEAD + (u32)random_below(&random, NET_FRAME_MOST - STREAM_HEAD + 1);
}

static void fill_payload(u8 *frame, u32 length, u64 sequence)
{
    u64 state = the.stream + sequence * 0x100000001b3ul;
    for (u32 at = STREAM_HEAD; at < length; at += sizeof(u64)) {
        u64 word = splitmix64(&state);
        memcpy(frame + at, &word, min(sizeof(word), length - at));
    }
}

/* Sends the frame of this number. False: there is no room at the moment. */
static bool send(u64 sequence)
{
    u8 *frame = front_net_frame(&the.end.net);
    if (!frame)
        return false;
    u32 length = length_of(sequence);
    fill_payload(frame, length, sequence);
    const struct stream_header header = {
        .magic = STREAM_MAGIC,
        .sum = payload_sum(frame, length),
        .stream = the.stream,
        .sequence = sequence,
    };
    header_write(frame, the.to, the.end.mac, ETHERTYPE_TEST);
    memcpy(frame + HEADER_BYTES, &header, sizeof(header));
    if (sequence >= the.furthest) {
        the.digests[PLACE(sequence + 1)] =
            digest_add(the.digests[PLACE(sequence)], sequence, header.sum);
        the.answered[PLACE(sequence)] = false;
        the.furthest = sequence + 1;
    } else {
        the.resent++;
    }
    return front_net_send(&the.end.net, frame, length, 0, 0);
}

static void send_window(void)
{
    while (the.next < the.count && the.next < the.base + STREAM_WINDOW && send(the.next))
        the.next++;
}

/* What has come back must be what was sent; a wire has made it as long as frames have to be. */
static void compare(const struct net_frame *frame, u64 sequence)
{
    static u8 expected[NET_FRAME_MOST + sizeof(u64)];
    u32 length = length_of(sequence);
    if (frame->length != length && frame->length != max(length, WIRE_LEAST))
        fail("frame %lu has come back with %u bytes instead of %u", sequence, frame->length,
             length);
    fill_payload(expected, length, sequence);
    if (memcmp(expected + STREAM_HEAD, frame->data + STREAM_HEAD, length - STREAM_HEAD) != 0)
        fail("frame %lu has come back with other bytes", sequence);
}

static void take_answer(const struct net_frame *frame)
{
    struct stream_header header;
    if (frame->length < STREAM_HEAD)
        return;
    memcpy(&header, frame->data + HEADER_BYTES, sizeof(header));
    if (header.magic != STREAM_MAGIC || !header.is_answer || header.stream != the.stream)
        return; /* somebody else's broadcast */
    if (header.sequence >= the.furthest || header.next > the.furthest)
        fail("an answer is about frame %lu, and %lu were sent", header.sequence, the.furthest);
    the.answers++;
    if (header.sequence + STREAM_WINDOW >= the.furthest) {
        compare(frame, header.sequence);
        the.doubled += the.answered[PLACE(header.sequence)];
        the.answered[PLACE(header.sequence)] = true;
    }
    if (header.next <= the.base)
        return;
    if (header.digest != the.digests[PLACE(header.next)])
        fail("the receiver has got another stream up to frame %lu", header.next);
    if (header.next / REPORT_EVERY != the.base / REPORT_EVERY)
        print("net-client: %lu frames are right, %lu sent again, %lu doubled\n", header.next,
              the.resent, the.doubled);
    the.base = header.next;
    the.next = max(the.next, the.base);
    the.progress = tsc();
}

/* Frames may be gone without an event: then all that is not acknowledged is sent again. */
static void look_at_clock(void)
{
    if (clock_to_ns(tsc() - the.progress, start->tsc_hz) < RESEND_AFTER)
        return;
    the.next = the.base;
    the.progress = tsc();
}

void generate(struct slice arguments)
{
    struct slice word;
    if (!slice_next_word(&arguments, &word) || !mac_read(word, the.to))
        fail("no address to send to");
    the.count = UINT64_MAX;
    if (slice_next_word(&arguments, &word) && parse_number(word, &the.count) != PARSE_OK)
        fail("no number of frames");
    end_open(&the.end, "net");
    the.stream = tsc();
    the.progress = tsc();
    while (the.base < the.count) {
        struct net_frame frame;
        bool idle = true;
        for (; front_net_receive(&the.end.net, &frame); idle = false) {
            take_answer(&frame);
            front_net_give_back(&the.end.net, frame.data);
        }
        if (front_is_closed(&the.end.net.front))
            fail("the session was closed");
        send_window();
        front_net_publish(&the.end.net);
        if (idle && front_net_may_sleep(&the.end.net, 1)) {
            yield();
            look_at_clock();
        }
    }
    print("net-client: stream of %lu frames is right, %lu sent again, %lu doubled\n", the.count,
          the.resent, the.doubled);
}

/*
 * The receiver of a checked stream, which sends every frame back. See stream.h.
 */
#include "stream.h"

static struct {
    struct end end;
    u64 stream, next, digest;
    u64 damaged;
} the;

/* Accepts the frame if it is the next one of its stream. A new stream begins with frame 0. */
static void accept(const struct stream_header *header)
{
    if (header->stream != the.stream && header->sequence == 0) {
        the.stream = header->stream;
        the.next = the.digest = 0;
    }
    if (header->stream != the.stream || header->sequence != the.next)
        return;
    the.digest = digest_add(the.digest, header->sequence, header->sum);
    the.next++;
}

/* Makes the answer in the buffer that the frame came in. False: it is none of ours. */
static bool answer(const struct net_frame *frame)
{
    struct stream_header header;
    u8 to[NET_MAC];
    if (frame->length < STREAM_HEAD)
        return false;
    memcpy(&header, frame->data + HEADER_BYTES, sizeof(header));
    if (header.magic != STREAM_MAGIC || header.is_answer)
        return false;
    if (payload_sum(frame->data, frame->length) != header.sum) {
        the.damaged++;
        print("net-client: FAILED: frame %lu is damaged, the %luth\n", header.sequence,
              the.damaged);
        return false;
    }
    accept(&header);
    header.is_answer = 1;
    header.next = header.stream == the.stream ? the.next : 0;
    header.digest = the.digest;
    memcpy(to, frame->data + NET_MAC, sizeof(to));
    header_write(frame->data, to, the.end.mac, ETHERTYPE_TEST);
    memcpy(frame->data + HEADER_BYTES, &header, sizeof(header));
    return true;
}

void echo(void)
{
    end_open(&the.end, "net");
    for (;;) {
        struct net_frame frame;
        while (front_net_receive(&the.end.net, &frame)) {
            if (answer(&frame))
                front_net_send(&the.end.net, frame.data, frame.length, 0, 0); /* may be lost */
            else
                front_net_give_back(&the.end.net, frame.data);
        }
        front_net_publish(&the.end.net);
        end_wait(&the.end);
    }
}

/*
 * The client's end of a net session (ring/net.h): frames out, frames in, without copying them. It
 * divides the data area into buffers of FRONT_NET_BUFFER bytes and keeps as many of those posted
 * for receiving as it was told to.
 *
 *     front_net_frame, front_net_send    a buffer to write a frame to; off it goes
 *     front_net_receive...               until there is no more: frames where they came to lie
 *     front_net_give_back                each of those, when it was read
 *     front_net_publish                  once for the batch
 *     front_net_may_sleep                then wait for the session's event
 *
 * front_net_open asks for the session's address; it is in `info` when front_net_receive (or
 * front_net_frame) has found the answer, and `known` is set.
 *
 * A buffer belongs to the caller from front_net_frame to front_net_send, and from front_net_receive
 * to front_net_give_back; in between it is the server's. The server is not trusted: what it says of
 * a frame's length is checked against the buffer, and what is in a frame is as good as what comes
 * from any network. Frames may be lost or doubled, above all when the server is restarted.
 */
#pragma once
#include <front.h>
#include <ring/net.h>

#define FRONT_NET_BUFFER  2048u
#define FRONT_NET_BUFFERS 512u /* at most; the rest of a larger data area is not used */

/* A frame that was received. */
struct net_frame {
    u8 *data;
    u32 length;
    u32 flags; /* enum net_rx_flag */
};

struct front_net_counters {
    u64 refused;   /* sendings that completed with an error */
    u64 malformed; /* received, but with a length that no frame has */
};

/* Something received that the caller has not asked for yet. */
struct front_net_arrival {
    u16 buffer, length;
    u32 flags;
};

struct front_net {
    struct front front;
    u32 buffers;          /* how many there are, and... */
    u32 to_post;          /* ...how many of them shall be with the server for receiving... */
    u32 posted;           /* ...and how many are */
    u32 sending;          /* buffers that are with the server to be sent */
    u32 available;        /* how many are free */
    bool urgent;          /* something was pushed that the server must be woken for */
    bool known;           /* the server has answered front_net_ask... */
    struct net_info info; /* ...with this */
    u32 first_arrival, end_arrival; /* run freely */
    struct front_net_counters counters;
    u16 free[FRONT_NET_BUFFERS]; /* the first `available` are */
    struct front_net_arrival arrivals[RING_ENTRIES];
};

/*
 * To be called once net->front is open; publishes. Up to `post` buffers are kept posted; sendings
 * get the entries of the ring that are left, and the buffers. False: the ring is too small for that
 * many and one to send, or the data area is.
 */
must_check bool front_net_open(struct front_net *net, u32 post);

/* Asks anew for `info`, and clears `known`. False: there is no buffer, or no room in the ring. */
bool front_net_ask(struct front_net *net);

/* A buffer for a frame of up to NET_FRAME_MOST bytes; NULL: receive, or wait for the event. */
must_check static inline u8 *front_net_frame(struct front_net *net);

/*
 * Sends the frame in this buffer, which front_net_frame returned. With `start` not 0, the checksum
 * is filled in as NET_TX says. The buffer is gone, whatever comes of it. False: the session is
 * closed, or there is no room in the ring.
 */
static inline bool front_net_send(struct front_net *net, u8 *frame, u32 length, u32 start, u32 at);

/* Gives a buffer back: one that was received, or one that was not sent after all. */
static inline void front_net_give_back(struct front_net *net, const u8 *frame);

/* The next frame received. False: there is none at the moment. */
must_check static inline bool front_net_receive(struct front_net *net, struct net_frame *frame);

/* Takes all completions that there are; frames among them wait for front_net_receive. */
void front_net_collect(struct front_net *net);

/*
 * Posts what can be posted, and lets the server see all that is new. It is not woken for buffers
 * that were posted, and nothing else: it looks for them itself when a frame has come (ring/net.h).
 */
void front_net_publish(struct front_net *net);

/* True: nothing received, and the session's event comes with `more` completions (see front.h). */
must_check bool front_net_may_sleep(struct front_net *net, u32 more);

/* --- the short way, inline ------------------------------------------------------------------- */

/* A request's cookie: the number of its buffer, and what it was for. */
#define FRONT_NET_POSTED (0ul << 16)
#define FRONT_NET_SENT   (1ul << 16)
#define FRONT_NET_ASKED  (2ul << 16)

/* The first word of the entry that names a buffer. */
static inline u64 front_net_head(u8 op, u32 buffer)
{
    return RING_HEAD(op, 0, buffer * (FRONT_NET_BUFFER / RING_UNIT));
}

/* The long way: a free buffer, though completions have to be looked for first; the first frame that
 * was kept by that; and what became of a request that is not a sound frame. */
must_check u8 *front_net_find_buffer(struct front_net *net);
must_check struct net_frame front_net_kept(struct front_net *net);
void front_net_note(struct front_net *net, struct front_done done);

static inline void front_net_give_back(struct front_net *net, const u8 *frame)
{
    net->free[net->available++] = (u16)((u64)(frame - net->front.data) / FRONT_NET_BUFFER);
}

static inline u8 *front_net_frame(struct front_net *net)
{
    if (unlikely(net->available == 0 || front_credits(&net->front) == 0))
        return front_net_find_buffer(net);
    return net->front.data + (u64)net->free[--net->available] * FRONT_NET_BUFFER;
}

static inline bool front_net_send(struct front_net *net, u8 *frame, u32 length, u32 start, u32 at)
{
    u32 buffer = (u32)((u64)(frame - net->front.data) / FRONT_NET_BUFFER);
    if (unlikely(!front_push_one(&net->front, front_net_head(NET_TX, buffer),
                                 NET_TX_ARG(length, 0, start, at), FRONT_NET_BUFFER,
                                 buffer | FRONT_NET_SENT))) {
        front_net_give_back(net, frame);
        return false;
    }
    net->sending++;
    net->urgent = true;
    return true;
}

/* Is this a received frame of a length that frames have? */
static inline bool front_net_is_frame(const struct front_done *done)
{
    return done->cookie < FRONT_NET_SENT && done->status >= 0 &&
           done->len - NET_FRAME_LEAST <= NET_FRAME_MOST - NET_FRAME_LEAST;
}

static inline bool front_net_receive(struct front_net *net, struct net_frame *frame)
{
    struct front_done done;
    if (unlikely(net->first_arrival != net->end_arrival)) {
        *frame = front_net_kept(net);
        return true;
    }
    while (front_reap(&net->front, &done)) {
        if (likely(front_net_is_frame(&done))) {
            net->posted--;
            frame->data = net->front.data + done.cookie * FRONT_NET_BUFFER;
            frame->length = done.len;
            frame->flags = (u32)done.status;
            return true;
        }
        front_net_note(net, done);
    }
    return false;
}

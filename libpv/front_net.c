/*
 * The client's end of a net session. See front_net.h.
 *
 * A request's cookie says which buffer it is about, and which way. Free buffers are a list by
 * number; one that is with the server, or with the caller, is in no list. What completes while
 * somebody looks for a free buffer, and is a received frame, waits in `arrivals`, which cannot
 * overflow: each has an entry of the ring that is not posted again before the caller has taken it.
 */
#include <base/string.h>
#include <front_net.h>

#define COOKIE_POSTED (0ul << 16)
#define COOKIE_SENT   (1ul << 16)
#define COOKIE_INFO   (2ul << 16)

static_assert(FRONT_NET_BUFFERS <= 1u << 16, "a buffer's number is in the lower half of a cookie");

static u8 *address_of(const struct front_net *net, u32 buffer)
{
    return net->front.data + (u64)buffer * FRONT_NET_BUFFER;
}

static u32 number_of(const struct front_net *net, const u8 *frame)
{
    return (u32)((u64)(frame - net->front.data) / FRONT_NET_BUFFER);
}

static inline void put_free(struct front_net *net, u32 buffer)
{
    net->next[buffer] = (u16)net->free;
    net->free = buffer;
    net->available++;
}

static inline u32 take_free(struct front_net *net)
{
    u32 buffer = net->free;
    net->free = net->next[buffer];
    net->available--;
    return buffer;
}

bool front_net_open(struct front_net *net, u32 post)
{
    u64 buffers = min(net->front.data_size / FRONT_NET_BUFFER, FRONT_NET_BUFFERS);
    net->buffers = net->free = (u32)buffers;
    net->available = net->posted = net->sending = net->first_arrival = net->end_arrival = 0;
    net->to_post = post;
    net->counters = (struct front_net_counters){0};
    net->known = false;
    if (post + 1 >= front_credits(&net->front) || post + 1 >= buffers)
        return false;
    for (u32 i = net->buffers; i > 0; i--)
        put_free(net, i - 1);
    if (!front_net_ask(net))
        return false;
    front_net_publish(net);
    return true;
}

bool front_net_ask(struct front_net *net)
{
    const struct ring_sqe entry = {
        .op = NET_INFO,
        .buf = net->free * (FRONT_NET_BUFFER / RING_UNIT),
    };
    if (net->available == 0 ||
        !front_push(&net->front, &entry, 1, sizeof(struct net_info), net->free | COOKIE_INFO))
        return false;
    take_free(net);
    net->known = false;
    return true;
}

/* Posts free buffers until enough are posted. What has arrived and was not taken yet counts. */
static inline void post(struct front_net *net)
{
    u32 waiting = net->end_arrival - net->first_arrival;
    while (net->posted + waiting < net->to_post && net->available != 0) {
        u32 buffer = net->free;
        const struct ring_sqe entry = {
            .op = NET_RXPOST,
            .buf = buffer * (FRONT_NET_BUFFER / RING_UNIT),
            .arg = NET_RX_ARG(FRONT_NET_BUFFER, 0),
        };
        if (!front_push(&net->front, &entry, 1, FRONT_NET_BUFFER, buffer | COOKIE_POSTED))
            return;
        take_free(net);
        net->posted++;
    }
}

/* Something else than a frame was done. */
static void was_done(struct front_net *net, u32 buffer, const struct front_done *done)
{
    if (done->cookie & COOKIE_SENT) {
        net->counters.refused += done->status < 0;
        net->sending--;
    } else if (done->status == RING_OK) {
        memcpy(&net->info, address_of(net, buffer), sizeof(net->info));
        net->known = true;
    }
    put_free(net, buffer);
}

/* The next completion of a buffer that was posted. False: there is none. */
static bool next_arrival(struct front_net *net, struct front_net_arrival *arrival)
{
    struct front_done done;
    while (front_reap(&net->front, &done)) {
        u32 buffer = (u16)done.cookie;
        if (done.cookie >> 16 != COOKIE_POSTED) {
            was_done(net, buffer, &done);
            continue;
        }
        net->posted--;
        if (likely(done.status >= 0 && done.len >= NET_FRAME_LEAST && done.len <= NET_FRAME_MOST)) {
            arrival->buffer = (u16)buffer;
            arrival->length = (u16)done.len;
            arrival->flags = (u32)done.status;
            return true;
        }
        net->counters.malformed += done.status >= 0;
        put_free(net, buffer);
    }
    return false;
}

void front_net_collect(struct front_net *net)
{
    struct front_net_arrival arrival;
    while (next_arrival(net, &arrival))
        net->arrivals[net->end_arrival++ % RING_ENTRIES] = arrival;
}

static inline bool may_send(const struct front_net *net)
{
    return net->available != 0 && front_credits(&net->front) != 0;
}

u8 *front_net_frame(struct front_net *net)
{
    struct front_net_arrival arrival;
    while (!may_send(net) && next_arrival(net, &arrival))
        net->arrivals[net->end_arrival++ % RING_ENTRIES] = arrival;
    return may_send(net) ? address_of(net, take_free(net)) : NULL;
}

bool front_net_send(struct front_net *net, u8 *frame, u32 length, u32 start, u32 at)
{
    u32 buffer = number_of(net, frame);
    const struct ring_sqe entry = {
        .op = NET_TX,
        .buf = buffer * (FRONT_NET_BUFFER / RING_UNIT),
        .arg = NET_TX_ARG(length, 0, start, at),
    };
    if (unlikely(!front_push(&net->front, &entry, 1, FRONT_NET_BUFFER, buffer | COOKIE_SENT))) {
        put_free(net, buffer);
        return false;
    }
    net->counters.sent++;
    net->sending++;
    return true;
}

void front_net_give_back(struct front_net *net, u8 *frame)
{
    put_free(net, number_of(net, frame));
}

bool front_net_receive(struct front_net *net, struct net_frame *frame)
{
    struct front_net_arrival arrival;
    if (unlikely(net->first_arrival != net->end_arrival))
        arrival = net->arrivals[net->first_arrival++ % RING_ENTRIES];
    else if (!next_arrival(net, &arrival))
        return false;
    net->counters.received++;
    frame->data = address_of(net, arrival.buffer);
    frame->length = arrival.length;
    frame->flags = arrival.flags;
    return true;
}

void front_net_publish(struct front_net *net)
{
    post(net);
    front_publish(&net->front);
}

bool front_net_may_sleep(struct front_net *net, u32 more)
{
    return net->first_arrival == net->end_arrival && front_may_sleep(&net->front, more);
}

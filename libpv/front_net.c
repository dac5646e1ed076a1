/*
 * The client's end of a net session. See front_net.h.
 *
 * A request's cookie says which buffer it is about, and which way. A buffer that is
 * with the server, or with the caller, is not among the free ones. What completes while
 * somebody looks for a free buffer, and is a received frame, waits in `arrivals`, which cannot
 * overflow: each has an entry of the ring that is not posted again before the caller has taken it.
 */
#include <base/string.h>
#include <front_net.h>

static_assert(FRONT_NET_BUFFERS <= FRONT_NET_SENT, "a buffer's number is below what it is for");

static inline void put_free(struct front_net *net, u32 buffer)
{
    net->free[net->available++] = (u16)buffer;
}

bool front_net_open(struct front_net *net, u32 post)
{
    u64 buffers = min(net->front.data_size / FRONT_NET_BUFFER, FRONT_NET_BUFFERS);
    net->buffers = (u32)buffers;
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
    if (net->available == 0)
        return false;
    u32 buffer = net->free[net->available - 1];
    if (!front_push_one(&net->front, front_net_head(NET_INFO, buffer), 0, sizeof(struct net_info),
                        buffer | FRONT_NET_ASKED))
        return false;
    net->available--;
    net->known = false;
    net->urgent = true;
    return true;
}

/* Posts free buffers until enough are posted. What has arrived and was not taken yet counts. */
static inline void post(struct front_net *net)
{
    u32 enough = net->to_post - (net->end_arrival - net->first_arrival);
    u32 posted = net->posted, available = net->available;
    while ((i32)(enough - posted) > 0 && available != 0) {
        u32 buffer = net->free[available - 1];
        if (!front_push_one(&net->front, front_net_head(NET_RXPOST, buffer),
                            NET_RX_ARG(FRONT_NET_BUFFER, 0), FRONT_NET_BUFFER,
                            buffer | FRONT_NET_POSTED))
            break;
        available--;
        posted++;
    }
    net->posted = posted;
    net->available = available;
}

void front_net_note(struct front_net *net, struct front_done done)
{
    u32 buffer = (u16)done.cookie;
    put_free(net, buffer);
    if (done.cookie & FRONT_NET_SENT) {
        net->counters.refused += done.status < 0;
        net->sending--;
    } else if (!(done.cookie & FRONT_NET_ASKED)) {
        net->counters.malformed += done.status >= 0;
        net->posted--;
    } else if (done.status == RING_OK && done.len == sizeof(net->info)) {
        memcpy(&net->info, net->front.data + (u64)buffer * FRONT_NET_BUFFER, sizeof(net->info));
        net->known = true;
    }
}

/* Keeps a frame for front_net_receive. */
static void keep(struct front_net *net, struct front_done done)
{
    net->arrivals[net->end_arrival++ % RING_ENTRIES] = (struct front_net_arrival){
        .buffer = (u16)done.cookie,
        .length = (u16)done.len,
        .flags = (u32)done.status,
    };
    net->posted--;
}

struct net_frame front_net_kept(struct front_net *net)
{
    const struct front_net_arrival *arrival = &net->arrivals[net->first_arrival++ % RING_ENTRIES];
    return (struct net_frame){
        .data = net->front.data + (u64)arrival->buffer * FRONT_NET_BUFFER,
        .length = arrival->length,
        .flags = arrival->flags,
    };
}

void front_net_collect(struct front_net *net)
{
    struct front_done done;
    while (front_reap(&net->front, &done)) {
        if (likely(done.cookie & FRONT_NET_SENT && done.status == RING_OK)) {
            put_free(net, (u16)done.cookie);
            net->sending--;
        } else if (front_net_is_frame(&done)) {
            keep(net, done);
        } else {
            front_net_note(net, done);
        }
    }
}

u8 *front_net_find_buffer(struct front_net *net)
{
    front_net_collect(net);
    if (net->available == 0 || front_credits(&net->front) == 0)
        return NULL;
    return net->front.data + (u64)net->free[--net->available] * FRONT_NET_BUFFER;
}

/*
 * Lets the server see what was pushed, without waking it. `published` stays behind, so that who
 * publishes something urgent later wakes a server that went to sleep before this. A ring's length
 * is behind enough, since a server that sleeps has taken all before that; and more might become a
 * whole turn of the index.
 */
static void publish_quietly(struct front *front)
{
    struct ring_producer *sq = &front->sq;
    if (front_is_closed(front) || sq->next == sq->published)
        return;
    ring_exchange(&sq->own->prod, sq->next);
    sq->published = sq->next - (u32)min(sq->next - sq->published, front->mask + 1);
}

void front_net_publish(struct front_net *net)
{
    post(net);
    if (net->urgent)
        front_publish(&net->front);
    else
        publish_quietly(&net->front);
    net->urgent = false;
}

bool front_net_may_sleep(struct front_net *net, u32 more)
{
    return net->first_arrival == net->end_arrival && front_may_sleep(&net->front, more);
}

/*
 * The sessions. See clients.h.
 *
 * A session is awake when there may be requests in its ring that will not ring the doorbell any
 * more. Those that are awake wait for their turn in a queue: however many requests one of them
 * has, the others come next, and so does every timer that has become due.
 */
#include <timer/clients.h>

#include <base/list.h>
#include <runtime/heap.h>
#include <timer/time.h>

#define QUANTUM 32u /* requests of one session in a turn */

struct served {
    struct list awake; /* in the queue of those, or alone */
    struct session *session;
    struct client client;
};

static struct list awake = {&awake, &awake};
static struct client *news; /* those whose completions are to be published */
static struct queue queue;
static u32 count;
static bool started;

void clients_start(void)
{
    started = true;
}

static void wake(struct served *served)
{
    if (list_empty(&served->awake))
        list_push_back(&awake, &served->awake);
}

void clients_wake(u64 events)
{
    if (!(events & EVENT_DOORBELLS))
        return;
    for_each_session(session, events)
    {
        wake(session->owner);
    }
}

/* Room in the queue for all timers of so many sessions. */
static bool reserve(u32 sessions)
{
    u32 capacity = sessions * RING_ENTRIES;
    if (capacity <= queue.capacity)
        return true;
    struct alarm **storage = heap_allocate(capacity * sizeof(struct alarm *));
    if (!storage)
        return false;
    heap_free(queue_set_storage(&queue, storage, capacity));
    return true;
}

enum session_reason session_opened(struct session *session)
{
    if (!started)
        return SESSION_NO_TARGET;
    struct served *served = heap_allocate(sizeof(*served));
    if (!served || !reserve(count + 1)) {
        heap_free(served);
        return SESSION_NO_MEMORY;
    }
    count++;
    list_init(&served->awake);
    served->session = session;
    client_init(&served->client, &session->back);
    session->owner = served;
    wake(served);
    return SESSION_REASON_NONE;
}

/* Nothing is published in between: `news` is empty whenever root is listened to. */
void session_closing(struct session *session)
{
    struct served *served = session->owner;
    list_remove(&served->awake);
    client_close(&served->client, &queue);
    heap_free(served);
    count--;
    session_release(session);
}

static void add_news(struct client *client)
{
    if (client->has_news)
        return;
    client->has_news = true;
    client->next_news = news;
    news = client;
}

static void publish_all(void)
{
    while (news) {
        struct client *client = news;
        news = client->next_news;
        client->has_news = false;
        back_publish(client->back);
    }
}

u64 clients_expire(u64 now)
{
    struct alarm *first;
    while ((first = queue_first(&queue)) && first->deadline <= now) {
        struct client *client = first->client;
        client_expire(client, &queue, first, now);
        add_news(client);
    }
    publish_all();
    return first ? first->deadline : UINT64_MAX;
}

/* Its turn. What it did is published at once: its client may wait for nothing else. */
static void serve(struct served *served)
{
    struct client *client = &served->client;
    enum back_result result = client_take(client, &queue, QUANTUM);
    back_publish(client->back);
    if (result == BACK_TAKEN || (result == BACK_EMPTY && !back_may_sleep(client->back)))
        return;
    list_remove(&served->awake);
    if (result == BACK_BROKEN) {
        client_close(client, &queue);
        session_refuse(served->session, client->back->broken);
    }
}

bool clients_serve(void)
{
    struct list turn;
    list_init(&turn);
    list_move_all(&turn, &awake);
    while (!list_empty(&turn)) {
        struct list *node = list_pop_front(&turn);
        list_push_back(&awake, node);
        serve(container_of(node, struct served, awake));
        clients_expire(time_now());
    }
    return !list_empty(&awake);
}

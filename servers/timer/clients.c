/*
 * The table of clients. See clients.h.
 *
 * Memory is taken when somebody opens, for all alarms that the client may ever arm, so that arming
 * cannot fail for want of it.
 */
#include <timer/clients.h>

#include <runtime/heap.h>
#include <runtime/print.h>
#include <runtime/slots.h>
#include <runtime/syscall.h>

#define CLIENTS 16

static struct client *clients[CLIENTS];
static struct queue queue;

struct queue *clients_queue(void)
{
    return &queue;
}

struct client *clients_find(u64 badge)
{
    for (unsigned i = 0; i < CLIENTS; i++) {
        if (clients[i] && clients[i]->badge == badge)
            return clients[i];
    }
    return NULL;
}

/* Forgets a client. Its capability may have vanished already, with the event. */
static void close(unsigned number)
{
    struct client *client = clients[number];
    clients[number] = NULL;
    client_close(client, &queue);
    ignore_status(cap_drop(SLOT_SPACE, client->event));
    slot_free(client->event);
    heap_free(client);
}

static void close_dead(void)
{
    struct cap_info info;
    for (unsigned i = 0; i < CLIENTS; i++) {
        if (clients[i] && cap_info(clients[i]->event, &info) < 0)
            close(i);
    }
}

/* The number for a client that opens: the one it had, or a free one, or CLIENTS: all are taken. */
static unsigned number_for(u64 badge)
{
    unsigned number = CLIENTS;
    for (unsigned i = 0; i < CLIENTS; i++) {
        if (clients[i] && clients[i]->badge == badge) {
            close(i);
            return i;
        }
        if (!clients[i] && number == CLIENTS)
            number = i;
    }
    return number;
}

/* Makes room in the queue for the alarms of the clients numbered up to `number`. */
static bool reserve(unsigned number)
{
    u32 capacity = (number + 1) * TIMER_IDS;
    if (capacity <= queue.capacity)
        return true;
    struct alarm **storage = heap_allocate(capacity * sizeof(struct alarm *));
    if (!storage)
        return false;
    heap_free(queue_set_storage(&queue, storage, capacity));
    return true;
}

status clients_open(u64 badge, u32 event, u64 bits)
{
    close_dead();
    unsigned number = number_for(badge);
    if (number == CLIENTS)
        return status_error(ERR_LIMIT, 0);
    struct client *client = heap_allocate(sizeof(*client));
    if (!client || !reserve(number)) {
        heap_free(client);
        return status_error(ERR_MEMORY, 0);
    }
    client_init(client, (u16)number);
    client->badge = badge;
    client->event = event;
    client->event_bits = bits;
    clients[number] = client;
    return 0;
}

u64 clients_expire(u64 now)
{
    for (;;) {
        struct alarm *alarm = queue_first(&queue);
        if (!alarm)
            return UINT64_MAX;
        if (alarm->deadline > now)
            return alarm->deadline;
        client_expire(clients[alarm->client], &queue, alarm, now);
    }
}

void clients_raise(void)
{
    for (unsigned i = 0; i < CLIENTS; i++) {
        struct client *client = clients[i];
        if (!client || !client->must_raise)
            continue;
        client->must_raise = false;
        if (event_raise(client->event, client->event_bits, 0) < 0)
            close(i);
    }
}

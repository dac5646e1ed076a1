/*
 * One client of the timer server. See client.h.
 */
#include <timer/client.h>

void client_init(struct client *client, u16 number)
{
    *client = (struct client){0};
    list_init(&client->expired);
    for (u16 id = 0; id < TIMER_IDS; id++) {
        client->alarms[id].client = number;
        client->alarms[id].id = id;
        list_init(&client->alarms[id].expired);
    }
}

status client_arm(struct client *client, struct queue *queue, u64 id, u64 deadline)
{
    if (id >= TIMER_IDS)
        return status_error(ERR_ARGUMENT, 1);
    list_remove(&client->alarms[id].expired); /* what it meant before is of no interest any more */
    queue_arm(queue, &client->alarms[id], deadline);
    return 0;
}

status client_cancel(struct client *client, struct queue *queue, u64 id)
{
    if (id >= TIMER_IDS)
        return status_error(ERR_ARGUMENT, 1);
    return queue_cancel(queue, &client->alarms[id]) ? 0 : status_error(ERR_ABSENT, 1);
}

struct alarm *client_take_expired(struct client *client)
{
    struct list *node = list_pop_front(&client->expired);
    return node ? container_of(node, struct alarm, expired) : NULL;
}

void client_expire(struct client *client, struct queue *queue, struct alarm *alarm, u64 now)
{
    queue_cancel(queue, alarm);
    alarm->late = now - alarm->deadline;
    list_push_back(&client->expired, &alarm->expired);
    client->must_raise = true;
}

void client_close(struct client *client, struct queue *queue)
{
    for (u16 id = 0; id < TIMER_IDS; id++)
        queue_cancel(queue, &client->alarms[id]);
    list_init(&client->expired);
}

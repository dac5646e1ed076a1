/*
 * One session of the timer server. See client.h.
 */
#include <runtime/step.h>
#include <timer/client.h>

void client_init(struct client *client, struct back *back)
{
    *client = (struct client){.back = back};
    for (u16 tag = 0; tag < RING_ENTRIES; tag++) {
        client->alarms[tag].client = client;
        client->alarms[tag].tag = tag;
    }
}

static void complete(struct client *client, u16 tag, int result, u32 len)
{
    back_complete(client->back, tag, result, len);
    step(STEP_COMPLETED);
}

/* The timer that a request names, if there is one armed; else NULL. */
static struct alarm *find(struct client *client, u64 tag)
{
    if (tag >= RING_ENTRIES || client->alarms[tag].place == 0)
        return NULL;
    return &client->alarms[tag];
}

static void cancel(struct client *client, struct queue *queue, u16 tag, u64 target)
{
    struct alarm *alarm = find(client, target);
    if (alarm) {
        queue_cancel(queue, alarm);
        complete(client, alarm->tag, RING_CANCELLED, 0);
    }
    complete(client, tag, alarm ? RING_OK : RING_ABSENT, 0);
}

enum back_result client_take(struct client *client, struct queue *queue, u32 quantum)
{
    for (; quantum > 0; quantum--) {
        struct back_request request;
        enum back_result result = back_take(client->back, &request);
        if (result != BACK_TAKEN)
            return result;
        step(STEP_TAKEN);
        const struct ring_sqe *entry = &request.entry[0];
        if (request.count != 1)
            complete(client, request.tag, RING_INVALID, 0);
        else if (entry->op == TIMER_SET)
            queue_arm(queue, &client->alarms[request.tag], entry->arg);
        else if (entry->op == TIMER_CANCEL)
            cancel(client, queue, request.tag, entry->arg);
        else
            complete(client, request.tag, RING_INVALID, 0);
    }
    return BACK_TAKEN;
}

void client_expire(struct client *client, struct queue *queue, struct alarm *alarm, u64 now)
{
    queue_cancel(queue, alarm);
    step(STEP_DEVICE_DONE);
    complete(client, alarm->tag, RING_OK, (u32)min(now - alarm->deadline, UINT32_MAX));
}

void client_close(struct client *client, struct queue *queue)
{
    for (u32 tag = 0; tag < RING_ENTRIES; tag++)
        queue_cancel(queue, &client->alarms[tag]);
}

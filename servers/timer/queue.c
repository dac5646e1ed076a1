/*
 * A binary heap of alarms. See queue.h.
 *
 * Place 1 is the top; below place n are places 2n and 2n + 1.
 */
#include <timer/queue.h>

#include <base/string.h>

static bool is_earlier(const struct alarm *a, const struct alarm *b)
{
    return a->deadline != b->deadline ? a->deadline < b->deadline : a->sequence < b->sequence;
}

static struct alarm *at(const struct queue *queue, u32 place)
{
    return queue->alarms[place - 1];
}

static void put(struct queue *queue, u32 place, struct alarm *alarm)
{
    queue->alarms[place - 1] = alarm;
    alarm->place = place;
}

/* Finds the place for `alarm`, starting at a place that is free, and puts it there. */
static void settle(struct queue *queue, u32 place, struct alarm *alarm)
{
    while (place > 1 && is_earlier(alarm, at(queue, place / 2))) {
        put(queue, place, at(queue, place / 2));
        place /= 2;
    }
    for (;;) {
        u32 below = place * 2;
        if (below > queue->count)
            break;
        if (below < queue->count && is_earlier(at(queue, below + 1), at(queue, below)))
            below++;
        if (is_earlier(alarm, at(queue, below)))
            break;
        put(queue, place, at(queue, below));
        place = below;
    }
    put(queue, place, alarm);
}

struct alarm **queue_set_storage(struct queue *queue, struct alarm **storage, u32 capacity)
{
    struct alarm **before = queue->alarms;
    if (queue->count != 0)
        memcpy(storage, before, queue->count * sizeof(struct alarm *));
    queue->alarms = storage;
    queue->capacity = capacity;
    return before;
}

void queue_arm(struct queue *queue, struct alarm *alarm, u64 deadline)
{
    alarm->deadline = deadline;
    alarm->sequence = queue->sequence++;
    settle(queue, ++queue->count, alarm);
}

bool queue_cancel(struct queue *queue, struct alarm *alarm)
{
    u32 place = alarm->place;
    if (place == 0)
        return false;
    alarm->place = 0;
    struct alarm *last = at(queue, queue->count--);
    if (last != alarm)
        settle(queue, place, last);
    return true;
}

bool queue_is_sound(const struct queue *queue)
{
    if (queue->count > queue->capacity)
        return false;
    for (u32 place = 1; place <= queue->count; place++) {
        if (at(queue, place)->place != place ||
            (place > 1 && is_earlier(at(queue, place), at(queue, place / 2))))
            return false;
    }
    return true;
}

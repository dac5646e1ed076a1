/* Capabilities, and the destruction that all objects share; see object.h. */
#include "object/object.h"
#include "debug/assert.h"
#include "object/device.h"
#include "object/endpoint.h"
#include "object/event.h"
#include "object/irq.h"
#include "object/memory.h"
#include "object/pool.h"
#include "object/quarantine.h"
#include "object/share.h"
#include "object/space.h"
#include "object/thread.h"

#define CAPS_PER_BITE 64

/* The rights that mean something for each kind. Only endpoints can be called, which saves
 * ipc_fast.asm a look. */
static const u8 rights_of[OBJECT_TYPES] = {
    [OBJECT_POOL] = RIGHT_READ | RIGHT_WRITE | RIGHT_DESTROY,
    [OBJECT_MEMORY] = RIGHT_READ | RIGHT_WRITE | RIGHT_EXECUTE | RIGHT_DESTROY,
    [OBJECT_SPACE] = RIGHT_READ | RIGHT_WRITE | RIGHT_DESTROY,
    [OBJECT_THREAD] = RIGHT_READ | RIGHT_RECEIVE | RIGHT_CONTROL | RIGHT_DESTROY,
    [OBJECT_SHARE] = RIGHT_READ | RIGHT_WRITE | RIGHT_EXECUTE | RIGHT_DESTROY,
    [OBJECT_ENDPOINT] = RIGHT_CALL | RIGHT_RECEIVE | RIGHT_DESTROY,
    [OBJECT_EVENT] = RIGHT_RECEIVE | RIGHT_RAISE | RIGHT_CONTROL | RIGHT_DESTROY,
    [OBJECT_DEVICE] = RIGHT_READ | RIGHT_WRITE | RIGHT_CONTROL | RIGHT_DESTROY,
    [OBJECT_IRQ] = RIGHT_WRITE | RIGHT_DESTROY,
};

u64 rights_for(const struct object *object, u64 rights)
{
    return rights & rights_of[object->kind];
}

void cap_set(struct cap *cap, struct object *object, u64 rights, u64 badge)
{
    invariant(!cap->object);
    cap->object = object;
    cap->rights = rights_for(object, rights);
    cap->badge = badge;
    list_push_front(&object->caps, &cap->link);
}

void cap_clear(struct cap *cap)
{
    if (cap->object) {
        list_remove(&cap->link);
        cap->object = NULL;
        cap->rights = 0; /* ipc_fast.asm looks at nothing else */
    }
}

bool object_drop_caps(struct object *object)
{
    for (unsigned i = 0; i < CAPS_PER_BITE && !list_empty(&object->caps); i++) {
        cap_clear(container_of(list_first(&object->caps), struct cap, link));
    }
    return list_empty(&object->caps);
}

/* For each kind: take one bite of what is inside (0 when there is nothing left inside), its size,
 * and how much of that is before the header. */
static const struct {
    enum error (*empty_step)(struct object *object);
    u64 size, before;
} kinds[OBJECT_TYPES] = {
    [OBJECT_MEMORY] = {memory_empty_step, sizeof(struct memory), 0},
    [OBJECT_SPACE] = {space_empty_step, sizeof(struct space), 0},
    [OBJECT_THREAD] = {thread_empty_step, THREAD_BYTES,
                       sizeof(struct trap_frame) + offsetof(struct thread, object)},
    [OBJECT_SHARE] = {share_empty_step, sizeof(struct share), 0},
    [OBJECT_ENDPOINT] = {endpoint_empty_step, sizeof(struct endpoint), 0},
    [OBJECT_EVENT] = {event_empty_step, sizeof(struct event), 0},
    [OBJECT_DEVICE] = {device_empty_step, sizeof(struct device), 0},
    [OBJECT_IRQ] = {irq_empty_step, sizeof(struct irq), 0},
};

enum error object_destroy_step(struct object *object)
{
    if (object->kind == OBJECT_POOL) {
        return pool_destroy_step(object);
    }
    object->type = OBJECT_NONE;
    enum error error = kinds[object->kind].empty_step(object);
    if (error) {
        return error;
    }
    if (!object_drop_caps(object)) {
        return ERR_AGAIN;
    }
    object_free(object, kinds[object->kind].size, kinds[object->kind].before);
    return ERR_NONE;
}

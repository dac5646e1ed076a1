/* System calls of capabilities, destruction and pools. */
#include "call/call.h"
#include "object/pool.h"
#include "object/space.h"

#define STEPS_PER_CALL 8

/* May a copy of `cap` carry `badge`? One that is set stays; an event's may only lose bits. */
static bool badge_allowed(const struct cap *cap, u64 badge)
{
    if (!badge || !cap->badge || badge == cap->badge) {
        return true;
    }
    return cap->object->kind == OBJECT_EVENT && !(badge & ~cap->badge);
}

status call_cap_copy(u64 space_number, u64 slot, u64 own, u64 rights, u64 badge)
{
    struct space *space;
    struct cap *source;
    try(call_find(space_number, OBJECT_SPACE, RIGHT_WRITE, 1, space, &space));
    enum error error = space_check_slot(space, slot);
    refuse_if(error, error, 2);
    try(call_cap(own, OBJECT_NONE, 0, 3, &source));
    refuse_if(rights & ~(u64)RIGHT_ALL, ERR_ARGUMENT, 4);
    refuse_if(rights_for(source->object, rights) & ~source->rights, ERR_RIGHTS, 4);
    refuse_if(!badge_allowed(source, badge), ERR_RIGHTS, 5);
    error = space_fill_slot(space, slot, source->object, rights, badge ? badge : source->badge);
    refuse_if(error, error, 2);
    return 0;
}

status call_cap_drop(u64 space_number, u64 slot)
{
    struct space *space;
    try(call_find(space_number, OBJECT_SPACE, RIGHT_WRITE, 1, space, &space));
    struct cap *cap = space_slot(space, slot);
    refuse_if(!cap, ERR_SLOT, 2);
    cap_clear(cap);
    return 0;
}

status call_cap_info(u64 slot, u64 address)
{
    struct cap *cap;
    try(call_cap(slot, OBJECT_NONE, 0, 1, &cap));
    struct cap_info info = {.type = cap->object->type, .rights = cap->rights, .badge = cap->badge};
    return call_write(address, &info, sizeof(info), 2);
}

status call_object_destroy(u64 slot)
{
    struct cap *cap;
    try(call_cap(slot, OBJECT_NONE, RIGHT_DESTROY, 1, &cap));
    struct object *object = cap->object;
    for (unsigned step = 0; step < STEPS_PER_CALL; step++) {
        enum error error = object_destroy_step(object);
        if (!error || !cpu_this()->loaded) {
            return 0; /* it is gone, or the caller is */
        }
        refuse_if(error == ERR_BUSY, ERR_BUSY, 1);
    }
    return status_error(ERR_AGAIN, 0);
}

status call_pool_create(u64 pool_slot, u64 slot, u64 pages, u64 priority)
{
    struct pool *pool;
    struct pool *made;
    try(call_find(pool_slot, OBJECT_POOL, RIGHT_WRITE, 1, pool, &pool));
    refuse_if(pool->depth + 1 == POOL_DEPTH_LIMIT, ERR_LIMIT, 1);
    try(call_new_slot(slot, 2));
    refuse_if(!pages, ERR_ARGUMENT, 3);
    refuse_if(priority > pool->highest_priority, ERR_ARGUMENT, 4);
    refuse_if(pool_create(pool, pages, (u32)priority, &made), ERR_MEMORY, 1);
    return call_created(slot, 2, &made->object);
}

status call_pool_info(u64 pool_slot, u64 address)
{
    struct pool *pool;
    try(call_find(pool_slot, OBJECT_POOL, RIGHT_READ, 1, pool, &pool));
    struct pool_info info = {
        .pages = pool->pages,
        .used = pool->used,
        .reserved = pool->reserved,
        .quarantined = pool->quarantined,
        .objects = pool->object_count,
        .highest_priority = pool->highest_priority,
    };
    return call_write(address, &info, sizeof(info), 2);
}

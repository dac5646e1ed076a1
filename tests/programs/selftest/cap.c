/*
 * Capabilities: copies with fewer rights, badges, other spaces' tables, and that they vanish with
 * the object.
 */
#include "check.h"
#include "tests.h"
#include "world.h"

static void is_cap(u32 slot, u64 type, u64 rights, u64 badge)
{
    struct cap_info info = {0};
    must(cap_info(slot, &info));
    same(info.type, type);
    same(info.rights, rights);
    same(info.badge, badge);
}

void cap_life(void)
{
    u32 endpoint = new_endpoint(), event = new_event();
    is_cap(endpoint, OBJECT_ENDPOINT, RIGHT_CALL | RIGHT_RECEIVE | RIGHT_DESTROY, 0);
    u32 a = copy_of(endpoint, RIGHT_CALL | RIGHT_READ, 0);
    is_cap(a, OBJECT_ENDPOINT, RIGHT_CALL, 0); /* an endpoint cannot be read */
    u32 b = copy_of(a, RIGHT_CALL, 77);
    is_cap(b, OBJECT_ENDPOINT, RIGHT_CALL, 77);
    u32 c = copy_of(b, 0, 0); /* the badge is kept */
    is_cap(c, OBJECT_ENDPOINT, 0, 77);
    is_cap(copy_of(b, RIGHT_CALL, 77), OBJECT_ENDPOINT, RIGHT_CALL, 77);
    refused(cap_copy(SLOT_SPACE, new_slot(), b, RIGHT_CALL, 78), ERR_RIGHTS, 5);
    u32 bits = copy_of(event, RIGHT_RAISE, 0xf0);
    is_cap(copy_of(bits, RIGHT_RAISE, 0x30), OBJECT_EVENT, RIGHT_RAISE, 0x30);
    refused(cap_copy(SLOT_SPACE, new_slot(), bits, RIGHT_RAISE, 0x31), ERR_RIGHTS, 5);
    same(event_raise(bits, 0x10, 0), 0);
    refused(event_raise(bits, 0x11, 0), ERR_RIGHTS, 2);
    refused(event_raise(bits, 0x1, 0), ERR_RIGHTS, 2);
    u64 seen;
    must(event_poll(event, &seen));
    same(seen, 0x10);
    must(cap_drop(SLOT_SPACE, a));
    same(slot_in_use(a), false);
    refused(cap_drop(SLOT_SPACE, a), ERR_SLOT, 2);
    is_cap(endpoint, OBJECT_ENDPOINT, RIGHT_CALL | RIGHT_RECEIVE | RIGHT_DESTROY, 0);
}

/* The last capability gone, the object lives on in its pool, and ends with it. */
void cap_orphan(void)
{
    struct pool_info before = pool_facts(SLOT_TEST_POOL);
    u32 pool = new_pool(40), event = new_slot();
    must(event_create(pool, event));
    must(cap_drop(SLOT_SPACE, event));
    same(pool_facts(pool).objects, 1);
    must(object_destroy_all(pool));
    same(pool_facts(SLOT_TEST_POOL).used, before.used);
}

/* Many copies, in several spaces: all gone when destroy returns. */
void cap_destroyed(void)
{
    u32 event = new_event(), spaces[3], copies[100];
    for (u32 i = 0; i < array_count(spaces); i++) {
        spaces[i] = new_space();
        for (u32 slot = 1; slot < 500; slot += 7)
            must(cap_copy(spaces[i], slot, event, RIGHT_RAISE, slot));
    }
    for (u32 i = 0; i < array_count(copies); i++)
        copies[i] = copy_of(event, RIGHT_ALL, 0);
    must(object_destroy_all(copies[50]));
    for (u32 i = 0; i < array_count(copies); i++)
        if (!same(slot_in_use(copies[i]), false))
            break;
    same(slot_in_use(event), false);
    for (u32 i = 0; i < array_count(spaces); i++)
        for (u32 slot = 1; slot < 500; slot += 7)
            if (!same(cap_drop(spaces[i], slot), status_error(ERR_SLOT, 2)))
                return;
}

/* From the first step on the object cannot be used, although destroying it is not over. */
void cap_stopped_at_once(void)
{
    u32 event = new_event(), copies[900], others = 0;
    for (u32 i = 0; i < array_count(copies); i++)
        copies[i] = copy_of(event, RIGHT_ALL, 0);
    status first = object_destroy(event);
    failed_with(first, ERR_AGAIN);
    if (first == 0)
        return;
    for (u32 i = 0; i < array_count(copies); i++) {
        u64 bits;
        if (!slot_in_use(copies[i]))
            continue;
        others++;
        same(event_raise(copies[i], 1, 0) < 0, true);
        same(event_poll(copies[i], &bits) < 0, true);
        break;
    }
    same(others, 1);
    must(object_destroy_all(slot_in_use(event) ? event : copies[899]));
    for (u32 i = 0; i < array_count(copies); i++)
        if (!same(slot_in_use(copies[i]), false))
            return;
}

/* A table as large as it may be. */
void cap_table(void)
{
    u32 space = new_space(), event = new_event();
    struct pool_info before = pool_facts(SLOT_TEST_POOL);
    for (u32 slot = 1; slot < SLOT_LIMIT; slot += 61)
        must(cap_copy(space, slot, event, 0, 0));
    must(cap_copy(space, SLOT_LIMIT - 1, event, 0, 0));
    same(pool_facts(SLOT_TEST_POOL).used > before.used, true);
    must(object_destroy_all(space));
    must(object_destroy_all(event));
}

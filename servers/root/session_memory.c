/*
 * Making, mapping and giving back the memory of sessions. See session_memory.h.
 */
#include <runtime/syscall.h>

#include "session_memory.h"

#define RING_PAGES 3ul /* G, INFO, S */

static u32 slot_of(u32 number, enum session_slots slot)
{
    return (u32)ROOT_SLOT_SESSIONS + number * SESSION_SLOTS + slot;
}

/* A stretch of a session's memory, and where it goes. */
struct part {
    enum session_slots memory;
    u64 at; /* from the session's address */
    u64 first, pages;
    u64 rights;
};

#define READ_WRITE (RIGHT_READ | RIGHT_WRITE)
#define PARTS      3

static void parts_of_server(const struct session *session, struct part parts[PARTS])
{
    parts[0] = (struct part){SESSION_SLOT_RING, 0, 0, 2, RIGHT_READ};
    parts[1] = (struct part){SESSION_SLOT_RING, 2 * PAGE_SIZE, 2, 1, READ_WRITE};
    parts[2] = (struct part){SESSION_SLOT_DATA, SESSION_DATA, 0, session->data_pages, READ_WRITE};
}

static void parts_of_client(const struct session *session, struct part parts[PARTS])
{
    parts[0] = (struct part){SESSION_SLOT_RING, 0, 0, 1, READ_WRITE};
    parts[1] = (struct part){SESSION_SLOT_RING, PAGE_SIZE, 1, 2, RIGHT_READ};
    parts[2] = (struct part){SESSION_SLOT_DATA, SESSION_DATA, 0, session->data_pages, READ_WRITE};
}

/* Maps some parts, all present, or none. */
static status map_parts(u32 space, u32 number, const struct part *parts, u32 count)
{
    u64 base = session_address(number);
    status result = 0;
    u32 done = 0;
    for (; done < count && result >= 0; done++) {
        const struct part *part = &parts[done];
        result = space_map(space, slot_of(number, part->memory), base + part->at, part->first,
                           part->pages, part->rights);
        if (result >= 0)
            result = space_populate_all(space, base + part->at, part->pages);
    }
    while (result < 0 && done-- != 0)
        ignore_status(space_unmap_all(space, base + parts[done].at)); /* the last may be missing */
    return result;
}

static void unmap_parts(u32 space, u32 number, const struct part *parts, u32 count)
{
    for (u32 i = 0; i < count; i++) /* what is not mapped need not be taken away */
        ignore_status(space_unmap_all(space, session_address(number) + parts[i].at));
}

static const struct part parts_of_root[] = {
    {SESSION_SLOT_RING, 0, 0, RING_PAGES, READ_WRITE},
};

static status make(struct session *session, u32 number)
{
    u32 pool = slot_of(number, SESSION_SLOT_POOL);
    u32 ring = slot_of(number, SESSION_SLOT_RING), data = slot_of(number, SESSION_SLOT_DATA);
    u64 pages = config_session_pages(session->data_pages * PAGE_SIZE);
    status result = pool_create(BOOT_SLOT_POOL, pool, pages, 0);
    if (result < 0)
        return result;
    result = memory_create(pool, ring, RING_PAGES, 0);
    if (result >= 0)
        result = memory_commit_all(ring, 0, RING_PAGES);
    if (result >= 0)
        result = memory_create(pool, data, session->data_pages, 0);
    if (result >= 0)
        result = memory_commit_all(data, 0, session->data_pages);
    if (result >= 0)
        result = map_parts(BOOT_SLOT_SPACE, number, parts_of_root, array_count(parts_of_root));
    if (result < 0)
        must(object_destroy_all(pool), "giving a session's memory back"); /* nobody maps it */
    return result;
}

status session_memory_make(struct session *session, u32 number)
{
    status result = make(session, number);
    u8 *base = (u8 *)session_address(number);
    session->g = (struct ring_page_g *)base;
    session->info = (struct session_info *)(base + PAGE_SIZE);
    session->s = (struct ring_page_s *)(base + 2 * PAGE_SIZE);
    return result;
}

bool session_memory_free(struct session *session, u32 number)
{
    if (session->info)
        unmap_parts(BOOT_SLOT_SPACE, number, parts_of_root, array_count(parts_of_root));
    session->g = NULL;
    session->info = NULL;
    session->s = NULL;
    status result = object_destroy_all(slot_of(number, SESSION_SLOT_POOL));
    if (status_code(result) == ERR_BUSY)
        return false;
    must(result, "giving a session's memory back");
    return true;
}

status session_give_server(const struct session *session, u32 number, u32 data_slot, u32 event_slot)
{
    struct part parts[PARTS];
    u32 space = server_slot(session->server, SERVER_SLOT_SPACE);
    status result = cap_copy(space, data_slot, slot_of(number, SESSION_SLOT_DATA), READ_WRITE, 0);
    if (result < 0)
        return result;
    result = cap_copy(space, event_slot, server_slot(session->client, SERVER_SLOT_EVENT),
                      RIGHT_RAISE, EVENT_COMPLETION(number));
    if (result >= 0) {
        parts_of_server(session, parts);
        result = map_parts(space, number, parts, PARTS);
        if (result >= 0)
            return 0;
        ignore_status(cap_drop(space, event_slot)); /* both were filled just now */
    }
    ignore_status(cap_drop(space, data_slot));
    return result;
}

status session_give_client(const struct session *session, u32 number, u32 event_slot)
{
    struct part parts[PARTS];
    u32 space = server_slot(session->client, SERVER_SLOT_SPACE);
    status result = cap_copy(space, event_slot, server_slot(session->server, SERVER_SLOT_EVENT),
                             RIGHT_RAISE, EVENT_DOORBELL(number));
    if (result < 0)
        return result;
    parts_of_client(session, parts);
    result = map_parts(space, number, parts, PARTS);
    if (result < 0)
        ignore_status(cap_drop(space, event_slot)); /* it was filled just now */
    return result;
}

void session_take(const struct session *session, const struct server *from, u32 number)
{
    struct part parts[PARTS];
    parts_of_client(session, parts);
    if (from == session->server)
        parts_of_server(session, parts);
    unmap_parts(server_slot(from, SERVER_SLOT_SPACE), number, parts, PARTS);
}

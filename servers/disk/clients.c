/*
 * Clients: their sessions, their turns, their completions. See clients.h.
 *
 * Nothing is allocated between a doorbell and a completion.
 */
#include <disk/clients.h>

#include <base/string.h>
#include <disk/flights.h>
#include <disk/ramdisk.h>
#include <runtime/print.h>
#include <runtime/step.h>

#define QUANTUM_REQUESTS 8u
#define QUANTUM_BYTES    (128u << 10)
#define TURNS            8u /* of all clients, between two looks at the devices */

struct volumes volumes;

static struct client clients[SESSION_LIMIT];
static struct list ready = LIST_INIT(ready);
static struct list settling = LIST_INIT(settling);
static struct list waiting = LIST_INIT(waiting);
static struct list unpublished = LIST_INIT(unpublished);
static bool all_known; /* disks that are not in the table will not come by themselves */

void client_set(struct client *client, enum client_state state, struct list *list)
{
    list_remove(&client->link);
    client->state = state;
    if (list)
        list_push_back(list, &client->link);
}

void client_wake(struct client *client)
{
    client_set(client, CLIENT_READY, &ready);
}

void clients_ring(u64 events)
{
    for_each_session(session, events)
    {
        struct client *client = session->owner;
        if (client->state == CLIENT_ASLEEP)
            client_wake(client);
    }
}

/* --- completions ----------------------------------------------------------------------------- */

void client_complete(struct client *client, u16 tag, int result, u32 len)
{
    if (client->state == CLIENT_CLOSING)
        return;
    if (list_empty(&client->publish))
        list_push_back(&unpublished, &client->publish);
    back_complete(&client->session->back, tag, result, len);
    step(STEP_COMPLETED);
}

static void publish_all(void)
{
    struct list *node;
    while ((node = list_pop_front(&unpublished)) != NULL)
        back_publish(&container_of(node, struct client, publish)->session->back);
}

bool clients_settle(void)
{
    publish_all();
    struct list *node;
    while ((node = list_pop_front(&settling)) != NULL) {
        struct client *client = container_of(node, struct client, link);
        if (back_may_sleep(&client->session->back))
            client_set(client, CLIENT_ASLEEP, NULL);
        else
            client_wake(client);
    }
    return list_empty(&ready);
}

/* --- turns ----------------------------------------------------------------------------------- */

/* BLOCK_INFO: what the client may know of its volume. */
static u32 write_info(const struct client *client, const struct ring_sqe *entry)
{
    struct block_info info = {
        .sectors = client->limits.sectors,
        .physical_sector = client->volume->disk->physical_sector,
        .flags = (client->limits.write ? BLOCK_IS_WRITABLE : 0u) |
                 (client->limits.can_trim ? BLOCK_CAN_TRIM : 0u),
    };
    memcpy(info.name, client->volume->name, sizeof(info.name));
    memcpy(client->session->back.data + entry_offset(entry), &info, sizeof(info));
    return sizeof(info);
}

/* A request of a client with a RAM disk, from beginning to end. Returns the bytes moved. */
static u32 serve_ram(struct client *client, const struct back_request *request)
{
    struct transfer transfer;
    int result = request_check(&client->limits, request, &transfer);
    u32 bytes = 0;
    if (result != RING_OK) {
        client->refused++;
    } else if (transfer.op == BLOCK_READ || transfer.op == BLOCK_WRITE) {
        ramdisk_move(client->volume->disk->unit, &transfer, request, client->session->back.data);
        bytes = transfer.sectors * BLOCK_SECTOR;
    } else if (transfer.op == BLOCK_INFO) {
        bytes = write_info(client, &request->entry[0]);
    }
    step(STEP_DEVICE_DONE);
    client_complete(client, request->tag, result, bytes);
    return bytes;
}

/* The same of one with a disk at a controller: on its way, or completed if it cannot be. */
static u32 serve_flight(struct client *client, struct flight *flight)
{
    struct back_request *request = &flight->request;
    int result = request_check(&client->limits, request, &flight->transfer);
    u32 bytes = 0;
    if (result == RING_OK && volume_is_gone(client->volume))
        result = RING_GONE;
    if (result == RING_OK && flight->transfer.op != BLOCK_INFO) {
        flight_start(flight, client);
        return flight->transfer.sectors * BLOCK_SECTOR;
    }
    if (result == RING_OK)
        bytes = write_info(client, &request->entry[0]);
    else
        client->refused++;
    flight_free(client->unit, flight);
    client_complete(client, request->tag, result, bytes);
    return bytes;
}

/* The ring is empty, or broken. */
static void end_turn(struct client *client, enum back_result result)
{
    client_set(client, CLIENT_SETTLING, &settling);
    if (result != BACK_BROKEN)
        return;
    struct session *session = client->session;
    print("disk: session %u: %s\n", session->number, session_reason_text(session->back.broken));
    session_refuse(session, session->back.broken);
}

static void turn(struct client *client)
{
    struct back_request request;
    struct back *back = &client->session->back;
    u32 bytes = 0;
    for (u32 i = 0; i < QUANTUM_REQUESTS && bytes < QUANTUM_BYTES; i++) {
        struct flight *flight = NULL;
        if (client->unit && !(flight = flight_allocate(client)))
            return; /* now it is BLOCKED or HELD */
        enum back_result result = back_take(back, flight ? &flight->request : &request);
        if (result != BACK_TAKEN) {
            if (flight)
                flight_free(client->unit, flight);
            end_turn(client, result);
            return;
        }
        step(STEP_TAKEN);
        bytes += flight ? serve_flight(client, flight) : serve_ram(client, &request);
    }
    client_wake(client); /* at the end of the queue */
}

void clients_turns(void)
{
    struct list *node;
    for (u32 i = 0; i < TURNS && (node = list_pop_front(&ready)) != NULL; i++)
        turn(container_of(node, struct client, link));
}

/* --- sessions -------------------------------------------------------------------------------- */

/* Is a session with this disk about to end? It keeps its volume as long as the device works for
 * it. */
static bool somebody_leaves(const struct disk *disk)
{
    for (u32 i = 0; i < SESSION_LIMIT; i++) {
        const struct client *client = &clients[i];
        if (client->volume && client->volume->disk == disk &&
            client->session->info->state == SESSION_CLOSED)
            return true;
    }
    return false;
}

/* The client gets its volume; or waits for it, if a predecessor has not quite gone. */
static enum session_reason attach(struct client *client, struct volume *volume)
{
    enum session_reason reason = volume_claim(&volumes, volume, client->write);
    if (reason == SESSION_IN_USE && somebody_leaves(volume->disk)) {
        client_set(client, CLIENT_WAITING, &waiting);
        return SESSION_REASON_NONE;
    }
    if (reason != SESSION_REASON_NONE)
        return reason;
    if (volume->disk->kind == DISK_AHCI)
        reason = flights_attach(client, volume);
    if (reason != SESSION_REASON_NONE) {
        volume_release(volume, client->write);
        return reason;
    }
    client->volume = volume;
    client->limits = (struct request_limits){
        .first = volume->first,
        .sectors = volume->sectors,
        .data_size = client->session->back.data_size,
        .write = client->write,
        .can_trim = client->write && volume->disk->can_trim,
    };
    client_wake(client); /* a predecessor may have left requests in the ring */
    print("disk: session %u of %.*s: volume %s, %s\n", client->session->number, START_NAME_SIZE,
          client->session->info->client, volume->name,
          client->write ? "to read and write" : "to read");
    return SESSION_REASON_NONE;
}

/* Looks for the client's volume. */
static enum session_reason resolve(struct client *client)
{
    struct volume *volume = volumes_find(&volumes, session_argument(client->session, 0));
    if (volume)
        return attach(client, volume);
    if (all_known)
        return SESSION_NO_TARGET;
    client_set(client, CLIENT_WAITING, &waiting);
    return SESSION_REASON_NONE;
}

static void say_refusal(const struct session *session, enum session_reason reason)
{
    print("disk: session %u of %.*s (%.*s): %s\n", session->number, START_NAME_SIZE,
          session->info->client, (int)SESSION_ARGUMENT, session->info->argument,
          session_reason_text(reason));
}

enum session_reason session_opened(struct session *session)
{
    struct client *client = &clients[session->number];
    struct slice mode = session_argument(session, 1);
    *client = (struct client){.session = session, .write = slice_equal(mode, "rw")};
    list_init(&client->link);
    list_init(&client->publish);
    session->owner = client;
    enum session_reason reason = SESSION_BAD_ARGUMENT;
    if ((client->write || slice_equal(mode, "ro")) && session_argument(session, 2).length == 0)
        reason = resolve(client);
    if (reason != SESSION_REASON_NONE)
        say_refusal(session, reason);
    return reason;
}

void clients_resolve(bool all)
{
    struct list before = LIST_INIT(before);
    all_known = all;
    list_move_all(&before, &waiting);
    struct list *node;
    while ((node = list_pop_front(&before)) != NULL) {
        struct client *client = container_of(node, struct client, link);
        enum session_reason reason = resolve(client);
        if (reason == SESSION_REASON_NONE)
            continue;
        say_refusal(client->session, reason);
        session_refuse(client->session, reason);
    }
}

void client_finish(struct client *client)
{
    if (client->flights != 0)
        return;
    if (client->unit)
        flights_detach(client);
    if (client->volume)
        volume_release(client->volume, client->write);
    client->volume = NULL;
    session_release(client->session);
    clients_resolve(all_known); /* others may have waited for the volume */
}

void session_closing(struct session *session)
{
    struct client *client = session->owner;
    list_remove(&client->publish);
    client_set(client, CLIENT_CLOSING, NULL);
    client_finish(client);
}

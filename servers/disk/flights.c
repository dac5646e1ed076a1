/*
 * Requests on their way at a disk. See flights.h.
 *
 * Memory of a session is made known to the controller when the session gets its volume, and taken
 * back from it when its last request has ended: then no command is left that names it.
 */
#include <disk/flights.h>

#include <disk/ahci_home.h>
#include <runtime/heap.h>
#include <runtime/print.h>
#include <runtime/step.h>
#include <runtime/syscall.h>

/* --- disks ----------------------------------------------------------------------------------- */

struct unit *unit_create(struct ahci_port *port, struct disk *disk)
{
    struct unit *unit = heap_zeroed(sizeof(*unit));
    if (!unit)
        return NULL;
    unit->port = port;
    unit->disk = disk;
    list_init(&unit->blocked);
    for (u32 i = 0; i < FLIGHTS; i++) {
        unit->flights[i].next = unit->free;
        unit->free = &unit->flights[i];
    }
    disk->at = unit;
    return unit;
}

/* After the disk has gone, its last user lets go of the rest. */
static void unit_drop(struct unit *unit)
{
    if (unit->users != 0 || unit->disk->state != DISK_GONE)
        return;
    unit->disk->at = NULL;
    heap_free(unit);
}

void unit_gone(struct unit *unit)
{
    struct list *node;
    disk_remove(unit->disk);
    while ((node = list_first(&unit->blocked)) != NULL)
        client_wake(container_of(node, struct client, link));
    unit_drop(unit);
}

/* There may be room for another request: the client that has waited longest looks. */
static void wake_one(struct unit *unit)
{
    struct list *node = list_first(&unit->blocked);
    if (node)
        client_wake(container_of(node, struct client, link));
}

/* --- memory of sessions ---------------------------------------------------------------------- */

/* Asks for the bus address of each page. */
static bool fill_bus_table(struct client *client, u32 device, u64 pages)
{
    u32 memory = client->session->data_slot;
    for (u64 i = 0; i < pages; i++) {
        status address = dma_address(device, memory, i);
        if (address < 0)
            return false;
        client->bus_pages[i] = (u64)address;
    }
    client->bus = (struct bus_table){.pages = client->bus_pages, .count = pages};
    return true;
}

enum session_reason flights_attach(struct client *client, struct volume *volume)
{
    u32 device = ahci_home_device();
    u64 pages = align_up(client->session->back.data_size, PAGE_SIZE) / PAGE_SIZE;
    client->bus_pages = heap_allocate(pages * sizeof(u64));
    if (!client->bus_pages)
        return SESSION_NO_MEMORY;
    status mapped = dma_map(device, client->session->data_slot, 0, pages);
    if (mapped >= 0 && fill_bus_table(client, device, pages)) {
        client->unit = volume->disk->at;
        client->unit->users++;
        client->losses = client->unit->port->losses;
        return SESSION_REASON_NONE;
    }
    print("disk: session %u: its data area cannot be used by the device: %s\n",
          client->session->number, error_text(status_code(mapped)));
    if (mapped >= 0)
        ignore_status(dma_unmap(device, client->session->data_slot, 0)); /* just mapped */
    heap_free(client->bus_pages);
    return status_code(mapped) == ERR_LIMIT ? SESSION_TOO_MANY : SESSION_NO_MEMORY;
}

void flights_detach(struct client *client)
{
    status result = dma_unmap(ahci_home_device(), client->session->data_slot, 0);
    if (result < 0)
        print("disk: session %u: taking its memory back from the device: %s\n",
              client->session->number, error_text(status_code(result)));
    heap_free(client->bus_pages);
    client->unit->users--;
    wake_one(client->unit); /* this client may have been woken, and not come to its turn */
    unit_drop(client->unit);
    client->unit = NULL;
}

/* --- requests -------------------------------------------------------------------------------- */

struct flight *flight_allocate(struct client *client)
{
    struct unit *unit = client->unit;
    u32 limit = unit->users > 1 ? FLIGHTS - FLIGHTS_LEFT : FLIGHTS;
    struct flight *flight = unit->free;
    if (client->flights >= limit) {
        client_set(client, CLIENT_HELD, NULL);
        return NULL;
    }
    if (!flight || (!volume_is_gone(client->volume) && ahci_room(unit->port) == 0)) {
        client_set(client, CLIENT_BLOCKED, &unit->blocked);
        return NULL;
    }
    unit->free = flight->next;
    return flight;
}

void flight_free(struct unit *unit, struct flight *flight)
{
    flight->next = unit->free;
    unit->free = flight;
    wake_one(unit);
}

static int status_of(enum ahci_result result)
{
    if (result == AHCI_DONE)
        return RING_OK;
    return result == AHCI_GONE ? RING_GONE : RING_IO;
}

static void say_failure(const struct flight *flight, const char *text)
{
    static const char *const names[] = {[BLOCK_READ] = "read",
                                        [BLOCK_WRITE] = "write",
                                        [BLOCK_FLUSH] = "flush",
                                        [BLOCK_TRIM] = "trim"};
    print("disk: %s: %s of %u sectors at %lu: %s\n", flight->client->volume->disk->name,
          names[flight->transfer.op], flight->transfer.sectors, flight->transfer.sector, text);
}

/* A disk says once that it has lost something, and not whose it was: of each client that writes, a
 * flush fails then. */
static int flush_result(const struct flight *flight, int result)
{
    struct client *client = flight->client;
    u64 losses = client->unit->port->losses;
    if (result == RING_OK && client->write && client->losses != losses) {
        say_failure(flight, "the disk has lost something since the last flush");
        result = RING_IO;
    }
    client->losses = losses;
    return result;
}

/* The request ended; its completion follows. */
static void end(struct flight *flight, int result)
{
    struct client *client = flight->client;
    if (flight->transfer.op == BLOCK_FLUSH)
        result = flush_result(flight, result);
    bool moves = flight->transfer.op == BLOCK_READ || flight->transfer.op == BLOCK_WRITE;
    u32 bytes = moves && result == RING_OK ? flight->transfer.sectors * BLOCK_SECTOR : 0;
    flight_free(client->unit, flight);
    client->flights--;
    if (client->state == CLIENT_CLOSING) {
        client_finish(client);
        return;
    }
    client_complete(client, flight->request.tag, result, bytes);
    if (client->state == CLIENT_HELD)
        client_wake(client);
}

/* The next command for the request. False: there is none, it is done. */
static bool next_command(struct flight *flight, struct ahci_request *command,
                         struct dma_piece pieces[AHCI_PIECES])
{
    static const struct piece_limits limits = {
        .pieces = AHCI_PIECES, .piece_bytes = AHCI_PIECE_BYTES, .sectors = AHCI_SECTORS};
    const struct transfer *transfer = &flight->transfer;
    bool first = flight->cursor.sector == transfer->sector;
    *command = (struct ahci_request){.fua = transfer->fua,
                                     .sector = flight->cursor.sector,
                                     .sectors = transfer->sectors,
                                     .cookie = flight};
    switch (transfer->op) {
    case BLOCK_FLUSH:
        command->op = AHCI_FLUSH;
        flight->cursor.sector++; /* next time it is not the first any more */
        return first;
    case BLOCK_TRIM:
        command->op = AHCI_TRIM;
        flight->cursor.sector += transfer->sectors;
        return first;
    default:
        command->op = transfer->op == BLOCK_READ ? AHCI_READ : AHCI_WRITE;
        command->pieces = pieces;
        command->sectors = request_pieces(&flight->request, &flight->client->bus, &limits,
                                          &flight->cursor, pieces, &command->piece_count);
        return command->sectors != 0;
    }
}

/* Submits what comes next of the request, or ends it. */
static void go_on(struct flight *flight)
{
    struct dma_piece pieces[AHCI_PIECES];
    struct ahci_request command;
    if (!next_command(flight, &command, pieces)) {
        end(flight, RING_OK);
        return;
    }
    enum ahci_refusal refusal = ahci_submit(flight->client->unit->port, &command);
    if (refusal == AHCI_TAKEN)
        return;
    say_failure(flight, ahci_refusal_text(refusal));
    end(flight, refusal == AHCI_NO_DISK ? RING_GONE : RING_IO);
}

void flight_start(struct flight *flight, struct client *client)
{
    flight->client = client;
    flight->cursor = (struct cursor){.sector = flight->transfer.sector};
    client->flights++;
    go_on(flight);
}

void flight_done(struct flight *flight, enum ahci_result result)
{
    step(STEP_DEVICE_DONE);
    if (result == AHCI_DONE && flight->client->state != CLIENT_CLOSING) {
        go_on(flight);
        return;
    }
    if (result != AHCI_DONE)
        say_failure(flight, ahci_result_text(result));
    end(flight, status_of(result));
}

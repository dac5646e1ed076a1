/*
 * The home of the AHCI driver. See ahci_home.h.
 *
 * The partition tables are read through one page at the end of the memory that the driver shares
 * with the device; so they are read one after the other.
 */
#include <disk/ahci_home.h>

#include <base/format.h>
#include <runtime/clock.h>
#include <runtime/dma.h>
#include <runtime/print.h>
#include <runtime/start.h>
#include <runtime/syscall.h>

#define NAME    "ahci" /* of the grants */
#define SOON_NS (20 * NS_PER_MS)

static struct ahci ahci;
static bool is_open, all_known; /* all_known: all disks of the beginning */
static bool to_probe = true;    /* there may be disks whose tables have not been read */
static u32 device;
static const struct grant *irq;
static struct unit *units[AHCI_PORTS]; /* disks that are there */

/* The disk whose partition table is being read. */
static struct {
    struct unit *unit; /* NULL: none */
    const u8 *buffer;
    struct dma_piece piece;
    struct gpt gpt;
} probe;

u32 ahci_home_device(void)
{
    return device;
}

void ahci_home_counters(u64 *accesses, u64 *interrupts)
{
    *accesses = ahci.register_accesses;
    *interrupts = ahci.interrupts;
}

/* --- partition tables ------------------------------------------------------------------------ */

static void say_volumes(const struct disk *disk)
{
    for (u32 i = 0; i < VOLUMES; i++) {
        const struct volume *volume = &volumes.volumes[i];
        if (volume->disk == disk && volume->partition != 0)
            print("disk: %s: volume %s, %lu sectors from %lu on\n", disk->name, volume->name,
                  volume->sectors, volume->first);
    }
}

/* All is known of the disk. */
static void end_probe(void)
{
    struct disk *disk = probe.unit->disk;
    probe.unit = NULL;
    disk->gpt = probe.gpt.verdict;
    gpt_describe(&probe.gpt, disk->verdict, sizeof(disk->verdict));
    print("disk: %s: %s\n", disk->name, disk->verdict);
    if (probe.gpt.ignored != 0)
        print("disk: %s: %u entries beyond the first %u are not used\n", disk->name,
              probe.gpt.ignored, GPT_PARTITIONS);
    if (!volumes_add(&volumes, disk, &probe.gpt))
        print("disk: %s: no room in the table for all of its volumes\n", disk->name);
    say_volumes(disk);
}

/* Reads the next sectors of the table; where that cannot be, the table will be found damaged. */
static void read_next(void)
{
    u64 sector;
    u32 count;
    while (gpt_next(&probe.gpt, &sector, &count)) {
        probe.piece.length = count * GPT_SECTOR;
        const struct ahci_request request = {.op = AHCI_READ,
                                             .sector = sector,
                                             .sectors = count,
                                             .piece_count = 1,
                                             .pieces = &probe.piece,
                                             .cookie = &probe};
        if (ahci_submit(probe.unit->port, &request) == AHCI_TAKEN)
            return;
        gpt_take(&probe.gpt, NULL);
    }
    end_probe();
}

static void probe_done(enum ahci_result result)
{
    if (!probe.unit)
        return; /* the disk was pulled out meanwhile */
    if (result != AHCI_DONE)
        print("disk: %s: its partition table: %s\n", probe.unit->disk->name,
              ahci_result_text(result));
    gpt_take(&probe.gpt, result == AHCI_DONE ? probe.buffer : NULL);
    read_next();
}

/* Begins with the next disk, if it is time for that. */
static void probe_next(void)
{
    for (u32 i = 0; i < AHCI_PORTS && !probe.unit; i++) {
        if (!units[i] || units[i]->disk->state != DISK_PROBING)
            continue;
        probe.unit = units[i];
        gpt_begin(&probe.gpt, probe.unit->disk->sectors);
        read_next();
    }
}

/* --- disks that come and go ------------------------------------------------------------------ */

static void disk_came(struct ahci_port *port)
{
    char name[DISK_NAME_SIZE];
    format_buffer(name, sizeof(name), NAME "%u", port->number);
    struct disk *disk = volumes_add_disk(&volumes, DISK_AHCI, port->number, name);
    struct unit *unit = disk ? unit_create(port, disk) : NULL;
    if (!unit) {
        print("disk: %s: no room for another disk\n", name);
        if (disk)
            disk->state = DISK_FREE;
        return;
    }
    units[port->number] = unit;
    to_probe = true;
    disk->sectors = port->disk.sectors;
    disk->physical_sector = port->disk.physical_sector;
    disk->can_trim = port->disk.trim;
    format_buffer(disk->model, sizeof(disk->model), "%s", port->disk.model);
    format_buffer(disk->serial, sizeof(disk->serial), "%s", port->disk.serial);
    print("disk: %s: %s, serial number %s, %lu sectors, queue of %u\n", name, disk->model,
          disk->serial, disk->sectors, port->disk.queue_depth);
}

static void disk_went(struct unit *unit)
{
    print("disk: %s: the disk is gone\n", unit->disk->name);
    units[unit->port->number] = NULL;
    if (probe.unit == unit)
        probe.unit = NULL;
    unit_gone(unit);
}

static void changed(struct ahci_port *port)
{
    struct unit *unit = units[port->number];
    if (unit)
        disk_went(unit);
    if (port->present)
        disk_came(port);
}

static void done(struct ahci_port *port, void *cookie, enum ahci_result result)
{
    (void)port;
    if (cookie == &probe)
        probe_done(result);
    else
        flight_done(cookie, result);
}

/* It might write to the memory of clients at any time, until root takes that from it: at this
 * server's end. Where there is no disk, it was told of none. */
static void stuck(struct ahci *controller)
{
    for (u32 i = 0; i < AHCI_PORTS; i++) {
        if (units[i])
            panic("disk: the AHCI controller does not stop, after %lu interrupts",
                  controller->interrupts);
    }
}

/* --- the controller -------------------------------------------------------------------------- */

static bool open_controller(void)
{
    struct registers registers;
    struct dma dma;
    const struct grant *granted = grant_find(GRANT_DEVICE, NAME);
    irq = grant_find(GRANT_IRQ, NAME);
    if (!granted || !irq) {
        print("disk: no AHCI controller was granted\n");
        return false;
    }
    device = granted->slot;
    if (!registers_open(&registers, NAME, 5) || !dma_open(&dma, NAME, NAME))
        return false; /* they have said why */
    u64 last = dma.size - PAGE_SIZE;
    probe.buffer = dma.base + last;
    probe.piece.bus = home_bus_address(&dma, last);
    dma.size = last;
    struct ahci_home home = {.done = done, .changed = changed, .stuck = stuck};
    enum ahci_error error = ahci_open(&ahci, registers, dma, home);
    if (error != AHCI_OK)
        print("disk: the AHCI controller cannot be used: %s\n", ahci_error_text(error));
    return error == AHCI_OK;
}

void ahci_home_open(void)
{
    is_open = open_controller();
    if (!is_open)
        clients_resolve(true);
}

/* --- in the server's loop -------------------------------------------------------------------- */

/* Is it time for ahci_poll; or, with `soon`, nearly? Asked in every round, so it is worked out in
 * ticks, and once for each time. */
static bool is_due(bool soon)
{
    static u64 at_ns, at_ticks, soon_ticks;
    if (ahci.poll_at != at_ns) {
        at_ns = ahci.poll_at;
        at_ticks = clock_from_ns(at_ns, start->tsc_hz);
        soon_ticks = clock_from_ns(at_ns - min(at_ns, SOON_NS), start->tsc_hz);
    }
    return tsc() >= (soon ? soon_ticks : at_ticks);
}

/* Is a disk being looked for, or got to work again? That goes on by the clock, in steps of some
 * milliseconds, and nobody wakes this server for them: it looks again and again meanwhile. */
static bool is_unsettled(void)
{
    if (ahci.phase != AHCI_RUNNING)
        return ahci.phase != AHCI_DEAD;
    for (u32 i = 0; i < AHCI_PORTS; i++) {
        enum ahci_state state = ahci.ports[i].state;
        if (state != AHCI_NO_PORT && state != AHCI_EMPTY && state != AHCI_READY &&
            state != AHCI_FOREIGN && state != AHCI_FAILED)
            return true;
    }
    return false;
}

void ahci_home_events(u64 events)
{
    if (!is_open)
        return;
    u64 mine = 1ul << irq->value[0];
    if (events & mine) {
        ahci_interrupt(&ahci);
        if (irq->value[2] != 0)
            ignore_status(irq_ack(irq->slot)); /* it is there as long as this server is */
    }
    if (is_due(false))
        ahci_poll(&ahci);
}

bool ahci_home_before_wait(void)
{
    if (!is_open)
        return false;
    if (to_probe && (all_known || !ahci_probing(&ahci))) {
        probe_next();
        to_probe = probe.unit;
        all_known = all_known || !to_probe;
        clients_resolve(all_known);
    }
    ahci_start(&ahci);
    return is_due(true) && is_unsettled();
}

/* Runs of requests on all disks of a controller. See disks.h. */
#include "disks.h"

#include <base/bits.h>
#include <runtime/dma.h>
#include <runtime/ipc.h>
#include <runtime/print.h>
#include <runtime/start.h>
#include <runtime/syscall.h>

struct ahci ahci;
struct ahci_port *disks[AHCI_PORTS];
u32 disk_count;
u8 *buffers;
u64 buffer_bus[BUFFERS];

static struct dma data;
static const struct grant *irq;

static struct run *running;
static u32 in_flight;
static u32 buffer_taken;
static u32 buffer_index[BUFFERS]; /* the number of the request that uses it */
static enum ahci_result one_result;
static bool one_done;

static u64 pattern_word(u64 sector, u32 word, u32 seed)
{
    return (sector << 8 | word) * 0x9e3779b97f4a7c15 + seed;
}

void pattern_fill(u8 *bytes, u64 sector, u32 sectors, u32 seed)
{
    u64 *words = (u64 *)bytes;
    for (u32 i = 0; i < sectors * 64; i++)
        words[i] = pattern_word(sector + i / 64, i % 64, seed);
}

bool pattern_is(const u8 *bytes, u64 sector, u32 sectors, u32 seed)
{
    const u64 *words = (const u64 *)bytes;
    for (u32 i = 0; i < sectors * 64; i++)
        if (words[i] != pattern_word(sector + i / 64, i % 64, seed))
            return false;
    return true;
}

/* Cookies are the number of the buffer; of a flush in between, FLUSH; of a single one, ONE. */
#define FLUSH ((void *)1000)
#define ONE   ((void *)1001)

static u64 sector_of(u32 index)
{
    return running->first + (u64)(index / disk_count) * BUFFER_SECTORS;
}

static void done(struct ahci_port *port, void *cookie, enum ahci_result result)
{
    if (cookie == ONE) {
        one_result = result;
        one_done = true;
        return;
    }
    in_flight--;
    running->failed += result != AHCI_DONE;
    if (cookie == FLUSH) {
        running->flushes++;
        return;
    }
    u32 buffer = (u32)(u64)cookie, index = buffer_index[buffer];
    buffer_taken &= ~(1u << buffer);
    running->done++;
    if (result != AHCI_DONE && running->print_errors)
        print("sector %lu of port %u: %s\n", sector_of(index), port->number,
              ahci_result_text(result));
    if (result == AHCI_DONE && running->op == AHCI_READ &&
        !pattern_is(buffers + buffer * BUFFER_BYTES, sector_of(index), BUFFER_SECTORS,
                    running->seed))
        running->wrong++;
}

static void changed(struct ahci_port *port)
{
    print("port %u: %s, %s\n", port->number, port->present ? "present" : "absent",
          ahci_state_text(port->state));
}

static void stuck(struct ahci *controller)
{
    panic("the controller is stuck after %lu interrupts", controller->interrupts);
}

void disks_wait(void)
{
    struct message m;
    for (;;) {
        status came = ipc_wait(SLOT_NONE, WAIT_POLL, &m, 0);
        if (came == WAIT_EVENT) {
            ahci_interrupt(&ahci);
            if (irq_ack(irq->slot) < 0)
                panic("the interrupt cannot be acknowledged");
            return;
        }
        if (home_time_ns() >= ahci.poll_at) {
            ahci_poll(&ahci);
            return;
        }
        __builtin_ia32_pause();
    }
}

void disks_open(void)
{
    struct registers registers;
    struct dma dma;
    irq = grant_find(GRANT_IRQ, "ahci");
    if (!irq || !registers_open(&registers, "ahci", 5) || !dma_open(&dma, "ahci", "ahci") ||
        !dma_open(&data, "data", "ahci"))
        panic("what was granted cannot be used");
    buffers = data.base;
    for (u32 i = 0; i < BUFFERS; i++)
        buffer_bus[i] = home_bus_address(&data, (u64)i * BUFFER_BYTES);
    struct ahci_home home = {done, changed, stuck};
    enum ahci_error error = ahci_open(&ahci, registers, dma, home);
    if (error)
        panic("%s", ahci_error_text(error));
    while (ahci_probing(&ahci))
        disks_wait();
    for (u32 i = 0; i < AHCI_PORTS; i++)
        if (ahci.ports[i].present)
            disks[disk_count++] = &ahci.ports[i];
}

static bool submit(u32 index)
{
    struct ahci_port *disk = disks[index % disk_count];
    u32 buffer = bit_lowest(~buffer_taken);
    u64 sector = sector_of(index);
    if (running->op == AHCI_WRITE)
        pattern_fill(buffers + buffer * BUFFER_BYTES, sector, BUFFER_SECTORS, running->seed);
    struct dma_piece piece = {buffer_bus[buffer], BUFFER_BYTES};
    struct ahci_request request = {.op = running->op,
                                   .fua = running->fua,
                                   .sector = sector,
                                   .sectors = BUFFER_SECTORS,
                                   .piece_count = 1,
                                   .pieces = &piece,
                                   .cookie = (void *)(u64)buffer};
    enum ahci_refusal refusal = ahci_submit(disk, &request);
    if (refusal != AHCI_TAKEN) {
        if (refusal != AHCI_BUSY)
            panic("sector %lu: %s", sector, ahci_refusal_text(refusal));
        return false;
    }
    buffer_index[buffer] = index;
    buffer_taken |= 1u << buffer;
    in_flight++;
    return true;
}

static void submit_flush(u32 index)
{
    struct ahci_request flush = {.op = AHCI_FLUSH, .cookie = FLUSH};
    if (ahci_submit(disks[index % disk_count], &flush) == AHCI_TAKEN)
        in_flight++;
}

void disks_run(struct run *run)
{
    u32 next = 0, total = run->count * disk_count;
    u64 accesses = ahci.register_accesses, interrupts = ahci.interrupts;
    running = run;
    run->done = run->failed = run->wrong = run->flushes = 0;
    while (next < total || in_flight) {
        while (next < total && in_flight < run->depth && ~buffer_taken && submit(next)) {
            next++;
            if (run->flush_each && next % run->flush_each == 0)
                submit_flush(next);
        }
        ahci_start(&ahci);
        if (in_flight)
            disks_wait();
    }
    run->accesses = ahci.register_accesses - accesses;
    run->interrupts = ahci.interrupts - interrupts;
}

enum ahci_result disks_one(const struct ahci_request *request)
{
    struct ahci_request copy = *request;
    copy.cookie = ONE;
    one_done = false;
    enum ahci_refusal refusal = ahci_submit(disks[0], &copy);
    if (refusal != AHCI_TAKEN)
        panic("one request: %s", ahci_refusal_text(refusal));
    while (!one_done) {
        ahci_start(&ahci);
        disks_wait();
    }
    return one_result;
}

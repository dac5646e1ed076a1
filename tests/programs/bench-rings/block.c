/*
 * Reads of a RAM disk, and of a disk behind AHCI.
 */
#include "rings.h"

#include <base/string.h>
#include <ring/block.h>
#include <runtime/clock.h>
#include <runtime/ipc.h>
#include <runtime/print.h>
#include <runtime/start.h>
#include <service/disk.h>

#define BLOCK_BYTES 4096u
#define SECTORS     (BLOCK_BYTES / BLOCK_SECTOR)

static void push(struct lane *lane, const struct ring_sqe *entry, u32 limit)
{
    if (!front_push(&lane->front, entry, 1, limit, 0))
        panic("bench-rings: %s: nothing can be pushed", lane->front.info->name);
}

static void push_read(struct lane *lane, u32 index)
{
    struct ring_sqe entry = {
        .op = BLOCK_READ,
        .buf = index * (BLOCK_BYTES / RING_UNIT),
        .arg = BLOCK_ARG(index * SECTORS, SECTORS),
    };
    push(lane, &entry, BLOCK_BYTES);
}

/* What the copy of one block costs, as the server does it. */
static u64 copy_ticks(struct lane *lane)
{
    u64 best = UINT64_MAX;
    for (u32 i = 0; i < ROUNDS; i++) {
        u64 before = tsc();
        memcpy(lane->front.data, lane->front.data + BLOCK_BYTES, BLOCK_BYTES);
        best = min(best, ticks_since(before));
    }
    return best;
}

void measure_ram(void)
{
    static struct lane ram;
    if (!lane_open(&ram, "ram"))
        return;
    u64 copy = copy_ticks(&ram);
    struct cost cost = measure_batches(&ram, 1, push_read);
    figure("ram_read4k_qd1", cost.ticks - copy, 1);
    cost = measure_batches(&ram, 4, push_read);
    figure_fraction("ram_read4k_qd4_events", cost.events, ROUNDS * 4);
    cost = measure_batches(&ram, DEPTH_MOST, push_read);
    figure("ram_read4k_qd32", cost.ticks - DEPTH_MOST * copy, DEPTH_MOST);
    figure_fraction("ram_read4k_qd32_events", cost.events, ROUNDS * DEPTH_MOST);
}

/* The accesses to the controller's registers that the disk server's driver has counted. */
static u64 register_accesses(void)
{
    const struct grant *disk = grant_find(GRANT_SERVICE, "disk");
    struct message m = {.word = {DISK_COUNTERS}};
    status result = disk ? ipc_call(disk->slot, &m, 0) : status_error(ERR_ABSENT, 0);
    if (result >= 0)
        result = (status)m.word[0];
    if (result < 0)
        panic("bench-rings: the disk server's counters: %s", error_text(status_code(result)));
    return m.word[1];
}

static u64 accesses_of_batches(struct lane *lane, u32 depth)
{
    u64 before = register_accesses();
    measure_batches(lane, depth, push_read);
    return register_accesses() - before;
}

/* Of a disk in QEMU it cannot be said when it has done something: so here accesses are counted, of
 * all batches, and not the instructions of the best. */
void measure_ahci(void)
{
    static struct lane ahci;
    if (!lane_open(&ahci, "ahci"))
        return;
    u64 accesses = accesses_of_batches(&ahci, 1);
    figure_fraction("ahci_regs_qd1", accesses, ROUNDS);
    accesses = accesses_of_batches(&ahci, DEPTH_MOST);
    figure_fraction("ahci_regs_qd32", accesses, ROUNDS * DEPTH_MOST);
}

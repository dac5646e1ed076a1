/*
 * Real time of reads from a disk, for the comparison with Linux (tests/compare/disk.py): asks on
 * its console for a load (load.h), reads what that says from its session `disk`, and prints how
 * many ticks of the time-stamp counter went by, from the first request to the last completion.
 *
 * Its buffers lie one after the other in the session's data area, one for each read on its way.
 */
#include "load.h"

#include <front_block.h>
#include <runtime/clock.h>
#include <runtime/console.h>
#include <runtime/print.h>
#include <runtime/session.h>
#include <runtime/start.h>
#include <stdarg.h>

#define SECTORS (LOAD_BLOCK / BLOCK_SECTOR) /* of a block */
#define UNITS   (LOAD_BLOCK / RING_UNIT)

static struct front front;
static struct front_block disk;
static u64 event, volume_blocks;

/* Reads on their way: by the number of their buffer, the block that each begins with. */
static struct {
    u64 block[LOAD_DEPTH_MOST];
    u8 free[LOAD_DEPTH_MOST];
    u32 free_count, sent, done;
} reads;

/* Says why on the console, where the script looks, and ends the program. */
__attribute__((format(printf, 1, 2))) static _Noreturn void fail(const char *text, ...)
{
    va_list arguments;
    va_start(arguments, text);
    console_print("FAILED: ");
    format_list(&console_sink, text, arguments);
    va_end(arguments);
    console_print("\n");
    runtime_exit();
}

static void open_volume(void)
{
    status opened = session_open(&front, "disk", &event);
    if (opened < 0)
        fail("no session 'disk': %s", error_text(status_code(opened)));
    if (!front_block_open(&disk, &front, 0))
        fail("the data area is too small");
    int result = front_block_finish(&disk, session_wait, event);
    if (front_is_closed(&front))
        fail("closed: %s", session_reason_text(front.info->reason));
    if (result != RING_OK)
        fail("the volume is not known: %s", ring_status_text(result));
    volume_blocks = disk.info.sectors / SECTORS;
}

static void send(const struct load *load, struct load_places *places)
{
    u32 buffer = reads.free[--reads.free_count];
    u64 block = load_next(places);
    struct block_piece piece = {.buf = buffer * load->blocks * UNITS,
                                .sectors = load->blocks * SECTORS};
    enum front_block_answer answer = front_block_read(&disk, block * SECTORS, &piece, 1, buffer);
    if (answer != FRONT_BLOCK_TAKEN)
        fail("reading block %lu: %s", block, front_block_text(answer));
    reads.block[buffer] = block;
    reads.sent++;
}

static void take(const struct load *load, const struct front_done *done)
{
    u64 block = reads.block[done->cookie];
    const u8 *data = front.data + done->cookie * load->blocks * LOAD_BLOCK;
    if (done->status != RING_OK)
        fail("block %lu: %s", block, ring_status_text(done->status));
    if (!load_is_right(data, block, load->blocks))
        fail("block %lu: wrong data", block);
    reads.free[reads.free_count++] = (u8)done->cookie;
    reads.done++;
}

/* Does it; the ticks that it took. */
static u64 run(const struct load *load, struct load_places *places)
{
    struct front_done done;
    reads.sent = reads.done = reads.free_count = 0;
    for (u32 i = 0; i < load->depth; i++)
        reads.free[reads.free_count++] = (u8)i;
    u64 before = tsc();
    while (reads.done < load->count) {
        while (reads.free_count != 0 && reads.sent < load->count)
            send(load, places);
        front_block_publish(&disk);
        u32 wanted = (u32)min(load->some, reads.sent - reads.done);
        if (front_block_may_sleep(&disk, wanted))
            session_wait(event);
        while (front_block_reap(&disk, &done))
            take(load, &done);
    }
    return tsc() - before;
}

int main(void)
{
    static char line[128];
    struct load load;
    struct load_places places;
    session_hold_bells();
    if (console_open("console") < 0)
        panic("bench-disk: no console");
    open_volume();
    console_print("ready: %lu blocks\n", volume_blocks);
    for (;;) {
        console_read_line("load> ", line, sizeof(line));
        if (!load_parse(&load, slice_of(line)) || !load_begin(&places, &load, volume_blocks) ||
            (u64)load.depth * load.blocks * LOAD_BLOCK > front.data_size)
            console_print("FAILED: what load is that?\n");
        else
            console_print("took %lu ticks\n", run(&load, &places));
    }
}

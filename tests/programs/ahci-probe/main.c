/*
 * Disks driven by servers/drivers/ahci.c in ring 3, for tests/system/test_ahci.py, which looks at
 * the images afterwards. Its argument says what it does:
 *
 *     all         writes and reads in many ways, and prints what that costs in register accesses
 *     read        reads what is there, and prints what cannot be read
 *     write       writes again and again, until it is killed; a restarted one does `all`
 */
#include "disks.h"

#include "../check.h"
#include <base/string.h>
#include <runtime/start.h>

/* Where each of the parts below is on a disk, in sectors, and its pattern. */
#define DEEP_FIRST    0u
#define SHALLOW_FIRST 8192u
#define FUA_FIRST     12288u
#define PIECES_FIRST  14336u
#define TRIM_FIRST    15360u
#define DEEP_COUNT    1024u
#define SHALLOW_COUNT 400u

static void report(const char *what, const struct run *run)
{
    u32 requests = run->done + run->flushes;
    print("%s, depth %u: %u requests, %lu.%02lu register accesses each, %lu.%02lu interrupts\n",
          what, run->depth, requests, run->accesses / requests,
          run->accesses * 100 / requests % 100, run->interrupts / requests,
          run->interrupts * 100 / requests % 100);
}

static void do_run(const char *what, struct run run)
{
    disks_run(&run);
    report(what, &run);
    check(run.done == run.count * disk_count);
    check(run.failed == 0);
    check(run.wrong == 0);
    if (run.op == AHCI_READ && run.depth == 1)
        check(run.accesses <= 7ul * run.done);
    if (run.op == AHCI_READ && run.depth == 32)
        check(run.accesses <= 5ul * run.done);
}

/* One request of as many pieces as there can be, of many lengths, backwards in memory. */
static void many_pieces(enum ahci_op op, u32 seed)
{
    struct dma_piece pieces[AHCI_PIECES];
    static u8 flat[AHCI_PIECES * AHCI_SECTOR_BYTES];
    u32 end = 0, count = 0;
    pattern_fill(flat, PIECES_FIRST, AHCI_PIECES, seed);
    while (count < AHCI_PIECES) {
        u32 length = count % 2 == 0 ? 2 + count * 8 : 1024 - (2 + (count - 1) * 8);
        u32 buffer = BUFFERS - 1 - count % BUFFERS, offset = count < BUFFERS ? 0 : 2048;
        u8 *bytes = buffers + buffer * BUFFER_BYTES + offset;
        pieces[count++] = (struct dma_piece){buffer_bus[buffer] + offset, length};
        if (op == AHCI_WRITE)
            memcpy(bytes, flat + end, length);
        end += length;
    }
    check(end == AHCI_PIECES * AHCI_SECTOR_BYTES);
    struct ahci_request request = {.op = op,
                                   .sector = PIECES_FIRST,
                                   .sectors = AHCI_PIECES,
                                   .piece_count = AHCI_PIECES,
                                   .pieces = pieces};
    check(disks_one(&request) == AHCI_DONE);
    for (u32 i = 0, at = 0; op == AHCI_READ && i < AHCI_PIECES; at += pieces[i++].length) {
        u32 buffer = BUFFERS - 1 - i % BUFFERS, offset = i < BUFFERS ? 0 : 2048;
        check(memcmp(buffers + buffer * BUFFER_BYTES + offset, flat + at, pieces[i].length) == 0);
    }
}

static void all(void)
{
    struct run write = {
        .op = AHCI_WRITE, .depth = 32, .first = DEEP_FIRST, .count = DEEP_COUNT, .seed = 1};
    struct run read = write;
    read.op = AHCI_READ;
    do_run("write", write);
    do_run("read", read);
    write.flush_each = 16;
    write.seed = read.seed = 2;
    do_run("write and flush", write);
    read.depth = 4;
    do_run("read", read);
    write.flush_each = 0;
    write.first = read.first = SHALLOW_FIRST;
    write.count = read.count = SHALLOW_COUNT;
    write.depth = read.depth = 1;
    do_run("write", write);
    do_run("read", read);
    write.first = read.first = FUA_FIRST;
    write.count = read.count = 200;
    write.fua = true;
    write.depth = read.depth = 8;
    do_run("write through", write);
    do_run("read", read);
    many_pieces(AHCI_WRITE, 3);
    memset(buffers, 0, BUFFERS * BUFFER_BYTES);
    many_pieces(AHCI_READ, 3);
    struct ahci_request trim = {.op = AHCI_TRIM, .sector = TRIM_FIRST, .sectors = 512};
    check(!disks[0]->disk.trim || disks_one(&trim) == AHCI_DONE);
    check(ahci.ports[disks[0]->number].strays == 0);
    print("spurious interrupts: %lu of %lu\n", ahci.spurious, ahci.interrupts);
}

static void only_read(void)
{
    struct run read = {.op = AHCI_READ,
                       .depth = 32,
                       .first = DEEP_FIRST,
                       .count = DEEP_COUNT,
                       .seed = 2,
                       .print_errors = true};
    disks_run(&read);
    print("%u failed, %u wrong; %lu resets, %lu tried again\n", read.failed, read.wrong,
          disks[0]->resets, disks[0]->retried);
    read.depth = 1;
    disks_run(&read);
    print("%u failed, %u wrong; %lu resets, %lu tried again\n", read.failed, read.wrong,
          disks[0]->resets, disks[0]->retried);
}

int main(void)
{
    disks_open();
    print("%u disks\n", disk_count);
    if (disk_count == 0)
        return 1;
    if (strcmp(start->arguments, "write") == 0 && start->restarts == 0) {
        struct run write = {.op = AHCI_WRITE,
                            .depth = 32,
                            .first = DEEP_FIRST,
                            .count = DEEP_COUNT,
                            .seed = 9,
                            .flush_each = 8};
        print("writing\n");
        for (;;)
            disks_run(&write);
    }
    if (strcmp(start->arguments, "read") == 0)
        only_read();
    else
        all();
    check_report();
    check(ahci_close(&ahci));
    for (;;)
        disks_wait();
}

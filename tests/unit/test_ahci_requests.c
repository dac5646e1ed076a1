/* Unit tests of servers/drivers/ahci*.c on a controller made of memory: requests, their order, and
 * what they cost. */
// with: tests/unit/ahci_model.c tests/unit/ahci_model_disk.c
#include "unit.h"

#include "ahci_work.h"

static enum ahci_refusal tries(struct ahci_request request)
{
    u32 before = port1()->used;
    enum ahci_refusal refusal = ahci_submit(port1(), &request);
    if (refusal != AHCI_TAKEN)
        assert_int_equal(port1()->used, before);
    return refusal;
}

static enum ahci_refusal tries_piece(u64 bus, u32 length)
{
    struct dma_piece piece = {bus, length};
    return tries((struct ahci_request){
        .op = AHCI_READ, .sectors = length / 512, .piece_count = 1, .pieces = &piece});
}

static void test_bad_requests(void **state)
{
    (void)state;
    struct dma_piece pieces[AHCI_PIECES + 1];
    for (u32 i = 0; i <= AHCI_PIECES; i++)
        pieces[i] = (struct dma_piece){model_bus(0), 512};
    work_open();
    struct ahci_request r = {.op = AHCI_READ, .sectors = 1, .piece_count = 1, .pieces = pieces};
    r.op = 4;
    assert_int_equal(tries(r), AHCI_BAD_OP);
    r.op = AHCI_WRITE;
    r.sectors = 0;
    assert_int_equal(tries(r), AHCI_BAD_SECTORS);
    r.sectors = 1;
    r.sector = MODEL_SECTORS;
    assert_int_equal(tries(r), AHCI_BAD_SECTORS);
    r.sector = UINT64_MAX;
    assert_int_equal(tries(r), AHCI_BAD_SECTORS);
    r.op = AHCI_TRIM;
    assert_int_equal(tries(r), AHCI_BAD_SECTORS);
    r.op = AHCI_READ;
    r.sector = 0;
    r.sectors = 2;
    assert_int_equal(tries(r), AHCI_BAD_PIECES);
    r.piece_count = 3;
    assert_int_equal(tries(r), AHCI_BAD_PIECES);
    r.piece_count = 0;
    assert_int_equal(tries(r), AHCI_BAD_PIECES);
    r.piece_count = r.sectors = AHCI_PIECES + 1;
    assert_int_equal(tries(r), AHCI_BAD_PIECES);
    r.piece_count = r.sectors = AHCI_PIECES;
    assert_int_equal(tries(r), AHCI_TAKEN);
    assert_int_equal(tries_piece(model_bus(1), 512), AHCI_BAD_PIECE);
    assert_int_equal(tries_piece(model_bus(0), 513), AHCI_BAD_PIECE);
    assert_int_equal(tries_piece(UINT64_MAX - 511, 512), AHCI_BAD_PIECE);
    assert_int_equal(tries_piece(model_bus(0), AHCI_PIECE_BYTES + 512), AHCI_BAD_SECTORS);
    pieces[1].length = 0;
    r.piece_count = 2;
    r.sectors = 1;
    assert_int_equal(tries(r), AHCI_BAD_PIECE);
    model_ahci.capabilities &= ~CAP_S64A;
    assert_int_equal(tries_piece(model_bus(0), 512), AHCI_PIECE_ABOVE_4G);
    assert_int_equal(tries_piece(0xfffffe02, 512), AHCI_PIECE_ABOVE_4G);
    assert_int_equal(tries_piece(0xfffffe00, 512), AHCI_TAKEN);
    port1()->disk.trim = false;
    assert_int_equal(tries((struct ahci_request){.op = AHCI_TRIM, .sectors = 1}), AHCI_NO_TRIM);
}

/* 32 requests go out together and come back in any order. */
static void test_queue(void **state)
{
    (void)state;
    work_open();
    work_fill();
    for (u32 round = 0; round < 20; round++) {
        work_reset();
        for (u32 i = 0; i < 32; i++)
            work_submit(i, AHCI_READ, (i * 7 + round * 31) % 1000);
        assert_int_equal(work_submit_on(port1(), 32, AHCI_READ, 0, false), AHCI_BUSY);
        assert_int_equal(ahci_room(port1()), 0);
        u64 before = model_ahci.register_accesses;
        ahci_start(&model_ahci);
        assert_int_equal(model_ahci.register_accesses - before, 2);
        assert_int_equal(model.ports[1].flying, UINT32_MAX);
        model_run(UINT32_MAX, 1 + round);
        for (u32 i = 0; i < 32; i++) {
            work_ends(i, AHCI_DONE);
            work_has_read(i, (i * 7 + round * 31) % 1000);
        }
        /* 3 for each interrupt, and one interrupt for each batch. */
        assert_in_range(model_ahci.register_accesses - before, 5, 2 + 3 * (32 / (1 + round) + 1));
    }
    assert_int_equal(model_ahci.spurious, 0);
    assert_int_equal(port1()->completed, 20 * 32);
    assert_int_equal(port1()->failed + port1()->retried + port1()->strays, 0);
}

/* One at a time: PxSACT, PxCI; PxIS, IS, PxSACT. */
static void test_depth_one(void **state)
{
    (void)state;
    work_open();
    u64 before = model_ahci.register_accesses;
    for (u32 i = 0; i < 50; i++) {
        work_submit(i, i % 2 ? AHCI_READ : AHCI_WRITE, 8 * i);
        model_run(1, 1);
        work_ends(i, AHCI_DONE);
    }
    assert_int_equal(model_ahci.register_accesses - before, 50 * 5);
    assert_int_equal(model_ahci.spurious, 0);
    before = model_ahci.register_accesses;
    ahci_start(&model_ahci); /* nothing to tell */
    assert_int_equal(model_ahci.register_accesses, before);
}

/* A disk without NCQ: one command at a time, in the order of submission. */
static void test_no_ncq(void **state)
{
    (void)state;
    model_identify(&model.ports[1], MODEL_SECTORS, "old", false);
    work_open();
    work_fill();
    assert_int_equal(port1()->disk.queue_depth, 0);
    for (u32 i = 0; i < 32; i++)
        work_submit(i, AHCI_READ, 100 + i);
    u64 before = model_ahci.register_accesses;
    model_run(UINT32_MAX, 1);
    for (u32 i = 0; i < 32; i++) {
        work_ends(i, AHCI_DONE);
        assert_int_equal(work[i].order, i);
        work_has_read(i, 100 + i);
    }
    assert_true(model_ahci.register_accesses - before <= 7 * 32);
}

/* A flush waits for what was submitted before it, and what is submitted after waits for it. */
static void test_flush_order(void **state)
{
    (void)state;
    work_open();
    for (u32 i = 0; i < 8; i++)
        work_submit(i, AHCI_WRITE, 4 * i);
    work_submit(8, AHCI_FLUSH, 0);
    ahci_start(&model_ahci);
    for (u32 i = 9; i < 20; i++)
        work_submit(i, i == 12 ? AHCI_TRIM : AHCI_READ, 4 * i);
    ahci_start(&model_ahci);
    model_run(8, 3);
    assert_int_equal(work_ended, 8);
    assert_int_equal(model.ports[1].unflushed, 8);
    model_run(1, 1);
    work_ends(8, AHCI_DONE);
    assert_int_equal(model.ports[1].unflushed, 0);
    model_run(UINT32_MAX, 4);
    for (u32 i = 0; i < 20; i++) {
        work_ends(i, AHCI_DONE);
        assert_true(i >= 9 || work[i].order <= work[8].order);
        assert_true(i <= 8 || work[i].order > work[8].order);
    }
    assert_int_equal(model.ports[1].trims, 1);
}

/* Flushes that wait together are one. */
static void test_flushes_together(void **state)
{
    (void)state;
    work_open();
    work_submit(0, AHCI_WRITE, 0);
    for (u32 i = 1; i < 10; i++)
        work_submit(i, AHCI_FLUSH, 0);
    model_run(UINT32_MAX, 1);
    for (u32 i = 0; i < 10; i++)
        work_ends(i, AHCI_DONE);
    assert_int_equal(model.ports[1].flushes, 1);
}

/* Neither a flood of flushes nor one of reads keeps the other out. */
static void test_floods(void **state)
{
    (void)state;
    work_open();
    work_submit(0, AHCI_READ, 0);
    for (u32 i = 0; i < 200 && !work[0].ended; i++) {
        u32 number = 1 + i % 2;
        if (!work[number].used || work[number].ended)
            work_submit(number, AHCI_FLUSH, 0);
        model_run(1, 1);
    }
    work_ends(0, AHCI_DONE);
    model_run(UINT32_MAX, 1);
    work_reset();
    work_submit(0, AHCI_READ, 0);
    ahci_start(&model_ahci);
    work_submit(3, AHCI_FLUSH, 0);
    for (u32 i = 0; i < 200 && !work[3].ended; i++) {
        u32 number = 4 + i % 8;
        if (!work[number].used || work[number].ended)
            work_submit(number, AHCI_READ, 0);
        model_run(1, 1);
    }
    work_ends(3, AHCI_DONE);
}

/* Writing through: by FUA where the disk has it, by a flush where it has not, and as it is where
 * there is no cache. */
static void test_fua(void **state)
{
    (void)state;
    static const struct {
        bool ncq, fua, cache;
        u32 fua_writes, flushes;
    } cases[] = {{true, false, true, 0, 1}, {true, true, true, 6, 0},  {false, false, true, 0, 1},
                 {false, true, true, 6, 0}, {true, true, false, 0, 0}, {false, false, false, 0, 0}};
    for (u32 c = 0; c < array_count(cases); c++) {
        work_setup(state);
        struct model_port *disk = &model.ports[1];
        model_identify(disk, MODEL_SECTORS, "fua", cases[c].ncq);
        disk->identify[84] |= cases[c].fua ? 1u << 6 : 0;
        disk->identify[85] = cases[c].cache ? 1u << 5 : 0;
        work_open();
        for (u32 i = 0; i < 6; i++)
            assert_int_equal(work_submit_on(port1(), i, AHCI_WRITE, 8 * i, true), AHCI_TAKEN);
        model_run(UINT32_MAX, 2);
        for (u32 i = 0; i < 6; i++)
            work_ends(i, AHCI_DONE);
        assert_int_equal(disk->writes, 6);
        assert_int_equal(disk->fua_writes, cases[c].fua_writes);
        assert_true(cases[c].flushes ? disk->flushes >= 1 : disk->flushes == 0);
        assert_int_equal(disk->unflushed, cases[c].cache ? 0 : 6);
    }
}

static void test_trim(void **state)
{
    (void)state;
    work_open();
    work_fill();
    static u8 before[MODEL_SECTORS * 512];
    memcpy(before, model.ports[1].content, sizeof(before));
    struct ahci_request r = {.op = AHCI_TRIM, .sector = 70, .sectors = 4000, .cookie = &work[0]};
    work[0].used = work[1].used = true;
    assert_int_equal(ahci_submit(port1(), &r), AHCI_TAKEN);
    r.cookie = &work[1];
    r.sector = 5000;
    r.sectors = 3;
    assert_int_equal(ahci_submit(port1(), &r), AHCI_TAKEN);
    model_run(UINT32_MAX, 1);
    work_ends(0, AHCI_DONE);
    work_ends(1, AHCI_DONE);
    memset(before + 70 * 512, 0, 4000 * 512);
    memset(before + 5000 * 512, 0, 3 * 512);
    assert_memory_equal(before, model.ports[1].content, sizeof(before));

    /* The most that one request can trim, as ranges. */
    struct ahci_slot *slot = &port1()->slots[0];
    slot->sector = 1ul << 40;
    slot->sectors = AHCI_TRIM_SECTORS;
    command_write_ranges(port1(), 0);
    const u64 *ranges = (const u64 *)(port1()->memory + TRIM_RANGES);
    for (u32 i = 0; i < 64; i++)
        assert_true(ranges[i] == (((1ul << 40) + i * 65535ul) | 65535ul << 48));
}

/* Two disks at once, each with its own. */
static void test_two_disks(void **state)
{
    (void)state;
    model.ports[2].attached = true;
    work_open();
    assert_int_equal(came, 2);
    work_fill();
    for (u32 i = 0; i < 32; i++) {
        struct ahci_port *port = &model_ahci.ports[1 + i % 2];
        enum ahci_op op = i % 2 ? AHCI_WRITE : AHCI_READ;
        assert_int_equal(work_submit_on(port, i, op, 4 * i, false), AHCI_TAKEN);
    }
    model_run(UINT32_MAX, 3);
    for (u32 i = 0; i < 32; i++) {
        work_ends(i, AHCI_DONE);
        assert_memory_equal(work_data(i), model.ports[1 + i % 2].content + 2048 * i, 2048);
    }
}

/* Bits of PxSACT that nobody asked for change nothing. */
static void test_strays(void **state)
{
    (void)state;
    work_open();
    work_submit(0, AHCI_READ, 0);
    ahci_start(&model_ahci);
    model.ports[1].sact |= 0xff00;
    model_run(1, 1);
    work_ends(0, AHCI_DONE);
    assert_int_equal(port1()->strays, 1);
    assert_int_equal(work_ended, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_bad_requests, work_setup),
        cmocka_unit_test_setup(test_queue, work_setup),
        cmocka_unit_test_setup(test_depth_one, work_setup),
        cmocka_unit_test_setup(test_no_ncq, work_setup),
        cmocka_unit_test_setup(test_flush_order, work_setup),
        cmocka_unit_test_setup(test_flushes_together, work_setup),
        cmocka_unit_test_setup(test_floods, work_setup),
        cmocka_unit_test_setup(test_fua, work_setup),
        cmocka_unit_test_setup(test_trim, work_setup),
        cmocka_unit_test_setup(test_two_disks, work_setup),
        cmocka_unit_test_setup(test_strays, work_setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

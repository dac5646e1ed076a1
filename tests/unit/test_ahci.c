/* Unit tests of servers/drivers/ahci*.c on a controller made of memory: finding disks, requests in
 * their order, and what that costs. */
// with: tests/unit/ahci_model.c
#include "unit.h"

#include "ahci_work.h"

/* --- opening --------------------------------------------------------------------------------- */

static void test_open(void **state)
{
    (void)state;
    work_open();
    assert_int_equal(came, 1);
    assert_int_equal(went, 0);
    assert_int_equal(nothing_there, MODEL_PORTS - 1);
    const struct ahci_port *port = port1();
    assert_true(port->present);
    assert_int_equal(port->state, AHCI_READY);
    assert_string_equal(port->disk.model, "Model Disk");
    assert_string_equal(port->disk.serial, "S0       1");
    assert_int_equal(port->disk.sectors, MODEL_SECTORS);
    assert_int_equal(port->disk.physical_sector, 4096);
    assert_int_equal(port->disk.queue_depth, 32);
    assert_true(port->disk.write_cache && port->disk.trim && !port->disk.fua);
    assert_int_equal(ahci_room(port), 32);
    assert_int_equal(model_ahci.ports[0].state, AHCI_EMPTY);
    assert_int_equal(ahci_room(&model_ahci.ports[0]), 0);
    assert_int_equal(model_ahci.ports[20].state, AHCI_NO_PORT);
    assert_int_equal(model.hba_resets, 1);
}

static enum ahci_error opens(struct registers registers, struct dma dma)
{
    return ahci_open(&model_ahci, registers, dma, work_home);
}

static void test_refusals(void **state)
{
    (void)state;
    struct registers small = model_registers();
    small.size -= 4;
    assert_int_equal(opens(small, model_dma()), AHCI_TOO_SMALL);
    small.size = 0xfc;
    assert_int_equal(opens(small, model_dma()), AHCI_TOO_SMALL);
    struct dma less = model_dma();
    less.size = AHCI_PORT_BYTES - 4096;
    assert_int_equal(opens(model_registers(), less), AHCI_SMALL_DMA);
    model.pi = 0;
    assert_int_equal(opens(model_registers(), model_dma()), AHCI_NO_PORTS);
    model.vanished = true;
    assert_int_equal(opens(model_registers(), model_dma()), AHCI_NO_ANSWER);
}

/* The texts differ, and none is that of no error. */
static void test_texts(void **state)
{
    (void)state;
    for (u32 i = 1; i <= AHCI_DMA_ABOVE_4G; i++)
        assert_string_not_equal(ahci_error_text(i), ahci_error_text(i - 1));
    for (u32 i = 1; i <= AHCI_NO_TRIM; i++)
        assert_string_not_equal(ahci_refusal_text(i), ahci_refusal_text(i - 1));
    for (u32 i = 1; i <= AHCI_GONE; i++)
        assert_string_not_equal(ahci_result_text(i), ahci_result_text(i - 1));
    for (u32 i = 1; i <= AHCI_FAILED; i++)
        assert_string_not_equal(ahci_state_text(i), ahci_state_text(i - 1));
}

/* The firmware is asked to let go, and is waited for; the reset takes its time. */
static void test_handoff(void **state)
{
    (void)state;
    model.cap2 = CAP2_BOH;
    model.bohc = BOHC_BOS;
    model.reset_ns = 300 * MS;
    assert_int_equal(opens(model_registers(), model_dma()), AHCI_OK);
    model_pass(9 * MS);
    assert_int_equal(model.hba_resets, 0);
    assert_true(ahci_probing(&model_ahci));
    model_pass(3 * MS);
    assert_int_equal(model.hba_resets, 1);
    model_pass(200 * MS);
    assert_int_equal(came, 0);
    model_pass(400 * MS);
    assert_int_equal(came, 1);
    assert_false(ahci_probing(&model_ahci));
}

/* A predecessor left everything running, with interrupts under way. */
static void test_takes_over(void **state)
{
    (void)state;
    for (u32 qemu = 0; qemu < 2; qemu++) {
        work_setup(state);
        model.qemu = qemu;
        model.ghc = GHC_AE | GHC_IE;
        model.is = 15;
        for (u32 i = 0; i < MODEL_PORTS; i++) {
            struct model_port *port = &model.ports[i];
            port->cmd = CMD_ST | CMD_CR | CMD_FRE | CMD_FR;
            port->ci = 0x11;
            port->sact = 0x10;
            port->is = SDBS | TFES;
            port->ie = UINT32_MAX;
            port->tfd = 0xc1;
        }
        work_open();
        assert_int_equal(came, 1);
        work_fill();
        work_submit(0, AHCI_READ, 100);
        model_run(1, 1);
        work_ends(0, AHCI_DONE);
        work_has_read(0, 100);
    }
}

/* A disk that needs 20 seconds until it turns; others are not kept waiting. */
static void test_slow_disk(void **state)
{
    (void)state;
    model.ports[2].attached = true;
    model.ports[2].start_ns = 20000 * MS;
    assert_int_equal(opens(model_registers(), model_dma()), AHCI_OK);
    model_pass(1000 * MS);
    assert_int_equal(came, 1);
    assert_int_equal(model_ahci.ports[2].state, AHCI_SPINNING);
    assert_true(ahci_probing(&model_ahci));
    model_pass(20000 * MS);
    assert_int_equal(came, 2);
    assert_false(ahci_probing(&model_ahci));
}

/* Things that are not disks for us, disks that never start, and memory for some only. */
static void test_no_disks(void **state)
{
    (void)state;
    for (u32 i = 0; i < MODEL_PORTS; i++)
        model.ports[i].attached = true;
    model.ports[0].signature = SIG_ATAPI;
    model.ports[1].start_ns = UINT64_MAX / 2;
    model.ports[2].mute = true;
    model_identify(&model.ports[3], MODEL_SECTORS, "S", true);
    model.ports[3].identify[83] = 0;
    work_open();
    assert_int_equal(came, 0);
    assert_int_equal(nothing_there, 4);
    assert_int_equal(model_ahci.ports[0].state, AHCI_FOREIGN);
    assert_int_equal(model_ahci.ports[1].state, AHCI_FAILED);
    assert_int_equal(model_ahci.ports[2].state, AHCI_FAILED);
    assert_int_equal(model_ahci.ports[3].state, AHCI_FOREIGN);
    assert_in_range(model.ports[2].resets, 2, 5);

    work_setup(state);
    for (u32 i = 0; i < MODEL_PORTS; i++)
        model.ports[i].attached = true;
    struct dma less = model_dma();
    less.size = 2 * AHCI_PORT_BYTES;
    assert_int_equal(opens(model_registers(), less), AHCI_OK);
    model_pass(1000 * MS);
    assert_int_equal(came, 2);
    assert_int_equal(nothing_there, 2);
}

static void test_close(void **state)
{
    (void)state;
    work_open();
    model.ports[1].mute = true;
    work_submit(0, AHCI_READ, 0);
    work_submit(1, AHCI_FLUSH, 0);
    ahci_start(&model_ahci);
    assert_true(ahci_close(&model_ahci));
    work_ends(0, AHCI_GONE);
    work_ends(1, AHCI_GONE);
    assert_int_equal(work_submit_on(port1(), 2, AHCI_READ, 0, false), AHCI_NO_DISK);
    assert_int_equal(model.hba_resets, 2);
    ahci_interrupt(&model_ahci);
    ahci_poll(&model_ahci);
    assert_int_equal(stuck_calls, 0);
}

/* --- requests -------------------------------------------------------------------------------- */

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
        cmocka_unit_test_setup(test_open, work_setup),
        cmocka_unit_test_setup(test_refusals, work_setup),
        cmocka_unit_test_setup(test_texts, work_setup),
        cmocka_unit_test_setup(test_handoff, work_setup),
        cmocka_unit_test_setup(test_takes_over, work_setup),
        cmocka_unit_test_setup(test_slow_disk, work_setup),
        cmocka_unit_test_setup(test_no_disks, work_setup),
        cmocka_unit_test_setup(test_close, work_setup),
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

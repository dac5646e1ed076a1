/* Unit tests of servers/drivers/ahci*.c on a controller made of memory: the controller is taken
 * over, and its disks are found. */
// with: tests/unit/ahci_model.c tests/unit/ahci_model_disk.c
#include "unit.h"

#include "ahci_work.h"

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
    model.forgets = true;
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
    assert_int_equal(model.pi, 15);
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

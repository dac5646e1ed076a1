/* Unit tests of servers/drivers/ahci*.c on a controller made of memory: errors, commands that do
 * not end, disks that come and go, and all of it by chance. */
// with: tests/unit/ahci_model.c tests/unit/ahci_model_disk.c
#include "unit.h"

#include "ahci_work.h"

static struct model_port *disk1(void)
{
    return &model.ports[1];
}

/* Lets everything end, in at most two minutes. */
static void finish_all(void)
{
    for (u32 i = 0; i < 120000 && port1()->used; i++) {
        model_run(1, 1);
        if (port1()->suspects && port1()->state == AHCI_READY)
            assert_true(bits_count(disk1()->flying) <= 1);
        if (port1()->used && disk1()->flying == 0)
            model_pass(MS);
    }
    assert_int_equal(port1()->used, 0);
}

#define READS 31u /* the last slot is free */

/* Reads, of which number 5 (and 20, if `two`) cannot be done so many times. */
static void reads_with_bad(u32 times, u8 error, bool two)
{
    work_open();
    work_fill();
    disk1()->bad[0] = (struct model_bad){8 * 5 + 1, times, error};
    if (two)
        disk1()->bad[1] = (struct model_bad){8 * 20, times, error};
    for (u32 i = 0; i < READS; i++)
        work_submit(i, AHCI_READ, 8 * i);
    finish_all();
    assert_true(port1()->present);
    assert_int_equal(came, 1);
    assert_int_equal(went, 0);
}

static void all_were_read(void)
{
    for (u32 i = 0; i < READS; i++) {
        work_ends(i, AHCI_DONE);
        work_has_read(i, 8 * i);
    }
    assert_int_equal(port1()->failed, 0);
}

static void others_were_read(bool two, enum ahci_result result)
{
    for (u32 i = 0; i < READS; i++) {
        bool bad = i == 5 || (two && i == 20);
        work_ends(i, bad ? result : AHCI_DONE);
        if (!bad)
            work_has_read(i, 8 * i);
    }
    assert_int_equal(port1()->failed, 1 + two);
    assert_in_range(disk1()->failures, 3 * (1 + two), 4 * (1 + two));
}

/* The disk's log says which of the commands failed; nothing is reset. */
static void test_log(void **state)
{
    for (u32 times = 1; times <= 4; times++) {
        work_setup(state);
        reads_with_bad(times, ERROR_UNC, false);
        if (times < 3)
            all_were_read();
        else
            others_were_read(false, AHCI_MEDIUM_ERROR);
        assert_int_equal(disk1()->logs, min(times, 3));
        assert_int_equal(disk1()->failures, min(times, 3));
        assert_int_equal(disk1()->resets, 0);
    }
    work_setup(state);
    reads_with_bad(100, ERROR_IDNF, true);
    others_were_read(true, AHCI_NOT_FOUND);
    assert_int_equal(disk1()->resets, 0);
}

/* Without a log, or one that can be used, the disk is reset, and commands are tried one at a time:
 * so the first error of one among many is nobody's. */
static void test_no_log(void **state)
{
    for (u32 times = 1; times <= 5; times++) {
        for (enum model_log log = MODEL_LOG_REFUSED; log < MODEL_LOGS; log++) {
            work_setup(state);
            disk1()->log = log;
            reads_with_bad(times, ERROR_ABRT, false);
            if (times < 4)
                all_were_read();
            else
                others_were_read(false, AHCI_ABORTED);
            assert_int_equal(disk1()->resets, min(times, 4));
        }
    }
    work_setup(state);
    disk1()->log = MODEL_LOG_REFUSED;
    reads_with_bad(100, ERROR_ICRC, true);
    others_were_read(true, AHCI_TRANSFER_ERROR);
}

/* A task file that is still busy: no log can be read. */
static void test_busy_error(void **state)
{
    (void)state;
    disk1()->busy_error = true;
    reads_with_bad(100, ERROR_UNC, true);
    others_were_read(true, AHCI_MEDIUM_ERROR);
    assert_int_equal(disk1()->logs, 0);
    assert_true(disk1()->resets > 0);
}

/* QEMU's ways. */
static void test_qemu_errors(void **state)
{
    for (u32 times = 1; times <= 2; times++) {
        work_setup(state);
        model.qemu = true;
        reads_with_bad(times, ERROR_ABRT, true);
        all_were_read();
    }
    work_setup(state);
    model.qemu = true;
    reads_with_bad(100, ERROR_ABRT, true);
    others_were_read(true, AHCI_ABORTED);
}

/* An error that is overwritten, because all 32 are done between two looks of the driver. */
static void test_overwritten_error(void **state)
{
    (void)state;
    model.qemu = true;
    work_open();
    work_fill();
    disk1()->bad[0] = (struct model_bad){8 * 5, 1, ERROR_ABRT};
    for (u32 i = 0; i < 32; i++)
        work_submit(i, AHCI_READ, 8 * i);
    model_run(UINT32_MAX, 1000);
    assert_int_equal(work_ended, 31);
    model_pass(2000 * MS);
    for (u32 i = 0; i < 32; i++) {
        work_ends(i, AHCI_DONE);
        work_has_read(i, 8 * i);
    }
}

/* An error that is told together with something that went well: it is not waited for. */
static void test_error_among_good(void **state)
{
    (void)state;
    model.qemu = true;
    work_open();
    disk1()->bad[0] = (struct model_bad){8, 1, ERROR_ABRT};
    work_submit(0, AHCI_READ, 0);
    work_submit(1, AHCI_READ, 8);
    work_submit(2, AHCI_READ, 16);
    ahci_start(&model_ahci);
    model_finish(disk1(), 0);
    model_finish(disk1(), 1);
    ahci_interrupt(&model_ahci);
    work_ends(0, AHCI_DONE);
    assert_int_equal(port1()->state, AHCI_RESETTING);
    finish_all();
    work_ends(1, AHCI_DONE);
    work_ends(2, AHCI_DONE);
}

/* Commands that are not NCQ fail as well, and flushes with them. */
static void test_alone_errors(void **state)
{
    for (u32 qemu = 0; qemu < 2; qemu++) {
        work_setup(state);
        model.qemu = qemu;
        model_identify(disk1(), MODEL_SECTORS, "old", false);
        work_open();
        disk1()->bad[0] = (struct model_bad){40, 100, ERROR_UNC};
        disk1()->bad[1] = (struct model_bad){80, 2, ERROR_UNC};
        for (u32 i = 0; i < 12; i++)
            work_submit(i, i == 7 ? AHCI_FLUSH : i % 2 ? AHCI_WRITE : AHCI_READ, 8 * i);
        finish_all();
        for (u32 i = 0; i < 12; i++)
            work_ends(i, i == 5 ? AHCI_MEDIUM_ERROR : AHCI_DONE);
        assert_int_equal(disk1()->failures, 5);
    }
}

/* A disk says once that it could not write its cache, and goes on behind that: so whoever waits for
 * a flush then hears of it, and only those that begin later succeed. */
static void test_flush_errors(void **state)
{
    for (u32 fua = 0; fua < 2; fua++) {
        work_setup(state);
        work_open();
        disk1()->bad_flushes = 1;
        assert_int_equal(work_submit_on(port1(), 0, AHCI_WRITE, 0, fua), AHCI_TAKEN);
        for (u32 i = 1; i < 4; i++)
            work_submit(i, AHCI_FLUSH, 0);
        ahci_start(&model_ahci);
        model_finish(disk1(), 0);
        ahci_interrupt(&model_ahci);
        ahci_start(&model_ahci);
        work_submit(4, AHCI_READ, 0);
        work_submit(5, AHCI_FLUSH, 0); /* the disk is at another one already */
        finish_all();
        work_ends(0, fua ? AHCI_ABORTED : AHCI_DONE);
        for (u32 i = 1; i < 6; i++)
            work_ends(i, i == 4 ? AHCI_DONE : AHCI_ABORTED);
        assert_int_equal(disk1()->flushes, 0);
        assert_int_equal(port1()->failed, 4 + fua);
        work_submit(6, AHCI_FLUSH, 0);
        finish_all();
        work_ends(6, AHCI_DONE);
    }
}

/* A disk that does all but flush. Flushes that wait for the same time out together, not one after
 * the other. */
static void test_mute_flushes(void **state)
{
    (void)state;
    work_open();
    for (u32 i = 0; i < 6; i++)
        work_submit(i, AHCI_FLUSH, 0);
    disk1()->mute_flush = true;
    ahci_start(&model_ahci);
    model_pass(65000 * MS);
    for (u32 i = 0; i < 6; i++)
        work_ends(i, AHCI_TIMED_OUT);
    assert_true(port1()->present);
}

/* An interrupt that never came is made up for. */
static void test_lost_interrupt(void **state)
{
    (void)state;
    work_open();
    work_submit(0, AHCI_READ, 0);
    ahci_start(&model_ahci);
    model.ghc = GHC_AE;
    model_run(1, 1);
    assert_int_equal(work_ended, 0);
    disk1()->is = 0;
    model.is = 0;
    model_pass(500 * MS);
    work_ends(0, AHCI_DONE);
}

/* Errors of the link and of memory: a reset, and then it goes on. */
static void test_fatal(void **state)
{
    static const u32 bits[] = {IFS, HBFS, HBDS, OFS};
    for (u32 b = 0; b < array_count(bits); b++) {
        work_setup(state);
        work_open();
        disk1()->fatal = bits[b];
        for (u32 i = 0; i < 10; i++)
            work_submit(i, AHCI_WRITE, 8 * i);
        finish_all();
        for (u32 i = 0; i < 10; i++)
            work_ends(i, AHCI_DONE);
        assert_int_equal(disk1()->resets, 1);
    }
}

/* --- commands that do not end ---------------------------------------------------------------- */

/* A disk that stops answering for a while, and one that does for ever. */
static void test_timeout(void **state)
{
    (void)state;
    work_open();
    disk1()->mute = true;
    for (u32 i = 0; i < 4; i++)
        work_submit(i, AHCI_READ, 8 * i);
    model_pass(29000 * MS);
    assert_int_equal(work_ended + disk1()->resets, 0);
    assert_int_equal(port1()->state, AHCI_READY);
    model_pass(3000 * MS);
    assert_int_equal(disk1()->resets, 1);
    disk1()->mute = false;
    finish_all();
    for (u32 i = 0; i < 4; i++)
        work_ends(i, AHCI_DONE);
    assert_int_equal(port1()->timeouts, 4);

    work_reset();
    disk1()->mute = true;
    work_submit(0, AHCI_READ, 0);
    model_pass(200000 * MS); /* IDENTIFY does not end either: the disk is given up */
    work_ends(0, AHCI_GONE);
    assert_int_equal(port1()->state, AHCI_FAILED);
    assert_int_equal(went, 1);
    assert_int_equal(work_submit_on(port1(), 1, AHCI_READ, 0, false), AHCI_NO_DISK);
}

/* One command that never ends, on a disk that is well otherwise. */
static void test_timeout_twice(void **state)
{
    (void)state;
    work_open();
    model_ahci.limit_ns = 3000 * MS;
    disk1()->mute_data = true;
    work_submit(0, AHCI_READ, 0);
    model_pass(10000 * MS);
    work_ends(0, AHCI_TIMED_OUT);
    assert_int_equal(port1()->timeouts, 2);
    assert_int_equal(disk1()->resets, 2);
    assert_int_equal(disk1()->flying, 0); /* the disk cannot touch the memory any more */
}

/* A port that does not stop takes the controller down with it, and others start again. */
static void test_stuck_port(void **state)
{
    (void)state;
    model.ports[2].attached = true;
    work_open();
    disk1()->cr_stuck = true;
    disk1()->fatal = IFS;
    model.ports[2].mute = true;
    work_submit(0, AHCI_WRITE, 0);
    assert_int_equal(work_submit_on(&model_ahci.ports[2], 1, AHCI_WRITE, 0, false), AHCI_TAKEN);
    model_run(UINT32_MAX, 1);
    assert_int_equal(port1()->state, AHCI_STOPPING);
    model.ports[2].mute = false;
    model_pass(2000 * MS);
    work_ends(0, AHCI_DONE);
    work_ends(1, AHCI_DONE);
    assert_memory_equal(disk1()->content, work_data(0), WORK_SECTORS * 512);
    assert_memory_equal(model.ports[2].content, work_data(1), WORK_SECTORS * 512);
    assert_int_equal(model.hba_resets, 2);
    assert_int_equal(stuck_calls, 0);
}

/* A controller that does not come out of its reset: requests do not end, and the home is told. */
static void test_stuck_controller(void **state)
{
    (void)state;
    work_open();
    disk1()->cr_stuck = true;
    disk1()->fatal = IFS;
    model.reset_ns = UINT64_MAX / 2;
    work_submit(0, AHCI_WRITE, 0);
    model_pass(5000 * MS);
    assert_int_equal(stuck_calls, 1);
    assert_int_equal(work_ended, 0);
    assert_int_equal(work_submit_on(port1(), 1, AHCI_READ, 0, false), AHCI_NO_DISK);
}

/* --- disks that come and go ------------------------------------------------------------------ */

static void test_removal(void **state)
{
    (void)state;
    work_open();
    disk1()->mute = true;
    for (u32 i = 0; i < 20; i++)
        work_submit(i, i % 5 ? AHCI_READ : AHCI_FLUSH, 8 * i);
    ahci_start(&model_ahci);
    model_unplug(1);
    model_pass(1000 * MS);
    for (u32 i = 0; i < 20; i++)
        work_ends(i, AHCI_GONE);
    assert_false(port1()->present);
    assert_int_equal(went, 1);
    assert_int_equal(port1()->state, AHCI_EMPTY);

    disk1()->mute = false;
    model_plug(1);
    model_pass(100 * MS);
    assert_int_equal(came, 2);
    work_submit(30, AHCI_READ, 0);
    model_run(1, 1);
    work_ends(30, AHCI_DONE);
    model_plug(3); /* into a port that had none */
    model_pass(100 * MS);
    assert_int_equal(came, 3);
    assert_true(model_ahci.ports[3].present);
}

/* The cable was loose for a moment: with the same disk everything goes on, another one is new. */
static void test_swap(void **state)
{
    for (u32 other = 0; other < 2; other++) {
        work_setup(state);
        work_open();
        disk1()->mute = true;
        work_submit(0, AHCI_READ, 8);
        ahci_start(&model_ahci);
        if (other)
            model_identify(disk1(), MODEL_SECTORS, "OTHER", true);
        disk1()->mute = false;
        model_unplug(1);
        model_pass(20 * MS);
        model_plug(1);
        model_pass(1000 * MS);
        work_ends(0, other ? AHCI_GONE : AHCI_DONE);
        assert_int_equal(went, other);
        assert_int_equal(came, 1 + other);
        assert_true(port1()->present);
    }
}

static void test_vanished(void **state)
{
    (void)state;
    work_open();
    work_submit(0, AHCI_READ, 0);
    ahci_start(&model_ahci);
    model.vanished = true;
    model_pass(1000 * MS);
    work_ends(0, AHCI_GONE);
    assert_int_equal(went, 1);
    assert_int_equal(model_ahci.phase, AHCI_DEAD);
    ahci_interrupt(&model_ahci);
    model_pass(1000 * MS);
    assert_true(ahci_close(&model_ahci));
}

/* --- by chance ------------------------------------------------------------------------------- */

static void something_happens(void)
{
    switch (model_random(40)) {
    case 0:
        disk1()->bad[model_random(MODEL_BAD)] = (struct model_bad){
            8 * model_random(WORK_MOST), 1 + model_random(4), (u8)(1u << (2 + model_random(5)))};
        return;
    case 1:
        disk1()->fatal = IFS;
        return;
    case 2:
        if (model_random(10) == 0)
            disk1()->cr_stuck = true;
        return;
    case 3:
        disk1()->log = (enum model_log)model_random(MODEL_LOGS);
        return;
    case 4:
        disk1()->busy_error ^= true;
        return;
    case 5:
        if (!port1()->issued_alone && model_random(10) == 0)
            disk1()->sact |= port1()->issued;
        return;
    case 6:
        ahci_interrupt(&model_ahci);
        return;
    case 7:
        model_pass(model_random(50) * MS);
        return;
    default:
        return;
    }
}

/* Each request writes its own place or reads it; whatever happens, it ends once, and what it says
 * is done is done. */
static void chance(void)
{
    u64 value[WORK_MOST] = {0};
    enum ahci_op op[WORK_MOST];
    memset(disk1()->content, 0, sizeof(disk1()->content));
    for (u32 step = 0; step < 4000; step++) {
        u32 i = model_random(WORK_MOST);
        if (work[i].ended) {
            u64 found;
            memcpy(&found, disk1()->content + 8 * 512 * i, 8);
            if (work[i].result == AHCI_DONE && op[i] == AHCI_WRITE)
                assert_true(found == value[i]);
            memcpy(&found, work_data(i), 8);
            if (work[i].result == AHCI_DONE && op[i] == AHCI_READ)
                assert_true(found == value[i]);
            if (work[i].result != AHCI_DONE && op[i] == AHCI_WRITE)
                memcpy(&value[i], disk1()->content + 8 * 512 * i, 8);
            work[i].used = work[i].ended = false;
        }
        if (!work[i].used) {
            op[i] = model_random(10) ? (enum ahci_op)model_random(2) : AHCI_FLUSH;
            u64 written = step + 1;
            if (op[i] == AHCI_WRITE)
                memcpy(work_data(i), &written, 8);
            bool fua = model_random(4) == 0;
            if (work_submit_on(port1(), i, op[i], 8 * i, fua) == AHCI_TAKEN && op[i] == AHCI_WRITE)
                value[i] = written;
        }
        something_happens();
        if (model_random(3) == 0)
            model_run(model_random(10), 1 + model_random(5));
    }
    disk1()->fatal = 0;
    finish_all();
}

static void test_chance(void **state)
{
    for (u32 round = 0; round < 60; round++) {
        work_setup(state);
        model_seed(round + 1);
        model.qemu = round % 3 == 0;
        if (round % 4 == 0)
            model_identify(disk1(), MODEL_SECTORS, "old", false);
        work_open();
        chance();
        assert_int_equal(came, 1);
        assert_int_equal(went, 0);
        assert_int_equal(port1()->state, AHCI_READY);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_log, work_setup),
        cmocka_unit_test_setup(test_no_log, work_setup),
        cmocka_unit_test_setup(test_busy_error, work_setup),
        cmocka_unit_test_setup(test_qemu_errors, work_setup),
        cmocka_unit_test_setup(test_overwritten_error, work_setup),
        cmocka_unit_test_setup(test_error_among_good, work_setup),
        cmocka_unit_test_setup(test_alone_errors, work_setup),
        cmocka_unit_test_setup(test_flush_errors, work_setup),
        cmocka_unit_test_setup(test_mute_flushes, work_setup),
        cmocka_unit_test_setup(test_lost_interrupt, work_setup),
        cmocka_unit_test_setup(test_fatal, work_setup),
        cmocka_unit_test_setup(test_timeout, work_setup),
        cmocka_unit_test_setup(test_timeout_twice, work_setup),
        cmocka_unit_test_setup(test_stuck_port, work_setup),
        cmocka_unit_test_setup(test_stuck_controller, work_setup),
        cmocka_unit_test_setup(test_removal, work_setup),
        cmocka_unit_test_setup(test_swap, work_setup),
        cmocka_unit_test_setup(test_vanished, work_setup),
        cmocka_unit_test_setup(test_chance, work_setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Unit tests of the disk server's clients on disks that come and go: who gets which volume, who is
 * woken, and when memory is let go. The controller, its driver, and the two ends of the rings are
 * all real but for the registers.
 */
// with: tests/unit/ahci_model.c tests/unit/ahci_model_disk.c tests/unit/ahci_model_driver.c
// with: servers/disk/volumes.c servers/disk/gpt.c servers/disk/requests.c
// with: libpv/back.c libpv/front.c libpv/base/parse.c libpv/base/format.c libpv/base/checksum.c
#include "disk_world.h"

#include <base/checksum.h>

#define SECTORS 8u /* of a request */

static int setup(void **state)
{
    (void)state;
    model_init();
    heap_pieces = 0;
    return 0;
}

static struct model_port *disk1(void)
{
    return &model.ports[1];
}

/* A client reads or writes, or whatever `op` is. */
static void push(u32 number, enum block_op op, u64 sector)
{
    struct ring_sqe entry = {.op = (u8)op, .arg = BLOCK_ARG(sector, SECTORS)};
    if (op == BLOCK_FLUSH)
        entry.arg = 0;
    assert_true(front_push(&both[number].front, &entry, 1, SECTORS * 512, sector));
    front_publish(&both[number].front);
}

/* So many requests of a client have ended with this result, and none besides. */
static void ended(u32 number, u32 count, int result)
{
    struct front_done done;
    for (u32 i = 0; i < count; i++) {
        assert_true(front_reap(&both[number].front, &done));
        assert_int_equal(done.status, result);
    }
    assert_false(front_reap(&both[number].front, &done));
    (void)front_may_sleep(&both[number].front, 1);
}

static void works(u32 number)
{
    push(number, BLOCK_READ, 0);
    world_pass(3);
    ended(number, 1, RING_OK);
}

static void test_usual(void **state)
{
    (void)state;
    world_start();
    world_serve(0, "ahci1 rw");
    world_serve(1, "ahci1 ro");
    world_serve(2, "ahci2 ro");
    assert_int_equal(both[1].refused, SESSION_IN_USE);
    assert_int_equal(both[2].refused, SESSION_NO_TARGET);
    works(0);
    for (u32 i = 0; i < RING_ENTRIES; i++)
        push(0, i % 3 ? BLOCK_WRITE : i % 2 ? BLOCK_FLUSH : BLOCK_READ, SECTORS * i);
    world_pass(200);
    ended(0, RING_ENTRIES, RING_OK);
    for (u32 i = 0; i < 3; i++)
        world_close(i);
    world_end();
}

/* Pulled out: what is under way ends, and so does what comes later. A disk that is put in after
 * that is found, also when the first one is still in the hands of a client. */
static void test_unplugged(void **state)
{
    (void)state;
    world_start();
    for (u32 round = 0; round < 5; round++) {
        world_serve(0, "ahci1 rw");
        works(0);
        disk1()->mute = true;
        for (u32 i = 0; i < 40; i++)
            push(0, BLOCK_READ, SECTORS * i);
        world_pass(3);
        model_unplug(1);
        world_pass(3000);
        ended(0, 40, RING_GONE);
        push(0, BLOCK_READ, 0);
        world_pass(3);
        ended(0, 1, RING_GONE);
        disk1()->mute = false;
        if (round % 2)
            world_close(0);
        model_plug(1);
        world_pass(3000);
        world_serve(1, "ahci1 rw");
        assert_int_equal(both[1].refused, SESSION_REASON_NONE);
        works(1);
        world_close(1);
        if (round % 2 == 0)
            world_close(0);
    }
    world_end();
}

/* Pulled out in the middle of the recovery from an error, at all times. */
static void test_unplugged_in_recovery(void **state)
{
    for (u32 when = 0; when < 12; when++) {
        setup(state);
        world_start();
        world_serve(0, "ahci1 rw");
        works(0);
        disk1()->bad[0] = (struct model_bad){SECTORS * 5, 100, ERROR_UNC};
        disk1()->log = MODEL_LOG_REFUSED;
        for (u32 i = 0; i < 40; i++)
            push(0, BLOCK_READ, SECTORS * i);
        world_pass(when);
        model_unplug(1);
        world_pass(5000);
        struct front_done done;
        u32 count = 0, gone = 0;
        for (; front_reap(&both[0].front, &done); count++)
            gone += done.status == RING_GONE;
        assert_int_equal(count, 40);
        assert_true(gone > 0 || when > 5);
        world_close(0);
        world_end();
    }
}

/* A client that ends keeps its memory until the disk has let go of it; its volume is free then. */
static void test_ends_under_way(void **state)
{
    (void)state;
    world_start();
    world_serve(0, "ahci1 rw");
    works(0);
    disk1()->mute = true;
    for (u32 i = 0; i < 40; i++)
        push(0, BLOCK_READ, SECTORS * i);
    world_pass(3);
    world_close(0);
    assert_true(both[0].there && both[0].mapped);
    world_serve(1, "ahci1 rw");
    assert_int_equal(both[1].refused, SESSION_REASON_NONE);
    push(1, BLOCK_READ, 0);
    world_pass(10);
    ended(1, 0, RING_OK);
    disk1()->mute = false;
    world_pass(50);
    assert_false(both[0].there);
    ended(1, 1, RING_OK);
    world_close(1);
    world_end();
}

/* A disk that takes one command at a time: a client that was woken for the place that got free, and
 * ends before its turn, leaves it to the next one. */
static void test_woken_and_gone(void **state)
{
    (void)state;
    disk1()->identify[75] = 0;
    world_start();
    for (u32 i = 0; i < 4; i++) {
        world_serve(i, "ahci1 ro");
        works(i);
    }
    disk1()->mute = true;
    for (u32 i = 0; i < 4; i++) {
        push(i, BLOCK_READ, SECTORS * i);
        world_round(0);
        world_round(0);
    }
    assert_int_equal(bits_count(disk1()->flying), 1);
    disk1()->mute = false;
    model_finish(disk1(), bit_lowest(disk1()->flying));
    ahci_home_events(IRQ);
    world_close(0);
    world_pass(10);
    for (u32 i = 1; i < 4; i++) {
        ended(i, 1, RING_OK);
        world_close(i);
    }
    world_end();
}

static void put(u8 *at, u64 value, u32 bytes)
{
    memcpy(at, &value, bytes);
}

/* Partitions of 1000 sectors, with a primary table alone. */
static void add_partitions(struct model_port *port, const char *const *names, u32 count)
{
    u8 *header = port->content + 512, *array = port->content + 1024;
    memset(port->content, 0, sizeof(port->content));
    for (u32 i = 0; i < count; i++) {
        u8 *entry = array + 128 * i;
        memset(entry, 0x11, 16);
        put(entry + 32, 1000 * (i + 1), 8);
        put(entry + 40, 1000 * (i + 2) - 1, 8);
        for (u32 k = 0; names[i][k]; k++)
            put(entry + 56 + 2 * k, (u8)names[i][k], 2);
    }
    memcpy(header, "EFI PART", 8);
    static const struct {
        u32 at, bytes;
        u64 value;
    } fields[] = {{8, 4, 0x10000}, {12, 4, 92},
                  {24, 8, 1},      {32, 8, MODEL_SECTORS - 1},
                  {40, 8, 34},     {48, 8, MODEL_SECTORS - 34},
                  {72, 8, 2},      {80, 4, 128},
                  {84, 4, 128}};
    for (u32 i = 0; i < array_count(fields); i++)
        put(header + fields[i].at, fields[i].value, fields[i].bytes);
    put(header + 88, crc32(0, array, 128 * 128), 4);
    put(header + 16, crc32(0, header, 92), 4);
}

/* A disk that loses something from its cache says so to one flush. Whose it was is not known: of
 * each client that writes, a flush fails once. */
static void test_lost_cache(void **state)
{
    (void)state;
    static const char *const names[] = {"one", "two", "three", "four"};
    add_partitions(disk1(), names, array_count(names));
    world_start();
    world_serve(0, "one rw");
    world_serve(1, "two rw");
    world_serve(2, "three ro");
    for (u32 i = 0; i < 3; i++) {
        assert_int_equal(both[i].refused, SESSION_REASON_NONE);
        push(i, i < 2 ? BLOCK_WRITE : BLOCK_READ, 0);
    }
    world_pass(3);
    disk1()->bad_flushes = 1;
    push(0, BLOCK_FLUSH, 0);
    world_pass(2000);
    world_serve(3, "four rw");
    for (u32 i = 0; i < 4; i++)
        push(i, BLOCK_FLUSH, 0);
    world_pass(3);
    struct front_done done;
    assert_true(front_reap(&both[0].front, &done) && done.status == RING_OK);
    assert_true(front_reap(&both[0].front, &done) && done.status == RING_IO);
    assert_true(front_reap(&both[1].front, &done) && done.status == RING_OK);
    ended(0, 1, RING_OK);
    ended(1, 1, RING_IO);
    ended(2, 2, RING_OK);
    ended(3, 1, RING_OK);
    push(1, BLOCK_FLUSH, 0);
    world_pass(3);
    ended(1, 1, RING_OK);
    for (u32 i = 0; i < 4; i++)
        world_close(i);
    world_end();
}

/* A controller that does not stop: as long as it may reach memory, no request ends and no memory is
 * let go, so the server ends. If it has not begun, there are just no disks. */
static void test_stuck(void **state)
{
    (void)state;
    jmp_buf here;
    world_start();
    world_serve(0, "ahci1 rw");
    works(0);
    model.reset_ns = 10000 * MS;
    disk1()->cr_stuck = true;
    disk1()->bad[0] = (struct model_bad){0, 100, ERROR_UNC};
    push(0, BLOCK_READ, 0);
    panics = &here;
    if (setjmp(here) == 0) {
        world_pass(5000);
        fail_msg("the server goes on");
    }
    ended(0, 0, RING_OK);
    assert_true(both[0].mapped);
    flights_detach(both[0].session.owner); /* root clears up */
    heap_free(units[1]);
    both[0].there = false;
    munmap(both[0].memory, SESSION_DATA + CLIENT_PAGES * PAGE_SIZE);

    world_begin(); /* the next life */
    world_pass(5000);
    world_serve(0, "ahci1 rw");
    assert_int_equal(both[0].refused, SESSION_NO_TARGET);
    world_close(0);
    world_end();
}

/* --- all of it by chance --------------------------------------------------------------------- */

static u32 outstanding[CLIENTS];

static void reap_all(u32 number)
{
    struct front_done done;
    while (both[number].there && front_reap(&both[number].front, &done)) {
        assert_true(outstanding[number]-- != 0);
        assert_true(done.status <= RING_OK);
        assert_true(done.status == RING_OK || done.len == 0);
    }
    if (both[number].there)
        (void)front_may_sleep(&both[number].front, 1);
}

static void client_does_something(u32 number)
{
    static const char *const arguments[] = {"ahci1 ro", "ahci1 rw", "ahci2 ro", "ahci2 rw"};
    static const enum block_op ops[] = {BLOCK_READ, BLOCK_READ, BLOCK_WRITE, BLOCK_TRIM,
                                        BLOCK_FLUSH};
    struct both *b = &both[number];
    if (!b->there && model_random(2)) {
        world_serve(number, arguments[model_random(array_count(arguments))]);
        outstanding[number] = 0;
        return;
    }
    if (!b->there || b->info->state == SESSION_CLOSED)
        return;
    if (model_random(20) == 0 || !b->session.open) {
        world_close(number);
        return;
    }
    for (u32 i = model_random(40); i > 0 && front_credits(&b->front); i--) {
        push(number, ops[model_random(array_count(ops))], SECTORS * model_random(200));
        outstanding[number]++;
    }
}

static void disk_does_something(struct model_port *port)
{
    u32 number = (u32)(port - model.ports);
    switch (model_random(40)) {
    case 0:
        if (port->attached)
            model_unplug(number);
        else
            model_plug(number);
        return;
    case 1:
        port->mute = !port->mute;
        return;
    case 2:
        port->cr_stuck = true;
        return;
    case 3:
        port->bad_flushes = model_random(3);
        return;
    case 4:
        port->bad[0] = (struct model_bad){SECTORS * model_random(200), model_random(5), ERROR_UNC};
        return;
    case 5:
        port->log = (enum model_log)model_random(MODEL_LOGS);
        return;
    case 6:
        port->fatal = model_random(2) ? HBFS : 0;
        return;
    default:
        return;
    }
}

static void chance(void)
{
    for (u32 i = 0; i < 2000; i++) {
        u32 number = model_random(CLIENTS);
        client_does_something(number);
        disk_does_something(&model.ports[1 + model_random(2)]);
        if (model_random(4))
            world_pass(model_random(20) ? model_random(3) : 2500);
        else
            world_round(model_random(2) ? IRQ : 0);
        reap_all(number);
    }
}

/* Whatever disks and clients do: each request is completed, no memory is let go while a command
 * names it, and in the end everybody gets on. */
static void test_chance(void **state)
{
    for (u32 round = 0; round < 40; round++) {
        setup(state);
        model_seed(round + 1);
        model.qemu = round % 3 == 0;
        model.ports[2].attached = true;
        if (round % 4 == 0)
            model.ports[1].identify[75] = 0;
        world_start();
        chance();
        for (u32 p = 1; p < 3; p++) {
            model.ports[p].mute = model.ports[p].cr_stuck = false;
            model.ports[p].fatal = model.ports[p].bad_flushes = model.ports[p].bad[0].times = 0;
        }
        for (u32 i = 0; i < 200; i++) {
            world_pass(1000);
            for (u32 number = 0; number < CLIENTS; number++)
                reap_all(number);
        }
        for (u32 number = 0; number < CLIENTS; number++) {
            if (both[number].there && both[number].session.open)
                assert_int_equal(outstanding[number], 0);
            if (both[number].there && both[number].info->state != SESSION_CLOSED)
                world_close(number);
        }
        world_pass(10);
        world_end();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_usual, setup),
        cmocka_unit_test_setup(test_unplugged, setup),
        cmocka_unit_test_setup(test_unplugged_in_recovery, setup),
        cmocka_unit_test_setup(test_ends_under_way, setup),
        cmocka_unit_test_setup(test_woken_and_gone, setup),
        cmocka_unit_test_setup(test_lost_cache, setup),
        cmocka_unit_test_setup(test_stuck, setup),
        cmocka_unit_test_setup(test_chance, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

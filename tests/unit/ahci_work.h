/*
 * Requests on the model's disks, for the unit tests of the AHCI driver: each with its own piece of
 * the data memory, and a note of how it ended. Included once in a test, after ahci_driver.h.
 */
#pragma once
#include "ahci_driver.h"

#define WORK_MOST 64u

struct work {
    bool used, ended;
    enum ahci_result result;
    u32 order; /* in which it ended */
};

static struct work work[WORK_MOST];
static u32 work_ended, came, went, nothing_there, stuck_calls;

static void on_done(struct ahci_port *port, void *cookie, enum ahci_result result)
{
    struct work *w = cookie;
    assert_ptr_equal(port->ahci, &model_ahci);
    assert_true(w->used && !w->ended);
    w->ended = true;
    w->result = result;
    w->order = work_ended++;
}

static void on_changed(struct ahci_port *port)
{
    if (port->present)
        came++;
    else if (port->disk.sectors)
        went++;
    else
        nothing_there++;
}

static void on_stuck(struct ahci *ahci)
{
    assert_ptr_equal(ahci, &model_ahci);
    stuck_calls++;
}

static const struct ahci_home work_home = {on_done, on_changed, on_stuck};

static struct ahci_port *port1(void)
{
    return &model_ahci.ports[1];
}

static void work_reset(void)
{
    memset(work, 0, sizeof(work));
    work_ended = 0;
}

static int work_setup(void **state)
{
    (void)state;
    model_init();
    work_reset();
    came = went = nothing_there = stuck_calls = 0;
    return 0;
}

/* Opens the driver, and waits until it knows its disks. */
static void work_open(void)
{
    assert_int_equal(ahci_open(&model_ahci, model_registers(), model_dma(), work_home), AHCI_OK);
    for (u32 i = 0; ahci_probing(&model_ahci); i++) {
        assert_true(i < 100000);
        model_pass(MS);
    }
}

/* Four sectors for each request, in two pieces, at place number `place` of the memory. */
#define WORK_SECTORS 4u

static u8 *work_data(u32 place)
{
    return model_data + place * WORK_SECTORS * 512;
}

static enum ahci_refusal work_submit_on(struct ahci_port *port, u32 number, enum ahci_op op,
                                        u64 sector, bool fua)
{
    u64 bus = model_bus((u64)number * WORK_SECTORS * 512);
    struct dma_piece pieces[2] = {{bus, 6}, {bus + 6, WORK_SECTORS * 512 - 6}};
    struct ahci_request request = {.op = op,
                                   .fua = fua,
                                   .sector = sector,
                                   .sectors = WORK_SECTORS,
                                   .piece_count = 2,
                                   .pieces = pieces,
                                   .cookie = &work[number]};
    enum ahci_refusal refusal = ahci_submit(port, &request);
    if (refusal == AHCI_TAKEN)
        work[number] = (struct work){.used = true};
    return refusal;
}

static void work_submit(u32 number, enum ahci_op op, u64 sector)
{
    assert_int_equal(work_submit_on(port1(), number, op, sector, false), AHCI_TAKEN);
}

static void work_ends(u32 number, enum ahci_result result)
{
    assert_true(work[number].ended);
    assert_int_equal(work[number].result, result);
}

/* Something different in each sector. */
static void work_fill(void)
{
    for (u32 i = 0; i < MODEL_SECTORS * 512; i += 4) {
        u32 value = i * 2654435761u;
        memcpy(model.ports[1].content + i, &value, 4);
    }
}

static void work_has_read(u32 number, u64 sector)
{
    assert_memory_equal(work_data(number), model.ports[1].content + sector * 512,
                        WORK_SECTORS * 512);
}

/*
 * Interrupts as event bits: of the HPET's timer (the `hpet` grant) and of messages.
 */
#include "check.h"
#include "tests.h"
#include "world.h"

#include <drivers/hpet.h>
#include <runtime/clock.h>
#include <runtime/start.h>

static struct hpet hpet;

static u32 new_function(void)
{
    u32 slot = new_slot();
    must(device_create(SLOT_MACHINE, SLOT_TEST_POOL, slot, DEVICE_PCI, 0, 0));
    return slot;
}

/* Opens the timer; its interrupt is that of the grant, or of our own making. */
static const struct grant *open_timer(void)
{
    const struct grant *registers = grant_find(GRANT_REGISTERS, "hpet");
    const struct grant *irq = grant_find(GRANT_IRQ, "hpet");
    must_be(registers && irq);
    u64 offset = registers->value[1], bytes = registers->value[0];
    u8 *base = show(registers->slot, align_up(offset + bytes, PAGE_SIZE) / PAGE_SIZE,
                    RIGHT_READ | RIGHT_WRITE);
    struct hpet_route route = {
        .timer = (u32)irq->value[3], .line = (u32)irq->value[1], .level = irq->value[2] != 0};
    must_be(hpet_open(&hpet, (struct registers){.base = base + offset, .size = bytes}, route,
                      false) == HPET_OK);
    return irq;
}

static void arm_us(u64 us)
{
    hpet_arm(&hpet, hpet_ticks(&hpet) + us * 1000000000 / hpet.period_fs);
}

/* The interrupt raises its bit, again and again. */
void irq_timer(void)
{
    const struct grant *irq = open_timer();
    u64 bit = 1ul << irq->value[0];
    ignore_status(irq_ack(irq->slot)); /* whatever was before */
    for (unsigned times = 0; times < 20; times++) {
        struct message m = {0};
        u64 from = tsc();
        arm_us(2000);
        while (!(m.events & bit) || (tsc() - from) * 1000000 / start->tsc_hz < 1500) {
            if (m.events & bit) /* an earlier one, still on its way */
                must(irq_ack(irq->slot));
            must(ipc_wait(SLOT_NONE, 0, &m, 0));
        }
        u64 us = (tsc() - from) * 1000000 / start->tsc_hz;
        between(us, 1500, 500000);
        hpet_interrupt(&hpet);
        must(irq_ack(irq->slot));
        if (us < 1500)
            break;
    }
}

/* Makes an irq of a line that the timer can use level-triggered, and that nobody else has; the
 * line, or 0 if this machine has none. */
static u32 free_line(u32 function, u32 irq, u32 event, u32 timer)
{
    const volatile u8 *registers = hpet.registers.base;
    u32 lines = *(const volatile u32 *)(registers + 0x104 + 0x20 * timer);
    for (u32 line = 23; line >= 16; line--)
        if (lines >> line & 1 &&
            irq_create(function, SLOT_TEST_POOL, irq, line | IRQ_LEVEL, event, 7) >= 0)
            return line;
    return 0;
}

/* A level-triggered line is masked until it is acknowledged: no storm, and none lost. */
void irq_level(void)
{
    const struct grant *grant = open_timer();
    u32 function = new_function(), event = new_event(), irq = new_slot();
    u32 timer = (u32)grant->value[3], line = free_line(function, irq, event, timer);
    if (line == 0) {
        say("selftest: irq/level cannot look at anything: no line of the HPET's is free here");
        return;
    }
    struct registers registers = hpet.registers;
    must_be(hpet_open(&hpet, registers,
                      (struct hpet_route){.timer = timer, .line = line, .level = true},
                      false) == HPET_OK);
    u64 bits = 0;
    struct machine_info before = machine_facts();
    arm_us(500);
    pause_us(5000); /* nobody clears the device's status or acknowledges */
    struct machine_info after = machine_facts();
    between(after.interrupts - before.interrupts, 1, 10);
    same(event_poll(event, &bits), 0);
    same(bits, 1ul << 7);
    pause_us(5000);
    failed_with(event_poll(event, &bits), ERR_EMPTY);
    must(irq_ack(irq)); /* the status is up still: it comes again, once */
    pause_us(1000);
    same(event_poll(event, &bits), 0);
    pause_us(1000);
    failed_with(event_poll(event, &bits), ERR_EMPTY);
    hpet_interrupt(&hpet);
    must(irq_ack(irq));
    must(irq_ack(irq)); /* once too often does nothing */
    pause_us(1000);
    failed_with(event_poll(event, &bits), ERR_EMPTY);
    for (unsigned times = 0; times < 10; times++) { /* and it works as before */
        arm_us(200);
        pause_us(2000);
        same(event_poll(event, &bits), 0);
        hpet_interrupt(&hpet);
        must(irq_ack(irq));
    }
    must(object_destroy_all(irq)); /* masks the line */
    arm_us(200);
    pause_us(1000);
    failed_with(event_poll(event, &bits), ERR_EMPTY);
    hpet_interrupt(&hpet);
}

/* Messages: each has an address and data of its own; vectors run out, and come back. */
void irq_messages(void)
{
    u32 function = new_function(), event = new_event(), slots[256], count = 0;
    struct pool_info before = pool_facts(SLOT_TEST_POOL);
    u64 last = 0;
    for (; count < 256; count++) {
        slots[count] = new_slot();
        status made = irq_create(function, SLOT_TEST_POOL, slots[count], IRQ_MESSAGE, event, 1);
        if (made < 0) {
            same(made, status_error(ERR_LIMIT, 4));
            break;
        }
        same((u64)made >> 20 & 0xfff, 0xfee);
        same((u64)made >> 32 & 0xff, (u64)made >> 32);
        same((u64)made != last, true);
        last = (u64)made;
    }
    between(count, 100, 224);
    refused(irq_create(function, SLOT_TEST_POOL, new_slot(), IRQ_MESSAGE, event, 1), ERR_LIMIT, 4);
    for (u32 i = 0; i < count; i++)
        must(object_destroy_all(slots[i]));
    same(pool_facts(SLOT_TEST_POOL).used, before.used);
    must(irq_create(function, SLOT_TEST_POOL, slots[0], IRQ_MESSAGE, event, 63));
    must(irq_ack(slots[0]));         /* nothing waits for it */
    must(object_destroy_all(event)); /* whom it would raise is gone */
    must(object_destroy_all(function));
    must(irq_ack(slots[0]));
    must(object_destroy_all(slots[0]));
}

/* An irq raises a bit that the event's capability may raise. */
void irq_badge(void)
{
    u32 function = new_function(), irq = new_slot();
    u32 badged = copy_of(new_event(), RIGHT_CONTROL, 1ul << 63 | 2);
    static const u64 others[] = {0, 2, 5, 62};
    for (unsigned i = 0; i < array_count(others); i++)
        refused(irq_create(function, SLOT_TEST_POOL, irq, IRQ_MESSAGE, badged, others[i]),
                ERR_RIGHTS, 6);
    refused(irq_create(function, SLOT_TEST_POOL, irq, IRQ_MESSAGE, badged, 64), ERR_ARGUMENT, 6);
    must(irq_create(function, SLOT_TEST_POOL, irq, IRQ_MESSAGE, badged, 1));
    must(object_destroy_all(irq));
    must(irq_create(function, SLOT_TEST_POOL, irq, IRQ_MESSAGE, badged, 63));
}

/* Several irqs of one line, which have to agree on how it works. */
void irq_shared_line(void)
{
    u32 function = new_function(), event = new_event(), a = new_slot(), b = new_slot();
    u64 line = 21; /* of the lines for PCI; nobody uses it here */
    must(irq_create(function, SLOT_TEST_POOL, a, line | IRQ_LEVEL | IRQ_ACTIVE_LOW, event, 1));
    refused(irq_create(function, SLOT_TEST_POOL, b, line, event, 2), ERR_BUSY, 4);
    refused(irq_create(function, SLOT_TEST_POOL, b, line | IRQ_LEVEL, event, 2), ERR_BUSY, 4);
    must(irq_create(function, SLOT_TEST_POOL, b, line | IRQ_LEVEL | IRQ_ACTIVE_LOW, event, 2));
    must(irq_ack(a));
    must(irq_ack(b));
    must(irq_ack(b));
    must(object_destroy_all(a));
    must(irq_ack(b));
    must(object_destroy_all(b));
    must(irq_create(function, SLOT_TEST_POOL, b, line, event, 2)); /* free for another way */
}

/* A message that comes: we send it ourselves, through the HPET where it can, which is not
 * everywhere; so only that an irq destroyed under a device in use harms nobody. */
void irq_destroyed_in_use(void)
{
    const struct grant *grant = open_timer();
    u32 event = new_event(), irq = new_slot(), function = new_function();
    u64 line = grant->value[1] | (grant->value[2] ? IRQ_LEVEL : 0);
    status made = irq_create(function, SLOT_TEST_POOL, irq, line, event, 5);
    if (made < 0) {
        failed_with(made, ERR_BUSY); /* root has called it active low */
        must(irq_create(function, SLOT_TEST_POOL, irq, line | IRQ_ACTIVE_LOW, event, 5));
    }
    u64 bits = 0;
    arm_us(500);
    pause_us(5000);
    same(event_poll(event, &bits), 0);
    same(bits, 1ul << 5);
    must(object_destroy_all(irq)); /* without an acknowledgement: the other one still has to */
    hpet_interrupt(&hpet);
    must(irq_ack(grant->slot));
    struct message m = {0};
    arm_us(500);
    while (!(m.events & 1ul << grant->value[0]))
        must(ipc_wait(SLOT_NONE, 0, &m, 0));
    hpet_interrupt(&hpet);
    must(irq_ack(grant->slot));
}

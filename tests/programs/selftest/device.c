/*
 * Devices: ports, configuration space, and memory that they hold for DMA.
 */
#include "check.h"
#include "tests.h"
#include "world.h"

#include <runtime/clock.h>

#define CMOS_INDEX 0x70u
#define CMOS_DATA  0x71u

#define PCI_COMMAND            4u
#define PCI_COMMAND_BUS_MASTER 4u

static u32 new_ports(u64 first, u64 count)
{
    u32 slot = new_slot();
    must(device_create(SLOT_MACHINE, SLOT_TEST_POOL, slot, DEVICE_PORTS, first, count));
    return slot;
}

static u32 new_function(u64 number)
{
    u32 slot = new_slot();
    must(device_create(SLOT_MACHINE, SLOT_TEST_POOL, slot, DEVICE_PCI, number, 0));
    return slot;
}

/* The first function that is not a bridge, as it may lose its bus mastering for a while; else the
 * host bridge. */
static u32 harmless_function(void)
{
    for (u64 number = 1; number < 256; number++) {
        u32 slot = new_slot();
        must(device_create(SLOT_MACHINE, SLOT_TEST_POOL, slot, DEVICE_PCI, number, 0));
        u64 vendor = (u64)device_config_read(slot, 0, 2),
            class = (u64)device_config_read(slot, 11, 1);
        if (vendor != 0xffff && class == 3) /* a display, which nobody looks at here */
            return slot;
        must(object_destroy_all(slot));
    }
    return new_function(0);
}

void device_ports(void)
{
    u32 cmos = new_ports(CMOS_INDEX, 2);
    must(device_out(cmos, 0, 1, 0x0f)); /* the shutdown byte, which is there to be written */
    u64 before = (u64)must(device_in(cmos, 1, 1));
    must(device_out(cmos, 1, 1, before ^ 0x55));
    same(device_in(cmos, 1, 1), before ^ 0x55);
    must(device_out(cmos, 1, 1, before));
    refused(device_in(cmos, 1, 2), ERR_ARGUMENT, 3);
    refused(device_in(cmos, 2, 1), ERR_ARGUMENT, 2);
    u32 last = new_ports(0xffff, 1);
    must(device_in(last, 0, 1));
    refused(device_in(last, 0, 2), ERR_ARGUMENT, 3);
    u32 four = new_ports(0x80, 4);
    same(must(device_in(four, 0, 4)) >= 0, true); /* 32 bits are no error */
    must(device_out(four, 0, 4, ~0ul));
    u32 unused = new_ports(0x2f0, 4); /* nothing answers: all bits set */
    same(device_in(unused, 0, 4), 0xffffffff);
    same(device_in(unused, 0, 2), 0xffff);
    same(device_in(unused, 0, 1), 0xff);
}

void device_config(void)
{
    u32 bridge = new_function(0);
    u64 id = (u64)must(device_config_read(bridge, 0, 4));
    same(id & 0xffff, 0x8086);
    same(device_config_read(bridge, 2, 2), id >> 16);
    same(device_config_read(bridge, 1, 1), 0x80);
    must(device_config_read(bridge, 252, 4));
    must(device_config_read(bridge, 255, 1));
    refused(device_config_read(bridge, 1, 2), ERR_ARGUMENT, 3);
    refused(device_config_read(bridge, 2, 4), ERR_ARGUMENT, 3);
    u32 nobody = new_function(0xfff8);
    same(device_config_read(nobody, 0, 4), 0xffffffff);
    u32 vga = harmless_function();
    u64 line = (u64)must(device_config_read(vga, 0x3c, 1));
    must(device_config_write(vga, 0x3c, 1, 0xa5));
    same(device_config_read(vga, 0x3c, 1), 0xa5);
    must(device_config_write(vga, 0x3c, 1, line));
}

void device_dma(void)
{
    struct pool_info before = pool_facts(SLOT_TEST_POOL);
    u32 device = harmless_function(), memory = new_committed(100);
    must(dma_map(device, memory, 10, 20));
    same(memory_facts(memory).dma, 1);
    refused(dma_map(device, memory, 10, 1), ERR_OCCUPIED, 3);
    refused(dma_map(device, memory, 29, 1), ERR_OCCUPIED, 3);
    refused(dma_map(device, memory, 0, 100), ERR_OCCUPIED, 3); /* around it */
    refused(dma_map(device, memory, 0, 11), ERR_OCCUPIED, 3);
    refused(dma_map(device, memory, 9, 2), ERR_OCCUPIED, 3);
    same(memory_facts(memory).dma, 1);
    must(dma_map(device, memory, 0, 10));
    must(dma_unmap(device, memory, 0));
    must(dma_map(device, memory, 30, 1));
    u64 addresses[20];
    for (u64 page = 10; page < 30; page++) {
        addresses[page - 10] = (u64)must(dma_address(device, memory, page));
        same(addresses[page - 10] % PAGE_SIZE, 0);
        same(addresses[page - 10] != 0, true);
    }
    same(dma_address(device, memory, 15), addresses[5]);
    refused(dma_address(device, memory, 9), ERR_ABSENT, 3);
    refused(dma_address(device, memory, 31), ERR_ABSENT, 3);
    refused(dma_address(device, memory, ~0ul), ERR_ABSENT, 3);
    refused(dma_unmap(device, memory, 11), ERR_ABSENT, 3);
    must(dma_unmap(device, memory, 10));
    refused(dma_unmap(device, memory, 10), ERR_ABSENT, 3);
    refused(dma_address(device, memory, 15), ERR_ABSENT, 3);
    same(memory_facts(memory).dma, 1);
    must(device_release(device));
    same(memory_facts(memory).dma, 0);
    u32 absent = new_memory(4);
    must(dma_map(device, absent, 0, 4)); /* holds what comes later */
    refused(dma_address(device, absent, 0), ERR_ABSENT, 3);
    must(object_destroy_all(device));
    must(object_destroy_all(absent));
    must(object_destroy_all(memory));
    same(pool_facts(SLOT_TEST_POOL).used, before.used);
}

void device_dma_limit(void)
{
    u32 device = harmless_function(), memory = new_committed(DMA_LIMIT + 1);
    for (u64 page = 0; page < DMA_LIMIT; page++)
        must(dma_map(device, memory, page, 1));
    same(memory_facts(memory).dma, DMA_LIMIT);
    refused(dma_map(device, memory, DMA_LIMIT, 1), ERR_LIMIT, 1);
    u32 other = new_function(0);
    must(dma_map(other, memory, 0, DMA_LIMIT)); /* another device may, even the same pages */
    must(device_release(other));
    must(device_release(device));
    same(memory_facts(memory).dma, 0);
}

/* Releasing a device switches its bus mastering off. */
void device_bus_master(void)
{
    u32 device = harmless_function();
    u64 command = (u64)must(device_config_read(device, PCI_COMMAND, 2));
    must(device_config_write(device, PCI_COMMAND, 2, command | PCI_COMMAND_BUS_MASTER));
    same(device_config_read(device, PCI_COMMAND, 2) & PCI_COMMAND_BUS_MASTER,
         PCI_COMMAND_BUS_MASTER);
    must(device_release(device));
    same(device_config_read(device, PCI_COMMAND, 2) & PCI_COMMAND_BUS_MASTER, 0);
    must(device_config_write(device, PCI_COMMAND, 2, command));
}

/* Memory that is held for DMA: destroyed, it is quarantined until the device lets go, in each of
 * three ways. */
void device_quarantine(void)
{
    for (unsigned how = 0; how < 3; how++) {
        struct pool_info before = pool_facts(SLOT_TEST_POOL);
        u32 device = harmless_function(), memory = new_committed(50);
        u32 copy = copy_of(memory, RIGHT_ALL, 0);
        must(dma_map(device, memory, 0, 50));
        failed_with(object_destroy_all(memory), ERR_BUSY);
        same(pool_facts(SLOT_TEST_POOL).quarantined, 50);
        same(pool_facts(SLOT_TEST_POOL).used - before.used >= 50, true);
        /* It cannot be reached any more. */
        struct memory_info info;
        same(memory_info(copy, &info) < 0, true);
        same(memory_commit(copy, 0, 1) < 0, true);
        same(space_map(SLOT_SPACE, copy, WINDOW_END, 0, 1, RIGHT_READ) < 0, true);
        same(dma_map(device, copy, 0, 1) < 0, true);
        if (how == 0)
            must(device_release(device));
        if (how == 1)
            must(object_destroy_all(device));
        if (how ==
            2) { /* not by what it cannot be named with, but by releasing another: no change */
            u32 other = new_function(0);
            must(device_release(other));
            failed_with(object_destroy_all(memory), ERR_BUSY);
            must(object_destroy_all(other));
            must(device_release(device));
        }
        must(object_destroy_all(slot_in_use(memory) ? memory : copy));
        same(slot_in_use(copy), false);
        if (slot_in_use(device))
            must(object_destroy_all(device));
        same(pool_facts(SLOT_TEST_POOL).quarantined, 0);
        same(pool_facts(SLOT_TEST_POOL).used, before.used);
        same(pool_facts(SLOT_TEST_POOL).objects, before.objects);
    }
}

static void nothing(u64 unused)
{
    (void)unused;
}

/* Machine: what it tells. */
void device_machine(void)
{
    struct machine_info a = machine_facts();
    u32 thread = help(nothing, 0);
    pause_us(5000);
    must(object_destroy_all(thread));
    struct machine_info b = machine_facts();
    same(a.tsc_hz, b.tsc_hz);
    same(b.interrupts > a.interrupts, true);
    same(b.context_switches > a.context_switches, true);
    same(b.idle_cycles > a.idle_cycles, true);
    between(b.used_pages, a.used_pages, a.used_pages + 2); /* the helper's share is there still */
    same(b.used_pages < b.memory_pages, true);
    same(b.lowest_stack >= 1024, true);
    struct trace_entry entries[16];
    u64 next = b.trace_next, first = next - 10;
    status got = must(machine_trace(SLOT_MACHINE, entries, 10, first));
    between(got, 1, 10);
    for (i64 i = 0; i < got; i++) {
        same(entries[i].sequence, first + (u64)i);
        same(entries[i].kind < TRACE_KINDS, true);
        if (i > 0)
            same(entries[i].tsc >= entries[i - 1].tsc, true);
    }
    u32 memory = new_committed(64);
    same(machine_facts().used_pages >= b.used_pages + 64, true);
    must(object_destroy_all(memory));
    same(machine_facts().used_pages, b.used_pages);
}

/* Nothing to read: nothing is written, wherever that would be. */
void device_trace_empty(void)
{
    u32 memory = new_committed(1);
    struct trace_entry *entries = show(memory, 1, RIGHT_READ | RIGHT_WRITE);
    u64 later = machine_facts().trace_next + 1000000;
    same(machine_trace(SLOT_MACHINE, entries, 10, later), 0);
    same(machine_trace(SLOT_MACHINE, entries, 10, ~0ul), 0);
    entries = show(memory, 1, RIGHT_READ);
    same(machine_trace(SLOT_MACHINE, entries, 10, later), 0);
}

/* The alarm raises what the event's capability may raise; at once, if its time is over. */
void device_alarm_badge(void)
{
    u32 event = new_event();
    u32 badged = copy_of(event, RIGHT_CONTROL, 0x30);
    u64 bits = 0;
    refused(machine_alarm(SLOT_MACHINE, badged, 0x08, 0), ERR_RIGHTS, 3);
    refused(machine_alarm(SLOT_MACHINE, badged, 0x38, 0), ERR_RIGHTS, 3);
    refused(machine_alarm(SLOT_MACHINE, badged, ~0ul, 0), ERR_RIGHTS, 3);
    must(machine_alarm(SLOT_MACHINE, badged, 0x20, 0));
    u64 until = tsc() + machine_facts().tsc_hz;
    while (event_poll(event, &bits) < 0 && tsc() < until)
        ;
    same(bits, 0x20);
    pause_us(1000); /* and there are later ones */
    failed_with(event_poll(event, &bits), ERR_EMPTY);
}

/*
 * QEMU's `edu` device; see edu_device.h.
 */
#include "edu_device.h"
#include "check.h"
#include "world.h"

#define PCI_COMMAND        4u
#define PCI_COMMAND_MEMORY 2u
#define PCI_STATUS         6u
#define PCI_STATUS_LIST    0x10u /* there are capabilities */
#define PCI_BAR0           0x10u
#define PCI_CAPABILITIES   0x34u

#define MSI_CAPABILITY 5u
#define MSI_CONTROL    2u /* offsets in the capability */
#define MSI_ADDRESS    4u /* and behind it, its upper half if it has one, and the data */
#define MSI_ENABLE     1u
#define MSI_64_BITS    0x80u

#define EDU_ID             0x11e81234u
#define EDU_REVISION       0x010000edu
#define EDU_IDENTIFICATION 0x00u
#define EDU_INVERTER       0x04u
#define EDU_DMA_SOURCE     0x80u
#define EDU_DMA_TARGET     0x88u
#define EDU_DMA_COUNT      0x90u
#define EDU_DMA_COMMAND    0x98u
#define EDU_DMA_START      1u
#define EDU_DMA_LIMIT      (1ul << 28) /* it has no more address lines */

#define DMA_US   150000u
#define DEADLINE 10u /* DMAs take no longer than so many times DMA_US */

u32 edu, edu_holder;
static u64 edu_number;
static volatile u8 *registers;

void edu_write(u32 offset, u32 value)
{
    *(volatile u32 *)(registers + offset) = value;
}

u32 edu_read(u32 offset)
{
    return *(volatile u32 *)(registers + offset);
}

void edu_command(u64 bits)
{
    u64 command = (u64)must(device_config_read(edu, PCI_COMMAND, 2));
    must(device_config_write(edu, PCI_COMMAND, 2, command | bits));
}

bool edu_is_bus_master(void)
{
    return must(device_config_read(edu, PCI_COMMAND, 2)) & PCI_COMMAND_BUS_MASTER;
}

void edu_create(void)
{
    must(device_create(SLOT_MACHINE, SLOT_TEST_POOL, edu, DEVICE_PCI, edu_number, 0));
}

static u32 find_function(void)
{
    u32 slot = new_slot();
    for (u64 number = 0; number < 256; number++) {
        must(device_create(SLOT_MACHINE, SLOT_TEST_POOL, slot, DEVICE_PCI, number, 0));
        edu_number = number;
        if (device_config_read(slot, 0, 4) == EDU_ID)
            return slot;
        must(object_destroy_all(slot));
    }
    return SLOT_NONE;
}

/* Where its message capability is in configuration space. */
static u64 find_msi(void)
{
    must_be(must(device_config_read(edu, PCI_STATUS, 2)) & PCI_STATUS_LIST);
    u64 at = (u64)must(device_config_read(edu, PCI_CAPABILITIES, 1)) & 0xfc;
    for (unsigned i = 0; at != 0 && i < 48; i++) {
        if (must(device_config_read(edu, at, 1)) == MSI_CAPABILITY)
            return at;
        at = (u64)must(device_config_read(edu, at + 1, 1)) & 0xfc;
    }
    must_be(!"the device has messages");
    return 0;
}

void edu_set_msi(bool on)
{
    u64 at = find_msi() + MSI_CONTROL, control = (u64)must(device_config_read(edu, at, 2));
    control = on ? control | MSI_ENABLE : control & ~(u64)MSI_ENABLE;
    must(device_config_write(edu, at, 2, control));
}

/* What irq_create returned goes into the device. */
void edu_set_message(u64 message)
{
    u64 at = find_msi(), control = (u64)must(device_config_read(edu, at + MSI_CONTROL, 2));
    u64 data = at + MSI_ADDRESS + 4;
    must(device_config_write(edu, at + MSI_ADDRESS, 4, message & 0xffffffff));
    if (control & MSI_64_BITS) {
        must(device_config_write(edu, data, 4, 0));
        data += 4;
    }
    must(device_config_write(edu, data, 2, message >> 32));
    edu_set_msi(true);
}

/* Finds it, and maps its registers. False: there is none. */
bool edu_open(void)
{
    edu = find_function();
    if (edu == SLOT_NONE) {
        say("selftest: edu cannot look at anything: there is no such device here");
        return false;
    }
    edu_holder = new_slot();
    must(device_create(SLOT_MACHINE, SLOT_TEST_POOL, edu_holder, DEVICE_PCI, 0xfff8, 0));
    u32 memory = new_slot();
    u64 address = (u64)must(device_config_read(edu, PCI_BAR0, 4)) & ~0xful;
    must(memory_physical(SLOT_MACHINE, SLOT_TEST_POOL, memory, address, 1, CACHE_UNCACHED));
    registers = show(memory, 1, RIGHT_READ | RIGHT_WRITE);
    edu_command(PCI_COMMAND_MEMORY | PCI_COMMAND_BUS_MASTER);
    edu_set_msi(false);
    must_be(edu_read(EDU_IDENTIFICATION) == EDU_REVISION);
    edu_write(EDU_INVERTER, 0x12345678);
    same(edu_read(EDU_INVERTER), ~0x12345678u);
    edu_write(EDU_ACKNOWLEDGE, ~0u);
    same(edu_read(EDU_STATUS), 0);
    return true;
}

void edu_dma_start(u64 source, u64 target, u32 flags)
{
    must_be(source < EDU_DMA_LIMIT && target < EDU_DMA_LIMIT);
    *(volatile u64 *)(registers + EDU_DMA_SOURCE) = source;
    *(volatile u64 *)(registers + EDU_DMA_TARGET) = target;
    *(volatile u64 *)(registers + EDU_DMA_COUNT) = DMA_BYTES;
    *(volatile u64 *)(registers + EDU_DMA_COMMAND) = EDU_DMA_START | flags;
    same(edu_read(EDU_DMA_COMMAND) & EDU_DMA_START, EDU_DMA_START);
}

void edu_dma_finish(void)
{
    for (unsigned i = 0; edu_read(EDU_DMA_COMMAND) & EDU_DMA_START; i++) {
        must_be(i < DEADLINE);
        pause_us(DMA_US);
    }
}

void edu_take(u64 address)
{
    edu_dma_start(address, EDU_BUFFER, 0);
    edu_dma_finish();
}

void edu_put(u64 address)
{
    edu_dma_start(EDU_BUFFER, address, EDU_DMA_TO_MEMORY);
    edu_dma_finish();
}

/*
 * What a server with a device opens, by the names that the configuration gave (`pci NAME ...` and
 * `dma NAME ...`), to hand it to the device's driver:
 *
 *     struct registers registers;
 *     struct dma dma;
 *     if (!registers_open(&registers, "ahci", 5) || !dma_open(&dma, "ahci", "ahci"))
 *         return 1;
 *     const struct grant *irq = grant_find(GRANT_IRQ, "ahci");
 *
 * value0 of the interrupt's grant is its bit of the server's event; after each of them the server
 * calls irq_ack for its slot if value2 says that it is a level-triggered line (it does no harm if
 * it is not). The device itself, grant_find(GRANT_DEVICE, ...), is for dma_map of other memory,
 * like a session's data area. It reaches memory, and sends its interrupt, from when the driver has
 * reset it.
 *
 * The handle of a `struct dma` that dma_open fills is the slot of the device and, in the upper
 * half, that of the memory.
 */
#pragma once
#include <abi/start.h>
#include <drivers/device.h>

/* The registers in BAR number `bar` of this PCI function, or NULL: not granted. */
const struct grant *grant_bar(const char *name, u32 bar);

/* Maps them. False: not granted, or cannot be mapped; the log says which. */
must_check bool registers_open(struct registers *registers, const char *name, u32 bar);

/* Maps memory granted by `dma`, all of it, for the server and for the device. False: one of the
 * two was not granted, or it cannot be mapped; the log says which. */
must_check bool dma_open(struct dma *dma, const char *dma_grant, const char *device_grant);

/* For those who have no driver that says it (home_device_was_reset): this PCI function has been
 * reset, and may be bus master. */
void device_was_reset(u32 device_slot);

/*
 * Devices: what a driver may touch of the hardware: a PCI function, a range of ports, or (root
 * only) the machine.
 *
 * A device knows the memory that was mapped for its DMA. That memory is not reused before the
 * device is released (bus mastering off) or the driver unmaps it. Bus addresses are physical ones
 * as yet.
 */
#pragma once
#include "object/object.h"
#include <abi/object.h>

struct memory;

struct device {
    struct object object;
    u8 kind;          /* enum device_kind */
    u32 first, count; /* ports; PCI: bus << 8 | device << 3 | function in `first` */
    u32 hold_count;
    struct list holds; /* struct dma_hold */
    struct list irqs;
};

/* A range of a memory object that a device may reach. Charged to the memory's pool. */
struct dma_hold {
    struct device *device;
    struct memory *memory;
    struct list in_device, in_memory;
    u64 first, pages;
};

must_check enum error device_create(struct pool *pool, enum device_kind kind, u32 first, u32 count,
                                    struct device **result);
must_check enum error device_empty_step(struct object *object);

/* Does the device have `width` ports from `offset` on? */
bool device_has_ports(const struct device *device, u64 offset, u64 width);
u32 device_in_port(const struct device *device, u32 offset, u32 width);
void device_out_port(const struct device *device, u32 offset, u32 width, u32 value);

/* Configuration space of a PCI function, by mechanism 1. */
u32 device_config_in(const struct device *device, u32 offset, u32 width);
void device_config_out(const struct device *device, u32 offset, u32 width, u32 value);

/* Stops the device's bus mastering and lets go of all memory held for it. */
void device_let_go(struct device *device);

must_check enum error dma_map(struct device *device, struct memory *memory, u64 first, u64 pages);
must_check enum error dma_unmap(struct device *device, struct memory *memory, u64 first);

/* The bus address of a page that is mapped for the device and committed; FRAME_NONE otherwise. */
u64 dma_address(const struct device *device, const struct memory *memory, u64 page);

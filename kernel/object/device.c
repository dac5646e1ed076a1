/* Devices; see device.h. */
#include "object/device.h"
#include "cpu/asm.h"
#include "object/irq.h"
#include "object/memory.h"
#include "object/pool.h"

#define PCI_CONFIG_ADDRESS     0xcf8
#define PCI_CONFIG_DATA        0xcfc
#define PCI_CONFIG_ENABLE      0x80000000u
#define PCI_COMMAND            4
#define PCI_COMMAND_BUS_MASTER 4u

enum error device_create(struct pool *pool, enum device_kind kind, u32 first, u32 count,
                         struct device **result)
{
    struct device *device = object_allocate(pool, OBJECT_DEVICE, sizeof(*device));
    if (!device) {
        return ERR_MEMORY;
    }
    device->kind = (u8)kind;
    device->first = first;
    device->count = count;
    list_init(&device->holds);
    list_init(&device->irqs);
    *result = device;
    return ERR_NONE;
}

/* ---- ports and configuration ---- */

bool device_has_ports(const struct device *device, u64 offset, u64 width)
{
    return device->kind != DEVICE_PCI && offset < device->count && width <= device->count - offset;
}

static u32 port_in(u16 port, u32 width)
{
    return width == 1 ? inb(port) : width == 2 ? inw(port) : inl(port);
}

static void port_out(u16 port, u32 width, u32 value)
{
    if (width == 1) {
        outb(port, (u8)value);
    } else if (width == 2) {
        outw(port, (u16)value);
    } else {
        outl(port, value);
    }
}

u32 device_in_port(const struct device *device, u32 offset, u32 width)
{
    return port_in((u16)(device->first + offset), width);
}

void device_out_port(const struct device *device, u32 offset, u32 width, u32 value)
{
    port_out((u16)(device->first + offset), width, value);
}

static u16 config_select(const struct device *device, u32 offset)
{
    outl(PCI_CONFIG_ADDRESS, PCI_CONFIG_ENABLE | device->first << 8 | (offset & 0xfc));
    return (u16)(PCI_CONFIG_DATA + (offset & 3));
}

u32 device_config_in(const struct device *device, u32 offset, u32 width)
{
    return port_in(config_select(device, offset), width);
}

void device_config_out(const struct device *device, u32 offset, u32 width, u32 value)
{
    port_out(config_select(device, offset), width, value);
}

/* ---- DMA ---- */

static void hold_free(struct dma_hold *hold)
{
    struct memory *memory = hold->memory;
    list_remove(&hold->in_device);
    list_remove(&hold->in_memory);
    hold->device->hold_count--;
    memory->dma_count--;
    pool_free(memory->object.pool, hold, sizeof(*hold));
    memory_released(memory);
}

static struct dma_hold *hold_find(const struct device *device, const struct memory *memory,
                                  u64 page)
{
    list_for_each(node, &device->holds) {
        struct dma_hold *hold = container_of(node, struct dma_hold, in_device);
        if (hold->memory == memory && page >= hold->first && page - hold->first < hold->pages) {
            return hold;
        }
    }
    return NULL;
}

static bool hold_overlaps(const struct device *device, const struct memory *memory, u64 first,
                          u64 pages)
{
    list_for_each(node, &device->holds) {
        struct dma_hold *hold = container_of(node, struct dma_hold, in_device);
        if (hold->memory == memory && ranges_overlap(first, pages, hold->first, hold->pages)) {
            return true;
        }
    }
    return false;
}

enum error dma_map(struct device *device, struct memory *memory, u64 first, u64 pages)
{
    if (hold_overlaps(device, memory, first, pages)) {
        return ERR_OCCUPIED;
    }
    if (device->hold_count == DMA_LIMIT) {
        return ERR_LIMIT;
    }
    struct dma_hold *hold = pool_allocate(memory->object.pool, sizeof(*hold));
    if (!hold) {
        return ERR_MEMORY;
    }
    hold->device = device;
    hold->memory = memory;
    hold->first = first;
    hold->pages = pages;
    list_push_back(&device->holds, &hold->in_device);
    list_push_back(&memory->dma, &hold->in_memory);
    device->hold_count++;
    memory->dma_count++;
    return ERR_NONE;
}

enum error dma_unmap(struct device *device, struct memory *memory, u64 first)
{
    struct dma_hold *hold = hold_find(device, memory, first);
    if (!hold || hold->first != first) {
        return ERR_ABSENT;
    }
    hold_free(hold);
    return ERR_NONE;
}

u64 dma_address(const struct device *device, const struct memory *memory, u64 page)
{
    bool large;
    return hold_find(device, memory, page) ? memory_frame(memory, page, &large) : FRAME_NONE;
}

void device_let_go(struct device *device)
{
    if (device->kind == DEVICE_PCI) {
        u32 command = device_config_in(device, PCI_COMMAND, 2);
        device_config_out(device, PCI_COMMAND, 2, command & ~PCI_COMMAND_BUS_MASTER);
    }
    while (!list_empty(&device->holds)) { /* at most DMA_LIMIT */
        hold_free(container_of(list_first(&device->holds), struct dma_hold, in_device));
    }
}

enum error device_empty_step(struct object *object)
{
    struct device *device = container_of(object, struct device, object);
    device_let_go(device);
    while (!list_empty(&device->irqs)) {
        struct irq *irq = container_of(list_first(&device->irqs), struct irq, in_device);
        list_remove(&irq->in_device);
        irq->device = NULL;
    }
    return ERR_NONE;
}

/* System calls of devices, DMA and interrupts. */
#include "object/device.h"
#include "call/call.h"
#include "object/irq.h"
#include "object/memory.h"
#include "object/pool.h"

#define PORT_LIMIT   0x10000u
#define PCI_LIMIT    0x10000u
#define CONFIG_LIMIT 256u

static bool width_allowed(u64 width)
{
    return width == 1 || width == 2 || width == 4;
}

status call_device_create(u64 machine, u64 pool_slot, u64 slot, u64 kind, u64 first, u64 count)
{
    struct pool *pool;
    struct device *device;
    try(call_machine(machine, 1));
    try(call_find(pool_slot, OBJECT_POOL, RIGHT_WRITE, 2, pool, &pool));
    try(call_new_slot(slot, 3));
    refuse_if(kind != DEVICE_PCI && kind != DEVICE_PORTS, ERR_ARGUMENT, 4);
    bool ports = kind == DEVICE_PORTS;
    refuse_if(first >= (ports ? PORT_LIMIT : PCI_LIMIT), ERR_ARGUMENT, 5);
    refuse_if(ports ? !count || count > PORT_LIMIT - first : count, ERR_ARGUMENT, 6);
    refuse_if(device_create(pool, (enum device_kind)kind, (u32)first, (u32)count, &device),
              ERR_MEMORY, 2);
    return call_created(slot, 3, &device->object);
}

/* ---- ports ---- */

static status find_ports(u64 slot, u64 offset, u64 width, u64 rights, struct device **device)
{
    try(call_find(slot, OBJECT_DEVICE, rights, 1, device, device));
    refuse_if(!device_has_ports(*device, offset, 1), ERR_ARGUMENT, 2);
    refuse_if(!width_allowed(width) || !device_has_ports(*device, offset, width), ERR_ARGUMENT, 3);
    return 0;
}

status call_device_in(u64 device_slot, u64 offset, u64 width)
{
    struct device *device;
    try(find_ports(device_slot, offset, width, RIGHT_READ, &device));
    return device_in_port(device, (u32)offset, (u32)width);
}

status call_device_out(u64 device_slot, u64 offset, u64 width, u64 value)
{
    struct device *device;
    try(find_ports(device_slot, offset, width, RIGHT_WRITE, &device));
    device_out_port(device, (u32)offset, (u32)width, (u32)value);
    return 0;
}

/* ---- configuration space ---- */

static status find_config(u64 slot, u64 offset, u64 width, u64 rights, struct device **device)
{
    try(call_find(slot, OBJECT_DEVICE, rights, 1, device, device));
    refuse_if((*device)->kind != DEVICE_PCI, ERR_TYPE, 1);
    refuse_if(offset >= CONFIG_LIMIT, ERR_ARGUMENT, 2);
    refuse_if(!width_allowed(width) || offset % width, ERR_ARGUMENT, 3);
    return 0;
}

status call_device_config_read(u64 device_slot, u64 offset, u64 width)
{
    struct device *device;
    try(find_config(device_slot, offset, width, RIGHT_READ, &device));
    return device_config_in(device, (u32)offset, (u32)width);
}

status call_device_config_write(u64 device_slot, u64 offset, u64 width, u64 value)
{
    struct device *device;
    try(find_config(device_slot, offset, width, RIGHT_CONTROL, &device));
    device_config_out(device, (u32)offset, (u32)width, (u32)value);
    return 0;
}

status call_device_release(u64 device_slot)
{
    struct device *device;
    try(call_find(device_slot, OBJECT_DEVICE, RIGHT_CONTROL, 1, device, &device));
    device_let_go(device);
    return 0;
}

/* ---- DMA ---- */

static status find_dma(u64 device_slot, u64 memory_slot, struct device **device,
                       struct memory **memory)
{
    try(call_find(device_slot, OBJECT_DEVICE, RIGHT_WRITE, 1, device, device));
    return call_find(memory_slot, OBJECT_MEMORY, RIGHT_READ | RIGHT_WRITE, 2, memory, memory);
}

status call_dma_map(u64 device_slot, u64 memory_slot, u64 first, u64 pages)
{
    struct device *device;
    struct memory *memory;
    try(find_dma(device_slot, memory_slot, &device, &memory));
    refuse_if(first >= memory->pages, ERR_ARGUMENT, 3);
    refuse_if(!pages || pages > memory->pages - first, ERR_ARGUMENT, 4);
    enum error error = dma_map(device, memory, first, pages);
    refuse_if(error, error, error == ERR_LIMIT ? 1 : error == ERR_MEMORY ? 2 : 3);
    return 0;
}

status call_dma_address(u64 device_slot, u64 memory_slot, u64 page)
{
    struct device *device;
    struct memory *memory;
    try(find_dma(device_slot, memory_slot, &device, &memory));
    u64 address = dma_address(device, memory, page);
    refuse_if(address == FRAME_NONE, ERR_ABSENT, 3);
    return (status)address;
}

status call_dma_unmap(u64 device_slot, u64 memory_slot, u64 first)
{
    struct device *device;
    struct memory *memory;
    try(find_dma(device_slot, memory_slot, &device, &memory));
    enum error error = dma_unmap(device, memory, first);
    refuse_if(error, error, 3);
    return 0;
}

/* ---- interrupts ---- */

status call_irq_create(u64 device_slot, u64 pool_slot, u64 slot, u64 line, u64 event_slot, u64 bit)
{
    struct device *device;
    struct pool *pool;
    struct cap *event;
    struct irq *irq;
    try(call_find(device_slot, OBJECT_DEVICE, RIGHT_CONTROL, 1, device, &device));
    try(call_find(pool_slot, OBJECT_POOL, RIGHT_WRITE, 2, pool, &pool));
    try(call_new_slot(slot, 3));
    refuse_if(line & ~(u64)(IRQ_LINE_MASK | IRQ_LEVEL | IRQ_ACTIVE_LOW | IRQ_MESSAGE), ERR_ARGUMENT,
              4);
    try(call_cap(event_slot, OBJECT_EVENT, RIGHT_CONTROL, 5, &event));
    refuse_if(bit >= 64, ERR_ARGUMENT, 6);
    refuse_if(event->badge && !(event->badge >> bit & 1), ERR_RIGHTS, 6);
    enum error error = irq_create(pool, device, (u32)line, event, bit, &irq);
    refuse_if(error, error, error == ERR_MEMORY ? 2 : 4);
    try(call_created(slot, 3, &irq->object));
    return irq->message ? (status)irq_message(irq) : 0;
}

status call_irq_ack(u64 irq_slot)
{
    struct irq *irq;
    try(call_find(irq_slot, OBJECT_IRQ, RIGHT_WRITE, 1, irq, &irq));
    irq_acknowledge(irq);
    return 0;
}

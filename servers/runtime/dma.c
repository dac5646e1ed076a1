/*
 * From grants to what drivers work with. See dma.h.
 */
#include <base/string.h>
#include <runtime/dma.h>
#include <runtime/ipc.h>
#include <runtime/map.h>
#include <runtime/print.h>
#include <runtime/start.h>
#include <runtime/syscall.h>
#include <service/root.h>

const struct grant *grant_bar(const char *name, u32 bar)
{
    for (u32 i = 0; i < start->grant_count && i < GRANT_LIMIT; i++) {
        const struct grant *grant = &start->grants[i];
        if (grant->kind == GRANT_REGISTERS && grant->value[2] == bar &&
            strncmp(grant->name, name, sizeof(grant->name)) == 0)
            return grant;
    }
    return NULL;
}

bool registers_open(struct registers *registers, const char *name, u32 bar)
{
    const struct grant *grant = grant_bar(name, bar);
    if (!grant) {
        print("registers_open: no registers were granted for BAR %u of '%s'\n", bar, name);
        return false;
    }
    u64 offset = grant->value[1], size = grant->value[0];
    u64 pages = align_up(offset + size, PAGE_SIZE) / PAGE_SIZE;
    u8 *base = map_memory(grant->slot, 0, pages, RIGHT_READ | RIGHT_WRITE);
    if (!base)
        return false;
    *registers = (struct registers){.base = base + offset, .size = size};
    return true;
}

bool dma_open(struct dma *dma, const char *dma_grant, const char *device_grant)
{
    const struct grant *memory = grant_find(GRANT_DMA, dma_grant);
    const struct grant *device = grant_find(GRANT_DEVICE, device_grant);
    if (!memory || !device) {
        print("dma_open: no %s '%s' was granted\n", memory ? "device" : "memory for DMA",
              memory ? device_grant : dma_grant);
        return false;
    }
    u64 pages = memory->value[0] / PAGE_SIZE;
    status mapped = dma_map(device->slot, memory->slot, 0, pages);
    if (mapped < 0) {
        print("dma_open: '%s' cannot use '%s': %s\n", device_grant, dma_grant,
              error_text(status_code(mapped)));
        return false;
    }
    *dma = (struct dma){
        .base = map_memory(memory->slot, 0, pages, RIGHT_READ | RIGHT_WRITE),
        .size = memory->value[0],
        .handle = device->slot | (u64)memory->slot << 32,
    };
    return dma->base;
}

u64 home_bus_address(const struct dma *dma, u64 offset)
{
    status page = offset < dma->size
                      ? dma_address((u32)dma->handle, (u32)(dma->handle >> 32), offset / PAGE_SIZE)
                      : status_error(ERR_ARGUMENT, 0);
    if (page < 0)
        panic("home_bus_address: offset 0x%lx of 0x%lx: %s", offset, dma->size,
              error_text(status_code(page)));
    return (u64)page + offset % PAGE_SIZE;
}

void device_was_reset(u32 device_slot)
{
    struct message m = {.word = {ROOT_DEVICE_RESET, device_slot}};
    status result = ipc_call(SLOT_ROOT, &m, 0);
    if (result >= 0)
        result = (status)m.word[0];
    if (result < 0)
        panic("device_was_reset: root refuses it: %s", error_text(status_code(result)));
}

void home_device_was_reset(const struct dma *dma)
{
    device_was_reset((u32)dma->handle);
}

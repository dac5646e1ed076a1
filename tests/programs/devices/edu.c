/*
 * QEMU's device for teaching (-device edu): an interrupt by MSI when it is asked for one, and DMA
 * between a buffer of its own and memory.
 */
#include <base/string.h>

#include "devices.h"

#define EDU_IDENTIFICATION 0x00
#define EDU_STATUS         0x24
#define EDU_RAISE          0x60
#define EDU_ACKNOWLEDGE    0x64
#define EDU_DMA_SOURCE     0x80
#define EDU_DMA_TARGET     0x88
#define EDU_DMA_COUNT      0x90
#define EDU_DMA_COMMAND    0x98
#define EDU_DMA_START      1ul
#define EDU_DMA_TO_MEMORY  2ul
#define EDU_DMA_INTERRUPT  4ul
#define EDU_DMA_DONE       0x100u /* the status bit of that */
#define EDU_BUFFER         0x40000ul
#define EDU_LIMIT          (1ul << 28) /* it has no more address lines */
#define BYTES              2048u       /* QEMU 7 refuses to fill the whole buffer */

static struct registers registers;
static const struct grant *irq;

static void raise(u32 cause)
{
    register_write32(&registers, EDU_RAISE, cause);
    device_check(device_interrupt(irq));
    device_check(register_read32(&registers, EDU_STATUS) == cause);
    register_write32(&registers, EDU_ACKNOWLEDGE, cause);
    device_check(irq_ack(irq->slot) == 0);
    device_check(device_is_quiet(irq));
}

static void transfer(u64 source, u64 target, u64 flags)
{
    register_write64(&registers, EDU_DMA_SOURCE, source);
    register_write64(&registers, EDU_DMA_TARGET, target);
    register_write64(&registers, EDU_DMA_COUNT, BYTES);
    register_write64(&registers, EDU_DMA_COMMAND, EDU_DMA_START | EDU_DMA_INTERRUPT | flags);
    device_check(device_interrupt(irq));
    device_check(register_read32(&registers, EDU_STATUS) == EDU_DMA_DONE);
    register_write32(&registers, EDU_ACKNOWLEDGE, EDU_DMA_DONE);
}

/* From one page through the device to another. */
static void test_dma(const struct dma *dma)
{
    u64 from = home_bus_address(dma, 512), to = home_bus_address(dma, PAGE_SIZE + 1024);
    device_check(from % PAGE_SIZE == 512 && to % PAGE_SIZE == 1024);
    device_check(from < EDU_LIMIT && to < EDU_LIMIT);
    for (u32 i = 0; i < BYTES; i++)
        dma->base[512 + i] = (u8)(i * 7 + start->restarts);
    memset(dma->base + PAGE_SIZE, 0, PAGE_SIZE);
    transfer(from, EDU_BUFFER, 0);
    transfer(EDU_BUFFER, to, EDU_DMA_TO_MEMORY);
    device_check(memcmp(dma->base + 512, dma->base + PAGE_SIZE + 1024, BYTES) == 0);
    device_check(dma->base[PAGE_SIZE + 1023] == 0 && dma->base[PAGE_SIZE + 1024 + BYTES] == 0);
}

void edu_test(void)
{
    struct dma dma;
    irq = grant_find(GRANT_IRQ, "edu");
    bool opened = irq && registers_open(&registers, "edu", 0) && dma_open(&dma, "edu", "edu");
    device_check(opened);
    if (!opened)
        return;
    device_check(irq->value[2] == 0);
    device_check(register_read32(&registers, EDU_IDENTIFICATION) == 0x010000ed);
    register_write32(&registers, EDU_ACKNOWLEDGE, ~0u); /* what an earlier life left */
    register_write32(&registers, EDU_RAISE, 4);
    device_check(register_read32(&registers, EDU_STATUS) == 4);
    device_check(device_is_quiet(irq)); /* a message is a write to memory */
    register_write32(&registers, EDU_ACKNOWLEDGE, 4);
    home_device_was_reset(&dma);
    raise(0x10);
    raise(0x21);
    test_dma(&dma);
}

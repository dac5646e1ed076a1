/*
 * QEMU's device for teaching, `edu`: it raises an interrupt when it is told to, and copies bytes
 * between a buffer of its own and memory by DMA.
 */
#pragma once
#include <base/types.h>

#define PCI_COMMAND_BUS_MASTER 4u
#define EDU_STATUS             0x24u
#define EDU_RAISE              0x60u
#define EDU_ACKNOWLEDGE        0x64u
#define EDU_DMA_TO_MEMORY      2u
#define EDU_DMA_INTERRUPT      4u
#define EDU_DMA_DONE           0x100u /* the status bit of that */
#define EDU_BUFFER             0x40000u
#define DMA_BYTES              2048u /* of each DMA: QEMU 7 refuses to fill the whole buffer */

/* Slots, of the test that runs: the device; another one, that holds pages which stay when the
 * first lets go of its own. */
extern u32 edu, edu_holder;

/* Finds the device, maps its registers, lets it be bus master. False: there is none, and the
 * serial port has been told. */
bool edu_open(void);

/* Makes the device again in its slot, after it was destroyed. */
void edu_create(void);

void edu_write(u32 offset, u32 value);
u32 edu_read(u32 offset);

/* Sets bits of its command register. */
void edu_command(u64 bits);
bool edu_is_bus_master(void);

/* What irq_create has returned goes into the device, which interrupts by messages from now on. */
void edu_set_message(u64 message);
void edu_set_msi(bool on);

/* Starts a DMA of DMA_BYTES, which is done 100 ms later; waits until it is. */
void edu_dma_start(u64 source, u64 target, u32 flags);
void edu_dma_finish(void);

/* Both, into the buffer and out of it. */
void edu_take(u64 bus);
void edu_put(u64 bus);

/*
 * What a driver needs of its surroundings: all of it, on one page.
 *
 * The drivers in this folder are libraries without a home. Whoever links one is its home: a server
 * (servers/runtime/home.c implements the functions named home_ for all servers), the guest Moss on
 * a bare machine, or a test on the host with a device made of memory. The home finds the device,
 * maps its registers, and owns the event loop: on the device's interrupt it calls the driver's
 * function for that and then acknowledges the interrupt in its own way.
 *
 * Drivers keep their state in a structure that the home gives them, and never wait for long.
 */
#pragma once
#include <base/types.h>

/* A range of I/O ports. What `handle` means is the home's affair: a server's is the slot of its
 * device capability, on a bare machine it is the first port. */
struct ports {
    u64 handle;
};

/* Reads or writes the port at `offset`; `width` is 1, 2 or 4 bytes. A port that cannot be reached
 * reads as all ones, as on a bus where nobody answers; writes to it are lost. */
u32 home_port_read(struct ports ports, u32 offset, u32 width);
void home_port_write(struct ports ports, u32 offset, u32 width, u32 value);

/* Device registers in memory, mapped uncached by the home. */
struct registers {
    volatile u8 *base;
    u64 size; /* in bytes; a driver checks once that all the registers it uses are inside */
};

static inline u32 register_read32(const struct registers *registers, u64 offset)
{
    return *(const volatile u32 *)(registers->base + offset);
}

static inline void register_write32(const struct registers *registers, u64 offset, u32 value)
{
    *(volatile u32 *)(registers->base + offset) = value;
}

static inline u64 register_read64(const struct registers *registers, u64 offset)
{
    return *(const volatile u64 *)(registers->base + offset);
}

static inline void register_write64(const struct registers *registers, u64 offset, u64 value)
{
    *(volatile u64 *)(registers->base + offset) = value;
}

/*
 * Memory that the driver shares with its device: command lists, descriptor rings, buffers. It is
 * there before the driver and after it: what a device was told before its driver crashed writes
 * here at worst, until the next driver has reset it. Its contents are left over from then.
 */
struct dma {
    u8 *base;
    u64 size;
    u64 handle; /* the home's affair */
};

/* The bus address of the byte at `offset`. What follows it up to the end of its 4 KiB page follows
 * on the bus as well. Not for hot paths: drivers keep what they need. */
u64 home_bus_address(const struct dma *dma, u64 offset);

/*
 * The device that works in this memory has been reset, and does nothing any more that a driver
 * before this one told it: from now on the home lets it be bus master. Before the device is told of
 * any memory, a driver says so, after each reset.
 */
void home_device_was_reset(const struct dma *dma);

/* A stretch of somebody's buffer, as a device sees it. */
struct dma_piece {
    u64 bus;
    u32 length;
};

/* Nanoseconds of a clock that only goes forward, for limits on waiting. */
u64 home_time_ns(void);

/* A line for the log, with printf's conversions (base/format.h); it ends with a newline. */
__attribute__((format(printf, 1, 2))) void home_log(const char *format, ...);

/*
 * Where physical memory is in the kernel's half of every address space.
 *
 *   DIRECT_BASE   all RAM that the kernel manages, readable and writable, at this distance. The
 *                 frames of the kernel's own text and constants are read-only there as well. What
 *                 is not RAM is not there: device registers have a window of their own
 *                 (kernel_map.h).
 *   KERNEL_BASE   the kernel image, at this distance from where it was loaded.
 *
 * kernel_map.c builds both; boot.asm has a first version that covers 4 GiB.
 */
#pragma once
#include <base/types.h>

#define DIRECT_BASE  0xffff800000000000ul
#define DIRECT_LIMIT 0x0000400000000000ul /* 64 TiB: RAM above is not used */
#define KERNEL_BASE  0xffffffff80000000ul

static inline void *phys_to_virt(u64 phys)
{
    return (void *)(DIRECT_BASE + phys);
}

/* Of an address in the direct map or in the kernel image. */
static inline u64 virt_to_phys(const void *address)
{
    u64 virt = (u64)address;
    return virt >= KERNEL_BASE ? virt - KERNEL_BASE : virt - DIRECT_BASE;
}

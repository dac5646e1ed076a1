/*
 * For unit tests, in the place of kernel/memory/direct.h: physical memory is a piece of the test's
 * own, so that what the kernel does with frames and page tables can be done, and looked at, on the
 * host.
 */
#pragma once
#include <base/types.h>

#define DIRECT_LIMIT 0x0000400000000000ul

extern u8 *host_memory; /* physical address 0 */

static inline void *phys_to_virt(u64 phys)
{
    return host_memory + phys;
}

static inline u64 virt_to_phys(const void *address)
{
    return (u64)((const u8 *)address - host_memory);
}

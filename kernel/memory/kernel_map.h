/*
 * The kernel's half of every address space: the direct map of all RAM, the kernel image with
 * exactly the rights that each part of it needs, and a window for device registers. The other half,
 * of the tables that are loaded while no space is, is empty.
 *
 * Nothing here is ever writable and executable, and everything is global. All entries of the top
 * table that will ever be used exist from boot on: a space copies entries KERNEL_PML4_FIRST to 511
 * once.
 */
#pragma once
#include <base/types.h>

#define KERNEL_PML4_FIRST 256u

struct ranges;

/* Physical address of the kernel's own top table. */
extern u64 kernel_pml4;

/* Builds the tables, with frames from early_pages, and switches to them. `ram` is what the direct
 * map shows; it must hold the kernel image. */
void kernel_map_init(const struct ranges *ram);

/* Takes a page of the kernel image away, so that running over it faults. */
void kernel_map_guard(const void *page);

/*
 * A view of `bytes` of device registers, uncached, writable, not executable, for good; the same
 * place if the same pages were asked for before. NULL if the window is full or the range makes no
 * sense. The caller has made sure that no RAM is there.
 */
must_check void *kernel_map_registers(u64 phys, u64 bytes);

/* Is this address of the kernel's half mapped? For those who follow pointers that may be bad. */
bool kernel_map_present(const void *address);

/* Self-check of debug builds: nothing in the kernel's half is writable and executable, or open to
 * ring 3. */
void kernel_map_check(void);

/*
 * Bits of page-table entries (Intel SDM volume 3, section 4.5; the same in AMD's manual), for the
 * kernel's own tables and for those of ring 3.
 */
#pragma once

#define PTE_PRESENT         1ul
#define PTE_WRITE           2ul
#define PTE_USER            4ul
#define PTE_WRITE_COMBINING 8ul    /* PWT, as cpu.c sets up the page attribute table */
#define PTE_UNCACHED        0x18ul /* PWT and PCD */
#define PTE_LARGE           0x80ul
#define PTE_GLOBAL          0x100ul
#define PTE_NO_EXECUTE      (1ul << 63)
#define PTE_ADDRESS         0x000ffffffffff000ul

/*
 * What the kernel tells root: a read-only structure in root's space, and the capabilities it starts
 * with.
 */
#pragma once
#include <abi/object.h>

#define BOOT_INFO_MAGIC   0x746f6f6252524554ul /* "TERRboot" */
#define BOOT_INFO_VERSION 1

/* Where things are in root's space when it starts (rdi = BOOT_INFO_ADDRESS). */
#define BOOT_INFO_ADDRESS    0x0000000000100000ul
#define BOOT_ARCHIVE_ADDRESS 0x0000002000000000ul /* the archive, read-only */
#define ROOT_STACK_TOP       0x0000000070000000ul
#define ROOT_STACK_SIZE      0x8000ul

/* Slots filled when root starts. */
enum boot_slot {
    BOOT_SLOT_SPACE = 1, /* root's own */
    BOOT_SLOT_THREAD,
    BOOT_SLOT_POOL,    /* all memory of the machine */
    BOOT_SLOT_SHARE,   /* root's own, priority ROOT_PRIORITY */
    BOOT_SLOT_MACHINE, /* the device that stands for all hardware */
    BOOT_SLOT_ARCHIVE, /* memory with the boot archive */
    BOOT_SLOT_FIRST_FREE
};

#define ROOT_PRIORITY 14u /* above drivers: it ends those that hang. VMs are below them */

struct boot_info {
    u64 magic;
    u32 version, size;
    u64 tsc_hz;
    u64 tsc_entry;        /* time-stamp counter at the kernel's first instruction */
    u64 archive_size;     /* bytes; 0 when GRUB loaded none */
    u64 memory_bytes;     /* usable memory found */
    u8 rsdp_copy[40];     /* ACPI's RSDP, as the loader passed it */
    u32 rsdp_size;        /* bytes valid in rsdp_copy: 0, 20 or 36 */
    u32 framebuffer_type; /* multiboot2: 1 = RGB, 2 = EGA text, 0 = none */
    u64 framebuffer;      /* physical address */
    u32 framebuffer_pitch, framebuffer_width, framebuffer_height, framebuffer_bits;
    u8 red_position, red_size, green_position, green_size, blue_position, blue_size, pad[2];
    char command_line[256];
};
static_assert(sizeof(struct boot_info) == 384, "ABI");

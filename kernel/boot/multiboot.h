/*
 * What the boot loader says about the machine, read out of multiboot2's information block. PURE:
 * the host's tests and a fuzzer run this code.
 *
 * Every length is checked; a block that makes no sense gives an error and the offset of the tag.
 */
#pragma once
#include "boot/ranges.h"

#define MULTIBOOT2_BOOTLOADER_MAGIC 0x36d76289u
#define COMMAND_LINE_SIZE           256u

#define MULTIBOOT_ERROR_LIST(X)                                                                    \
    X(MULTIBOOT_OK, "no error")                                                                    \
    X(MULTIBOOT_SIZE, "its size makes no sense")                                                   \
    X(MULTIBOOT_TAG_SIZE, "a tag is too short for what it is")                                     \
    X(MULTIBOOT_TAG_END, "a tag runs past the end")                                                \
    X(MULTIBOOT_NO_END, "there is no end tag")                                                     \
    X(MULTIBOOT_TEXT, "a text has no end")                                                         \
    X(MULTIBOOT_NO_MEMORY, "there is no memory map")                                               \
    X(MULTIBOOT_MEMORY_ENTRY, "the memory map has entries of an impossible size")                  \
    X(MULTIBOOT_MODULE_RANGE, "a module ends before it starts")                                    \
    X(MULTIBOOT_MODULE_TWICE, "two modules have the same name")

enum multiboot_error {
#define X(name, text) name,
    MULTIBOOT_ERROR_LIST(X)
#undef X
        MULTIBOOT_ERRORS
};

/* Modules by the first word of their text. */
enum boot_module { MODULE_ROOT, MODULE_ARCHIVE, MODULE_SYMBOLS, MODULE_COUNT };

struct module {
    u64 start, size; /* physical; size 0: the loader brought none */
};

struct framebuffer {
    u64 address;
    u32 type; /* 1: RGB, 2: text; 0: none */
    u32 pitch, width, height, bits;
    u8 red_position, red_size, green_position, green_size, blue_position, blue_size;
};

struct boot_facts {
    struct ranges usable; /* RAM for us; modules and kernel lie in it */
    u64 total;            /* its bytes */
    struct module module[MODULE_COUNT];
    struct framebuffer framebuffer;
    u8 rsdp_copy[40]; /* of ACPI's root pointer, which the loader copied, too, */
    u32 rsdp_size;    /* and bytes of it: 0, 20 or 36 */
    char command_line[COMMAND_LINE_SIZE];
};

/*
 * Fills in `facts` from the block at `info`, of whose memory `available` bytes may be read. On an
 * error `*offset` is where in the block the trouble is.
 */
must_check enum multiboot_error multiboot_parse(struct boot_facts *facts, const void *info,
                                                u64 available, u64 *offset);

const char *multiboot_error_text(enum multiboot_error error);

/* Is `word` one of the words of the command line? */
bool boot_option(const struct boot_facts *facts, const char *word);

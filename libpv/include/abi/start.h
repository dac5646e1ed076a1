/*
 * What root tells a server: a read-only page in the server's space, and where its capabilities are.
 *
 * A server gets what the boot configuration grants it and nothing else. Grants are found by kind
 * and name.
 */
#pragma once
#include <abi/object.h>

#define START_MAGIC   0x7472617473767253ul /* "Srvstart" */
#define START_VERSION 1

/* Where things are in a server's space when it starts (rdi = START_ADDRESS). */
#define START_ADDRESS 0x0000000000100000ul
#define LOG_ADDRESS   0x0000000000200000ul /* its log ring, `log_size` bytes, read-write */
#define IMAGE_ADDRESS 0x0000000000400000ul /* programs are linked here */
#define STACK_TOP     0x0000000070000000ul
#define HEAP_ADDRESS                                                                               \
    0x0000000100000000ul /* the runtime's allocator; a server maps its own things above */
#define DEVICE_ADDRESS                                                                             \
    0x0000001000000000ul /* a good place for device registers and shared memory */

enum server_slot {
    SLOT_SPACE = 1, /* its own */
    SLOT_THREAD,    /* its first thread */
    SLOT_POOL,
    SLOT_SHARE,
    SLOT_EVENT,   /* bound to its first thread */
    SLOT_SERVICE, /* the endpoint at which it is called, which outlives it; empty if nobody may */
    SLOT_ROOT,    /* calls root */
    SLOT_GRANTS = 8,
    /* From here on the server's own to use; those below SLOTS_FAST are the best for endpoints. */
    SLOT_FREE = 56
};

/* Event bits that root raises; the lower ones belong to interrupts (from 0) and to the server's own
 * use. */
#define EVENT_PEER_RESTARTED                                                                       \
    (1ul << 62)                      /* a server that this one calls was restarted: open it again */
#define EVENT_SYSTEM_LOG (1ul << 61) /* to the holder of a `syslog` grant: there are new lines */

/* What each kind of grant is, and what its values say. */
enum grant_kind {
    GRANT_NONE,
    /* device; value0 = first port, value1 = count */
    GRANT_PORTS,
    /* memory of device registers; value0 = bytes, value1 = offset in the first page */
    GRANT_REGISTERS,
    /* irq; value0 = event bit number; of an HPET's timer also: value1 = line to route it to,
     * value2 = 1 if that is level-triggered, value3 = the timer's number */
    GRANT_IRQ,
    /* endpoint with the right to call another server, badged */
    GRANT_SERVICE,
    /* memory of the text screen or framebuffer; value0 = width | height << 32, value1 = bytes in a
     * line | bits in a pixel << 32, value2 = offset in the first page, value3 = multiboot2's
     * framebuffer type (1 RGB, 2 text), value4 = six bytes: position and size of red, of green, of
     * blue */
    GRANT_SCREEN,
    /* memory shared with root; value0 = bytes */
    GRANT_MEMORY,
    /* PCI function: device; value0 = bus << 8 | device << 3 | function, value1 = vendor | device <<
     * 16. Under the same name there is a GRANT_REGISTERS for each of its memory BARs, with value2 =
     * number of the BAR, except where the MSI-X table is; and a GRANT_IRQ, with value2 = 1 if it is
     * a level-triggered line, 0 if it comes as a message. It may be bus master, and so send
     * messages, from the call ROOT_DEVICE_RESET on (service/root.h) */
    GRANT_DEVICE,
    /* memory for a device to work in: root's, it outlives the server; value0 = bytes */
    GRANT_DMA,
    /* memory of a RAM disk: root's, it outlives the server; value0 = bytes */
    GRANT_RAM,
    /* the share of another server: for test programs that stop it in the middle */
    GRANT_SHARE
};

struct grant {
    char name[16];
    u32 kind; /* enum grant_kind */
    u32 slot;
    u64 value[5];
};

#define GRANT_LIMIT          48
#define START_NAME_SIZE      16
#define START_ARGUMENTS_SIZE 256

struct start_info {
    u64 magic;
    u32 version, size;
    char name[START_NAME_SIZE];
    char arguments[START_ARGUMENTS_SIZE]; /* from the configuration, NUL-terminated */
    u64 tsc_hz;
    u64 tsc_entry; /* time-stamp counter when the kernel was entered */
    u64 log_size;
    u64 restarts; /* how often this server was restarted before */
    u32 grant_count, pad;
    struct grant grants[GRANT_LIMIT];
};
static_assert(sizeof(struct grant) == 64, "ABI");
static_assert(sizeof(struct start_info) <= PAGE_SIZE, "the start page is one page");

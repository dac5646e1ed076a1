/*
 * Objects, rights and limits: what a capability can name, and what it can allow.
 */
#pragma once
#include <base/types.h>

enum object_type {
    OBJECT_NONE,
    OBJECT_POOL,
    OBJECT_MEMORY,
    OBJECT_SPACE,
    OBJECT_THREAD,
    OBJECT_SHARE,
    OBJECT_ENDPOINT,
    OBJECT_EVENT,
    OBJECT_DEVICE,
    OBJECT_IRQ,
    OBJECT_TYPES
};

/* Rights of a capability. What each means for each kind of object is in ABI.md. */
enum right {
    RIGHT_READ = 1,      /* look at it; map readable                                   */
    RIGHT_WRITE = 2,     /* change it; map writable; a pool: make objects from it      */
    RIGHT_EXECUTE = 4,   /* map executable; a share: run threads on it                 */
    RIGHT_CALL = 8,      /* endpoint: call                                             */
    RIGHT_RECEIVE = 16,  /* endpoint, event: wait                                      */
    RIGHT_RAISE = 32,    /* event: raise bits                                          */
    RIGHT_CONTROL = 64,  /* thread: stop, set registers; device: configure, release    */
    RIGHT_DESTROY = 128, /* destroy it                                                 */
    RIGHT_ALL = 255
};

#define SLOT_NONE  0u    /* never holds a capability: says "none" where one is optional */
#define SLOT_LIMIT 8192u /* slots of a space: 0 to SLOT_LIMIT - 1 */
#define SLOTS_FAST 64u   /* IPC is quickest through slots below this */

#define PAGE_SHIFT  12
#define PAGE_SIZE   4096ul
#define LARGE_PAGES 512ul /* 4 KiB pages in a 2 MiB page */
#define LARGE_SIZE  (PAGE_SIZE * LARGE_PAGES)

/* The first address that user mappings may not reach: the last page below the canonical boundary
 * stays empty, because a SYSCALL there would return to a non-canonical address. */
#define USER_END 0x00007ffffffff000ul

#define MEMORY_PAGES_LIMIT     (1ul << 27)  /* a memory object has at most 512 GiB */
#define POOL_DEPTH_LIMIT       8            /* pools inside pools */
#define REGION_LIMIT           368          /* mapped regions of a space */
#define CONTIGUOUS_PAGES_LIMIT 4096ul       /* a contiguous memory object has at most 16 MiB */
#define EVENT_WINDOW_LIMIT_NS  1000000000ul /* the longest window of a lazy raise */
#define TRACE_CALL_LIMIT       16u          /* trace entries that one call returns */
#define PANIC_TEXT_LIMIT       512u         /* bytes of machine_panic's text */
#define DMA_LIMIT              64           /* ranges mapped for one device */

#define PRIORITY_COUNT  16         /* 15 is the most urgent */
#define WEIGHT_LIMIT    10000u     /* weights go from 1 to this */
#define SHARE_PERIOD_NS 10000000ul /* caps are nanoseconds of CPU in each period of 10 ms */

enum memory_flags {
    MEMORY_CONTIGUOUS =
        1 /* from the boot reserve: at ascending bus addresses; commit it from the beginning on */
};

enum memory_cache { CACHE_WRITE_BACK, CACHE_WRITE_COMBINING, CACHE_UNCACHED };

enum thread_flags {
    THREAD_FPU = 1 /* has floating-point and vector registers */
};

enum device_kind {
    DEVICE_MACHINE, /* everything: only root has it, none can be made */
    DEVICE_PCI,     /* one PCI function: bus << 8 | device << 3 | function */
    DEVICE_PORTS    /* a range of I/O ports: first, count */
};

/* `line` of irq_create: a global system interrupt with its polarity and trigger, or a message. */
#define IRQ_LINE_MASK  0xffffu
#define IRQ_LEVEL      (1u << 16)
#define IRQ_ACTIVE_LOW (1u << 17)
#define IRQ_MESSAGE    (1u << 18)

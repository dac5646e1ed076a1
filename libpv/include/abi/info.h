/*
 * The structures that system calls fill in or read: what can be known of objects, and registers.
 * All fields are 64-bit words (but names), so there is no padding and no layout to guess.
 */
#pragma once
#include <base/types.h>

struct cap_info {
    u64 type; /* enum object_type */
    u64 rights;
    u64 badge;
};

/* Sizes are in pages of 4 KiB. */
struct pool_info {
    u64 pages;       /* what it may use, as guaranteed                                */
    u64 used;        /* by its own objects and page tables                            */
    u64 reserved;    /* given to pools inside it                                      */
    u64 quarantined; /* of `used`: held by somebody else after its owner's destruction */
    u64 objects;
    u64 highest_priority;
};

struct memory_info {
    u64 pages;     /* its length */
    u64 committed; /* pages present */
    u64 mappings;  /* regions of spaces that show it */
    u64 dma;       /* ranges mapped for devices */
};

struct share_info {
    u64 priority, weight, cap_ns;
    u64 cycles;    /* used since it was made */
    u64 throttled; /* how many times the cap stopped it */
};

/* A thread's state and what it has crossed; counted always. */
struct thread_info {
    u64 state;      /* enum thread_state_code */
    u64 cycles;     /* time-stamp ticks run */
    u64 syscalls;   /* all system calls, IPC included */
    u64 calls;      /* IPC calls made */
    u64 replies;    /* IPC replies given */
    u64 switches;   /* times it was switched away from */
    u64 faults;     /* faults taken, those that the kernel resolved included */
    u64 interrupts; /* interrupts that stopped it while it ran */
    u64 raised;     /* event bits raised by it that were not pending */
    u64 suppressed; /* raises that changed nothing, the bits being pending */
};

enum thread_state_code {
    THREAD_STOPPED,  /* never resumed, or stopped, or faulted without a handler */
    THREAD_READY,    /* running or ready to run */
    THREAD_WAITING,  /* for a message or an event */
    THREAD_CALLING,  /* for a server to take its call */
    THREAD_REPLYING, /* a server has taken its call */
};

/* The registers of a thread. Writing: rip and rsp must be user addresses; of rflags only the
 * arithmetic flags and TF are taken. */
struct thread_registers {
    u64 rax, rbx, rcx, rdx, rsi, rdi, rbp, rsp;
    u64 r8, r9, r10, r11, r12, r13, r14, r15;
    u64 rip, rflags, fs_base, gs_base;
};

struct machine_info {
    u64 tsc_hz;
    u64 memory_pages; /* that the kernel manages */
    u64 kernel_pages; /* taken by the kernel itself at boot: image, per-CPU data, frame tables */
    u64 used_pages;   /* charged to pools */
    u64 reserve_pages, reserve_used; /* contiguous reserve */
    u64 interrupts, spurious, nmis, context_switches, cr3_loads;
    u64 idle_cycles;
    u64 lowest_stack; /* the fewest bytes of kernel stack that were ever free */
    u64 trace_next;   /* sequence number of the next trace entry */
};

/* One entry of the trace of recent kernel events. */
struct trace_entry {
    u64 sequence;
    u64 tsc;
    u64 kind; /* enum trace_kind */
    u64 a, b;
};

#define TRACE_LIST(X)                                                                              \
    X(TRACE_NONE, "nothing", "", "")                                                               \
    X(TRACE_SWITCH, "switch", "from", "to")                                                        \
    X(TRACE_FAULT, "fault", "vector", "address")                                                   \
    X(TRACE_INTERRUPT, "interrupt", "vector", "")                                                  \
    X(TRACE_CREATE, "object made", "type", "object")                                               \
    X(TRACE_DESTROY, "object destroyed", "type", "object")                                         \
    X(TRACE_STOP, "thread stopped", "thread", "reason")                                            \
    X(TRACE_QUARANTINE, "memory quarantined", "memory", "pages")                                   \
    X(TRACE_NMI, "non-maskable interrupt", "rip", "")

enum trace_kind {
#define X(name, text, a, b) name,
    TRACE_LIST(X)
#undef X
        TRACE_KINDS
};

/* A fault arrives at the fault endpoint as a call with these words. */
#define FAULT_VECTOR(word0) ((unsigned)((word0)&0xff))
#define FAULT_CODE(word0)   ((unsigned)((word0) >> 32))
/* word 1: the address (CR2) of a page fault, else 0; word 2: rip; word 3: rsp. */
#define FAULT_RESUME                                                                               \
    1ul /* word 0 of a reply that lets the thread go on; any other leaves it stopped */

static_assert(sizeof(struct pool_info) == 48, "ABI");
static_assert(sizeof(struct thread_info) == 80, "ABI");
static_assert(sizeof(struct thread_registers) == 160, "ABI");
static_assert(sizeof(struct trace_entry) == 40, "ABI");

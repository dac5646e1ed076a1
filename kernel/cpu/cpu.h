/*
 * What belongs to one processor. In the kernel the GS base points here; nothing about "the current
 * thread" is global, so more processors are more of these.
 *
 * There is one kernel stack for each processor and no kernel thread: every entry starts at the top
 * of the stack, and leaves by cpu_leave (entry.asm), which picks whom to run. Interrupts are off in
 * the kernel.
 */
#pragma once
#include "cpu/frame.h"
#include <abi/info.h>
#include <abi/object.h>
#include <base/list.h>

struct thread;
struct space;

#define STACK_BYTES     16384 /* the stack of system calls, faults and interrupts */
#define IST_STACK_BYTES 4096  /* those of NMI, machine check, debug and double fault */

/* The numbers of the interrupt stacks, as the TSS counts them. */
enum ist { IST_NONE, IST_NMI, IST_MACHINE_CHECK, IST_DEBUG, IST_DOUBLE_FAULT, IST_COUNT };

/* The order of threads that want to run; see sched.h. */
struct run_queue {
    u32 ready;                             /* bit p: queue[p] is not empty */
    struct list queue[PRIORITY_COUNT];     /* shares with ready threads */
    struct list throttled[PRIORITY_COUNT]; /* shares that have used up their cap */
    u32 throttled_mask;
};

struct tss {
    u32 reserved0;
    u64 rsp[3];
    u64 reserved1;
    u64 ist[7];
    u64 reserved2;
    u16 reserved3, iomap;
} __attribute__((packed));

struct cpu {
    struct cpu *self;
    u64 user_rsp;   /* of ring 3, while an entry changes stacks */
    u64 scratch[3]; /* for entry.asm */
    void *stack_top;
    /* Whose registers the processor holds, beside those saved in its frame; an entry from ring 3
     * sets it to the present thread. NULL: nobody's. */
    struct thread *loaded;
    struct space *space; /* whose page tables are loaded; NULL: the kernel's */

    u64 switched_at; /* time-stamp when `loaded` began to be charged */
    u64 timer_armed; /* when the timer will fire; TIMER_OFF when it is not armed */
    u64 lazy_until;  /* end of the window of lazily raised events; TIMER_OFF: none */
    u64 period_end;  /* end of the present period of caps */
    u64 period;      /* its number */
    u64 budget_look; /* when a share with a cap, chosen last, was to be looked at again */
    u64 alarm_at;    /* root's alarm; TIMER_OFF when it is not set */
    u8 attention;    /* enum attention: what is to be done before ring 3 goes on */
    bool idle;       /* in the idle loop, where interrupts are on and nobody is loaded */
    bool unfinished; /* nobody was chosen yet, but somebody may be among the ready */
    bool fpu_open;   /* CR0.TS is clear */
    struct run_queue run;

    u32 hurdles; /* what stands against ipc_fast.asm; see below */
    u64 interrupts, spurious, nmis, context_switches, cr3_loads, idle_cycles;
    u64 gdt[8];
    u32 number, apic_id;
    u32 align_tss;
    struct tss tss; /* rsp[0]: the present thread, see cpu_current */
};
static_assert(offsetof(struct cpu, tss.rsp) % 8 == 0, "the present thread is a word of its own");

enum attention {
    ATTENTION_NONE,
    ATTENTION_RESTORE = 1, /* all registers come from the frame, which another thread's may be */
    ATTENTION_CHOOSE = 2   /* somebody may be better placed than the present thread */
};

/*
 * ipc_fast.asm switches to a thread if nothing is left of `hurdles` once it is shifted right by
 * that thread's fast_shift. For a thread that needs no special care that leaves the bits of
 * run.ready from its own priority up, and HURDLE_LOADED; for others (FPU, cap, halted, faulting)
 * HURDLE_ALWAYS as well. Where only the cap is in the way, fast_shift_capped says so, and whoever
 * looks after the budget (event_fast.asm) may switch all the same.
 */
#define HURDLE_ALWAYS          2u
#define HURDLE_LOADED          0x80000000u /* `loaded` itself needs special care */
#define HURDLE_SHIFT_SLOW      1u
#define HURDLE_SHIFT(priority) ((priority) + 2)

#define TIMER_OFF (~0ul)

extern struct cpu boot_cpu;

static inline struct cpu *cpu_this(void)
{
    struct cpu *cpu;
    __asm__("mov %%gs:0, %0" : "=r"(cpu));
    return cpu;
}

/* The thread that runs when the kernel is left; NULL: nobody yet. A thread's address is also the
 * end of its saved registers, where an interrupt in ring 3 has to push them, so the word of the TSS
 * that says so says both. */
static inline struct thread *cpu_current(const struct cpu *cpu)
{
    return (struct thread *)cpu->tss.rsp[0];
}

static inline void cpu_set_current(struct cpu *cpu, struct thread *thread)
{
    cpu->tss.rsp[0] = (u64)thread;
    cpu->attention |= ATTENTION_RESTORE;
}

/*
 * The processor to which an interrupt stack belongs. NMIs and their kind arrive at any instruction,
 * also where GS is still, or again, the user's; FSGSBASE lets ring 3 give it any value. The last
 * word of such a stack names the processor instead.
 */
static inline struct cpu *cpu_from_stack(u64 rsp)
{
    return *(struct cpu **)((rsp & ~(u64)(IST_STACK_BYTES - 1)) + IST_STACK_BYTES - 8);
}

/* What the processor offers beyond what is required; set once by cpu_init. */
struct cpu_features {
    bool smep, smap, umip, xsave;
    u64 physical_limit; /* end of the addresses that page tables can hold */
    u32 fpu_bytes;      /* size of the state that XSAVE or FXSAVE writes */
    u64 fpu_mask;       /* components that XSAVE handles */
};
extern struct cpu_features cpu_features;

/* Sets up descriptors, entries and control registers of the boot processor. */
void cpu_init(void);

/* The thread to run now. Does not return while there is none: then the processor idles. */
struct thread *cpu_choose(void);

/* The processor takes on the registers and the space of `to`, whatever it held before. */
void cpu_load(struct thread *to);

/* `thread` ends: the processor is not to save its registers any more. */
void cpu_forget(struct thread *thread);

/* entry.asm: leaves the kernel from anywhere, giving up the present stack. */
_Noreturn void cpu_leave(void);

/* Bytes of the kernel stack never touched so far. */
u64 cpu_stack_free(void);

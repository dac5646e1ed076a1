/*
 * The processor: descriptors, entries, protection bits, and the last steps before ring 3 goes on.
 */
#include "cpu/cpu.h"
#include "cpu/asm.h"
#include "cpu/fpu.h"
#include "debug/assert.h"
#include "debug/trace.h"
#include "memory/direct.h"
#include "memory/kernel_map.h"
#include "object/space.h"
#include "object/thread.h"
#include "sched/charge.h"
#include "sched/sched.h"
#include <base/string.h>

/* IF, TF, DF, IOPL, NT, AC: what SYSCALL clears. */
#define FMASK_VALUE 0x47700u

#define CPUID_1_EDX_MCE  (1u << 7)
#define CPUID_7_EBX_SMEP (1u << 7)
#define CPUID_7_EBX_SMAP (1u << 20)
#define CPUID_7_ECX_UMIP (1u << 2)

/* Entries 0 to 3: write-back, write-combining, uncached-, uncached; 4 to 7 as at reset. */
#define PAT_VALUE 0x0007040600070106ul

#define GDT_KERNEL_CODE 0x00209a0000000000ul
#define GDT_KERNEL_DATA 0x0000920000000000ul
#define GDT_USER_DATA   0x0000f20000000000ul
#define GDT_USER_CODE   0x0020fa0000000000ul
#define GDT_TSS         0x0000890000000000ul

#define GATE_INTERRUPT      0x8e00u
#define GATE_INTERRUPT_USER 0xee00u
#define VECTOR_BREAKPOINT   3
#define VECTOR_OVERFLOW     4

/* Stacks grow down onto a page that is not mapped. The last word of an interrupt stack names its
 * processor. */
struct stacks {
    u8 guard[PAGE_SIZE];
    u8 main[STACK_BYTES];
    struct {
        u8 guard[PAGE_SIZE];
        u8 stack[IST_STACK_BYTES - 16];
        u64 unused;
        struct cpu *cpu;
    } ist[IST_COUNT - 1];
};

struct cpu boot_cpu;
struct cpu_features cpu_features;
bool smap_in_use;

static struct stacks boot_stacks __attribute__((used, section(".bss.stacks"), aligned(4096)));

/* Where boot.asm begins. An expression of the assembler cannot say offsetof, so its number is
 * checked. */
__asm__(".globl cpu_boot_stack_top\n.set cpu_boot_stack_top, boot_stacks + 20480");
static_assert(offsetof(struct stacks, main) + STACK_BYTES == 20480, "cpu_boot_stack_top");
static struct {
    u16 offset_low, selector, type, offset_middle;
    u32 offset_high, reserved;
} idt[256] __attribute__((aligned(16)));

extern const u64 entry_table[256];
extern void syscall_entry(void);

/* ---- setting up ---- */

static u16 ist_of(unsigned vector)
{
    switch (vector) {
    case 1:
        return IST_DEBUG;
    case 2:
        return IST_NMI;
    case 8:
        return IST_DOUBLE_FAULT;
    case 18:
        return IST_MACHINE_CHECK;
    default:
        return IST_NONE;
    }
}

static void idt_init(void)
{
    for (unsigned vector = 0; vector < 256; vector++) {
        u64 entry = entry_table[vector];
        bool user = vector == VECTOR_BREAKPOINT || vector == VECTOR_OVERFLOW;
        idt[vector].offset_low = (u16)entry;
        idt[vector].offset_middle = (u16)(entry >> 16);
        idt[vector].offset_high = (u32)(entry >> 32);
        idt[vector].selector = SELECTOR_KERNEL_CODE;
        idt[vector].type = (u16)((user ? GATE_INTERRUPT_USER : GATE_INTERRUPT) | ist_of(vector));
    }
    struct descriptor_table table = {sizeof(idt) - 1, (u64)idt};
    lidt(&table);
}

static void gdt_init(struct cpu *cpu)
{
    u64 tss = (u64)&cpu->tss;
    cpu->gdt[SELECTOR_KERNEL_CODE / 8] = GDT_KERNEL_CODE;
    cpu->gdt[SELECTOR_KERNEL_DATA / 8] = GDT_KERNEL_DATA;
    cpu->gdt[SELECTOR_USER_DATA / 8] = GDT_USER_DATA;
    cpu->gdt[SELECTOR_USER_CODE / 8] = GDT_USER_CODE;
    cpu->gdt[SELECTOR_TSS / 8] =
        GDT_TSS | (sizeof(cpu->tss) - 1) | (tss & 0xffffff) << 16 | (tss >> 24 & 0xff) << 56;
    cpu->gdt[SELECTOR_TSS / 8 + 1] = tss >> 32;
    struct descriptor_table table = {sizeof(cpu->gdt) - 1, (u64)cpu->gdt};
    lgdt(&table);
    __asm__ volatile("pushq %0\n\tleaq 1f(%%rip), %%rax\n\tpushq %%rax\n\tlretq\n1:\n\t"
                     "movl %1, %%eax\n\tmovl %%eax, %%ss\n\t"
                     "xorl %%eax, %%eax\n\tmovl %%eax, %%ds\n\tmovl %%eax, %%es\n\t"
                     "movl %%eax, %%fs\n\tmovl %%eax, %%gs"
                     :
                     : "i"(SELECTOR_KERNEL_CODE), "i"(SELECTOR_KERNEL_DATA)
                     : "rax", "memory");
    ltr(SELECTOR_TSS);
    __asm__ volatile("lldt %w0"
                     :
                     : "r"(0)); /* at reset it is at address 0, where ring 3 can map pages */
}

static void stacks_init(struct cpu *cpu, struct stacks *stacks)
{
    kernel_map_guard(stacks->guard);
    cpu->stack_top = stacks->main + STACK_BYTES;
    for (unsigned i = 0; i < IST_COUNT - 1; i++) {
        kernel_map_guard(stacks->ist[i].guard);
        stacks->ist[i].cpu = cpu;
        cpu->tss.ist[i] = (u64)&stacks->ist[i].unused;
    }
    cpu->tss.iomap = sizeof(cpu->tss);
}

static void features_init(void)
{
    cpu_features.physical_limit = 1ul
                                  << (cpuid_has(0x80000008) ? cpuid(0x80000008, 0).eax & 0xff : 36);
    struct cpuid leaf = cpuid(7, 0);
    cpu_features.smep = leaf.ebx & CPUID_7_EBX_SMEP;
    cpu_features.smap = leaf.ebx & CPUID_7_EBX_SMAP;
    cpu_features.umip = leaf.ecx & CPUID_7_ECX_UMIP;
    u64 cr4 = CR4_PAE | CR4_PGE | CR4_FSGSBASE; /* nothing of what the firmware may have left */
    cr4 |= cpuid(1, 0).edx & CPUID_1_EDX_MCE ? CR4_MCE : 0;
    cr4 |= cpu_features.smep ? CR4_SMEP : 0;
    cr4 |= cpu_features.smap ? CR4_SMAP : 0;
    cr4 |= cpu_features.umip ? CR4_UMIP : 0;
    write_cr4(cr4);
    smap_in_use = cpu_features.smap;
    wrmsr(MSR_PAT, PAT_VALUE);
    __asm__ volatile("mov %0, %%dr7" : : "r"(0ul)); /* no breakpoints of anybody's */
    fpu_setup();
}

static void syscall_init(void)
{
    wrmsr(MSR_STAR, (u64)SELECTOR_KERNEL_CODE << 32 | (u64)SELECTOR_KERNEL_DATA << 48);
    wrmsr(MSR_LSTAR, (u64)syscall_entry);
    wrmsr(MSR_CSTAR, 0);
    wrmsr(MSR_FMASK, FMASK_VALUE);
    wrmsr(MSR_SYSENTER_CS, 0); /* SYSENTER faults, whatever the firmware left */
}

void cpu_init(void)
{
    struct cpu *cpu = &boot_cpu;
    cpu->self = cpu;
    stacks_init(cpu, &boot_stacks);
    gdt_init(cpu);
    wrmsr(MSR_GS_BASE, (u64)cpu);
    wrmsr(MSR_KERNEL_GS_BASE, 0);
    idt_init();
    features_init();
    syscall_init();
    sched_init(cpu);
}

u64 cpu_stack_free(void)
{
    const u64 *word = (const u64 *)boot_stacks.main;
    while ((u8 *)word < boot_stacks.main + STACK_BYTES && *word == 0) {
        word++;
    }
    return (u64)word - (u64)boot_stacks.main;
}

/* ---- changing threads ---- */

/* The bases of FS and GS become those of `to`, and are saved for `from`; the data segment selectors
 * become null. Some processors clear a base when they load a null selector, so the bases come last,
 * and ours in GS is out of the way meanwhile. */
static void bases_switch(struct thread *from, u64 to_fs, u64 to_gs)
{
    u64 fs = rdfsbase();
    u64 gs;
    __asm__ volatile("swapgs\n\trdgsbase %0\n\t"
                     "movl %2, %%ds\n\tmovl %2, %%es\n\tmovl %2, %%fs\n\tmovl %2, %%gs\n\t"
                     "wrgsbase %1\n\tswapgs"
                     : "=&r"(gs)
                     : "r"(to_gs), "r"(0)
                     : "memory");
    wrfsbase(to_fs);
    if (from) {
        from->fs_base = fs;
        from->gs_base = gs;
        from->count.switches++;
    }
}

/* The processor lets go of the registers that it holds. */
static void cpu_unload(struct cpu *cpu)
{
    struct thread *from = cpu->loaded;
    sched_charge(cpu, rdtsc());
    if (!from) {
        return;
    }
    bases_switch(from, 0, 0);
    fpu_switch(cpu, from, NULL);
    cpu->loaded = NULL;
    cpu->hurdles &= ~HURDLE_LOADED;
}

void cpu_load(struct thread *to)
{
    struct cpu *cpu = cpu_this();
    struct thread *from = cpu->loaded;
    sched_charge(cpu, rdtsc());
    bases_switch(from, to->fs_base, to->gs_base);
    if (cpu->fpu_open || to->fpu) {
        fpu_switch(cpu, from, to);
    }
    if (cpu->space != to->space) {
        cpu->space = to->space;
        cpu->cr3_loads++;
        write_cr3(to->space->page_table);
    }
    cpu->loaded = to;
    cpu->context_switches++;
    bool special = to->fast_shift_capped == HURDLE_SHIFT_SLOW;
    cpu->hurdles = (cpu->hurdles & ~HURDLE_LOADED) | (special ? HURDLE_LOADED : 0);
}

void cpu_forget(struct thread *thread)
{
    struct cpu *cpu = cpu_this();
    if (cpu->loaded == thread) {
        sched_charge(cpu, rdtsc());
        cpu->loaded = NULL;
    }
}

/* Nobody wants to run: waits for an interrupt, which ends in cpu_leave. */
static _Noreturn void cpu_idle(struct cpu *cpu)
{
    cpu_unload(cpu);
    sched_arm(cpu);
    cpu->idle = true;
    for (;;) {
        __asm__ volatile("sti\n\thlt\n\tcli" : : : "memory");
    }
}

struct thread *cpu_choose(void)
{
    struct cpu *cpu = cpu_this();
    sched_choose(cpu);
    if (!cpu_current(cpu)) {
        cpu_idle(cpu);
    }
    sched_arm(cpu);
    trace_add(TRACE_SWITCH, (u64)cpu->loaded, (u64)cpu_current(cpu));
    return cpu_current(cpu);
}

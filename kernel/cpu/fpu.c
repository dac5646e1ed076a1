/* Floating-point and vector registers; see fpu.h. */
#include "cpu/fpu.h"
#include "cpu/asm.h"
#include "cpu/cpu.h"
#include "object/thread.h"
#include <abi/object.h>

#define CPUID_1_ECX_XSAVE (1u << 26)
#define XSTATE_X87_SSE    3ul
#define XSTATE_AVX        4ul
#define XSTATE_AVX512     0xe0ul
#define FXSAVE_BYTES      512u
#define FCW_DEFAULT       0x37f
#define MXCSR_DEFAULT     0x1f80

static void xsetbv(u64 value)
{
    __asm__ volatile("xsetbv" : : "c"(0), "a"((u32)value), "d"((u32)(value >> 32)));
}

/* XSAVE with all that is offered, as long as it fits a page. */
static void xsave_setup(void)
{
    write_cr4(read_cr4() | CR4_OSXSAVE);
    struct cpuid offered = cpuid(0xd, 0);
    u64 mask = offered.eax & (XSTATE_X87_SSE | XSTATE_AVX | XSTATE_AVX512);
    xsetbv(mask);
    if (cpuid(0xd, 0).ebx > PAGE_SIZE) {
        mask = XSTATE_X87_SSE;
        xsetbv(mask);
    }
    cpu_features.xsave = true;
    cpu_features.fpu_mask = mask;
    cpu_features.fpu_bytes = cpuid(0xd, 0).ebx;
}

void fpu_setup(void)
{
    write_cr0((read_cr0() & ~CR0_EM) | CR0_MP | CR0_NE | CR0_TS);
    write_cr4(read_cr4() | CR4_OSFXSR | CR4_OSXMMEXCPT);
    cpu_features.fpu_bytes = FXSAVE_BYTES;
    if (cpuid(1, 0).ecx & CPUID_1_ECX_XSAVE) {
        xsave_setup();
    }
}

void fpu_init(void *state)
{
    *(u16 *)state = FCW_DEFAULT;
    *(u32 *)((u8 *)state + 24) = MXCSR_DEFAULT;
}

static void fpu_save(void *state)
{
    u32 low = (u32)cpu_features.fpu_mask, high = (u32)(cpu_features.fpu_mask >> 32);
    if (cpu_features.xsave) {
        __asm__ volatile("xsave64 (%0)" : : "r"(state), "a"(low), "d"(high) : "memory");
    } else {
        __asm__ volatile("fxsave64 (%0)" : : "r"(state) : "memory");
    }
}

/* Processors of AMD before Zen 2 leave the pointers of the last x87 instruction alone when no
 * exception is pending: gives them a value of ours. */
static void clear_x87_pointers(void)
{
    static const u32 nothing;
    __asm__ volatile("fnclex\n\temms\n\tfildl %0" : : "m"(nothing));
}

static void fpu_load(const void *state)
{
    clear_x87_pointers();
    u32 low = (u32)cpu_features.fpu_mask, high = (u32)(cpu_features.fpu_mask >> 32);
    if (cpu_features.xsave) {
        __asm__ volatile("xrstor64 (%0)" : : "r"(state), "a"(low), "d"(high) : "memory");
    } else {
        __asm__ volatile("fxrstor64 (%0)" : : "r"(state) : "memory");
    }
}

void fpu_switch(struct cpu *cpu, struct thread *from, struct thread *to)
{
    if (from && from->fpu) {
        fpu_save(from->fpu);
    }
    if (to && to->fpu) {
        write_cr0(read_cr0() & ~CR0_TS);
        cpu->fpu_open = true;
        fpu_load(to->fpu);
    } else if (cpu->fpu_open) {
        write_cr0(read_cr0() | CR0_TS);
        cpu->fpu_open = false;
    }
}

/*
 * Single instructions that C has no words for: ports, model-specific registers, control registers,
 * descriptor tables. One function an instruction, named like it; what an instruction means is in
 * the processor's manual, and when it may be used is up to the caller.
 *
 * Those that change what other memory accesses mean have a "memory" clobber, so that the compiler
 * moves nothing across them.
 */
#pragma once
#include <base/types.h>

static inline u8 inb(u16 port)
{
    u8 value;
    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static inline u16 inw(u16 port)
{
    u16 value;
    __asm__ volatile("inw %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static inline u32 inl(u16 port)
{
    u32 value;
    __asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static inline void outb(u16 port, u8 value)
{
    __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static inline void outw(u16 port, u16 value)
{
    __asm__ volatile("outw %0, %1" : : "a"(value), "Nd"(port));
}

static inline void outl(u16 port, u32 value)
{
    __asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port));
}

static inline u64 rdmsr(u32 number)
{
    u32 low, high;
    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(number));
    return low | (u64)high << 32;
}

static inline void wrmsr(u32 number, u64 value)
{
    __asm__ volatile("wrmsr" : : "c"(number), "a"((u32)value), "d"((u32)(value >> 32)) : "memory");
}

static inline u64 rdtsc(void)
{
    u32 low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return low | (u64)high << 32;
}

struct cpuid {
    u32 eax, ebx, ecx, edx;
};

/* A processor answers a leaf above its highest with nonsense: see cpuid_has. */
static inline struct cpuid cpuid(u32 leaf, u32 subleaf)
{
    struct cpuid r;
    __asm__ volatile("cpuid"
                     : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx)
                     : "a"(leaf), "c"(subleaf));
    return r;
}

/* Does the processor have this leaf? The highest of each group (0, 0x40000000, 0x80000000) is in
 * eax of its first. The group of hypervisors exists only where leaf 1 says that there is one. */
static inline bool cpuid_has(u32 leaf)
{
    u32 group = leaf & 0xf0000000;
    if (group == 0x40000000 && !(cpuid(1, 0).ecx & 1u << 31)) {
        return false;
    }
    u32 highest = cpuid(group, 0).eax;
    return highest >= leaf && (highest & 0xf0000000) == group;
}

#define DEFINE_CONTROL_REGISTER(number)                                                            \
    static inline u64 read_cr##number(void)                                                        \
    {                                                                                              \
        u64 value;                                                                                 \
        __asm__ volatile("mov %%cr" #number ", %0" : "=r"(value));                                 \
        return value;                                                                              \
    }                                                                                              \
    static inline void write_cr##number(u64 value)                                                 \
    {                                                                                              \
        __asm__ volatile("mov %0, %%cr" #number : : "r"(value) : "memory");                        \
    }

DEFINE_CONTROL_REGISTER(0)
DEFINE_CONTROL_REGISTER(2)
DEFINE_CONTROL_REGISTER(3)
DEFINE_CONTROL_REGISTER(4)
#undef DEFINE_CONTROL_REGISTER

#define CR0_MP         (1ul << 1)
#define CR0_EM         (1ul << 2)
#define CR0_TS         (1ul << 3)
#define CR0_NE         (1ul << 5)
#define CR0_WP         (1ul << 16)
#define CR0_PG         (1ul << 31)
#define CR4_TSD        (1ul << 2)
#define CR4_DE         (1ul << 3)
#define CR4_PAE        (1ul << 5)
#define CR4_MCE        (1ul << 6)
#define CR4_PGE        (1ul << 7)
#define CR4_PCE        (1ul << 8)
#define CR4_OSFXSR     (1ul << 9)
#define CR4_OSXMMEXCPT (1ul << 10)
#define CR4_UMIP       (1ul << 11)
#define CR4_FSGSBASE   (1ul << 16)
#define CR4_PCIDE      (1ul << 17)
#define CR4_OSXSAVE    (1ul << 18)
#define CR4_SMEP       (1ul << 20)
#define CR4_SMAP       (1ul << 21)

#define MSR_APIC_BASE      0x1bu
#define MSR_SYSENTER_CS    0x174u
#define MSR_PAT            0x277u
#define MSR_TSC_DEADLINE   0x6e0u
#define MSR_X2APIC         0x800u /* register at offset N of the xAPIC: MSR_X2APIC + N / 16 */
#define MSR_EFER           0xc0000080u
#define MSR_STAR           0xc0000081u
#define MSR_LSTAR          0xc0000082u
#define MSR_CSTAR          0xc0000083u
#define MSR_FMASK          0xc0000084u
#define MSR_FS_BASE        0xc0000100u
#define MSR_GS_BASE        0xc0000101u
#define MSR_KERNEL_GS_BASE 0xc0000102u

#define EFER_SCE (1ul << 0)
#define EFER_LME (1ul << 8)
#define EFER_NXE (1ul << 11)

static inline void invlpg(const void *address)
{
    __asm__ volatile("invlpg (%0)" : : "r"(address) : "memory");
}

/* What LGDT and LIDT take. */
struct descriptor_table {
    u16 limit;
    u64 base;
} __attribute__((packed));

static inline void lgdt(const struct descriptor_table *table)
{
    __asm__ volatile("lgdt %0" : : "m"(*table) : "memory");
}

static inline void lidt(const struct descriptor_table *table)
{
    __asm__ volatile("lidt %0" : : "m"(*table) : "memory");
}

static inline void ltr(u16 selector)
{
    __asm__ volatile("ltr %0" : : "r"(selector) : "memory");
}

static inline u64 read_rflags(void)
{
    u64 value;
    __asm__ volatile("pushfq\n\tpopq %0" : "=r"(value) : : "memory");
    return value;
}

static inline u64 rdfsbase(void)
{
    u64 value;
    __asm__ volatile("rdfsbase %0" : "=r"(value));
    return value;
}

static inline void wrfsbase(u64 value)
{
    __asm__ volatile("wrfsbase %0" : : "r"(value) : "memory");
}

static inline u64 rdgsbase(void)
{
    u64 value;
    __asm__ volatile("rdgsbase %0" : "=r"(value));
    return value;
}

static inline void wrgsbase(u64 value)
{
    __asm__ volatile("wrgsbase %0" : : "r"(value) : "memory");
}

static inline void swapgs(void)
{
    __asm__ volatile("swapgs" : : : "memory");
}

static inline void cli(void)
{
    __asm__ volatile("cli" : : : "memory");
}

static inline void sti(void)
{
    __asm__ volatile("sti" : : : "memory");
}

static inline void hlt(void)
{
    __asm__ volatile("hlt" : : : "memory");
}

static inline void pause(void)
{
    __asm__ volatile("pause" : : : "memory");
}

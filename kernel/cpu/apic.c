/*
 * The local APIC (Intel SDM volume 3, chapter 10; AMD64 APM volume 2, chapter 16), as registers in
 * memory, or as MSRs where firmware has switched x2APIC on; and the two 8259s, which are told to
 * keep quiet.
 */
#include "cpu/apic.h"
#include "cpu/asm.h"
#include "cpu/clock.h"
#include "cpu/cpu.h"
#include "debug/panic.h"
#include "memory/kernel_map.h"

/* Offsets of registers. */
enum apic_register {
    APIC_ID = 0x20,
    APIC_TPR = 0x80,
    APIC_EOI = 0xb0,
    APIC_SVR = 0xf0,
    APIC_ISR = 0x100, /* eight of them, 16 apart */
    APIC_LVT_TIMER = 0x320,
    APIC_LVT_LINT0 = 0x350,
    APIC_LVT_LINT1 = 0x360,
    APIC_LVT_ERROR = 0x370,
    APIC_TIMER_INITIAL = 0x380,
    APIC_TIMER_CURRENT = 0x390,
    APIC_TIMER_DIVIDE = 0x3e0
};

#define APIC_BASE_EXTD       (1ul << 10) /* x2APIC */
#define APIC_BASE_EN         (1ul << 11)
#define APIC_BASE_ADDRESS    0x000ffffffffff000ul
#define APIC_SVR_ENABLE      0x100u
#define LVT_MASKED           0x10000u
#define LVT_NMI              0x400u
#define LVT_TSC_DEADLINE     0x40000u
#define TIMER_DIVIDE_1       0xbu
#define TIMER_COUNT_MAX      0xffffffffu
#define CPUID_1_EDX_APIC     (1u << 9)
#define CPUID_1_ECX_DEADLINE (1u << 24)
#define MESSAGE_ADDRESS      0xfee00000u
#define APIC_REGISTERS_SIZE  0x400ul

static volatile u8 *registers; /* NULL: x2APIC */
static bool has_deadline;
static u64 count_per_tick; /* of the timer, per tick of the time-stamp counter: 32.32 */
static u64 furthest;       /* ticks that the timer's count can express */

static u32 apic_read(u32 at)
{
    return registers ? *(volatile u32 *)(registers + at) : (u32)rdmsr(MSR_X2APIC + at / 16);
}

static void apic_write(u32 at, u32 value)
{
    if (registers) {
        *(volatile u32 *)(registers + at) = value;
    } else {
        wrmsr(MSR_X2APIC + at / 16, value);
    }
}

/* Moves the 8259s' vectors out of the exceptions' way, for what they may send in spite of it, and
 * masks all their lines. */
static void pic_disable(void)
{
    outb(0x20, 0x11); /* ICW1: initialise, ICW4 follows */
    outb(0xa0, 0x11);
    outb(0x21, VECTOR_PIC); /* ICW2: first vector */
    outb(0xa1, VECTOR_PIC + 8);
    outb(0x21, 4); /* ICW3: the second hangs on line 2 of the first */
    outb(0xa1, 2);
    outb(0x21, 1); /* ICW4: 8086 mode */
    outb(0xa1, 1);
    outb(0x21, 0xff);
    outb(0xa1, 0xff);
}

static void find_registers(void)
{
    u64 base = rdmsr(MSR_APIC_BASE);
    if (!(cpuid(1, 0).edx & CPUID_1_EDX_APIC)) {
        panic_plain("this machine has no local APIC");
    }
    if (base & APIC_BASE_EXTD) {
        return;
    }
    wrmsr(MSR_APIC_BASE, base | APIC_BASE_EN);
    registers = kernel_map_registers(base & APIC_BASE_ADDRESS, APIC_REGISTERS_SIZE);
    if (!registers) {
        panic_plain("the local APIC at 0x%lx cannot be mapped", base & APIC_BASE_ADDRESS);
    }
}

void apic_init(struct cpu *cpu)
{
    if (cpu->number == 0) {
        find_registers();
        pic_disable();
        has_deadline = cpuid(1, 0).ecx & CPUID_1_ECX_DEADLINE;
    }
    apic_write(APIC_TPR, 0);
    apic_write(APIC_SVR, APIC_SVR_ENABLE | VECTOR_APIC_SPURIOUS);
    apic_write(APIC_LVT_LINT0, LVT_MASKED);
    apic_write(APIC_LVT_LINT1, LVT_NMI);
    apic_write(APIC_LVT_ERROR, LVT_MASKED);
    apic_write(APIC_TIMER_DIVIDE, TIMER_DIVIDE_1);
    apic_write(APIC_LVT_TIMER, LVT_MASKED | VECTOR_TIMER);
    for (unsigned vector = 0; vector < 256; vector++) {
        if (apic_in_service((u8)vector)) {
            apic_eoi(); /* firmware left its interrupt without an end */
        }
    }
    cpu->apic_id = apic_id();
}

bool apic_in_service(u8 vector)
{
    return apic_read(APIC_ISR + vector / 32 * 16u) >> vector % 32 & 1;
}

u32 apic_id(void)
{
    u32 id = apic_read(APIC_ID);
    return registers ? id >> 24 : id;
}

void apic_eoi(void)
{
    apic_write(APIC_EOI, 0);
}

void apic_timer_arm(u64 deadline)
{
    if (has_deadline) {
        wrmsr(MSR_TSC_DEADLINE, deadline == TIMER_OFF ? 0 : max(deadline, 1)); /* 0: off */
        return;
    }
    u64 now = rdtsc();
    u32 count = 0; /* stops the timer */
    if (deadline != TIMER_OFF) {
        u64 ticks = deadline > now ? min(deadline - now, furthest) : 0;
        count = (u32)clock_scale(ticks, count_per_tick) + 1;
    }
    apic_write(APIC_TIMER_INITIAL, count);
}

void apic_timer_run_free(void)
{
    apic_write(APIC_LVT_TIMER, LVT_MASKED | VECTOR_TIMER);
    apic_write(APIC_TIMER_INITIAL, TIMER_COUNT_MAX);
}

u32 apic_timer_count(void)
{
    return TIMER_COUNT_MAX - apic_read(APIC_TIMER_CURRENT);
}

void apic_timer_set_rate(u32 counts, u64 ticks)
{
    apic_write(APIC_TIMER_INITIAL, 0);
    if (has_deadline) {
        apic_write(APIC_LVT_TIMER, LVT_TSC_DEADLINE | VECTOR_TIMER);
        __asm__ volatile("mfence" : : : "memory"); /* SDM 10.5.4.1: before the first deadline */
        return;
    }
    if (counts == 0 || ticks == 0) {
        panic_plain("the local APIC's timer does not count");
    }
    count_per_tick = ((u64)counts << 32) / ticks;
    furthest = count_per_tick ? ((u64)(TIMER_COUNT_MAX - 1) << 32) / count_per_tick : 0;
    apic_write(APIC_LVT_TIMER, VECTOR_TIMER);
}

u32 apic_message_address(void)
{
    return MESSAGE_ADDRESS | apic_id() << 12;
}

u32 apic_message_data(u8 vector)
{
    return vector; /* fixed delivery, edge */
}

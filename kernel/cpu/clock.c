/*
 * How fast the time-stamp counter runs. It is measured against channel 2 of the PIT, whose
 * frequency is the same on every PC, from one of its ticks to another, at least a millisecond
 * later. Where the processor itself says a frequency that agrees, that is taken, because it is
 * exact; emulators say what they like, so it is not trusted alone, unless the PIT is dead, as on
 * some laptops.
 *
 * The local APIC's timer is measured in the same interval.
 *
 * The PIT's 16 bits go round in 55 ms. Under a host that takes the processor away for about as
 * long, turns would be lost; so a measurement with a long gap between two looks at the PIT does not
 * count.
 */
#include "cpu/clock.h"
#include "cpu/apic.h"
#include "cpu/asm.h"
#include "debug/panic.h"

#define PIT_HZ           1193182ul
#define PIT_CHANNEL_2    0x42
#define PIT_COMMAND      0x43
#define PIT_LATCH_2      0x80
#define PIT_LOAD_2       0xb0 /* both bytes, mode 0: count down once */
#define PIT_GATE         0x61
#define PIT_GATE_2       1u
#define PIT_SPEAKER      2u
#define PIT_MILLISECOND  1193u
#define PIT_LONGEST      50000u /* of the 65536 that it can count */
#define PIT_PATIENCE     100000 /* reads without a change: it does not count */
#define PIT_GAP          8      /* one part in so many is a long gap: less than a lost turn makes */
#define PIT_TRIES        100    /* then it is taken as it is */
#define PRECISION        10000  /* wanted: an error below one part in so many */
#define PRECISION_ENOUGH 100    /* the same where the processor says more */

u64 tsc_hz;
u64 tsc_per_ns, ns_per_tsc;

/* A tick of the PIT, and what else was to be seen then. */
struct instant {
    u64 tsc, error; /* the tick came at most `error` before tsc */
    u32 apic;
    u16 pit;
};

static u16 pit_read(void)
{
    outb(PIT_COMMAND, PIT_LATCH_2);
    u16 low = inb(PIT_CHANNEL_2);
    return (u16)(low | inb(PIT_CHANNEL_2) << 8);
}

static void pit_start(void)
{
    outb(PIT_GATE, (u8)((inb(PIT_GATE) & ~PIT_SPEAKER) | PIT_GATE_2));
    outb(PIT_COMMAND, PIT_LOAD_2);
    outb(PIT_CHANNEL_2, 0xff);
    outb(PIT_CHANNEL_2, 0xff);
}

/* A look at the PIT: when, and the longest time between two of them. */
struct watch {
    u64 tsc, gap;
};

static u16 watch_pit(struct watch *watch)
{
    u16 count = pit_read();
    u64 now = rdtsc();
    watch->gap = max(watch->gap, now - watch->tsc);
    watch->tsc = now;
    return count;
}

/* Waits for the PIT's next tick; false if none comes. */
static bool next_tick(struct watch *watch, struct instant *instant)
{
    u16 first = watch_pit(watch);
    for (int i = 0; i < PIT_PATIENCE; i++) {
        u64 before = watch->tsc;
        u16 count = watch_pit(watch);
        if (count != first) {
            *instant = (struct instant){watch->tsc, watch->tsc - before, apic_timer_count(), count};
            return true;
        }
        pause();
    }
    return false;
}

/* The frequency that CPUID tells, or 0. */
static u64 told_hz(void)
{
    if (cpuid_has(0x40000010)) { /* kilohertz, by a hypervisor */
        return cpuid(0x40000010, 0).eax * 1000ul;
    }
    if (!cpuid_has(0x15)) {
        return 0;
    }
    struct cpuid ratio = cpuid(0x15, 0); /* ecx: crystal; ebx / eax: ratio of the counter to it */
    if (ratio.eax == 0 || ratio.ebx == 0) {
        return 0;
    }
    if (ratio.ecx != 0) {
        return (u64)ratio.ecx * ratio.ebx / ratio.eax;
    }
    return cpuid_has(0x16) ? (cpuid(0x16, 0).eax & 0xffff) * 1000000ul : 0;
}

static bool precise(const struct instant *from, const struct instant *to, u64 precision)
{
    u64 ticks = (u16)(from->pit - to->pit);
    if (ticks < PIT_MILLISECOND) {
        return false;
    }
    return ticks > PIT_LONGEST || (from->error + to->error) * precision < to->tsc - from->tsc;
}

/* Waits for two ticks with enough time between them, and no long gap; false: the PIT does not
 * count. */
static bool two_ticks(u64 precision, struct instant *from, struct instant *to)
{
    for (int i = 0; i < PIT_TRIES; i++) {
        struct watch watch = {.tsc = rdtsc()};
        pit_start();
        if (!next_tick(&watch, from)) {
            return false;
        }
        do {
            if (!next_tick(&watch, to)) {
                return false;
            }
        } while (!precise(from, to, precision));
        if (watch.gap < (to->tsc - from->tsc) / PIT_GAP) {
            break;
        }
    }
    return true;
}

/* Measures from one tick to another; 0 if the PIT does not count. */
static u64 measured_hz(u64 precision)
{
    struct instant from, to;
    if (!two_ticks(precision, &from, &to)) {
        return 0;
    }
    apic_timer_set_rate(to.apic - from.apic, to.tsc - from.tsc);
    return (to.tsc - from.tsc) * PIT_HZ / (u16)(from.pit - to.pit);
}

/* Measures the APIC's timer alone, for a millisecond. */
static void measure_apic(u64 hz)
{
    u64 from = rdtsc();
    u32 count = apic_timer_count();
    while (rdtsc() - from < hz / 1000) {
        pause();
    }
    apic_timer_set_rate(apic_timer_count() - count, rdtsc() - from);
}

static bool agree(u64 told, u64 measured)
{
    u64 difference = told > measured ? told - measured : measured - told;
    return difference < measured / PRECISION_ENOUGH;
}

void clock_init(void)
{
    u64 told = told_hz();
    apic_timer_run_free();
    u64 measured = measured_hz(told ? PRECISION_ENOUGH : PRECISION);
    if (measured == 0 && told != 0) {
        measure_apic(told);
    }
    tsc_hz = measured == 0 || agree(told, measured) ? told : measured;
    if (tsc_hz == 0) {
        panic_plain("no clock: the PIT does not count, and CPUID tells no frequency");
    }
    tsc_per_ns = clock_factor(tsc_hz, NS_PER_SECOND);
    ns_per_tsc = clock_factor(NS_PER_SECOND, tsc_hz);
}

/*
 * Non-maskable interrupts, which test_selftest.py sends while this runs: with GS bases that look
 * like the kernel's own, in and out of system calls, they must find their processor and disturb
 * nobody.
 */
#include "check.h"
#include "tests.h"
#include "world.h"

#include <runtime/clock.h>
#include <runtime/start.h>

#define ENOUGH 150u

static inline u64 forge_gs(u64 base)
{
    u64 seen;
    __asm__ volatile("wrgsbase %1\n\tmov $4, %%eax\n\tsyscall\n\trdgsbase %0"
                     : "=&r"(seen)
                     : "r"(base)
                     : "rax", "rcx", "r11", "rdi", "rsi", "rdx", "r8", "r9", "r10", "memory");
    return seen;
}

static void forge(u64 unused)
{
    static const u64 bases[] = {
        0xffffffff80200000,
        0xffffffff80000000,
        0xffff800000000000,
        0xffff80000fe49940,
        0xffffffffffffffff,
        0xffffffffffffff00,
        0x00007fffffffffff,
        0x00007ffffffff000,
        0,
        1,
        0xffff8000fee00000,
        0xffff900000000000,
    };
    (void)unused;
    for (u64 i = 0;; i++) {
        u64 base = bases[i % array_count(bases)];
        if (forge_gs(base) != base)
            board.count[1]++;
        if (i % 64 == 0)
            yield();
        board.count[0]++;
    }
}

static void spin_with_gs(u64 base)
{
    __asm__ volatile("wrgsbase %0" : : "r"(base));
    for (;;) {
        u64 seen;
        __asm__ volatile("rdgsbase %0" : "=r"(seen));
        if (seen != base)
            board.count[2]++;
        board.count[3]++;
    }
}

void nmi_forged(void)
{
    u64 first = machine_facts().nmis;
    help(forge, 0);
    help(spin_with_gs, 0xffffffff80200000);
    help(spin_with_gs, 0x00007fffffffffff);
    say("selftest: ready for non-maskable interrupts");
    u64 until = tsc() + clock_from_ns(60 * NS_PER_SECOND, start->tsc_hz);
    while (machine_facts().nmis - first < ENOUGH && tsc() < until)
        pause_us(700); /* and the idle loop, and the timer's interrupts, are in it, too */
    between(machine_facts().nmis - first, ENOUGH, 1000000);
    same(board.count[0] > 1000, true);
    same(board.count[1], 0);
    same(board.count[2], 0);
    same(board.count[3] > 1000, true);
}

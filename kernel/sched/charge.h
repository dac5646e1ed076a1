/*
 * Charging for time, which happens whenever the processor changes hands, and must be short.
 */
#pragma once
#include "cpu/cpu.h"
#include "object/share.h"
#include "object/thread.h"

/* Charges the time since the last charge to whoever ran. */
static inline void sched_charge(struct cpu *cpu, u64 now)
{
    u64 ticks = now - cpu->switched_at;
    struct thread *thread = cpu->loaded;
    cpu->switched_at = now;
    if (unlikely(!thread)) {
        cpu->idle_cycles += ticks;
        return;
    }
    thread->count.cycles += ticks;
    if (likely(thread->share)) {
        thread->share->used += ticks;
    }
}

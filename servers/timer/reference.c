/*
 * From the grants `hpet` (registers, and an interrupt with a line) to a clock with an alarm. See
 * reference.h.
 */
#include <timer/reference.h>

#include <abi/start.h>
#include <clock.h>
#include <runtime/hpet.h>
#include <runtime/print.h>
#include <runtime/start.h>
#include <runtime/syscall.h>

#define SAMPLES 4u /* of which the one counts that took the shortest */

static struct hpet hpet;
static const struct grant *irq;
static u64 irq_bit;

bool reference_open(void)
{
    irq = hpet_granted(&hpet, start->restarts == 0);
    if (!irq) {
        print("timer: there are no timers without it\n");
        return false;
    }
    irq_bit = 1ul << irq->value[0];
    print("timer: HPET, %u fs a tick, %u-bit counter, line %lu (%s)\n", hpet.period_fs,
          hpet.counter_is_long ? 64u : 32u, irq->value[1], hpet.level ? "level" : "edge");
    return true;
}

void reference_sample(u64 *tsc, u64 *ns)
{
    u64 shortest = UINT64_MAX;
    for (u32 i = 0; i < SAMPLES; i++) {
        u64 before = clock_ticks(), ticks = hpet_ticks(&hpet), took = clock_ticks() - before;
        if (took >= shortest)
            continue;
        shortest = took;
        *tsc = before + took / 2;
        *ns = hpet_to_ns(&hpet, ticks);
    }
}

void reference_alarm(u64 ns)
{
    hpet_arm(&hpet, hpet_from_ns(&hpet, ns));
}

bool reference_interrupt(u64 events)
{
    if (!(events & irq_bit))
        return false;
    hpet_interrupt(&hpet);
    status result = irq_ack(irq->slot);
    if (result < 0)
        panic("timer: the interrupt cannot be acknowledged: %s", error_text(status_code(result)));
    return true;
}

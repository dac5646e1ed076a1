/*
 * From the grants `hpet` (registers, and an interrupt with a line) to a clock with an alarm. See
 * reference.h.
 */
#include <timer/reference.h>

#include <abi/start.h>
#include <clock.h>
#include <drivers/hpet.h>
#include <runtime/map.h>
#include <runtime/print.h>
#include <runtime/start.h>
#include <runtime/syscall.h>

#define SAMPLES 4u /* of which the one counts that took the shortest */

static struct hpet hpet;
static const struct grant *irq;
static u64 irq_bit;

bool reference_open(void)
{
    const struct grant *grant = grant_find(GRANT_REGISTERS, "hpet");
    irq = grant_find(GRANT_IRQ, "hpet");
    if (!grant || !irq) {
        print("timer: no HPET in this machine, or none granted: there are no timers\n");
        return false;
    }
    u64 offset = grant->value[1], bytes = grant->value[0];
    u64 pages = align_up(offset + bytes, PAGE_SIZE) / PAGE_SIZE;
    u8 *base = map_memory(grant->slot, 0, pages, RIGHT_READ | RIGHT_WRITE);
    if (!base)
        return false;
    struct registers registers = {.base = base + offset, .size = bytes};
    struct hpet_route route = {
        .timer = (u32)irq->value[3],
        .line = (u32)irq->value[1],
        .level = irq->value[2] != 0,
    };
    enum hpet_error error = hpet_open(&hpet, registers, route, start->restarts == 0);
    if (error != HPET_OK) {
        print("timer: the HPET cannot be used: %s\n", hpet_error_text(error));
        return false;
    }
    irq_bit = 1ul << irq->value[0];
    print("timer: HPET, %u fs a tick, %u-bit counter, line %u (%s)\n", hpet.period_fs,
          hpet.counter_is_long ? 64u : 32u, route.line, route.level ? "level" : "edge");
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

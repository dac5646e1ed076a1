/*
 * From the grants `hpet` (registers, and an interrupt with a line) to a clock. See clock.h.
 */
#include <timer/clock.h>

#include <abi/start.h>
#include <drivers/hpet.h>
#include <runtime/map.h>
#include <runtime/print.h>
#include <runtime/start.h>
#include <runtime/syscall.h>

static struct hpet hpet;
static const struct grant *irq;

bool clock_open(void)
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
    print("timer: HPET, %u fs a tick, %u-bit counter, line %u (%s)\n", hpet.period_fs,
          hpet.counter_is_long ? 64u : 32u, route.line, route.level ? "level" : "edge");
    return true;
}

u64 clock_now(void)
{
    return hpet_to_ns(&hpet, hpet_ticks(&hpet));
}

void clock_arm(u64 ns)
{
    hpet_arm(&hpet, hpet_from_ns(&hpet, ns));
}

bool clock_interrupt(u64 events)
{
    if (!(events & 1ul << irq->value[0]))
        return false;
    hpet_interrupt(&hpet);
    status result = irq_ack(irq->slot);
    if (result < 0)
        panic("timer: the interrupt cannot be acknowledged: %s", error_text(status_code(result)));
    return true;
}

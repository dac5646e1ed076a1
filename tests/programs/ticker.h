/*
 * An interrupt at random moments, for test programs that want to be in the middle of what somebody
 * less urgent does: the program's HPET timer (`hpet hpet N` in its section, a timer that nobody
 * else uses) rings after a time that chance decides.
 */
#pragma once
#include <base/random.h>
#include <runtime/hpet.h>
#include <runtime/print.h>
#include <runtime/start.h>
#include <runtime/syscall.h>

struct ticker {
    struct hpet hpet;
    u32 irq_slot;
    u64 bit; /* of the program's event */
    struct random random;
};

/* The waits are of 2^LEAST to 2^MOST nanoseconds, each power of two as likely. */
#define TICKER_LEAST 13u
#define TICKER_MOST  19u

static void ticker_arm(struct ticker *ticker)
{
    u64 ns = random_power(&ticker->random, TICKER_LEAST, TICKER_MOST);
    hpet_arm(&ticker->hpet, hpet_ticks(&ticker->hpet) + hpet_from_ns(&ticker->hpet, ns));
}

/* Begins to tick: `ticker->bit` of the program's event. */
static void ticker_open(struct ticker *ticker, u64 seed)
{
    const struct grant *irq = hpet_granted(&ticker->hpet, false);
    if (!irq)
        panic("ticker: there is no timer");
    ticker->irq_slot = irq->slot;
    ticker->bit = 1ul << irq->value[0];
    random_init(&ticker->random, seed);
    ticker_arm(ticker);
}

/* To be called when the bit came: the next tick is on its way. */
static void ticker_rang(struct ticker *ticker)
{
    hpet_interrupt(&ticker->hpet);
    status result = irq_ack(ticker->irq_slot);
    if (result < 0)
        panic("ticker: acknowledging: %s", error_text(status_code(result)));
    ticker_arm(ticker);
}

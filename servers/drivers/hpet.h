/*
 * The High Precision Event Timer: its counter as a clock that goes on for ever, and one of its
 * timers as an alarm. Names of registers and fields are those of the IA-PC HPET specification 1.0a.
 *
 * The counter is never stopped or set once it runs: who comes after a crashed predecessor finds the
 * clock where it would have been. The one exception is a counter of 32 bits when the machine has
 * just started: it is set by the processor's clock, from which its upper half is found again later.
 */
#pragma once
#include <drivers/device.h>

#define HPET_ERROR_LIST(X)                                                                         \
    X(HPET_TOO_SMALL, "its registers are not all in what was granted")                             \
    X(HPET_BAD_PERIOD, "its counter's period is 0 or longer than the specification allows")        \
    X(HPET_NO_TIMER, "it has not as many timers")                                                  \
    X(HPET_BAD_ROUTE, "the timer cannot use the interrupt line that was granted")

enum hpet_error {
    HPET_OK,
#define X(name, text) name,
    HPET_ERROR_LIST(X)
#undef X
};

struct hpet {
    struct registers registers;
    u32 timer;                           /* the number of the timer used as alarm */
    u32 period_fs;                       /* femtoseconds in a tick */
    u64 last;                            /* ticks when last asked */
    u32 compared_high;                   /* the upper half last written to the comparator */
    bool counter_is_long, timer_is_long; /* 64 bits rather than 32 */
    bool level;                          /* interrupts are level-triggered */
};

/* What the machine's description says about the timer to be used. */
struct hpet_route {
    u32 timer;
    u32 line;   /* I/O APIC input */
    bool level; /* level-triggered, else edge */
};

/*
 * Takes over the device, switched on if it was not, with the alarm off. `fresh`: nobody in this
 * system has told anybody the time yet.
 */
must_check enum hpet_error hpet_open(struct hpet *hpet, struct registers registers,
                                     struct hpet_route route, bool fresh);

/* The text for an error of hpet_open. */
const char *hpet_error_text(enum hpet_error error);

/* The time in ticks. To be called at least once in each 2^31 ticks; an alarm that is always armed
 * sees to that. */
u64 hpet_ticks(struct hpet *hpet);

/*
 * Interrupts once when the time has come, or, if that is too close or has passed, soon. A timer of
 * 32 bits interrupts early when the time is far away: look at the clock, and arm again.
 */
void hpet_arm(struct hpet *hpet, u64 ticks);

/* To be called on the device's interrupt; true when it came, as far as can be told, from here. */
bool hpet_interrupt(struct hpet *hpet);

/* Between ticks and nanoseconds, with UINT64_MAX for what is too large. The first rounds down, the
 * second up: at hpet_from_ns(ns) ticks it is never too early. */
u64 hpet_to_ns(const struct hpet *hpet, u64 ticks);
u64 hpet_from_ns(const struct hpet *hpet, u64 ns);

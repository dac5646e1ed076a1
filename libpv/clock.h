/*
 * The clock page (service/clock.h): reading it, which takes some dozen instructions and never
 * waits; and, for the one that writes it, how the clock is kept right.
 *
 * The time-stamp counter gives the clock its fineness, and a reference clock in the hardware (the
 * HPET) its rate. The writer looks at both about once a second (clock_look), learns from that how
 * long a tick really is, and bends the clock's line so that what it is off by is gone some seconds
 * later. It never runs faster or slower than the reference by more than one part in a thousand.
 *
 * Pure: nothing here has state of its own or knows what the hardware is.
 */
#pragma once
#include <service/clock.h>

/* --- reading --------------------------------------------------------------------------------- */

/* A word that another program changes. */
#define clock_word(word) (*(const volatile __typeof__(word) *)&(word))

/* The time-stamp counter, not read before what stands before it in the program. */
static inline u64 clock_ticks(void)
{
    u32 low, high;
    __asm__ volatile("lfence\n\trdtsc" : "=a"(low), "=d"(high) : : "memory");
    return (u64)high << 32 | low;
}

/* ticks * rate, with 128 bits in between. */
static inline u64 clock_scaled(u64 ticks, u64 rate)
{
    return (u64)((unsigned __int128)ticks * rate >> CLOCK_SHIFT);
}

/* The time on this line at these ticks. */
static inline u64 clock_line_at(const struct clock_line *line, u64 tsc)
{
    u64 ticks = tsc - line->tsc;
    return likely((i64)ticks >= 0) ? line->ns + clock_scaled(ticks, line->after)
                                   : line->ns - clock_scaled(-ticks, line->before);
}

static inline bool clock_runs(const struct clock_page *page)
{
    return clock_word(page->magic) == CLOCK_MAGIC;
}

/* The time, in nanoseconds; the clock has to run. */
static inline u64 clock_read(const struct clock_page *page)
{
    for (;;) {
        u32 sequence = clock_word(page->sequence);
        const struct clock_line *line = &page->line[sequence % 2];
        struct clock_line copy = {
            .tsc = clock_word(line->tsc),
            .ns = clock_word(line->ns),
            .before = clock_word(line->before),
            .after = clock_word(line->after),
        };
        u64 tsc = clock_ticks();
        if (likely(clock_word(page->sequence) == sequence))
            return clock_line_at(&copy, tsc);
    }
}

/* --- writing --------------------------------------------------------------------------------- */

/* What the writer knows. */
struct clock_discipline {
    struct clock_line line;    /* what clock_publish publishes; its `rate` is the best estimate */
    u64 lead;                  /* ticks from a look to the bend that comes of it */
    u64 tsc, reference, shown; /* of the last look: the time-stamp counter, the two clocks */
    u32 looks;                 /* that were compared with one before */
    bool tied, looked;         /* line.offset is known; there was a look */
    i64 slew_before, slew;     /* by how much it gains on the reference before and after the bend;
                                  CLOCK_SLEW_ONE would be twice as fast */
};

#define CLOCK_SLEW_ONE  (1l << 32)
#define CLOCK_SLEW_MOST (CLOCK_SLEW_ONE / 1024)

enum clock_news {
    CLOCK_SAME,     /* nothing to be published: the first look, or too early for another */
    CLOCK_BENT,     /* there is a new line to be published */
    CLOCK_DISAGREES /* the same, and tick and reference cannot both be right: the clock goes on
                       without a step, and follows the reference from here */
};

/* A new clock that shows `ns` at `tsc`, with `hz` ticks a second as far as is known. */
void clock_begin(struct clock_discipline *clock, u64 tsc, u64 ns, u64 hz);

/* Goes on with what a predecessor published. False: that cannot be; begin a new one. */
must_check bool clock_continue(struct clock_discipline *clock, const struct clock_page *page,
                               u64 tsc, u64 hz);

/*
 * A look at the reference clock, which showed `reference` nanoseconds at `tsc`. The first one with
 * a new clock ties the two together.
 */
must_check enum clock_news clock_look(struct clock_discipline *clock, u64 tsc, u64 reference);

/* What the reference will show, as far as is known, when the clock shows `ns`: for alarms, and
 * right for some seconds after the last look. */
u64 clock_reference_at(const struct clock_discipline *clock, u64 ns);

/* Puts the line into the page. The page may be new. */
void clock_publish(struct clock_page *page, const struct clock_discipline *clock);

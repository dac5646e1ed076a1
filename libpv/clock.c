/*
 * How the writer of the clock page keeps its clock right. See clock.h.
 *
 * Two things are corrected, each by looking at what a look sees. The rate is what the reference
 * says that a tick lasts, averaged over some looks once the first few have found it. The error,
 * what the clock is ahead of the reference, is taken back by running a little slower until it would
 * be gone some seconds later. The two don't fight: a bend says how fast the clock runs, and the
 * rate is measured on ticks, not on the clock.
 */
#include <clock.h>

#define NS_PER_SECOND 1000000000ul

#define LEAD_PART  64u                  /* of a second, from a look to the bend */
#define HORIZON_NS (2 * NS_PER_SECOND)  /* in which an error is to be gone */
#define ERROR_MOST (1 * NS_PER_SECOND)  /* more than that, and the two do not belong together */
#define SPAN_LEAST (NS_PER_SECOND / 20) /* between two looks, for the rate to be learnt from them */
#define SPAN_MOST  (1ul << 40)          /* ns, about 18 minutes: nobody was there to look */
#define GAIN_PART  16u                  /* of the span: no two clocks are so far apart */
#define LOOKS_KEEN 4u                   /* so many looks are believed at once... */
#define LATER_PART 4                    /* ...and later ones in part */
#define RATE_PART  8u                   /* what a predecessor's rate may be off by */

/* Nanoseconds in a tick for `hz` ticks a second, bit group by bit group: 128 bits cannot be divided
 * everywhere. */
static u64 rate_of(u64 hz)
{
    u64 rate = NS_PER_SECOND / hz, rest = NS_PER_SECOND % hz;
    for (u32 bit = 0; bit < CLOCK_SHIFT; bit++) {
        rest *= 2;
        rate = rate * 2 + (rest >= hz);
        if (rest >= hz)
            rest -= hz;
    }
    return rate;
}

/* value * part / CLOCK_SLEW_ONE */
static i64 slewed(u64 value, i64 part)
{
    return (i64)((__int128)value * part >> 32);
}

static u64 distance(u64 a, u64 b)
{
    return a > b ? a - b : b - a;
}

void clock_begin(struct clock_discipline *clock, u64 tsc, u64 ns, u64 hz)
{
    u64 rate = rate_of(hz);
    *clock = (struct clock_discipline){
        .line = {.tsc = tsc, .ns = ns, .before = rate, .after = rate, .rate = rate},
        .lead = hz / LEAD_PART,
    };
}

bool clock_continue(struct clock_discipline *clock, const struct clock_page *page, u64 tsc, u64 hz)
{
    u64 rate = rate_of(hz), lead = hz / LEAD_PART;
    struct clock_line line = page->line[clock_word(page->sequence) % 2];
    if (!clock_runs(page) || (i64)(tsc - line.tsc) < -(i64)(2 * lead) ||
        distance(line.rate, rate) > rate / RATE_PART ||
        distance(line.before, line.rate) > line.rate / (CLOCK_SLEW_ONE / CLOCK_SLEW_MOST / 2) ||
        distance(line.after, line.rate) > line.rate / (CLOCK_SLEW_ONE / CLOCK_SLEW_MOST / 2))
        return false;
    *clock = (struct clock_discipline){
        .line = line,
        .lead = lead,
        .looks = LOOKS_KEEN,
        .tied = true,
    };
    return true;
}

/* Bends the line at a little after `tsc`, to gain that much from there on. Up to there it is what
 * it was, or, where rounding says so, a nanosecond later: never earlier. */
static void bend(struct clock_discipline *clock, u64 tsc, i64 slew)
{
    struct clock_line *line = &clock->line;
    u64 at = tsc + clock->lead;
    line->ns = clock_line_at(line, at);
    line->tsc = at;
    line->before = line->after;
    line->after = line->rate + (u64)slewed(line->rate, slew);
    clock->slew_before = clock->slew;
    clock->slew = slew;
}

/* Learns the rate from this look and the one before. False: the two say nothing sensible. */
static bool learn_rate(struct clock_discipline *clock, u64 tsc, u64 reference)
{
    u64 span = reference - clock->reference;
    u64 counted = clock_scaled(tsc - clock->tsc, clock->line.rate);
    if (span > SPAN_MOST || distance(counted, span) > span / GAIN_PART)
        return false;
    /* The ticks gained that part of the reference's time; there is no overflow within these limits.
     * */
    i64 gained = (i64)(counted - span) * (CLOCK_SLEW_ONE >> 12) / (i64)(span >> 12);
    i64 change = slewed(clock->line.rate, gained);
    clock->line.rate -= (u64)(clock->looks < LOOKS_KEEN ? change : change / LATER_PART);
    clock->looks++;
    return true;
}

static void tie(struct clock_discipline *clock, u64 tsc, u64 reference)
{
    clock->line.offset = clock_line_at(&clock->line, tsc) - reference;
    clock->tied = true;
}

static void note(struct clock_discipline *clock, u64 tsc, u64 reference)
{
    clock->tsc = tsc;
    clock->reference = reference;
    clock->shown = clock_line_at(&clock->line, tsc);
    clock->looked = true;
}

enum clock_news clock_look(struct clock_discipline *clock, u64 tsc, u64 reference)
{
    bool first = !clock->tied;
    if (first)
        tie(clock, tsc, reference);
    if (first || (i64)(tsc - clock->line.tsc) < 0) {
        if (!clock->looked)
            note(clock, tsc, reference);
        return CLOCK_SAME;
    }
    if (clock->looked && reference - clock->reference < SPAN_LEAST)
        return CLOCK_SAME;
    bool sensible = !clock->looked || learn_rate(clock, tsc, reference);
    i64 error = (i64)(clock_line_at(&clock->line, tsc) - (reference + clock->line.offset));
    sensible = sensible && error <= (i64)ERROR_MOST && -error <= (i64)ERROR_MOST;
    if (!sensible) {
        tie(clock, tsc, reference);
        error = 0;
    }
    note(clock, tsc, reference);
    i64 slew = -error * (CLOCK_SLEW_ONE / 4) / (i64)(HORIZON_NS / 4);
    if (slew > CLOCK_SLEW_MOST)
        slew = CLOCK_SLEW_MOST;
    if (slew < -CLOCK_SLEW_MOST)
        slew = -CLOCK_SLEW_MOST;
    bend(clock, tsc, slew);
    return sensible ? CLOCK_BENT : CLOCK_DISAGREES;
}

u64 clock_reference_at(const struct clock_discipline *clock, u64 ns)
{
    if (ns <= clock->shown)
        return clock->reference;
    u64 far = min(ns - clock->shown, SPAN_MOST);
    u64 bent = clock->line.ns > clock->shown ? clock->line.ns - clock->shown : 0;
    u64 near = min(far, bent);
    return clock->reference + far - (u64)slewed(near, clock->slew_before) -
           (u64)slewed(far - near, clock->slew);
}

void clock_publish(struct clock_page *page, const struct clock_discipline *clock)
{
    u32 sequence = page->sequence + 1;
    volatile struct clock_line *line = &page->line[sequence % 2];
    line->tsc = clock->line.tsc;
    line->ns = clock->line.ns;
    line->before = clock->line.before;
    line->after = clock->line.after;
    line->rate = clock->line.rate;
    line->offset = clock->line.offset;
    /* Stores are seen in their order on x86; volatile keeps the compiler from changing it. */
    *(volatile u32 *)&page->sequence = sequence;
    *(volatile u64 *)&page->magic = CLOCK_MAGIC;
}

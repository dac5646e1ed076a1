/*
 * The clock page's writer. See time.h; how the clock is kept right is in libpv/clock.c.
 */
#include <timer/time.h>

#include <clock.h>
#include <runtime/clock.h>
#include <runtime/map.h>
#include <runtime/print.h>
#include <runtime/start.h>
#include <timer/reference.h>

#define LOOK_FIRST   (NS_PER_SECOND / 8) /* a new clock is looked at soon, and then less often */
#define LOOK_LONGEST NS_PER_SECOND

static struct clock_page *page;
static struct clock_page private_page; /* where none was granted */
static struct clock_discipline clock;
static bool has_reference, has_complained;
static u64 look_due = UINT64_MAX, look_after;

static struct clock_page *find_page(void)
{
    const struct grant *grant = grant_find(GRANT_MEMORY, "clock");
    if (grant)
        return map_memory(grant->slot, 0, 1, RIGHT_READ | RIGHT_WRITE);
    print("timer: no clock page is granted: nobody else sees the time\n");
    return NULL;
}

bool time_open(void)
{
    page = find_page();
    if (!page)
        page = &private_page;
    has_reference = reference_open();
    u64 now = clock_ticks();
    bool goes_on = clock_continue(&clock, page, now, start->tsc_hz);
    if (!goes_on) /* 0 was when the kernel was entered */
        clock_begin(&clock, now, clock_to_ns(now - start->tsc_entry, start->tsc_hz), start->tsc_hz);
    look_after = goes_on ? LOOK_LONGEST : LOOK_FIRST;
    if (has_reference)
        time_tend(UINT64_MAX);
    clock_publish(page, &clock);
    return has_reference;
}

u64 time_now(void)
{
    return clock_line_at(&clock.line, clock_ticks());
}

u64 time_tend(u64 now)
{
    if (now < look_due || !has_reference)
        return look_due;
    u64 tsc, reference;
    reference_sample(&tsc, &reference);
    enum clock_news news = clock_look(&clock, tsc, reference);
    if (news != CLOCK_SAME)
        clock_publish(page, &clock);
    if (news == CLOCK_DISAGREES && !has_complained) {
        has_complained = true;
        print("timer: the HPET and the processor's counter do not agree, at %lu ns: the time goes "
              "on from there\n",
              clock.shown);
    }
    look_due = clock_line_at(&clock.line, tsc) + look_after;
    look_after = min(look_after * 2, LOOK_LONGEST);
    return look_due;
}

void time_alarm(u64 ns)
{
    reference_alarm(clock_reference_at(&clock, ns));
}

bool time_rang(u64 events)
{
    return has_reference && reference_interrupt(events);
}

/*
 * Batches and results. See rings.h.
 */
#include "rings.h"

#include <runtime/clock.h>
#include <runtime/console.h>
#include <runtime/print.h>

#define RESULTS 24u

static struct {
    const char *name;
    u64 value, thousandths;
    bool is_fraction;
} results[RESULTS];
static u32 result_count;
static u64 overhead;

u64 ticks_since(u64 before)
{
    return tsc() - before - overhead;
}

void rings_start(void)
{
    u64 best = UINT64_MAX;
    for (u32 i = 0; i < ROUNDS; i++) {
        u64 before = tsc();
        best = min(best, ticks_since(before));
    }
    overhead = best;
    session_hold_bells();
    if (console_open("console") < 0)
        panic("bench-rings: no console");
}

bool lane_open(struct lane *lane, const char *name)
{
    status result = session_open(&lane->front, name, &lane->event);
    if (result < 0)
        print("bench-rings: session %s: %s\n", name, error_text(status_code(result)));
    return result >= 0;
}

static void add(const char *name, u64 value, u64 thousandths, bool is_fraction)
{
    if (result_count == RESULTS)
        panic("bench-rings: more than %u results", RESULTS);
    results[result_count].name = name;
    results[result_count].value = value;
    results[result_count].thousandths = thousandths;
    results[result_count].is_fraction = is_fraction;
    result_count++;
}

void figure(const char *name, u64 value, u64 per)
{
    add(name, (value + per - 1) / per, 0, false);
}

void figure_fraction(const char *name, u64 value, u64 per)
{
    u64 thousandths = (value * 1000 + per - 1) / per;
    add(name, thousandths / 1000, thousandths % 1000, true);
}

void report(void)
{
    for (u32 i = 0; i < result_count; i++) {
        if (results[i].is_fraction)
            console_print("bench %s %lu.%03lu per_request\n", results[i].name, results[i].value,
                          results[i].thousandths);
        else
            console_print("bench %s %lu instructions\n", results[i].name, results[i].value);
    }
    console_print("bench done\n");
}

/* Takes `count` completions, waiting for all of them at once. */
static void reap_all(struct lane *lane, u32 count)
{
    struct front_done done;
    while (count != 0) {
        if (front_reap(&lane->front, &done)) {
            if (done.status < 0)
                panic("bench-rings: %s: %s", lane->front.info->name, ring_status_text(done.status));
            count--;
        } else if (front_may_sleep(&lane->front, count)) {
            session_wait(lane->event);
        }
    }
}

static u64 events_of(const struct lane *lane)
{
    return lane->front.g->ctl.raised + lane->front.s->ctl.raised;
}

struct cost measure_batches(struct lane *lane, u32 depth,
                            void (*push)(struct lane *lane, u32 index))
{
    struct cost cost = {.ticks = UINT64_MAX, .events = events_of(lane)};
    for (u32 round = 0; round < ROUNDS; round++) {
        u64 before = tsc();
        for (u32 i = 0; i < depth; i++)
            push(lane, i);
        front_publish(&lane->front);
        reap_all(lane, depth);
        cost.ticks = min(cost.ticks, ticks_since(before));
    }
    cost.events = events_of(lane) - cost.events;
    return cost;
}

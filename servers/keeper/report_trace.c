/*
 * The kernel's trace as text: one line for each event, with names in place of numbers where there
 * are names. report.h has the contract.
 */
#include "numbers.h"
#include "report.h"

#include <abi/object.h>

static const struct {
    const char *text, *a, *b;
} kinds[] = {
#define X(name, text, a, b) [name] = {text, a, b},
    TRACE_LIST(X)
#undef X
};

static const char *object_name(u64 type)
{
    static const char *const names[OBJECT_TYPES] = {"nothing", "pool",  "memory",   "space",
                                                    "thread",  "share", "endpoint", "event",
                                                    "device",  "irq"};
    return type < OBJECT_TYPES ? names[type] : "unknown";
}

static void value(struct sink *sink, const char *name, u64 number)
{
    if (name[0])
        format(sink, "  %s 0x%lx", name, number);
}

static void describe(struct sink *sink, const struct trace_entry *entry)
{
    bool is_object = entry->kind == TRACE_CREATE || entry->kind == TRACE_DESTROY;
    if (is_object)
        format(sink, "  %s", object_name(entry->a));
    else
        value(sink, kinds[entry->kind].a, entry->a);
    value(sink, kinds[entry->kind].b, entry->b);
}

void report_trace(struct sink *sink, const struct system_status *system, u64 count,
                  struct report_clock clock)
{
    u64 entries = min(system->trace_count, STATUS_TRACE);
    count = min(count, entries);
    if (count == 0)
        format(sink, "Nothing has been traced.\n");
    for (u64 i = entries - count; i < entries; i++) {
        const struct trace_entry *entry = &system->trace[i];
        format(sink, "%8lu %14s  ", entry->sequence,
               number_seconds(entry->tsc - clock.tsc_entry, clock.tsc_hz).text);
        if (entry->kind < TRACE_KINDS) {
            format(sink, "%s", kinds[entry->kind].text);
            describe(sink, entry);
        } else {
            format(sink, "kind %lu, which this keeper does not know", entry->kind);
        }
        format(sink, "\n");
    }
}

/*
 * The trace rings, and reading them; writing is inline, in trace.h.
 */
#include "debug/trace.h"

struct trace_ring trace_rings[TRACE_CPUS];

u64 trace_ring_read(const struct trace_ring *ring, struct trace_entry *entries, u64 count,
                    u64 sequence)
{
    u64 oldest = ring->next > TRACE_ENTRIES ? ring->next - TRACE_ENTRIES : 0;
    u64 read = 0;
    sequence = max(sequence, oldest);
    for (; read < count && sequence < ring->next; read++, sequence++) {
        entries[read] = ring->entry[sequence % TRACE_ENTRIES];
    }
    return read;
}

static const char *const texts[TRACE_KINDS][3] = {
#define X(name, text, a, b) {text, a, b},
    TRACE_LIST(X)
#undef X
};

const char *trace_text(u64 kind)
{
    return kind < TRACE_KINDS ? texts[kind][0] : "?";
}

const char *trace_name_a(u64 kind)
{
    return kind < TRACE_KINDS ? texts[kind][1] : "?";
}

const char *trace_name_b(u64 kind)
{
    return kind < TRACE_KINDS ? texts[kind][2] : "?";
}

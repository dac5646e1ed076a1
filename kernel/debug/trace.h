/*
 * The trace of recent kernel events: a ring for each processor, always on, that a panic prints and
 * the keeper can read. Writing costs a dozen instructions and never waits: the oldest entry goes.
 *
 * Sequence numbers count the events of one processor from 0; what they mean is in abi/info.h.
 */
#pragma once
#include "cpu/asm.h"
#include "cpu/cpu.h"
#include <abi/info.h>

#define TRACE_ENTRIES 256u /* a power of two */
#define TRACE_CPUS    1u

struct trace_ring {
    u64 next; /* sequence number of the next entry */
    struct trace_entry entry[TRACE_ENTRIES];
};

extern struct trace_ring trace_rings[TRACE_CPUS];

/* Adds an event of `cpu`, on which this runs: for those who may not look for it in GS. */
static inline void trace_add_on(const struct cpu *cpu, enum trace_kind kind, u64 a, u64 b)
{
    struct trace_ring *ring = &trace_rings[cpu->number];
    u64 sequence = ring->next++;
    struct trace_entry *entry = &ring->entry[sequence % TRACE_ENTRIES];
    entry->sequence = sequence;
    entry->tsc = rdtsc();
    entry->kind = kind;
    entry->a = a;
    entry->b = b;
}

static inline void trace_add(enum trace_kind kind, u64 a, u64 b)
{
    trace_add_on(cpu_this(), kind, a, b);
}

/* For what happens so often that only debug builds have the time to write it down. */
static inline void trace_often(enum trace_kind kind, u64 a, u64 b)
{
    if (TERRARIUM_DEBUG)
        trace_add(kind, a, b);
}

/* The sequence number that the next event of this processor gets. */
static inline u64 trace_next(void)
{
    return trace_rings[cpu_this()->number].next;
}

/*
 * Copies up to `count` events to `entries`, beginning with number `sequence`, or with the oldest
 * that is still there if that is later. Returns how many.
 */
u64 trace_ring_read(const struct trace_ring *ring, struct trace_entry *entries, u64 count,
                    u64 sequence);

/* The same from this processor's ring. */
static inline u64 trace_read(struct trace_entry *entries, u64 count, u64 sequence)
{
    return trace_ring_read(&trace_rings[cpu_this()->number], entries, count, sequence);
}

/* Name of a kind of event and of its two values ("" for a value without meaning). */
const char *trace_text(u64 kind);
const char *trace_name_a(u64 kind);
const char *trace_name_b(u64 kind);

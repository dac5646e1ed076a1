/*
 * The bench program: how many instructions the kernel's paths take, from ring 3 to ring 3.
 *
 * The main thread is the urgent one: it answers calls, waits for its event and for an interrupt,
 * and handles faults, while a thread of low priority in a second space does what is measured.
 * Prints `bench NAME VALUE instructions` lines on a console, and at last `bench done`.
 *
 * Grants: service `console`, `hpet` (for a timer that nobody else uses), and the right to make
 * shares.
 */
#include "other.h"
#include "second.h"

#include <runtime/console.h>
#include <runtime/hpet.h>
#include <runtime/map.h>
#include <runtime/print.h>
#include <runtime/slots.h>
#include <runtime/start.h>
#include <runtime/syscall.h>

#define RESULTS         8u
#define INTERRUPTS      200u
#define INTERRUPT_TICKS 3001u /* of the HPET, between two interrupts: no multiple of anything */

/* The functions that measure are kept apart, so that each has the registers for itself. */
#define separate __attribute__((noinline))

static struct shared *shared;
static u32 endpoint;

static struct {
    const char *name;
    u64 best;
} results[RESULTS];
static unsigned result_count;

/* Notes the result of a measurement. All are printed at the end, so that the console is quiet
 * before. */
static void measure_end(const char *name)
{
    results[result_count].name = name;
    results[result_count].best = shared->best;
    result_count++;
}

static void report(void)
{
    for (unsigned i = 0; i < result_count; i++)
        console_print("bench %s %lu instructions\n", results[i].name, results[i].best);
    console_print("bench done\n");
}

/* An answer from the thread that was not to be expected: its fault, most likely. By value: a
 * message whose address is known to nobody stays in registers. */
_Noreturn static void surprise(struct message m)
{
    panic("bench: unexpected message %lx %lx %lx %lx", m.word[0], m.word[1], m.word[2], m.word[3]);
}

/* Measures what the thread does by itself. */
static void measure_alone(const char *name, void (*function)(struct shared *shared))
{
    struct message m;
    measure_begin(shared);
    u32 thread = second_start(function, shared, endpoint);
    must(ipc_wait(endpoint, 0, &m, 0));
    if (m.word[0] != OTHER_DONE)
        surprise(m);
    second_end(thread);
    measure_end(name);
}

/* The server that the call is made to looks at word 0, as every server does, and answers the
 * same words. */
separate static void measure_calls(void)
{
    struct message m;
    measure_begin(shared);
    u32 thread = second_start(other_calls, shared, endpoint);
    status got = ipc_wait(endpoint, 0, &m, 0);
    while (got >= 0 && m.word[0] == OTHER_ECHO)
        got = ipc_reply_wait(endpoint, &m, 0);
    must(got);
    if (m.word[0] != OTHER_DONE)
        surprise(m);
    second_end(thread);
    measure_end("ipc_roundtrip");
}

separate static void measure_events(void)
{
    struct message m;
    measure_begin(shared);
    u32 thread = second_start(other_raises, shared, endpoint);
    for (;;) {
        status got = ipc_wait(endpoint, 0, &m, 0);
        u64 ticks = round_ticks(shared);
        if (must(got) & WAIT_MESSAGE)
            break;
        if (m.events & OTHER_RAISES)
            measured(shared, ticks);
    }
    if (m.word[0] != OTHER_DONE)
        surprise(m);
    second_end(thread);
    measure_end("event_wake");
}

/* The thread looks at the clock all the time; the interrupt takes the CPU from it. */
separate static void measure_interrupts(void)
{
    struct message m;
    struct hpet hpet;
    const struct grant *irq = hpet_granted(&hpet, false);
    if (!irq) {
        print("bench: irq_wake is left out\n");
        return;
    }
    measure_begin(shared);
    u32 thread = second_start(other_spins, shared, endpoint);
    u64 bit = 1ul << irq->value[0];
    for (unsigned i = 0; i < INTERRUPTS; i++) {
        hpet_arm(&hpet, hpet_ticks(&hpet) + INTERRUPT_TICKS);
        status got = ipc_wait(endpoint, 0, &m, 0);
        u64 ticks = round_ticks(shared);
        if (must(got) & WAIT_MESSAGE)
            surprise(m);
        if (!(m.events & bit))
            continue;
        measured(shared, ticks);
        hpet_interrupt(&hpet);
        must(irq_ack(irq->slot));
    }
    second_end(thread);
    measure_end("irq_wake");
}

/* What the handler does about the fault is not counted: only the way to it and back is. */
separate static void measure_faults(void)
{
    struct message m;
    measure_begin(shared);
    u32 thread = second_start(other_faults, shared, endpoint);
    status got = ipc_wait(endpoint, 0, &m, 0);
    while (got >= 0 && m.word[0] != OTHER_DONE) {
        u64 from = tsc();
        u64 page = (m.word[1] - FAULT_ADDRESS) / PAGE_SIZE;
        if (page >= FAULT_PAGES)
            surprise(m);
        second_fault_in(page);
        m.word[0] = FAULT_RESUME;
        shared->handler = tsc() - from + shared->overhead;
        got = ipc_reply_wait(endpoint, &m, 0);
    }
    must(got);
    second_end(thread);
    measure_end("fault_roundtrip");
}

/* Between two looks at the clock there are a few instructions that belong to the looking. */
static void measure_overhead(void)
{
    shared->overhead = 0;
    measure_begin(shared);
    for (unsigned i = 0; i < ROUNDS; i++) {
        round_begin(shared);
        measured(shared, round_ticks(shared));
    }
    shared->overhead = shared->best;
}

int main(void)
{
    u32 memory = slot_allocate();
    endpoint = slot_allocate();
    must(memory_create(SLOT_POOL, memory, 1, 0));
    must(memory_commit_all(memory, 0, 1));
    shared = map_memory(memory, 0, 1, RIGHT_READ | RIGHT_WRITE);
    must(endpoint_create(SLOT_POOL, endpoint));
    must(console_open("console"));
    second_create(memory, shared);
    second_give(OTHER_ENDPOINT, endpoint, RIGHT_CALL);
    second_give(OTHER_EVENT, SLOT_EVENT, RIGHT_RAISE);

    measure_overhead();
    measure_alone("syscall_null", other_null);
    measure_calls();
    measure_events();
    measure_interrupts();
    measure_faults();
    report();
    return 0;
}

/*
 * Threads that go in and out of the kernel by all ways, for tests/system/test_entry.py, which looks
 * at the machine with a debugger meanwhile and breaks what they return to. loops.asm has what they
 * do. This thread receives their faults: those that they mean go on; after any other the thread
 * begins anew, and the log says so.
 */
#include <runtime/print.h>
#include <runtime/start.h>
#include <runtime/syscall.h>
#include <service/root.h>

#define VECTOR_DEBUG      1u
#define VECTOR_BREAKPOINT 3u
#define VECTOR_INVALID    6u
#define UD2_BYTES         2u
#define STACK_BYTES       1024

/* Slots; the first three as in loops.asm. Thread number n has those from SLOT_THREADS + 4 * n. */
enum { SLOT_ECHO = SLOT_FREE, SLOT_BELL, SLOT_CHIME, SLOT_FAULTS, SLOT_THREADS = 64 };
enum { OF_THREAD, OF_SHARE, OF_FAULTS, SLOTS_EACH = 4 };

void worker(void), rival(void), echo(void), sleeper(void), listener(void);

static const struct {
    const char *name;
    void (*run)(void);
    u64 priority;
} threads[] = {
    {"worker", worker, 4},
    {"rival", rival, 4},
    {"echo", echo, 5},
    {"sleeper", sleeper, 6},
    {"listener", listener, 6},
};

static u8 stacks[array_count(threads)][STACK_BYTES] __attribute__((aligned(16)));

static void must(status result, const char *what)
{
    if (result < 0)
        panic("%s: %s", what, error_text(status_code(result)));
}

static u32 slot_of(u64 thread, u32 what)
{
    return SLOT_THREADS + SLOTS_EACH * (u32)thread + what;
}

static void begin(u64 thread)
{
    struct thread_registers registers = {
        .rip = (u64)threads[thread].run,
        .rsp = (u64)stacks[thread] + STACK_BYTES,
    };
    must(thread_write(slot_of(thread, OF_THREAD), &registers), "registers");
    must(thread_resume(slot_of(thread, OF_THREAD)), "resuming");
}

static void make(u64 thread)
{
    u32 slot = slot_of(thread, OF_THREAD), share = slot_of(thread, OF_SHARE);
    u32 faults = slot_of(thread, OF_FAULTS);
    must(cap_copy(SLOT_SPACE, faults, SLOT_FAULTS, RIGHT_CALL, thread), "a badge");
    must(share_create(SLOT_POOL, share, threads[thread].priority, 100, 0), "a share");
    must(thread_create(SLOT_POOL, slot, SLOT_SPACE, share, faults, 0), "a thread");
}

/* Behind the UD2, with all registers as they are. */
static void skip(u64 thread)
{
    struct thread_registers registers;
    must(thread_read(slot_of(thread, OF_THREAD), &registers), "registers");
    registers.rip += UD2_BYTES;
    must(thread_write(slot_of(thread, OF_THREAD), &registers), "registers");
    must(thread_resume(slot_of(thread, OF_THREAD)), "resuming");
}

/* The caller in `m` has faulted. */
static void fault(const struct message *m)
{
    static const struct message resume = {.word = {FAULT_RESUME}}, stay = {0};
    unsigned vector = FAULT_VECTOR(m->word[0]);
    bool meant = vector == VECTOR_DEBUG || vector == VECTOR_BREAKPOINT;
    must(ipc_reply(meant ? &resume : &stay, 0), "replying");
    if (meant)
        return;
    if (vector == VECTOR_INVALID) {
        skip(m->badge);
        return;
    }
    print("%s: fault %u, code %x, at %lx\n", threads[m->badge].name, vector, FAULT_CODE(m->word[0]),
          m->word[2]);
    begin(m->badge);
}

int main(void)
{
    struct message m = {.word = {ROOT_READY}};
    must(endpoint_create(SLOT_POOL, SLOT_ECHO), "an endpoint");
    must(endpoint_create(SLOT_POOL, SLOT_FAULTS), "an endpoint");
    must(event_create(SLOT_POOL, SLOT_BELL), "an event");
    must(event_create(SLOT_POOL, SLOT_CHIME), "an event");
    for (u64 i = 0; i < array_count(threads); i++)
        make(i);
    must(event_bind(SLOT_BELL, slot_of(3, OF_THREAD)), "binding");
    must(event_bind(SLOT_CHIME, slot_of(4, OF_THREAD)), "binding");
    for (u64 i = 0; i < array_count(threads); i++)
        begin(i);
    must(ipc_call(SLOT_ROOT, &m, 0), "calling root");
    for (;;) {
        must(ipc_wait(SLOT_FAULTS, 0, &m, 0), "waiting");
        fault(&m);
    }
}

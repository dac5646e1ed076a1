/*
 * The fuzzer's loop. Arguments of the program: `seed N` and `calls N`. Prints a table of what came
 * of the calls, and at last `syscall-fuzz: passed` or why not; leaves QEMU with 0x10 or 0x11.
 *
 * Grants: `machine`, and the right to make shares. Nobody else should use the serial port, or need
 * the machine's alarm.
 */
#include <base/parse.h>
#include <runtime/start.h>
#include <runtime/syscall.h>

#include "fuzz.h"

#define ROUND 4096 /* calls between the beginning of a world and its end */

struct counts counts;
struct random random;
u32 machine;
u64 highest;

static bool answering; /* a caller waits for our reply */

/* The number after a word of our arguments. */
static u64 option(const char *name, u64 value)
{
    struct slice word, rest = slice_of(start->arguments);
    while (slice_next_word(&rest, &word)) {
        bool found = slice_equal(word, name);
        if (found && (!slice_next_word(&rest, &word) || parse_number(word, &value) != PARSE_OK))
            fail("arguments: '%s' needs a number", name);
    }
    return value;
}

/* A result that no call may have. */
static void check_result(const struct attempt *attempt, status result)
{
    bool known = attempt->number < SYSCALLS;
    if (!known && result != status_error(ERR_SYSCALL, 0))
        fail("system call 0x%lx, which is none, returned %ld", attempt->number, result);
    if (result >= 0)
        return;
    enum error code = status_code(result);
    unsigned argument = status_argument(result);
    if (code == ERR_NONE || code >= ERR_COUNT || argument > 6 || (u64)-result >> 16)
        fail("system call %lu returned %ld, which is no status", attempt->number, result);
    if (known && code == ERR_SYSCALL)
        fail("%s is not known to the kernel", calls[attempt->number].name);
    unsigned count = 0;
    while (known && calls[attempt->number].arguments[count])
        count++;
    if (argument > count)
        fail("%s blames argument %u", calls[attempt->number].name, argument);
}

/* Did the call get past its checks? An I/O APIC that is known already, or is none, is refused by
 * what was found at its address: that is as far as most of these calls can get. */
static bool has_passed(const struct attempt *attempt, status result)
{
    bool refused_by_hardware =
        attempt->number == SYS_MACHINE_IOAPIC && status_code(result) == ERR_ABSENT;
    return result >= 0 || refused_by_hardware;
}

status attempt_make(const struct attempt *attempt)
{
    const u64 *a = attempt->argument;
    guard_endpoint = a[0];
    status result = syscall_6(attempt->number, a[0], a[1], a[2], a[3], a[4], a[5]);
    counts.total++;
    check_result(attempt, result);
    if (result < 0)
        counts.errors[status_code(result)]++;
    if (attempt->number >= SYSCALLS) {
        counts.unknown++;
        return result;
    }
    counts.tries[attempt->number]++;
    counts.passed[attempt->number] += has_passed(attempt, result);
    if (result >= 0)
        world_note(attempt);
    return result;
}

static u64 rarest_call(void)
{
    u64 rarest = SYS_NULL;
    for (u64 i = 0; i < SYSCALLS; i++) {
        if (i != SYS_MACHINE_PANIC && counts.passed[i] < counts.passed[rarest])
            rarest = i;
    }
    /* There is nothing to reply to: first somebody has to call. */
    return rarest == SYS_REPLY && !answering ? (one_in(4) ? SYS_THREAD_RESUME : SYS_WAIT) : rarest;
}

/* A number that no call has; some are one in their lower half. */
static u64 unknown_number(void)
{
    switch (below(3)) {
    case 0:
        return SYSCALLS + below(64);
    case 1:
        return below(SYSCALLS) | 1ul << (32 + below(32));
    default:
        return random_next(&random) | 1ul << 63;
    }
}

static u64 choose_call(void)
{
    if (answering && one_in(2))
        return one_in(2) ? SYS_REPLY : one_in(2) ? SYS_REPLY_WAIT : SYS_REPLY_WAIT_CAPS;
    if (world_filled() > WORLD_COUNT * 3 / 4 && one_in(2))
        return one_in(2) ? SYS_OBJECT_DESTROY : SYS_CAP_DROP;
    if (one_in(64))
        return unknown_number();
    return one_in(3) ? rarest_call() : below(SYSCALLS);
}

static void make_random_call(void)
{
    struct attempt attempt = {.number = choose_call()};
    choose_arguments(&attempt);
    status result = attempt_make(&attempt);
    bool receives = attempt.number == SYS_WAIT || attempt.number == SYS_REPLY_WAIT ||
                    attempt.number == SYS_REPLY_WAIT_CAPS || attempt.number == SYS_RAISE_WAIT;
    if (receives && result >= 0)
        answering = result & WAIT_MESSAGE;
    else if (attempt.number == SYS_REPLY && result >= 0)
        answering = false;
}

static void find_machine(void)
{
    const struct grant *grant = grant_find(GRANT_DEVICE, "machine");
    if (!grant)
        __builtin_trap(); /* it could not even say so */
    machine = grant->slot;
    serial_open();
}

int main(void)
{
    struct pool_info pool;
    find_machine();
    u64 seed = option("seed", 1), wanted = option("calls", 100000);
    serial_print("\nsyscall-fuzz: seed %lu, %lu calls\n", seed, wanted);
    random_init(&random, seed);
    if (pool_info(SLOT_POOL, &pool) < 0)
        fail("our pool does not tell about itself");
    highest = pool.highest_priority;
    guard_start();
    world_prepare();
    u64 rounds = 0;
    for (; counts.total < wanted; rounds++) {
        world_make();
        for (u64 end = counts.total + ROUND; counts.total < end && !world_lost;) {
            make_random_call();
            if (one_in(4))
                world_look();
        }
        answering = false;
        world_end();
    }
    bool enough = report();
    serial_print("%lu calls in %lu rounds, each with all memory back at its end; %lu rescues\n",
                 counts.total, rounds, guard_rescues);
    if (!enough)
        fail("a call has not succeeded, or an error was not seen, often enough");
    serial_print("syscall-fuzz: passed\n");
    leave(true);
}

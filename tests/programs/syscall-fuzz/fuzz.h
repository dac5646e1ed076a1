/*
 * The system-call fuzzer: what its parts share.
 *
 * One thread, the fuzzer, makes random system calls (main.c), with arguments that are nearly right
 * (choose.c) by what calls.c says of each call. It plays in a world (world.c): a pool, and a range
 * of slots that name objects made from it. Other threads of that world (helpers.asm) call, answer,
 * wait, fault and destroy meanwhile. Where everybody waits for everybody, a thread of the lowest
 * priority gets to run and sets the fuzzer free (guard.c).
 *
 * What may not be hit by chance is out of reach: our own slots are only used in ways
 * that their rights or choose.c make harmless, and ports and configuration registers are picked
 * from lists.
 */
#pragma once
#include <abi/error.h>
#include <abi/start.h>
#include <abi/syscall.h>
#include <base/random.h>

enum slot {
    WORLD_FIRST = 56, /* the slots that anything may happen to; the first are those of fast IPC */
    CHAIN_FIRST = 64,
    WORLD_COUNT = 192,
    WORLD_END = WORLD_FIRST + WORLD_COUNT,
    WORLD_POOL = 256, /* everything of the world is charged to it */
    SERIAL_SLOT,      /* the serial port, for the report */
    EXIT_SLOT,        /* QEMU's isa-debug-exit */
    GUARD_SHARE,
    GUARD_THREAD,
    OWN_END
};

/* Is this one of those that the world may not touch? */
static inline bool slot_is_own(u64 slot)
{
    return slot < WORLD_FIRST || (slot >= WORLD_POOL && slot < OWN_END);
}

/* Pools inside each other, down to POOL_DEPTH_LIMIT: root's, ours and the world's are above. */
#define CHAIN_COUNT  (POOL_DEPTH_LIMIT - 3)
#define DEEPEST_POOL (CHAIN_FIRST + CHAIN_COUNT - 1)

/* Where memory is mapped, in our own space and others: AREAS places, some pages apart from each
 * other. */
#define AREA_FIRST 0x0000004000000000ul
#define AREA_STEP  (2 * LARGE_SIZE)
#define AREAS      64ul

#define SYSCALLS SYSCALL_COUNT

/* A system call: its name, and a letter for each argument that says what it means to choose.c. */
struct call {
    const char *name;
    const char *arguments;
};
extern const struct call calls[SYSCALLS];

/* What came of the calls. */
struct counts {
    u64 tries[SYSCALLS], passed[SYSCALLS];
    u64 unknown; /* calls with numbers that no call has */
    u64 errors[ERR_COUNT];
    u64 total;
};
extern struct counts counts;

extern struct random random;
extern u32 machine; /* the slot with all hardware */
extern u64 highest; /* our priority, and the highest of the world's shares */

/* choose.c: arguments for a call of this number. */
struct attempt {
    u64 number;
    u64 argument[6];
};
void choose_arguments(struct attempt *attempt);

/* What the slots of the world hold, as far as is known: enum object_type, or SLOT_DYING. */
#define SLOT_DYING 0xff
u8 *world_kind(u64 slot);
u64 world_filled(void);

/* Takes notice of a call that succeeded. */
void world_note(const struct attempt *attempt);

/* Looks again what the next slot holds. */
void world_look(void);

/* The last successful calls of some kinds, so that others can refer to them. */
#define RECENT 8u
struct recent {
    u64 argument[RECENT][6];
    u32 next;
};
extern struct recent recent_maps, recent_dma;
const u64 *recent_pick(const struct recent *recent);

/* world.c: the beginning and the end of a round. The end checks that all memory is back. */
void world_prepare(void);
void world_make(void);
void world_end(void);

/* main.c: makes a call and counts it. */
status attempt_make(const struct attempt *attempt);

/* guard.c */
void guard_start(void);
extern volatile u64 guard_endpoint; /* the slot that the fuzzer calls */
extern volatile bool world_lost;    /* the guard had to destroy the world */
extern u64 guard_rescues;

/* helpers.asm: what the world's threads run. None of them uses a stack, so any two may share one.
 * r12: a slot to begin with, r13: random state, r15: how much it does before it faults. */
#define HELPERS 6u
extern const u64 helper_entries[HELPERS];

/* report.c */
void serial_open(void);
__attribute__((format(printf, 1, 2))) void serial_print(const char *text, ...);
bool report(void);

/* Says what is wrong, and ends the machine. */
__attribute__((format(printf, 1, 2))) _Noreturn void fail(const char *text, ...);
_Noreturn void leave(bool passed);

/* A number below `limit`. */
static inline u64 below(u64 limit)
{
    return random_below(&random, limit);
}

static inline bool one_in(u64 n)
{
    return below(n) == 0;
}

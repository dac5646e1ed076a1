/*
 * What each test starts with and leaves behind: a pool of its own, slots, helper threads, other
 * spaces.
 *
 * When a test is over its pool is destroyed, in whatever state the test has left it, and the
 * account of the pool around it must be what it was before: so every test is a test of
 * destruction, too.
 */
#pragma once
#include <abi/info.h>
#include <abi/start.h>
#include <base/types.h>
#include <runtime/syscall.h>

enum world_slot {
    SLOT_FAST =
        SLOT_FREE, /* through the slots from here to SLOTS_FAST IPC and events are quickest */
    SLOT_MACHINE = SLOTS_FAST,
    SLOT_UART,
    SLOT_EXIT,
    SLOT_TEST_POOL, /* of the test that runs */
    SLOT_FIRST      /* slots from here on are emptied after each test */
};
#define SLOT_LAST 1500u

#define TEST_PAGES    6000ul /* of a test's pool: three large pages can be had for certain */
#define TEST_PRIORITY 13u    /* the highest of its shares, and the main thread's own */
#define WINDOW        0x0000002000000000ul /* tests map what they like from here... */
#define WINDOW_END    0x0000003000000000ul /* ...to here */

/* What must not change when a call is refused. */
struct world_account {
    struct pool_info test, server;
};
void world_account(struct world_account *account);

/* Do endpoints, events and copies go into the fast slots, as long as there are any? (The first of
 * those is left for tests to use.) Every test runs with and without. */
extern bool world_fast;

void world_open(void);
void world_begin(void);
void world_end(void);

/* An empty slot, for the rest of the test. */
u32 new_slot(void);

/* Objects, made of the test's pool, in new slots. */
u32 new_pool(u64 pages);
u32 new_memory(u64 pages);    /* nothing committed */
u32 new_committed(u64 pages); /* all committed */
u32 new_space(void);
u32 new_image_space(void); /* shows this program, its data shared, with its stacks */
u32 new_share(u32 priority);
u32 new_endpoint(void);
u32 new_event(void);
u32 copy_of(u32 slot, u64 rights, u64 badge);

/* Maps committed memory in our own space at an address in the window, and returns that. */
void *show(u32 memory, u64 pages, u64 rights);
/* Removes all that a test has mapped at the addresses show() gave. */
void hide(void *address);

/*
 * Helper threads run a function of this program with one argument, in our own space or in one made
 * by new_image_space (with the slots of that one). When the function returns the thread is stopped.
 */
struct helper {
    void (*run)(u64 argument);
    u64 argument;
    u32 share, space; /* SLOT_NONE: new share of priority 5; our own space */
    u32 pool;         /* SLOT_NONE: the test's */
    u32 fault;        /* endpoint, or SLOT_NONE */
    u64 flags;
};
#define HELPERS         64
#define HELPER_PRIORITY 5u

/* Makes and starts it; the slot of the thread. */
u32 helper(struct helper wanted);
u32 help(void (*run)(u64 argument), u64 argument); /* the same with all defaults */
u32 help_at(u32 priority, void (*run)(u64 argument), u64 argument);
/* Makes it, registers written, without starting it. */
u32 helper_stopped(struct helper wanted);

/* Helpers leave words here for the main thread to look at. Zeroed before each test. */
struct board {
    u64 word[64];
    status result[32];
    u64 count[16];
};
extern volatile struct board board;

/* Ends helpers: never comes back. */
_Noreturn void helper_end(void);

/* How many helpers' functions have returned in this test. */
extern volatile u64 helpers_done;

/* Lets all others run for so long. The main thread's only. */
void pause_us(u64 us);

/* Waits until a condition holds; ends the test if that takes more than five seconds. */
#define eventually(condition)                                                                      \
    do {                                                                                           \
        for (unsigned waited_ms = 0; !(condition); waited_ms++) {                                  \
            if (waited_ms > 5000)                                                                  \
                must_be(!"comes within five seconds: " #condition);                                \
            pause_us(1000);                                                                        \
        }                                                                                          \
    } while (0)

/* State of a thread. */
u64 state_of(u32 thread);
#define is_in_state(thread, wanted) (state_of(thread) == (wanted))

/* Info, where it cannot fail. */
struct thread_info thread_facts(u32 thread);
struct pool_info pool_facts(u32 pool);
struct memory_info memory_facts(u32 memory);
struct share_info share_facts(u32 share);
struct machine_info machine_facts(void);

/* Is there a capability in this slot of ours? */
bool slot_in_use(u32 slot);

/* System calls by number, for arguments that no stub would let through. */
static inline status raw(u64 number, u64 a, u64 b, u64 c, u64 d, u64 e, u64 f)
{
    return syscall_6(number, a, b, c, d, e, f);
}

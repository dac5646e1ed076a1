/*
 * What runs in the second space. Nothing here may use the runtime's state or the log: this is a
 * copy of the program's image with slots of its own.
 */
#include "other.h"

#include <runtime/syscall.h>

/* Errors have nobody to go to but the main thread, by a fault that it does not expect. */
static void must(status result)
{
    if (result < 0)
        __builtin_trap();
}

_Noreturn static void done(void)
{
    struct message m = {.word = {OTHER_DONE}};
    must(ipc_call(OTHER_ENDPOINT, &m, 0));
    __builtin_trap();
}

_Noreturn void other_null(struct shared *shared)
{
    for (unsigned i = 0; i < ROUNDS; i++) {
        round_begin(shared);
        status result = null_call();
        measured(shared, round_ticks(shared));
        must(result);
    }
    done();
}

_Noreturn void other_calls(struct shared *shared)
{
    struct message m = {.word = {OTHER_ECHO, 2, 3, 4}};
    for (unsigned i = 0; i < ROUNDS; i++) {
        round_begin(shared);
        status result = ipc_call(OTHER_ENDPOINT, &m, 0);
        measured(shared, round_ticks(shared));
        must(result);
    }
    if (m.word[0] != OTHER_ECHO || m.word[1] != 2 || m.word[2] != 3 || m.word[3] != 4)
        __builtin_trap();
    done();
}

_Noreturn void other_raises(struct shared *shared)
{
    for (unsigned i = 0; i < ROUNDS; i++) {
        round_begin(shared);
        status result = event_raise(OTHER_EVENT, OTHER_RAISES, 0);
        must(result);
    }
    done();
}

_Noreturn void other_spins(struct shared *shared)
{
    for (;;)
        round_begin(shared);
}

_Noreturn void other_faults(struct shared *shared)
{
    for (unsigned i = 0; i < FAULT_PAGES; i++) {
        volatile u8 *page = (volatile u8 *)(FAULT_ADDRESS + i * PAGE_SIZE);
        round_begin(shared);
        *page;
        measured(shared, round_ticks(shared) - shared->handler);
    }
    done();
}

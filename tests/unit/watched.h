/*
 * A page that sees who reads it: every instruction that touches it is noted, with its address, and
 * after each one the test may change the page, as a hostile peer on another processor would.
 *
 * The page is closed; an access faults, the handler opens the page for this one instruction (the
 * processor's trap flag), then closes it again. One page at a time, one thread.
 */
#pragma once
#include <signal.h>
#include <sys/mman.h>
#include <ucontext.h>

#include <abi/object.h>

#define WATCHED_MOST 256u

struct watched {
    u8 *page;
    u32 count;
    u16 at[WATCHED_MOST];      /* where in the page, in the order of the accesses */
    void (*after)(u16 offset); /* called after each, with the page open; may be NULL */
};

static struct watched watched;

static void watched_fault(int signal, siginfo_t *info, void *context)
{
    (void)signal;
    u64 offset = (u64)((u8 *)info->si_addr - watched.page);
    if (offset >= PAGE_SIZE || watched.count == WATCHED_MOST)
        abort();
    watched.at[watched.count++] = (u16)offset;
    mprotect(watched.page, PAGE_SIZE, PROT_READ | PROT_WRITE);
    ((ucontext_t *)context)->uc_mcontext.gregs[REG_EFL] |= 0x100;
}

static void watched_step(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)info;
    if (watched.after)
        watched.after(watched.at[watched.count - 1]);
    mprotect(watched.page, PAGE_SIZE, PROT_NONE);
    ((ucontext_t *)context)->uc_mcontext.gregs[REG_EFL] &= ~0x100l;
}

static inline void watched_begin(void *page, void (*after)(u16 offset))
{
    watched = (struct watched){.page = page, .after = after};
    struct sigaction action = {.sa_sigaction = watched_fault, .sa_flags = SA_SIGINFO};
    assert_int_equal(sigaction(SIGSEGV, &action, NULL), 0);
    action.sa_sigaction = watched_step;
    assert_int_equal(sigaction(SIGTRAP, &action, NULL), 0);
    assert_int_equal(mprotect(page, PAGE_SIZE, PROT_NONE), 0);
}

static inline void watched_end(void)
{
    assert_int_equal(mprotect(watched.page, PAGE_SIZE, PROT_READ | PROT_WRITE), 0);
    signal(SIGSEGV, SIG_DFL);
    signal(SIGTRAP, SIG_DFL);
}

/* No byte of the page was touched by two instructions. (All accesses are aligned, and of up to
 * `width` bytes.) */
static inline void watched_assert_once(u32 width)
{
    for (u32 i = 0; i < watched.count; i++)
        for (u32 j = 0; j < i; j++)
            if (watched.at[i] / width == watched.at[j] / width)
                fail_msg("offset %u of the page was touched twice: accesses %u and %u",
                         watched.at[i], j, i);
}

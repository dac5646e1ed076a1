/*
 * A machine for unit tests of the kernel's logic: physical memory, time, a processor that
 * cpu_this() finds, and panics that a test can expect.
 *
 * The kernel's sources are compiled as they are. Only memory/direct.h and cpu/asm.h are replaced by
 * those in host/, which lead here.
 */
#pragma once

#include "unit.h"

#include <asm/prctl.h>
#include <base/random.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cpu/cpu.h"
#include "memory/direct.h"
#include "memory/frames.h"

u8 *host_memory;
u64 host_tsc, host_cr3, host_cr3_loads;
struct cpu boot_cpu;

static jmp_buf panic_jump;
static bool panic_expected;

_Noreturn void panic(const char *text, ...)
{
    if (panic_expected)
        longjmp(panic_jump, 1);
    char message[256];
    va_list arguments;
    va_start(arguments, text);
    vsnprintf(message, sizeof(message), text, arguments);
    va_end(arguments);
    fail_msg("the kernel panics: %s", message);
    abort();
}

/* `expression` breaks an invariant. What it has done before stays done. */
#define expect_panic(expression)                                                                   \
    do {                                                                                           \
        panic_expected = true;                                                                     \
        if (!setjmp(panic_jump)) {                                                                 \
            expression;                                                                            \
            panic_expected = false;                                                                \
            fail_msg("no invariant is broken by %s", #expression);                                 \
        }                                                                                          \
        panic_expected = false;                                                                    \
    } while (0)

/* GS points to the processor, as in the kernel: nothing else uses it in a 64-bit program of
 * Linux. */
static inline struct cpu *host_cpu_init(void)
{
    memset(&boot_cpu, 0, sizeof(boot_cpu));
    boot_cpu.self = &boot_cpu;
    assert_int_equal(syscall(SYS_arch_prctl, ARCH_SET_GS, (unsigned long)&boot_cpu), 0);
    return &boot_cpu;
}

/* Physical memory of `pages` pages, of which all but the first are given to the frame allocator. */
static inline void host_memory_init(u64 pages)
{
    static void *table;
    u64 bytes = pages * PAGE_SIZE;
    free(host_memory);
    free(table);
    host_memory = aligned_alloc(LARGE_SIZE, align_up(bytes, LARGE_SIZE));
    table = malloc(frames_table_bytes(bytes));
    assert_non_null(host_memory);
    assert_non_null(table);
    memset(host_memory, 0xa5, bytes);
    frames_init(table, bytes);
    frames_give(PAGE_SIZE, pages - 1);
}

static inline void host_memory_end(void)
{
    host_memory_init(2);
}

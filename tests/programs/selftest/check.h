/*
 * Checking, in a program that tests the kernel from ring 3 and that may trust nothing else:
 * results go to the serial port directly, without any server.
 *
 * Each test is a function. A check that fails prints where, what was expected and what was seen;
 * the test counts as failed, and goes on, except after `must` and `must_be`, which end it.
 */
#pragma once
#include <abi/error.h>
#include <base/types.h>
#include <runtime/syscall.h>

struct test {
    const char *name;
    void (*run)(void);
};

/* Opens the serial port and the exit; needs the `machine` grant. */
void check_open(void);

/* Prints a line to the serial port. */
__attribute__((format(printf, 1, 2))) void say(const char *text, ...);

/* Runs, twice (world_fast), the tests whose names begin with one of the words in `only`; without
 * words, all. A word after a '-' leaves tests out. */
void check_run(const struct test *tests, usize count, const char *only);

/* Prints the last line and leaves QEMU. */
_Noreturn void check_end(void);

/* Two words have to be the same. True if they are. */
#define same(seen, expected) check_same(__FILE__, __LINE__, #seen, (u64)(seen), (u64)(expected))
bool check_same(const char *file, int line, const char *what, u64 seen, u64 expected);

/* A word has to lie between two others, both included. */
#define between(seen, least, most)                                                                 \
    check_between(__FILE__, __LINE__, #seen, (u64)(seen), (u64)(least), (u64)(most))
bool check_between(const char *file, int line, const char *what, u64 seen, u64 least, u64 most);

/* A condition has to hold; without it the rest of the test makes no sense. */
#define must_be(condition) check_must_be(__FILE__, __LINE__, #condition, (condition))
void check_must_be(const char *file, int line, const char *what, bool holds);

/* A system call has to work, or the rest of the test makes no sense. Its result. */
#define must(call) check_must(__FILE__, __LINE__, #call, (call))
status check_must(const char *file, int line, const char *what, status result);

/* A system call has to fail in just this way, and to change nothing. */
#define refused(call, code, argument)                                                              \
    (check_before(), check_refused(__FILE__, __LINE__, #call, (call), code, argument))
void check_before(void);
bool check_refused(const char *file, int line, const char *what, status result, enum error code,
                   unsigned argument);

/* Has a status this error code, whatever argument it blames? */
#define failed_with(call, code) same(status_code(call), code)

/* A failure in words. */
void check_fail(const char *file, int line, const char *what, const char *expected,
                const char *seen);

/*
 * Counting what held and what did not, in a test program that runs in ring 3: each failure is a
 * line in its log, with the place.
 */
#pragma once
#include <runtime/print.h>

static unsigned checks, failures;

static void check_at(bool holds, const char *what, int line)
{
    checks++;
    if (holds)
        return;
    failures++;
    print("line %d: not so: %s\n", line, what);
}

#define check(condition) check_at(condition, #condition, __LINE__)

/* Ends a line of the log that a test waits for; starts counting anew. */
static void check_report(void)
{
    print(": %u checks, %u failed\n", checks, failures);
    checks = 0;
    failures = 0;
}

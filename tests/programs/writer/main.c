/*
 * Writes to its console without end, lines that are numbered, so that the console server has
 * something to do. Its log says every so often how many.
 */
#include <runtime/console.h>
#include <runtime/print.h>
#include <runtime/syscall.h>

#define REPORT_EVERY 1000u

int main(void)
{
    status opened = console_open("console");
    if (opened < 0)
        panic("writer: FAILED: no console: %s", error_text(status_code(opened)));
    for (u64 lines = 1;; lines++) {
        console_print("line %lu: the quick brown fox jumps over the lazy dog\n", lines);
        if (lines % REPORT_EVERY == 0)
            print("writer: %lu lines\n", lines);
    }
}

/*
 * The kernel's self test: a program in ring 3 that tries everything that the kernel's interface
 * promises (libpv/include/ABI.md), and everything that it forbids.
 *
 * It trusts neither the kernel nor any server: it makes its own serial port of the `machine`
 * grant, prints
 *
 *     selftest: NAME ok
 *     selftest: NAME FAILED FILE:LINE expected X saw Y in WHAT
 *     selftest: N passed, N failed
 *
 * and leaves QEMU with 0 or 1. Its arguments, in the boot configuration: the beginning of the
 * names of tests to run (all), or `nmi` for the other half of tests/system/test_selftest.py's
 * test_nmi.
 */
#include "check.h"
#include "tests.h"
#include "world.h"

#include <base/string.h>
#include <runtime/start.h>

static const struct test tests[] = {
#define X(file, name) {#file "/" #name, file##_##name},
    TEST_LIST(X)
#undef X
};

int main(void)
{
    check_open();
    world_open();
    check_run(tests, array_count(tests), start->arguments);
    check_end();
}

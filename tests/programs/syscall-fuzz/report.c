/* What the fuzzer says, on a serial port of its own, and how it ends the machine. */
#include <base/format.h>
#include <drivers/device.h>
#include <runtime/syscall.h>

#include "fuzz.h"

#define COM1        0x3f8
#define LINE_STATUS 5
#define LINE_EMPTY  0x20
#define EXIT_PORT   0xf4
#define EXIT_PASSED 0x10
#define EXIT_FAILED 0x11
#define ENOUGH      100 /* what each call and each error must reach */

void serial_open(void)
{
    if (device_create(machine, SLOT_POOL, SERIAL_SLOT, DEVICE_PORTS, COM1, 8) < 0 ||
        device_create(machine, SLOT_POOL, EXIT_SLOT, DEVICE_PORTS, EXIT_PORT, 4) < 0)
        __builtin_trap();
}

static void serial_byte(char byte)
{
    while (!(device_in(SERIAL_SLOT, LINE_STATUS, 1) & LINE_EMPTY))
        ;
    ignore_status(device_out(SERIAL_SLOT, 0, 1, (u8)byte)); /* nobody else could be told */
}

static void serial_write(struct sink *sink, const char *bytes, usize length)
{
    (void)sink;
    for (usize i = 0; i < length; i++) {
        if (bytes[i] == '\n')
            serial_byte('\r');
        serial_byte(bytes[i]);
    }
}

static struct sink serial = {serial_write};

void serial_print(const char *text, ...)
{
    va_list arguments;
    va_start(arguments, text);
    format_list(&serial, text, arguments);
    va_end(arguments);
}

_Noreturn void leave(bool passed)
{
    ignore_status(device_out(EXIT_SLOT, 0, 1, passed ? EXIT_PASSED : EXIT_FAILED));
    for (;;) /* outside QEMU, or without its device */
        __builtin_trap();
}

_Noreturn void fail(const char *text, ...)
{
    va_list arguments;
    va_start(arguments, text);
    serial_print("\nsyscall-fuzz: FAILED after %lu calls: ", counts.total);
    format_list(&serial, text, arguments);
    va_end(arguments);
    serial_print("\n");
    leave(false);
}

bool report(void)
{
    bool enough = true;
    serial_print("%-26s %8s %8s\n", "system call", "made", "passed");
    for (u64 i = 0; i < SYSCALLS; i++) {
        bool few = counts.passed[i] < ENOUGH && i != SYS_MACHINE_PANIC;
        serial_print("%-26s %8lu %8lu%s\n", calls[i].name, counts.tries[i], counts.passed[i],
                     few ? "  too few" : "");
        enough &= !few;
    }
    serial_print("%-26s %8lu\n\n%-26s %8s\n", "(numbers of no call)", counts.unknown, "error",
                 "seen");
#define X(name, number, text)                                                                      \
    serial_print("%-26s %8lu%s\n", #name, counts.errors[name],                                     \
                 counts.errors[name] < ENOUGH ? "  too few" : "");                                 \
    enough &= counts.errors[name] >= ENOUGH;
    ERROR_LIST(X)
#undef X
    return enough;
}

/*
 * Root's two voices: the system log, which the console server shows, and the kernel's panic, for
 * when there is nobody yet who could show anything.
 */
#include <base/format.h>
#include <runtime/print.h>
#include <runtime/start.h>
#include <runtime/syscall.h>

#include "root.h"

#define LOG_SIZE   (16ul << 10)
#define DIE_SIZE   640
#define LOG_WINDOW 1000000ul /* ns: several lines in a row wake the listeners once */
#define LISTENERS  8

static u32 listeners[LISTENERS];
static u32 listener_count;

static void tell_listeners(void)
{
    for (u32 i = 0; i < listener_count; i++) {
        /* Where the listener died the slot is empty: its successor listens again, and looks. */
        ignore_status(event_raise(listeners[i], EVENT_SYSTEM_LOG, LOG_WINDOW));
    }
}

void say_listen(u32 event_slot)
{
    for (u32 i = 0; i < listener_count; i++) {
        if (listeners[i] == event_slot)
            return;
    }
    if (listener_count < LISTENERS)
        listeners[listener_count++] = event_slot;
}

void say_start(void)
{
    u64 pages = LOG_SIZE / PAGE_SIZE;
    must(memory_create(BOOT_SLOT_POOL, ROOT_SLOT_LOG, pages, 0), "making the system log");
    must(memory_commit_all(ROOT_SLOT_LOG, 0, pages), "making the system log");
    must(space_map(BOOT_SLOT_SPACE, ROOT_SLOT_LOG, LOG_ADDRESS, 0, pages, RIGHT_READ | RIGHT_WRITE),
         "mapping the system log");
    must(space_populate_all(BOOT_SLOT_SPACE, LOG_ADDRESS, pages), "mapping the system log");
    must(cap_copy(BOOT_SLOT_SPACE, ROOT_SLOT_LOG_READ, ROOT_SLOT_LOG, RIGHT_READ, 0),
         "sharing the system log");
    root_start->log_size = LOG_SIZE;
    print_notify(tell_listeners);
}

void say(const char *text, ...)
{
    va_list arguments;
    va_start(arguments, text);
    print("root: ");
    print_list(text, arguments);
    print("\n");
    va_end(arguments);
}

_Noreturn void die(const char *text, ...)
{
    static char message[DIE_SIZE];
    va_list arguments;
    va_start(arguments, text);
    usize length = format_buffer(message, sizeof(message), "root: ");
    length += format_buffer_list(message + length, sizeof(message) - length, text, arguments);
    va_end(arguments);
    length = min(length, sizeof(message) - 1);
    while (length != 0 && machine_panic(BOOT_SLOT_MACHINE, message, length) < 0)
        length -= min(length, 16); /* too long for the kernel: its beginning says most */
    for (;;)                       /* not reached: the kernel stopped the machine */
        __builtin_trap();
}

void must(status result, const char *what)
{
    if (result < 0)
        die("%s failed: %s (argument %u)", what, error_text(status_code(result)),
            status_argument(result));
}

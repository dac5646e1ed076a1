/*
 * Saying what happened, and stopping; see panic.h. The message, then report.c's parts; all of it on
 * the serial port, as much as has room on the text screen.
 *
 * Printing is the last thing that this kernel does, so it may take the serial port and the screen
 * from the console server. A second panic, while the first is being printed, says one line and
 * stops: whatever it was about to look at is broken.
 */
#include <stdarg.h>

#include "boot/multiboot.h"
#include "cpu/asm.h"
#include "debug/panic.h"
#include "debug/report.h"
#include "debug/serial.h"
#include "memory/direct.h"
#include <base/format.h>

#define SCREEN_COLUMNS  80u
#define SCREEN_ROWS     25u
#define SCREEN_COLOR    0x1f00 /* white on blue */
#define DEBUG_EXIT_PORT 0xf4
#define DEBUG_EXIT_CODE 0x7f

static struct symbols symbols;
static bool leave_qemu;
static volatile u16 *screen;
static u32 cell; /* of the screen: where the next character goes */
static bool panicking;

static void screen_write(const char *bytes, usize length)
{
    for (usize i = 0; i < length && cell < SCREEN_COLUMNS * SCREEN_ROWS; i++) {
        if (bytes[i] == '\n') {
            cell = (cell / SCREEN_COLUMNS + 1) * SCREEN_COLUMNS;
        } else {
            screen[cell++] = SCREEN_COLOR | (u8)bytes[i];
        }
    }
}

static void screen_clear(void)
{
    for (u32 i = 0; i < SCREEN_COLUMNS * SCREEN_ROWS; i++) {
        screen[i] = SCREEN_COLOR | ' ';
    }
}

static void output(struct sink *sink, const char *bytes, usize length)
{
    (void)sink;
    serial_write(bytes, length);
    if (screen) {
        screen_write(bytes, length);
    }
}

static struct sink sink = {output};

_Noreturn static void stop(void)
{
    serial_finish();
    if (leave_qemu) {
        outb(DEBUG_EXIT_PORT, DEBUG_EXIT_CODE);
    }
    for (;;) {
        cli();
        hlt();
    }
}

/* Prints the message. Returns only in the first panic, for more to be printed. */
static void begin(const char *text, va_list arguments)
{
    cli();
    serial_init();
    if (panicking) {
        screen = NULL;
        format(&sink, "\npanic in a panic: ");
        format_list(&sink, text, arguments);
        format(&sink, "\n");
        stop();
    }
    panicking = true;
    if (screen) {
        screen_clear();
    }
    format(&sink, "\npanic: ");
    format_list(&sink, text, arguments);
    format(&sink, "\n");
}

void panic(const char *text, ...)
{
    va_list arguments;
    va_start(arguments, text);
    begin(text, arguments);
    va_end(arguments);
    report_processor(&sink);
    report_calls(&sink, &symbols, (u64)__builtin_frame_address(0));
    report_trace(&sink);
    stop();
}

void panic_with(const struct trap_frame *frame, const char *text, ...)
{
    va_list arguments;
    va_start(arguments, text);
    begin(text, arguments);
    va_end(arguments);
    report_processor(&sink);
    report_registers(&sink, frame);
    report_place(&sink, &symbols, frame->rip, frame->rsp);
    report_calls(&sink, &symbols, frame->rbp);
    report_trace(&sink);
    stop();
}

void panic_plain(const char *text, ...)
{
    va_list arguments;
    va_start(arguments, text);
    begin(text, arguments);
    va_end(arguments);
    stop();
}

void panic_init(const struct boot_facts *facts)
{
    const struct module *module = &facts->module[MODULE_SYMBOLS];
    leave_qemu = boot_option(facts, "panic=exit");
    if (module->size > 0) {
        (void)symbols_open(&symbols, phys_to_virt(module->start), module->size);
    }
}

void panic_set_screen(void *text_screen)
{
    screen = text_screen;
}

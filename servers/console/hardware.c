/*
 * Serial line, keyboard and screen of the console server. hardware.h has the contract.
 *
 * The grants are found by these names, which the boot configuration uses: ports and irq `uart`,
 * ports `keyboard-data` and `keyboard-status`, irq `keyboard`, screen `screen`, ports `crt`.
 */
#include "hardware.h"

#include <drivers/keyboard.h>
#include <drivers/ps2.h>
#include <runtime/map.h>
#include <runtime/print.h>
#include <runtime/start.h>
#include <runtime/syscall.h>

static struct ps2 ps2;
static struct keyboard keyboard;
static const struct grant *uart_irq, *keyboard_irq;
static union {
    struct screen_text text;
    struct screen_pixels pixels;
} screens;

enum screen_type { SCREEN_PIXELS = 1, SCREEN_TEXT = 2 }; /* multiboot2's framebuffer types */

static bool find_ports(const char *name, u64 least, struct ports *ports)
{
    const struct grant *grant = grant_find(GRANT_PORTS, name);
    if (!grant || grant->value[1] < least)
        return false;
    ports->handle = grant->slot;
    return true;
}

static void acknowledge(const struct grant *irq)
{
    if (irq_ack(irq->slot) < 0)
        print("interrupt '%s' cannot be acknowledged: no more input from there\n", irq->name);
}

/* --- the serial line -------------------------------------------------------------------------- */

static void start_uart(struct uart *uart)
{
    struct ports ports;
    uart_irq = grant_find(GRANT_IRQ, "uart");
    if (!uart_irq || !find_ports("uart", UART_PORTS, &ports))
        print("no serial line: the configuration grants no ports and irq 'uart'\n");
    else if (!uart_start(uart, ports))
        print("no serial line: nothing answers at its ports\n");
}

static void uart_input(struct consoles *consoles, struct uart *uart)
{
    char bytes[64];
    u64 overruns = uart->overruns;
    uart_interrupt(uart);
    for (usize count; (count = uart_read(uart, bytes, sizeof(bytes))) != 0;) {
        for (usize i = 0; i < count; i++)
            consoles_key(consoles, bytes[i]);
    }
    if (uart->overruns != overruns)
        display_write(consoles->display, "\a", 1);
}

/* --- the keyboard ----------------------------------------------------------------------------- */

static void start_keyboard(void)
{
    struct ports data, command;
    keyboard_irq = grant_find(GRANT_IRQ, "keyboard");
    if (!keyboard_irq || !find_ports("keyboard-data", 1, &data) ||
        !find_ports("keyboard-status", 1, &command))
        print("no keyboard: the configuration grants no ports 'keyboard-data' and "
              "'keyboard-status' and irq 'keyboard'\n");
    else if (!ps2_start(&ps2, data, command))
        print("no keyboard: the controller does not answer\n");
}

#define KEYS_AT_ONCE 64 /* more than the keyboard's own buffer has */

static void keyboard_input(struct consoles *consoles)
{
    char bytes[KEYBOARD_BYTES];
    int code;
    for (u32 i = 0; i < KEYS_AT_ONCE && (code = ps2_read(&ps2)) >= 0; i++) {
        usize count = keyboard_decode(&keyboard, (u8)code, bytes);
        for (usize j = 0; j < count; j++)
            consoles_key(consoles, bytes[j]);
    }
}

/* --- the screen ------------------------------------------------------------------------------- */

static struct screen *start_text(void *base, u64 bytes, u32 width, u32 height)
{
    struct ports crt;
    if (!screen_text_start(&screens.text, base, bytes, width, height))
        return NULL;
    if (find_ports("crt", 2, &crt))
        screen_text_hide_cursor(crt);
    return &screens.text.screen;
}

static struct screen *start_pixels(void *base, u64 bytes, const struct grant *grant)
{
    u64 colours = grant->value[4];
    struct pixel_format pixels = {
        .width = (u32)grant->value[0],
        .height = (u32)(grant->value[0] >> 32),
        .pitch = (u32)grant->value[1],
        .bits = (u32)(grant->value[1] >> 32),
        .red = {(u8)colours, (u8)(colours >> 8)},
        .green = {(u8)(colours >> 16), (u8)(colours >> 24)},
        .blue = {(u8)(colours >> 32), (u8)(colours >> 40)},
    };
    return screen_pixels_start(&screens.pixels, base, bytes, &pixels, TERMINAL_COLUMNS,
                               TERMINAL_ROWS)
               ? &screens.pixels.screen
               : NULL;
}

static void start_screen(struct terminal *terminal)
{
    const struct grant *grant = grant_find(GRANT_SCREEN, "screen");
    if (!grant)
        return; /* a machine need not have one */
    struct memory_info info;
    if (memory_info(grant->slot, &info) < 0)
        return;
    u8 *base = map_memory(grant->slot, 0, info.pages, RIGHT_READ | RIGHT_WRITE);
    u64 offset = grant->value[2];
    if (!base || offset >= info.pages * PAGE_SIZE)
        return;
    u64 bytes = info.pages * PAGE_SIZE - offset;
    struct screen *screen = NULL;
    if (grant->value[3] == SCREEN_TEXT)
        screen =
            start_text(base + offset, bytes, (u32)grant->value[0], (u32)(grant->value[0] >> 32));
    else if (grant->value[3] == SCREEN_PIXELS)
        screen = start_pixels(base + offset, bytes, grant);
    if (screen)
        terminal_start(terminal, screen);
    else
        print("no screen: its kind (%lu) or its format is not known\n", grant->value[3]);
}

void hardware_start(struct display *display)
{
    start_uart(&display->uart);
    start_screen(&display->terminal);
    start_keyboard();
}

void hardware_interrupt(struct consoles *consoles, u64 events)
{
    if (uart_irq && (events & 1ul << uart_irq->value[0])) {
        uart_input(consoles, &consoles->display->uart);
        acknowledge(uart_irq);
    }
    if (keyboard_irq && (events & 1ul << keyboard_irq->value[0])) {
        keyboard_input(consoles);
        acknowledge(keyboard_irq);
    }
}

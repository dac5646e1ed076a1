/*
 * Serial line and screen as one; display.h has the contract.
 */
#include "display.h"

static void write_sink(struct sink *sink, const char *bytes, usize length)
{
    display_write(container_of(sink, struct display, sink), bytes, length);
}

void display_init(struct display *display)
{
    display->sink.write = write_sink;
}

static void serial_write(struct display *display, const char *bytes, usize length)
{
    usize taken = uart_write(&display->uart, bytes, length);
    display->lost += length - taken;
}

void display_write(struct display *display, const char *bytes, usize length)
{
    terminal_write(&display->terminal, bytes, length);
    usize begin = 0;
    for (usize i = 0; i < length; i++) {
        if (bytes[i] != '\n')
            continue;
        serial_write(display, bytes + begin, i - begin);
        serial_write(display, "\r\n", 2);
        begin = i + 1;
    }
    serial_write(display, bytes + begin, length - begin);
}

/* Every byte could be a newline, which is two on the line. */
usize display_room(const struct display *display)
{
    return uart_room(&display->uart) / 2;
}

void display_clear_screen(struct display *display)
{
    static const char clear[] = "\033[m\033[H\033[2J";
    terminal_write(&display->terminal, clear, sizeof(clear) - 1);
}

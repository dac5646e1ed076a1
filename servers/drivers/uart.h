/*
 * The 16550 UART: a serial port, driven by its interrupt in both directions.
 *
 * What is written goes into a buffer, and from there, sixteen bytes at a time, into the device
 * whenever that says it is empty; nobody ever waits for it. What is received lies in a buffer until
 * it is read.
 */
#pragma once
#include <drivers/device.h>

#define UART_PORTS     8 /* how many it has */
#define UART_OUT_BYTES 4096
#define UART_IN_BYTES  1024

struct uart {
    struct ports ports;
    bool present;
    bool waiting;              /* there is more to send; the device interrupts when it has room */
    u64 overruns;              /* bytes lost because nobody fetched them in time */
    u32 out_written, out_sent; /* free-running, as are the two for input */
    u32 in_received, in_read;
    char out[UART_OUT_BYTES];
    char in[UART_IN_BYTES];
};

/* Looks for the device, and sets it to 115200 baud, 8 bits, no parity. False when there is
 * none: then what is written is lost, and nothing is received. */
bool uart_start(struct uart *uart, struct ports ports);

/* To be called for each interrupt, before the home acknowledges it. */
void uart_interrupt(struct uart *uart);

/* Takes as many of the bytes as there is room for; returns how many. */
usize uart_write(struct uart *uart, const char *bytes, usize length);

/* How many bytes would be taken now. */
usize uart_room(const struct uart *uart);

/* Up to `size` bytes that were received; returns how many. */
usize uart_read(struct uart *uart, char *bytes, usize size);

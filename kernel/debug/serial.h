/*
 * The serial port, polled, for panics only: at all other times it belongs to the console server.
 */
#pragma once
#include <base/types.h>

/* Sets COM1 up, whatever state its driver left it in: 115200 baud, 8 bits, no interrupts. */
void serial_init(void);

/* Sends bytes, a newline as carriage return and newline. A port that does not get ready is given
 * up. */
void serial_write(const char *bytes, usize length);

/* Waits until all that was sent is out. */
void serial_finish(void);

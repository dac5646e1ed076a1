/*
 * The devices that the boot configuration gave the console server: any of them may be missing, or
 * not be there in this machine; the log says so, and the others are used.
 */
#pragma once
#include "consoles.h"

/* Finds and starts the serial line and the screen that `display` writes to, and the keyboard. */
void hardware_start(struct display *display);

/* Does what the devices whose event bits these are ask for; what was typed goes to the consoles. */
void hardware_interrupt(struct consoles *consoles, u64 events);

/*
 * The PS/2 controller (8042) with a keyboard at its first port, which it translates to scan code
 * set 1. What the codes mean is in keyboard.h. A second port, with a mouse, is left switched off.
 */
#pragma once
#include <drivers/device.h>

struct ps2 {
    struct ports data;    /* port 0x60 */
    struct ports command; /* port 0x64 */
    bool present;
};

/* Looks for the controller and switches the keyboard's interrupt on. False when nobody answers. */
bool ps2_start(struct ps2 *ps2, struct ports data, struct ports command);

/* The next byte from the keyboard, or -1 when there is none. To be called at each interrupt until
 * there is none. */
int ps2_read(struct ps2 *ps2);

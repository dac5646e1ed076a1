/*
 * I/O ports that root itself touches, rarely: each access makes a device for the port and gives it
 * back.
 */
#pragma once
#include <base/types.h>

/* All ones if the port cannot be reached. */
u32 port_read(u16 port, u32 width);
void port_write(u16 port, u32 width, u32 value);

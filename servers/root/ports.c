/*
 * Single accesses to I/O ports. See ports.h.
 */
#include <runtime/syscall.h>

#include "ports.h"
#include "root.h"

static bool port_open(u16 port, u32 width)
{
    return device_create(BOOT_SLOT_MACHINE, BOOT_SLOT_POOL, ROOT_SLOT_PORT, DEVICE_PORTS, port,
                         width) >= 0;
}

static void port_close(void)
{
    must(object_destroy_all(ROOT_SLOT_PORT), "giving a port back");
}

u32 port_read(u16 port, u32 width)
{
    if (!port_open(port, width))
        return 0xffffffff;
    status value = device_in(ROOT_SLOT_PORT, 0, width);
    port_close();
    return value < 0 ? 0xffffffff : (u32)value;
}

void port_write(u16 port, u32 width, u32 value)
{
    if (!port_open(port, width))
        return;
    ignore_status(
        device_out(ROOT_SLOT_PORT, 0, width, value)); /* as on a bus where nobody answers */
    port_close();
}

/*
 * The surroundings that every server gives to the drivers it links (drivers/device.h): ports by
 * system calls on the device capability whose slot is the handle, time from the time-stamp counter,
 * and the server's own log. Memory for DMA is in dma.c.
 */
#include <drivers/device.h>
#include <runtime/clock.h>
#include <runtime/print.h>
#include <runtime/start.h>
#include <runtime/syscall.h>

u32 home_port_read(struct ports ports, u32 offset, u32 width)
{
    status value = device_in((u32)ports.handle, offset, width);
    return value < 0 ? UINT32_MAX : (u32)value;
}

void home_port_write(struct ports ports, u32 offset, u32 width, u32 value)
{
    ignore_status(device_out((u32)ports.handle, offset, width, value)); /* lost, as promised */
}

u64 home_time_ns(void)
{
    return clock_to_ns(tsc(), start->tsc_hz);
}

void home_log(const char *text, ...)
{
    va_list arguments;
    va_start(arguments, text);
    print_list(text, arguments);
    va_end(arguments);
}

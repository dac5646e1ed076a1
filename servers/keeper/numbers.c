/*
 * Numbers as people read them; numbers.h has the contract.
 */
#include "numbers.h"

#include <base/format.h>
#include <runtime/clock.h>

struct number number_count(u64 count)
{
    static const char units[] = " kMGTPE";
    struct number number;
    u32 unit = 0;
    u64 limit = 99999; /* five digits; with a unit only four */
    while (count > limit) {
        count /= 1000;
        unit++;
        limit = 9999;
    }
    format_buffer(number.text, sizeof(number.text), unit ? "%lu%c" : "%lu", count, units[unit]);
    return number;
}

struct number number_pages(u64 pages)
{
    struct number number;
    u64 tenths = pages / 256 * 10 + pages % 256 * 10 / 256; /* of MiB */
    if (pages < 256)
        format_buffer(number.text, sizeof(number.text), "%luK", pages * 4);
    else if (pages % 256 == 0 && pages / 256 < 1024)
        format_buffer(number.text, sizeof(number.text), "%luM", pages / 256);
    else if (pages / 256 < 1024)
        format_buffer(number.text, sizeof(number.text), "%lu.%luM", tenths / 10, tenths % 10);
    else
        format_buffer(number.text, sizeof(number.text), "%lu.%luG", tenths / 10240,
                      tenths % 10240 / 1024);
    return number;
}

struct number number_percent(u64 part, u64 whole)
{
    struct number number;
    u64 tenths = whole != 0 ? scale(min(part, whole), 1000, whole) : 0;
    format_buffer(number.text, sizeof(number.text), "%lu.%lu", tenths / 10, tenths % 10);
    return number;
}

static u64 microseconds(u64 ticks, u64 hz)
{
    const u64 hz_limit = UINT64_MAX / NS_PER_SECOND; /* where the arithmetic ends */
    return hz != 0 && hz <= hz_limit ? clock_to_ns(ticks, hz) / NS_PER_US : 0;
}

struct number number_seconds(u64 ticks, u64 hz)
{
    struct number number;
    u64 us = microseconds(ticks, hz);
    format_buffer(number.text, sizeof(number.text), "%lu.%06lu", us / 1000000, us % 1000000);
    return number;
}

struct number number_time(u64 ticks, u64 hz)
{
    struct number number;
    u64 seconds = microseconds(ticks, hz) / 1000000;
    format_buffer(number.text, sizeof(number.text), "%lu:%02lu:%02lu", seconds / 3600,
                  seconds / 60 % 60, seconds % 60);
    return number;
}

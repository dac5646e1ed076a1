/*
 * Numbers as people read them, cut to a few columns. Pure logic.
 */
#pragma once
#include <base/types.h>

#define NUMBER_BYTES 24

/* A text that is returned by value, so that several can be arguments of one `format`. */
struct number {
    char text[NUMBER_BYTES];
};

/* A count in at most 5 columns: 99999, 100k, 9999k, 10M, ... */
struct number number_count(u64 count);

/* A number of pages as 4K, 1020K, 12.3M, 1.5G. */
struct number number_pages(u64 pages);

/* part / whole in percent, with one decimal: at most 100.0; 0.0 of nothing. */
struct number number_percent(u64 part, u64 whole);

/* `ticks` of a clock of `hz` in seconds, with six decimals; 0 if no clock can have that rate. */
struct number number_seconds(u64 ticks, u64 hz);

/* The same in hours, minutes and seconds. */
struct number number_time(u64 ticks, u64 hz);

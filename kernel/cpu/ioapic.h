/*
 * I/O APICs: the lines of devices, by global system interrupt number, to vectors of this processor.
 *
 * Which I/O APICs there are is known to root, who reads ACPI's tables. A line starts masked.
 */
#pragma once
#include <base/types.h>

/* Makes the I/O APIC at `phys`, whose lines start with number `first_line`, known. False if nothing
 * like one answers there, its lines overlap another's, or there are too many. */
must_check bool ioapic_add(u64 phys, u32 first_line);

/* Sends `line`, masked as yet, to `vector` of this processor. False if there is no such line. */
must_check bool ioapic_route(u32 line, u8 vector, bool level, bool active_low);

/* Masks or unmasks a line that exists. */
void ioapic_mask(u32 line, bool masked);

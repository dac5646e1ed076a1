/*
 * Looking at physical memory that is not the kernel's RAM: where firmware left its tables.
 */
#pragma once
#include "acpi.h"

/* Reads through windows of a page each, the last few of which are kept. */
extern const struct acpi_reader physical_reader;

/* Takes the windows away when all is read. */
void physical_close(void);

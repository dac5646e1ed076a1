/*
 * The machine: what ACPI and PCI say about it, read once at the start, and what of it the servers'
 * grants mean.
 */
#pragma once
#include "acpi.h"
#include "config.h"
#include "pci.h"

struct hardware {
    struct acpi acpi;
    struct pci pci;
};
extern struct hardware hardware;

/* Reads the tables, makes the I/O APICs known to the kernel, walks PCI; logs what is odd. */
void hardware_find(void);

/*
 * Finds what the hardware grants of a configuration mean on this machine. Afterwards of each grant
 *     CONFIG_IRQ_ISA, CONFIG_IRQ_GSI    b = line and flags, as irq_create takes them
 *     CONFIG_HPET                       b = the same, for the timer's interrupt
 *     CONFIG_PCI_DEVICE, _CLASS         function = the one that is meant, which nobody else gets;
 *                                       NULL if it is optional and missing, which is logged
 * For a server that needs what the machine has not, missing[its index] says what; otherwise it is
 * NULL.
 */
void hardware_resolve(struct config *config, const char *missing[CONFIG_SERVERS]);

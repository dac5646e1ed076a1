/*
 * How a PCI function is made to interrupt: by a message that it writes to memory (MSI-X or MSI), or
 * by its line. Only root writes what is needed for that; a server that could would reach any vector
 * of the processor. The names are those of the PCI Local Bus Specification 3.0, 6.2.2 and 6.8.
 *
 * Pure: configuration space is reached through callbacks, and an MSI-X table is given as memory.
 */
#pragma once
#include "acpi.h"
#include "pci.h"

/* The ways of interrupting, the best first. */
enum msi_kind {
    MSI_TABLE, /* MSI-X */
    MSI_PLAIN,
    MSI_LINE,
    MSI_NONE /* it cannot interrupt, or nobody knows where that arrives */
};

/* The best way that this function has. */
enum msi_kind msi_choose(const struct pci_function *function, const struct acpi *acpi);

/* The line of a function that has one, as irq_create takes it; 0: it has none. PCI's interrupts are
 * level-triggered and active low (2.2.6), unless the firmware turns them over on their way. */
u64 msi_line(const struct pci_function *function, const struct acpi *acpi);

/* Where its MSI-X table is: physical address of the first entry, and bytes. */
u64 msi_table_address(const struct pci_function *function);
u64 msi_table_size(const struct pci_function *function);

/* Does this BAR hold what decides where MSI-X messages go? Then no server may have it. */
bool msi_owns_bar(const struct pci_function *function, u32 bar);

/*
 * Before anything else: the function decodes memory, and neither interrupts nor reaches memory.
 * After it msi_start_..., which makes it interrupt in one way.
 */
void msi_quiet(const struct pci_access *access, const struct pci_function *function);

/* `message` is what irq_create returned: address in the low half, data in the high half. */
void msi_start_table(const struct pci_access *access, const struct pci_function *function,
                     volatile u32 *table, u64 message);
void msi_start_plain(const struct pci_access *access, const struct pci_function *function,
                     u64 message);
void msi_start_line(const struct pci_access *access, const struct pci_function *function);

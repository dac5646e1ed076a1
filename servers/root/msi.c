/*
 * Bits of configuration space and of MSI-X tables. See msi.h.
 */
#include <abi/object.h>

#include "msi.h"

#define PCI_COMMAND              0x04
#define PCI_COMMAND_MEMORY       2u
#define PCI_COMMAND_MASTER       4u
#define PCI_COMMAND_INTX_DISABLE (1u << 10)

/* MSI, 6.8.1: offsets in the capability. Behind the address comes its upper half, if there is one,
 * then the data, and 4 bytes after these the mask, if there is one. */
#define MSI_CONTROL         2
#define MSI_ADDRESS         4
#define MSI_ENABLE          1u
#define MSI_MULTIPLE        (7u << 4)
#define MSI_64_BITS         (1u << 7)
#define MSI_CAN_MASK        (1u << 8)
#define MSI_MASK_AFTER_DATA 4u

/* MSI-X, 6.8.2. */
#define MSIX_CONTROL       2
#define MSIX_ENABLE        (1u << 15)
#define MSIX_FUNCTION_MASK (1u << 14)
#define MSIX_ENTRY_SIZE    16u
#define MSIX_ENTRY_WORDS   4u /* address, its upper half, data, vector control */
#define MSIX_ENTRY_DATA    2u
#define MSIX_ENTRY_CONTROL 3u
#define MSIX_ENTRY_MASKED  1u

#define LINE_UNKNOWN 0xffu /* 6.2.4; so is 0, which is the timer's on every PC */

static void change(const struct pci_access *access, const struct pci_function *function, u32 offset,
                   u32 clear, u32 set)
{
    u32 value = access->read(access->context, function->address, offset, 2);
    access->write(access->context, function->address, offset, 2, (value & ~clear) | set);
}

u64 msi_table_address(const struct pci_function *function)
{
    return function->bars[function->msix_table_bar].address + function->msix_table;
}

u64 msi_table_size(const struct pci_function *function)
{
    return function->msix_vectors * (u64)MSIX_ENTRY_SIZE;
}

/* Is the table where the capability says, inside of a BAR in memory? */
static bool table_usable(const struct pci_function *function)
{
    if (!function->msix || function->msix_table_bar >= PCI_BARS)
        return false;
    const struct pci_bar *bar = &function->bars[function->msix_table_bar];
    return !bar->port && bar->address != 0 && function->msix_table <= bar->size &&
           msi_table_size(function) <= bar->size - function->msix_table;
}

u64 msi_line(const struct pci_function *function, const struct acpi *acpi)
{
    if (function->pin == 0 || function->line == 0 || function->line == LINE_UNKNOWN)
        return 0;
    if (function->line >= ACPI_ISA_LINES)
        return function->line | IRQ_LEVEL | IRQ_ACTIVE_LOW;
    /* What says that it is edge-triggered is meant for an ISA device, not for one of PCI. */
    const struct acpi_line *line = &acpi->isa[function->line];
    bool active_low = !line->level || line->active_low;
    return (line->line & IRQ_LINE_MASK) | IRQ_LEVEL | (active_low ? IRQ_ACTIVE_LOW : 0);
}

enum msi_kind msi_choose(const struct pci_function *function, const struct acpi *acpi)
{
    if (table_usable(function))
        return MSI_TABLE;
    if (function->msi)
        return MSI_PLAIN;
    return msi_line(function, acpi) ? MSI_LINE : MSI_NONE;
}

bool msi_owns_bar(const struct pci_function *function, u32 bar)
{
    return function->msix && (bar == function->msix_table_bar || bar == function->msix_pba_bar);
}

void msi_quiet(const struct pci_access *access, const struct pci_function *function)
{
    change(access, function, PCI_COMMAND, PCI_COMMAND_MASTER,
           PCI_COMMAND_MEMORY | PCI_COMMAND_INTX_DISABLE);
    if (function->msi)
        change(access, function, function->msi + MSI_CONTROL, MSI_ENABLE, 0);
    if (function->msix)
        change(access, function, function->msix + MSIX_CONTROL, MSIX_ENABLE, MSIX_FUNCTION_MASK);
}

/* One entry sends; all others are masked, whatever somebody before us did with them. */
void msi_start_table(const struct pci_access *access, const struct pci_function *function,
                     volatile u32 *table, u64 message)
{
    change(access, function, function->msix + MSIX_CONTROL, 0, MSIX_ENABLE | MSIX_FUNCTION_MASK);
    for (u32 i = 0; i < function->msix_vectors; i++)
        table[i * MSIX_ENTRY_WORDS + MSIX_ENTRY_CONTROL] = MSIX_ENTRY_MASKED;
    table[0] = (u32)message;
    table[1] = 0;
    table[MSIX_ENTRY_DATA] = (u32)(message >> 32);
    table[MSIX_ENTRY_CONTROL] = 0;
    change(access, function, function->msix + MSIX_CONTROL, MSIX_FUNCTION_MASK, MSIX_ENABLE);
}

void msi_start_plain(const struct pci_access *access, const struct pci_function *function,
                     u64 message)
{
    u32 at = function->msi, data = at + MSI_ADDRESS + 4;
    u32 control = access->read(access->context, function->address, at + MSI_CONTROL, 2);
    access->write(access->context, function->address, at + MSI_ADDRESS, 4, (u32)message);
    if (control & MSI_64_BITS) {
        access->write(access->context, function->address, data, 4, 0);
        data += 4;
    }
    access->write(access->context, function->address, data, 2, (u32)(message >> 32) & 0xffff);
    if (control & MSI_CAN_MASK)
        access->write(access->context, function->address, data + MSI_MASK_AFTER_DATA, 4, 0);
    change(access, function, at + MSI_CONTROL, MSI_MULTIPLE, MSI_ENABLE);
}

void msi_start_line(const struct pci_access *access, const struct pci_function *function)
{
    change(access, function, PCI_COMMAND, PCI_COMMAND_INTX_DISABLE, 0);
}

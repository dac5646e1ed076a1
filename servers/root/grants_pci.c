/*
 * Granting a PCI function: its device, the registers in its memory BARs, and its interrupt. All of
 * it is made from the server's pool and set up anew at each start, because the message that a
 * device sends belongs to the irq object of this life. The server has no way into configuration
 * space.
 *
 * What the driver of an earlier life told the device is still there until the new one resets it. So
 * the device cannot reach memory from its server's end until the next life says that it has done
 * that.
 */
#include <runtime/map.h>
#include <runtime/syscall.h>

#include "grants.h"
#include "hardware.h"
#include "msi.h"

#define PCI_COMMAND              0x04
#define PCI_COMMAND_MASTER       4u
#define PCI_COMMAND_INTX_DISABLE (1u << 10)

/* Configuration space through the device in a slot, to which `context` points. */
static u32 config_read(void *context, u16 function, u32 offset, u32 width)
{
    (void)function;
    status value = device_config_read(*(const u32 *)context, offset, width);
    return value < 0 ? 0xffffffff >> (32 - 8 * width) : (u32)value;
}

static void config_write(void *context, u16 function, u32 offset, u32 width, u32 value)
{
    (void)function;
    must(device_config_write(*(const u32 *)context, offset, width, value),
         "setting up a PCI function");
}

/* Those that were never given an address decode nothing. */
static bool give_bars(struct giving *giving, const struct pci_function *function)
{
    for (u32 i = 0; i < PCI_BARS; i++) {
        const struct pci_bar *bar = &function->bars[i];
        if (bar->size == 0 || bar->port || bar->address == 0 || msi_owns_bar(function, i))
            continue;
        if (!give_registers(giving, bar->address, bar->size, i))
            return false;
    }
    return true;
}

/* Root looks at the table for a moment, and nobody else ever does. */
static status start_table(const struct pci_access *access, const struct pci_function *function,
                          u64 message)
{
    u64 address = msi_table_address(function), offset = address % PAGE_SIZE;
    u64 pages = align_up(offset + msi_table_size(function), PAGE_SIZE) / PAGE_SIZE;
    status made = memory_physical(BOOT_SLOT_MACHINE, BOOT_SLOT_POOL, ROOT_SLOT_REGISTERS,
                                  address - offset, pages, CACHE_UNCACHED);
    if (made < 0)
        return made;
    u8 *mapped = map_memory(ROOT_SLOT_REGISTERS, 0, pages, RIGHT_READ | RIGHT_WRITE);
    if (mapped)
        msi_start_table(access, function, (volatile u32 *)(mapped + offset), message);
    unmap(mapped);
    must(object_destroy_all(ROOT_SLOT_REGISTERS), "giving an MSI-X table back");
    return mapped ? 0 : status_error(ERR_MEMORY, 0);
}

static status start_interrupt(const struct pci_access *access, const struct pci_function *function,
                              enum msi_kind kind, u64 message)
{
    switch (kind) {
    case MSI_TABLE:
        return start_table(access, function, message);
    case MSI_PLAIN:
        msi_start_plain(access, function, message);
        return 0;
    case MSI_LINE:
        msi_start_line(access, function);
        return 0;
    case MSI_NONE:
        return 0;
    }
    return 0;
}

static bool give_interrupt(struct giving *giving, const struct pci_access *access, u32 device)
{
    const struct pci_function *function = giving->what->function;
    enum msi_kind kind = msi_choose(function, &hardware.acpi);
    if (kind == MSI_NONE)
        return true; /* hardware_resolve has said so */
    u64 line = kind == MSI_LINE ? msi_line(function, &hardware.acpi) : IRQ_MESSAGE;
    struct grant *grant = give_begin(giving, GRANT_IRQ);
    grant->value[0] = giving->next_bit;
    grant->value[1] = line & IRQ_LINE_MASK;
    grant->value[2] = line & IRQ_LEVEL ? 1 : 0;
    u32 slot = give_slot(giving);
    status made = irq_create(device, give_pool(giving), slot, line,
                             server_slot(giving->server, SERVER_SLOT_EVENT), giving->next_bit);
    giving->next_bit++;
    if (made >= 0)
        made = start_interrupt(access, function, kind, (u64)made);
    return give(giving, made, slot, RIGHT_READ | RIGHT_WRITE, 0);
}

bool give_function(struct giving *giving)
{
    const struct pci_function *function = giving->what->function;
    if (!function)
        return true; /* it is optional, and not there */
    u32 slot = give_slot(giving);
    struct pci_access access = {.read = config_read, .write = config_write, .context = &slot};
    struct grant *grant = give_begin(giving, GRANT_DEVICE);
    grant->value[0] = function->address;
    grant->value[1] = function->vendor | (u64)function->device << 16;
    status made =
        device_create(BOOT_SLOT_MACHINE, give_pool(giving), slot, DEVICE_PCI, function->address, 0);
    if (!give(giving, made, slot, RIGHT_READ | RIGHT_WRITE, 0))
        return false;
    msi_quiet(&access, function);
    return give_bars(giving, function) && give_interrupt(giving, &access, slot);
}

/* Whatever of a server's slots is not a PCI function refuses to be read like one. */
static status change_command(u32 slot, u64 cleared, u64 set)
{
    status command = device_config_read(slot, PCI_COMMAND, 2);
    if (command < 0)
        return command;
    must(device_config_write(slot, PCI_COMMAND, 2, ((u64)command & ~cleared) | set),
         "what a PCI function may do");
    return 0;
}

status grants_master(const struct server *server, u64 slot)
{
    if (slot < SLOT_GRANTS || slot - SLOT_GRANTS >= GRANT_LIMIT)
        return status_error(ERR_ARGUMENT, 1);
    u32 own = server_slot(server, SERVER_SLOT_GRANTS + (u32)(slot - SLOT_GRANTS));
    return change_command(own, 0, PCI_COMMAND_MASTER) < 0 ? status_error(ERR_ARGUMENT, 1) : 0;
}

void grants_silence(const struct server *server)
{
    for (u32 i = 0; i < GRANT_LIMIT; i++)
        ignore_status(change_command(server_slot(server, SERVER_SLOT_GRANTS + i),
                                     PCI_COMMAND_MASTER, PCI_COMMAND_INTX_DISABLE));
}

/*
 * Finding the machine's parts. See hardware.h.
 */
#include <runtime/start.h>
#include <runtime/syscall.h>

#include "hardware.h"
#include "hpet_route.h"
#include "msi.h"
#include "physical.h"
#include "ports.h"
#include "root.h"

struct hardware hardware;

/* Where the first I/O APIC of a PC is, and what a PC without ACPI has. */
#define IOAPIC_DEFAULT 0xfec00000ul

static void say_problems(const struct acpi *acpi)
{
    if (acpi->found != ACPI_OK)
        say("no ACPI (%s): interrupts are taken to be where old PCs have them, there is no HPET, "
            "and "
            "this machine cannot be switched off by itself",
            acpi_error_text(acpi->found));
    for (u32 i = 0; i < acpi->problem_count; i++) {
        const struct acpi_problem *problem = &acpi->problems[i];
        say("ACPI table '%s' at 0x%lx: %s; it is used as far as it is sound", problem->table,
            problem->address, acpi_error_text(problem->error));
    }
}

static void add_ioapic(u64 address, u32 first_line)
{
    status result = machine_ioapic(BOOT_SLOT_MACHINE, address, first_line);
    if (result < 0)
        say("I/O APIC at 0x%lx, lines from %u: %s; interrupts there do not arrive", address,
            first_line, error_text(status_code(result)));
}

static void add_ioapics(const struct acpi *acpi)
{
    for (u32 i = 0; i < acpi->ioapic_count; i++)
        add_ioapic(acpi->ioapics[i].address, acpi->ioapics[i].first_line);
    if (acpi->ioapic_count == 0)
        add_ioapic(IOAPIC_DEFAULT, 0);
}

/* Configuration space through the kernel: a device for the function that is looked at, made anew
 * when that changes. */
static u32 current = ~0u; /* the function that ROOT_SLOT_FUNCTION names */

static void function_close(void)
{
    if (current != ~0u)
        must(object_destroy_all(ROOT_SLOT_FUNCTION), "giving a PCI function back");
    current = ~0u;
}

static bool function_open(u16 function)
{
    if (current == function)
        return true;
    function_close();
    if (device_create(BOOT_SLOT_MACHINE, BOOT_SLOT_POOL, ROOT_SLOT_FUNCTION, DEVICE_PCI, function,
                      0) < 0)
        return false;
    current = function;
    return true;
}

static u32 config_read(void *context, u16 function, u32 offset, u32 width)
{
    (void)context;
    if (function_open(function)) {
        status value = device_config_read(ROOT_SLOT_FUNCTION, offset, width);
        if (value >= 0)
            return (u32)value;
    }
    return 0xffffffff >> (32 - 8 * width);
}

static void config_write(void *context, u16 function, u32 offset, u32 width, u32 value)
{
    (void)context;
    if (function_open(
            function)) /* a write that fails is one that nobody answers: the reads show it */
        ignore_status(device_config_write(ROOT_SLOT_FUNCTION, offset, width, value));
}

void hardware_find(void)
{
    const struct boot_info *boot = boot_info;
    acpi_read(&hardware.acpi, &physical_reader, boot->rsdp_copy,
              min(boot->rsdp_size, sizeof(boot->rsdp_copy)));
    physical_close();
    say_problems(&hardware.acpi);
    add_ioapics(&hardware.acpi);

    struct pci_access access = {.read = config_read, .write = config_write};
    pci_enumerate(&hardware.pci, &access);
    function_close();
    if (hardware.pci.more)
        say("more than %u PCI functions: the others cannot be used", PCI_FUNCTION_LIMIT);
}

static u64 isa_line(u64 isa)
{
    const struct acpi_line *line = &hardware.acpi.isa[isa];
    return (line->line & IRQ_LINE_MASK) | (line->level ? IRQ_LEVEL : 0) |
           (line->active_low ? IRQ_ACTIVE_LOW : 0);
}

/* Resolving goes over all grants once for each of these: who can choose comes after who cannot. */
enum pass {
    PASS_LINES,
    PASS_DEVICES, /* PCI functions that are named */
    PASS_CLASSES, /* those that are the first of their class */
    PASS_HPET,
    PASSES
};

/* What all passes share. */
struct resolving {
    enum pass pass;
    const struct config_server *server;
    struct hpet_lines lines; /* those used by others than the HPET */
};

static void resolve_line(struct config_grant *grant, struct resolving *resolving)
{
    grant->b = grant->kind == CONFIG_IRQ_ISA ? isa_line(grant->a) : grant->a;
    hpet_line_taken(&resolving->lines, grant->b & IRQ_LINE_MASK);
}

/* The name of what is missing, or NULL. */
static const char *resolve_function(struct config_grant *grant, struct resolving *resolving)
{
    bool by_class = grant->kind == CONFIG_PCI_CLASS;
    const char *name = by_class ? "PCI device of that class" : "PCI device of that kind";
    const struct pci_function *function =
        by_class ? pci_find_class(&hardware.pci, (u8)grant->a, (u8)grant->b)
                 : pci_find_device(&hardware.pci, (u16)grant->a, (u16)grant->b);
    grant->function = function;
    if (!function) {
        if (grant->optional)
            say("%s: this machine has no %s: `%s` is not granted", resolving->server->name, name,
                grant->name);
        return grant->optional ? NULL : name;
    }
    hardware.pci.functions[function - hardware.pci.functions].taken = true;
    enum msi_kind kind = msi_choose(function, &hardware.acpi);
    if (kind == MSI_LINE)
        hpet_line_taken(&resolving->lines, msi_line(function, &hardware.acpi) & IRQ_LINE_MASK);
    if (kind == MSI_NONE)
        say("%s: `%s` has no interrupt that arrives anywhere", resolving->server->name,
            grant->name);
    return NULL;
}

/* The PIT ticks since the firmware ran, and nobody uses it: on its line a driver would be woken for
 * nothing. In mode 0 without a count it stands still. */
#define PIT_COMMAND      0x43
#define PIT_STOP_CHANNEL 0x30

static const char *hpet_resolve(struct config_grant *grant, struct hpet_lines *lines)
{
    u32 line;
    if (hardware.acpi.hpet == 0)
        return "HPET";
    const char *missing = hpet_route(hardware.acpi.hpet, (u32)grant->a, lines, &line);
    if (missing)
        return missing;
    if (line == hardware.acpi.isa[0].line)
        port_write(PIT_COMMAND, 1, PIT_STOP_CHANNEL);
    grant->b = line; /* edge-triggered: nothing to be acknowledged at the device */
    return NULL;
}

/* Resolves one grant if this is its pass; the name of what is missing, or NULL. */
static const char *resolve(struct config_grant *grant, struct resolving *resolving)
{
    switch (grant->kind) {
    case CONFIG_IRQ_ISA:
    case CONFIG_IRQ_GSI:
        if (resolving->pass == PASS_LINES)
            resolve_line(grant, resolving);
        return NULL;
    case CONFIG_PCI_DEVICE:
        return resolving->pass == PASS_DEVICES ? resolve_function(grant, resolving) : NULL;
    case CONFIG_PCI_CLASS:
        return resolving->pass == PASS_CLASSES ? resolve_function(grant, resolving) : NULL;
    case CONFIG_HPET:
        return resolving->pass == PASS_HPET ? hpet_resolve(grant, &resolving->lines) : NULL;
    default:
        return NULL;
    }
}

void hardware_resolve(struct config *config, const char *missing[CONFIG_SERVERS])
{
    struct resolving resolving = {.lines = {0}};
    for (u32 i = 0; i < config->server_count; i++)
        missing[i] = NULL;
    for (; resolving.pass < PASSES; resolving.pass++) {
        for (u32 i = 0; i < config->server_count; i++) {
            const struct config_server *server = &config->servers[i];
            resolving.server = server;
            for (u32 g = server->first_grant; g < server->first_grant + server->grant_count; g++) {
                const char *name = resolve(&config->grants[g], &resolving);
                if (name)
                    missing[i] = name;
            }
        }
    }
}

/*
 * The walk over buses, devices and functions, and what is read of each.
 */
#include <base/bits.h>
#include <base/string.h>

#include "pci.h"

/* Configuration space: type 0 header, 6.1; type 1 header, bridge specification 3.2. */
#define PCI_VENDOR_ID      0x00
#define PCI_DEVICE_ID      0x02
#define PCI_COMMAND        0x04
#define PCI_COMMAND_IO     1
#define PCI_COMMAND_MEMORY 2
#define PCI_STATUS         0x06
#define PCI_STATUS_CAPS    0x10
#define PCI_INTERFACE      0x09
#define PCI_SUBCLASS       0x0a
#define PCI_CLASS          0x0b
#define PCI_HEADER_TYPE    0x0e
#define PCI_MULTI_FUNCTION 0x80
#define PCI_BAR            0x10
#define PCI_SECONDARY_BUS  0x19
#define PCI_CAPABILITIES   0x34
#define PCI_INTERRUPT_LINE 0x3c
#define PCI_INTERRUPT_PIN  0x3d
#define PCI_CLASS_BRIDGE   0x06
#define PCI_HEADER_DEVICE  0
#define PCI_HEADER_BRIDGE  1

#define PCI_CAP_FIRST   0x40
#define PCI_CAP_MSI     0x05
#define PCI_CAP_MSIX    0x11
#define PCI_CAP_CONTROL 2
#define PCI_MSIX_TABLE  4 /* offset in the capability: and in the BAR, whose number is below */
#define PCI_MSIX_PBA    8
#define PCI_MSIX_BAR    7u
#define PCI_CAP_STEPS   48 /* capabilities of 4 bytes that fit above PCI_CAP_FIRST */

#define PCI_BAR_PORT     1u
#define PCI_BAR_TYPE     6u
#define PCI_BAR_64       4u
#define PCI_BAR_PREFETCH 8u

#define PCI_BUSES 256

static u32 config_read(const struct pci_access *access, u16 function, u32 offset, u32 width)
{
    return access->read(access->context, function, offset, width);
}

static void config_write(const struct pci_access *access, u16 function, u32 offset, u32 width,
                         u32 value)
{
    access->write(access->context, function, offset, width, value);
}

/* Writes all ones to a BAR, takes what stuck (6.2.5.1), and puts the old value back. */
static u32 bar_probe(const struct pci_access *access, u16 function, u32 offset, u32 *value)
{
    *value = config_read(access, function, offset, 4);
    config_write(access, function, offset, 4, 0xffffffff);
    u32 stuck = config_read(access, function, offset, 4);
    config_write(access, function, offset, 4, *value);
    return stuck;
}

/* Measures BAR number `index`; returns how many BARs it takes up. */
static u32 bar_read(const struct pci_access *access, struct pci_function *function, u32 index)
{
    struct pci_bar *bar = &function->bars[index];
    u32 value, offset = PCI_BAR + 4 * index;
    u32 stuck = bar_probe(access, function->address, offset, &value);
    if (stuck == 0)
        return 1;
    if (value & PCI_BAR_PORT) {
        u32 mask = stuck & 0xfffc;
        *bar = (struct pci_bar){.address = value & 0xfffc, .size = mask & -mask, .port = true};
        return 1;
    }
    bool wide = (value & PCI_BAR_TYPE) == PCI_BAR_64 && index + 1 < PCI_BARS;
    u32 high = 0, high_stuck = 0xffffffff;
    if (wide)
        high_stuck = bar_probe(access, function->address, offset + 4, &high);
    u64 mask = (u64)high_stuck << 32 | (stuck & ~0xfu);
    bar->address = (u64)high << 32 | (value & ~0xfu);
    bar->size = mask & -mask;
    bar->prefetchable = value & PCI_BAR_PREFETCH;
    if (!wide && (stuck & ~0xfu) == 0)
        bar->size = 0; /* only flag bits stuck: nothing is decoded */
    return wide ? 2 : 1;
}

/* Decoding is off meanwhile: an address of all ones must not be answered. Bridges to other worlds
 * (class 6) are left alone, since what lies behind them may be in use. */
static void bars_read(const struct pci_access *access, struct pci_function *function)
{
    if (function->header_type != PCI_HEADER_DEVICE || function->class_code == PCI_CLASS_BRIDGE)
        return;
    u32 command = config_read(access, function->address, PCI_COMMAND, 2);
    config_write(access, function->address, PCI_COMMAND, 2,
                 command & ~(u32)(PCI_COMMAND_IO | PCI_COMMAND_MEMORY));
    for (u32 index = 0; index < PCI_BARS;)
        index += bar_read(access, function, index);
    config_write(access, function->address, PCI_COMMAND, 2, command);
}

/* MSI-X, 6.8.2. */
static void msix_read(const struct pci_access *access, struct pci_function *function, u32 offset,
                      u32 control)
{
    u32 table = config_read(access, function->address, offset + PCI_MSIX_TABLE, 4);
    u32 pba = config_read(access, function->address, offset + PCI_MSIX_PBA, 4);
    function->msix = (u8)offset;
    function->msix_vectors = (u16)((control & 0x7ff) + 1);
    function->msix_table = table & ~PCI_MSIX_BAR;
    function->msix_table_bar = table & PCI_MSIX_BAR;
    function->msix_pba_bar = pba & PCI_MSIX_BAR;
}

static void capabilities_read(const struct pci_access *access, struct pci_function *function)
{
    u16 address = function->address;
    if (!(config_read(access, address, PCI_STATUS, 2) & PCI_STATUS_CAPS))
        return;
    u32 offset = config_read(access, address, PCI_CAPABILITIES, 1) & 0xfc;
    for (u32 step = 0; step < PCI_CAP_STEPS && offset >= PCI_CAP_FIRST && offset < 0xfc; step++) {
        u32 id = config_read(access, address, offset, 1);
        u32 control = config_read(access, address, offset + PCI_CAP_CONTROL, 2);
        if (id == PCI_CAP_MSI && !function->msi) {
            function->msi = (u8)offset;
            function->msi_vectors = (u16)(1u << min(control >> 1 & 7, 5));
        } else if (id == PCI_CAP_MSIX && !function->msix && offset + PCI_MSIX_PBA < 0x100) {
            msix_read(access, function, offset, control);
        }
        offset = config_read(access, address, offset + 1, 1) & 0xfc;
    }
}

static void function_read(const struct pci_access *access, struct pci_function *function)
{
    u16 address = function->address;
    function->class_code = (u8)config_read(access, address, PCI_CLASS, 1);
    function->subclass = (u8)config_read(access, address, PCI_SUBCLASS, 1);
    function->interface = (u8)config_read(access, address, PCI_INTERFACE, 1);
    function->pin = (u8)config_read(access, address, PCI_INTERRUPT_PIN, 1);
    function->line = (u8)config_read(access, address, PCI_INTERRUPT_LINE, 1);
    if (function->header_type == PCI_HEADER_BRIDGE)
        function->secondary_bus = (u8)config_read(access, address, PCI_SECONDARY_BUS, 1);
    capabilities_read(access, function);
    bars_read(access, function);
}

struct walk {
    struct pci *pci;
    const struct pci_access *access;
    u64 waiting[PCI_BUSES / 64]; /* buses found and not yet walked */
    u64 known[PCI_BUSES / 64];
};

static void bus_add(struct walk *walk, u8 bus)
{
    if (bitmap_get(walk->known, bus))
        return; /* a bridge that leads back: a loop, or not configured */
    bitmap_set(walk->known, bus);
    bitmap_set(walk->waiting, bus);
}

/* Looks at one function; its header type with the multi-function bit, 0xff if it is absent. */
static u8 function_visit(struct walk *walk, u16 address)
{
    u32 vendor = config_read(walk->access, address, PCI_VENDOR_ID, 2) & 0xffff;
    if (vendor == 0xffff)
        return 0xff;
    u8 header = (u8)config_read(walk->access, address, PCI_HEADER_TYPE, 1);
    if (walk->pci->count == PCI_FUNCTION_LIMIT) {
        walk->pci->more = true;
        return header;
    }
    struct pci_function *function = &walk->pci->functions[walk->pci->count++];
    *function = (struct pci_function){
        .address = address,
        .vendor = (u16)vendor,
        .device = (u16)config_read(walk->access, address, PCI_DEVICE_ID, 2),
        .header_type = header & (u8)~PCI_MULTI_FUNCTION,
    };
    function_read(walk->access, function);
    if (function->header_type == PCI_HEADER_BRIDGE && function->secondary_bus != 0)
        bus_add(walk, function->secondary_bus);
    return header;
}

static void bus_walk(struct walk *walk, u32 bus)
{
    walk->pci->buses++;
    for (u32 device = 0; device < 32; device++) {
        u16 first = (u16)(bus << 8 | device << 3);
        u8 header = function_visit(walk, first);
        if (header == 0xff || !(header & PCI_MULTI_FUNCTION))
            continue;
        for (u16 function = 1; function < 8; function++)
            (void)function_visit(walk, first | function);
    }
}

void pci_enumerate(struct pci *pci, const struct pci_access *access)
{
    struct walk walk = {.pci = pci, .access = access};
    memset(pci, 0, sizeof(*pci));
    bus_add(&walk, 0);
    for (u64 bus; (bus = bitmap_find_set(walk.waiting, PCI_BUSES, 0)) < PCI_BUSES;) {
        bitmap_clear(walk.waiting, bus);
        bus_walk(&walk, (u32)bus);
    }
}

const struct pci_function *pci_find_device(const struct pci *pci, u16 vendor, u16 device)
{
    for (u32 i = 0; i < pci->count; i++) {
        const struct pci_function *function = &pci->functions[i];
        if (!function->taken && function->vendor == vendor && function->device == device)
            return function;
    }
    return NULL;
}

const struct pci_function *pci_find_class(const struct pci *pci, u8 class_code, u8 subclass)
{
    for (u32 i = 0; i < pci->count; i++) {
        const struct pci_function *function = &pci->functions[i];
        if (!function->taken && function->class_code == class_code &&
            function->subclass == subclass)
            return function;
    }
    return NULL;
}

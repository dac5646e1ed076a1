/*
 * Which PCI functions the machine has: the buses are walked, bridges are followed, and of each
 * function the facts are noted that decide who may drive it: identity, BARs with their sizes,
 * whether it can send its interrupts as messages. The names are those of the PCI Local Bus
 * Specification 3.0 and the PCI-to-PCI Bridge Architecture 1.2.
 *
 * Pure: configuration space is reached through callbacks. The work is bounded whatever the devices
 * answer: a bus is walked once, a list of capabilities is followed for as many steps as there is
 * room for in configuration space.
 */
#pragma once
#include <base/types.h>

/* Reads and writes 1, 2 or 4 bytes of the configuration space of `function`, numbered bus << 8 |
 * device << 3 | function. What is not there reads as all ones. */
struct pci_access {
    u32 (*read)(void *context, u16 function, u32 offset, u32 width);
    void (*write)(void *context, u16 function, u32 offset, u32 width, u32 value);
    void *context;
};

#define PCI_FUNCTION_LIMIT 64
#define PCI_BARS           6

struct pci_bar {
    u64 address;
    u64 size; /* 0: there is none, or it is the upper half of the one before */
    bool port, prefetchable;
};

struct pci_function {
    u16 address;
    u16 vendor, device;
    u8 class_code, subclass, interface;
    u8 header_type; /* without the multi-function bit */
    u8 pin;         /* interrupt pin 1 to 4; 0: none */
    u8 line;        /* where the firmware says that the pin leads */
    u8 msi, msix;   /* offsets of these capabilities; 0: none */
    u16 msi_vectors, msix_vectors;
    u8 msix_table_bar, msix_pba_bar; /* where these two are: number of the BAR, */
    u32 msix_table;                  /* and of the table the offset in it */
    bool taken;                      /* granted: pci_find_... pass over it */
    u8 secondary_bus;                /* of a bridge */
    struct pci_bar bars[PCI_BARS];
};

struct pci {
    u32 count;
    bool more; /* there are more functions than there was room for */
    u32 buses; /* walked */
    struct pci_function functions[PCI_FUNCTION_LIMIT];
};

/* Finds all functions that can be reached from bus 0. */
void pci_enumerate(struct pci *pci, const struct pci_access *access);

/* The first function with this identity, or of this class, that nobody has yet; NULL if there is
 * none. */
const struct pci_function *pci_find_device(const struct pci *pci, u16 vendor, u16 device);
const struct pci_function *pci_find_class(const struct pci *pci, u8 class_code, u8 subclass);

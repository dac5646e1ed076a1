/*
 * A disk controller, found by its class: only looked at.
 */
#include "devices.h"

/* AHCI 1.3.1, 3.1. */
#define HOST_GHC 0x04
#define HOST_PI  0x0c
#define HOST_VS  0x10
#define GHC_AE   (1u << 31)

void ahci_test(void)
{
    struct registers registers;
    const struct grant *irq = grant_find(GRANT_IRQ, "ahci");
    bool opened = irq && registers_open(&registers, "ahci", 5);
    device_check(opened);
    if (!opened)
        return;
    device_check(irq->value[2] == 0);
    device_check(register_read32(&registers, HOST_GHC) & GHC_AE);
    device_check(register_read32(&registers, HOST_PI) != 0);
    print("ahci: version 0x%x\n", register_read32(&registers, HOST_VS));
}

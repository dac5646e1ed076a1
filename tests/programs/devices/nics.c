/*
 * Two network chips, as far as their interrupts go: 82540EM, which has only a line, and 82574L,
 * which has MSI-X. Each is told to pretend that it has a cause (ICS).
 */
#include "devices.h"

/* Intel's manuals for the two, chapter "Register Descriptions". */
#define STATUS         0x0008
#define ICR            0x00c0
#define ICS            0x00c8
#define IMS            0x00d0
#define IMC            0x00d8
#define IVAR           0x00e4 /* 82574L */
#define IVAR_OTHER(v)  (8u << 16 | (v) << 16)
#define RAL0           0x5400
#define RAH0           0x5404
#define RAH_VALID      (1u << 31)
#define CAUSE_LINK     (1u << 2)
#define CAUSE_MINIMUM  (1u << 4)
#define CAUSE_OTHER    (1u << 24) /* 82574L, with MSI-X */
#define REGISTERS_SIZE (128ul << 10)

static struct registers registers;
static const struct grant *irq;

static bool open(const char *name)
{
    irq = grant_find(GRANT_IRQ, name);
    bool opened = irq && registers_open(&registers, name, 0);
    device_check(opened && registers.size == REGISTERS_SIZE);
    if (!opened || registers.size != REGISTERS_SIZE)
        return false;
    register_write32(&registers, IMC, ~0u);
    register_write32(&registers, ICR, ~0u);
    (void)register_read32(&registers, ICR);
    return true;
}

static void show_address(const char *name)
{
    u32 low = register_read32(&registers, RAL0), high = register_read32(&registers, RAH0);
    device_check(high & RAH_VALID);
    print("%s: status 0x%x, address %02x:%02x:%02x:%02x:%02x:%02x\n", name,
          register_read32(&registers, STATUS), low & 0xff, low >> 8 & 0xff, low >> 16 & 0xff,
          low >> 24, high & 0xff, high >> 8 & 0xff);
}

/* The line stays up until ICR is read, and masked until irq_ack: what comes in between is not lost,
 * and nothing comes without a cause. */
void e1000_test(void)
{
    if (!open("e1000"))
        return;
    device_check(irq->value[2] == 1);
    device_check(!grant_bar("e1000", 1)); /* ports */
    show_address("e1000");
    if (!device_is_quiet(irq)) /* what the life before left came in as soon as it could */
        device_check(device_interrupt(irq));
    device_check(irq_ack(irq->slot) == 0);
    device_check(device_is_quiet(irq));
    register_write32(&registers, IMS, CAUSE_MINIMUM);
    for (u32 i = 0; i < 3; i++) {
        register_write32(&registers, ICS, CAUSE_MINIMUM);
        device_check(device_interrupt(irq));
        device_check(register_read32(&registers, ICR) & CAUSE_MINIMUM);
        device_check(device_is_quiet(irq));
        device_check(irq_ack(irq->slot) == 0);
        device_check(device_is_quiet(irq));
    }
    register_write32(&registers, ICS, CAUSE_MINIMUM);
    device_check(device_interrupt(irq));
    device_check(irq_ack(irq->slot) == 0); /* the cause is still there: at once again */
    device_check(device_interrupt(irq));
    device_check(register_read32(&registers, ICR) & CAUSE_MINIMUM);
    device_check(irq_ack(irq->slot) == 0);
    device_check(device_is_quiet(irq));
    register_write32(&registers, IMS, CAUSE_MINIMUM);
    register_write32(&registers, ICS, CAUSE_MINIMUM); /* and left so, for the next life */
}

void e1000e_test(void)
{
    if (!open("e1000e"))
        return;
    device_check(irq->value[2] == 0);
    device_check(grant_bar("e1000e", 1) && !grant_bar("e1000e", 2));
    device_check(!grant_bar("e1000e", 3)); /* the MSI-X table */
    show_address("e1000e");
    device_was_reset(grant_find(GRANT_DEVICE, "e1000e")->slot);
    register_write32(&registers, IVAR, IVAR_OTHER(0));
    register_write32(&registers, IMS, CAUSE_OTHER | CAUSE_LINK);
    for (u32 i = 0; i < 3; i++) {
        register_write32(&registers, ICS, CAUSE_LINK);
        device_check(device_interrupt(irq));
        device_check(register_read32(&registers, ICR) & CAUSE_LINK);
        register_write32(&registers, ICR, ~0u);
        device_check(irq_ack(irq->slot) == 0);
        device_settle(irq);
    }
}

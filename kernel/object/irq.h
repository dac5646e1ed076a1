/*
 * Interrupts of devices, as bits of events.
 *
 * A line of an I/O APIC can have several irqs, on one vector. When it fires, a level-triggered line
 * is masked until each irq that it woke is acknowledged. A message has a vector of its own and is
 * never masked.
 */
#pragma once
#include "object/object.h"

#define LINE_LIMIT 256u

struct device;

struct irq {
    struct object object;
    struct device *device; /* NULL: destroyed */
    struct list in_device;
    struct list in_line;
    u32 line;
    u8 vector;
    bool message;
    bool waiting;     /* has fired and was not acknowledged */
    struct cap event; /* its badge is the bit */
};

/* Routes `line` (with flags, as irq_create has it) of `device` to a bit of an event. ERR_ABSENT: no
 * such line; ERR_BUSY: others use it with another trigger; ERR_LIMIT: no vector left;
 * ERR_MEMORY. */
must_check enum error irq_create(struct pool *pool, struct device *device, u32 line,
                                 const struct cap *event, u64 bit, struct irq **result);
must_check enum error irq_empty_step(struct object *object);

void irq_acknowledge(struct irq *irq);

/* Address and data that make the device raise it: IRQ_MESSAGE only. */
u64 irq_message(const struct irq *irq);

/* The processor took `vector`. */
void irq_interrupt(u8 vector);

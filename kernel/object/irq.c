/* Interrupts of devices; see irq.h. */
#include "object/irq.h"
#include "cpu/apic.h"
#include "cpu/ioapic.h"
#include "debug/trace.h"
#include "object/device.h"
#include "object/event.h"
#include "object/pool.h"

struct line {
    struct list irqs;
    u32 flags;   /* IRQ_LEVEL, IRQ_ACTIVE_LOW */
    u32 waiting; /* irqs that have to acknowledge */
    u8 vector;   /* 0: not in use */
};

static struct line lines[LINE_LIMIT];

/* Who uses a vector: a line, or a single irq by message. */
static struct {
    struct line *line;
    struct irq *message;
} vectors[256];

static u8 vector_take(void)
{
    for (u32 vector = VECTOR_DEVICES; vector < VECTOR_TIMER; vector++) {
        if (!vectors[vector].line && !vectors[vector].message) {
            return (u8)vector;
        }
    }
    return 0;
}

/* Prepares the line for one more irq. */
static enum error line_open(u32 number, u32 flags, struct line **result)
{
    if (number >= LINE_LIMIT) {
        return ERR_ABSENT;
    }
    struct line *line = &lines[number];
    if (line->vector && line->flags != flags) {
        return ERR_BUSY;
    }
    *result = line;
    if (line->vector) {
        return ERR_NONE;
    }
    u8 vector = vector_take();
    if (!vector) {
        return ERR_LIMIT;
    }
    if (!ioapic_route(number, vector, flags & IRQ_LEVEL, flags & IRQ_ACTIVE_LOW)) {
        return ERR_ABSENT;
    }
    line->vector = vector;
    line->flags = flags;
    line->waiting = 0;
    list_init(&line->irqs);
    vectors[vector].line = line;
    return ERR_NONE;
}

static enum error attach(struct irq *irq, u32 line)
{
    if (!irq->message) {
        struct line *found;
        enum error error = line_open(irq->line, line & (IRQ_LEVEL | IRQ_ACTIVE_LOW), &found);
        if (error) {
            return error;
        }
        irq->vector = found->vector;
        list_push_back(&found->irqs, &irq->in_line);
        ioapic_mask(irq->line, found->waiting > 0);
        return ERR_NONE;
    }
    irq->vector = vector_take();
    if (!irq->vector) {
        return ERR_LIMIT;
    }
    vectors[irq->vector].message = irq;
    return ERR_NONE;
}

enum error irq_create(struct pool *pool, struct device *device, u32 line, const struct cap *event,
                      u64 bit, struct irq **result)
{
    struct irq *irq = object_allocate(pool, OBJECT_IRQ, sizeof(*irq));
    if (!irq) {
        return ERR_MEMORY;
    }
    list_init(&irq->in_line);
    list_init(&irq->in_device);
    irq->line = line & IRQ_LINE_MASK;
    irq->message = line & IRQ_MESSAGE;
    enum error error = attach(irq, line);
    if (error) {
        object_free(&irq->object, sizeof(*irq), 0);
        return error;
    }
    irq->device = device;
    list_push_back(&device->irqs, &irq->in_device);
    cap_set(&irq->event, event->object, event->rights, 1ul << bit);
    *result = irq;
    return ERR_NONE;
}

void irq_acknowledge(struct irq *irq)
{
    if (!irq->waiting) {
        return;
    }
    irq->waiting = false;
    if (irq->message || --lines[irq->line].waiting > 0) {
        return;
    }
    ioapic_mask(irq->line, false);
}

u64 irq_message(const struct irq *irq)
{
    return apic_message_address() | (u64)apic_message_data(irq->vector) << 32;
}

static void irq_fire(struct irq *irq)
{
    if (irq->event.object && irq->event.object->type == OBJECT_EVENT) {
        event_raise(container_of(irq->event.object, struct event, object), irq->event.badge, 0);
    }
}

static void line_fire(struct line *line)
{
    bool masked = line->flags & IRQ_LEVEL;
    if (masked) {
        ioapic_mask((u32)(line - lines), true);
    }
    list_for_each(node, &line->irqs) {
        struct irq *irq = container_of(node, struct irq, in_line);
        if (masked && !irq->waiting) {
            irq->waiting = true;
            line->waiting++;
        }
        irq_fire(irq);
    }
}

void irq_interrupt(u8 vector)
{
    trace_often(TRACE_INTERRUPT, vector, 0);
    if (vectors[vector].line) {
        line_fire(vectors[vector].line);
    } else if (vectors[vector].message) {
        irq_fire(vectors[vector].message);
    }
    apic_eoi();
}

/* Gives the vector back; of a line, with its last irq. */
static void detach(struct irq *irq)
{
    irq_acknowledge(irq);
    list_remove(&irq->in_line);
    if (irq->message) {
        vectors[irq->vector].message = NULL;
        return;
    }
    struct line *line = &lines[irq->line];
    if (list_empty(&line->irqs)) {
        ioapic_mask(irq->line, true);
        vectors[line->vector].line = NULL;
        line->vector = 0;
    }
}

enum error irq_empty_step(struct object *object)
{
    struct irq *irq = container_of(object, struct irq, object);
    if (irq->vector) {
        detach(irq);
        irq->vector = 0;
    }
    cap_clear(&irq->event);
    list_remove(&irq->in_device);
    irq->device = NULL;
    return ERR_NONE;
}

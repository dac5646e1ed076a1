/*
 * The local APIC: interrupts of this processor, and its timer.
 *
 * The timer is armed for a point in time-stamp time, once. It may fire before a deadline that is
 * seconds away, because its counter has 32 bits: who handles the interrupt looks at the clock, and
 * arms it again.
 */
#pragma once
#include <base/types.h>

#define VECTOR_DEVICES       0x30u /* to VECTOR_TIMER - 1: for irqs */
#define VECTOR_TIMER         0xfeu
#define VECTOR_APIC_SPURIOUS 0xffu
#define VECTOR_PIC           0x20u /* 16 of them, for what the masked 8259s may send */

struct cpu;

/* Switches on this processor's APIC; the first time, also the legacy interrupt controllers off.
 * Fills in cpu->apic_id. Panics on a machine without APIC. */
void apic_init(struct cpu *cpu);

u32 apic_id(void);

/* The interrupt in service is done with. */
void apic_eoi(void);

/* Is `vector` in service, so that it wants an end? Not so what the 8259s or nobody has sent. */
bool apic_in_service(u8 vector);

/* Interrupt VECTOR_TIMER when the time-stamp counter reaches `deadline`; at once if it is past.
 * Replaces what was armed before. TIMER_OFF (all ones) disarms. */
void apic_timer_arm(u64 deadline);

/* For clock_init: lets the counter run down from the top without an interrupt, reads it, and says
 * how many counts went by in how many ticks of the time-stamp counter. */
void apic_timer_run_free(void);
u32 apic_timer_count(void);
void apic_timer_set_rate(u32 counts, u64 ticks);

/* Address and data of a message that raises `vector` on this processor. */
u32 apic_message_address(void);
u32 apic_message_data(u8 vector);

/*
 * Floating-point and vector registers. They belong to threads that asked for them; while any other
 * runs, CR0.TS is set and a touch faults. They change hands eagerly, so nobody ever finds
 * another's.
 */
#pragma once
#include <base/types.h>

struct cpu;
struct thread;

/* Switches the unit on, with the components that fit a page of state. */
void fpu_setup(void);

/* Makes a zeroed page into the state of a thread that has not used the unit yet. */
void fpu_init(void *state);

/* The processor goes from `from` to `to`; either may be NULL. */
void fpu_switch(struct cpu *cpu, struct thread *from, struct thread *to);

/*
 * Exceptions and interrupts, once entry.asm has saved the registers.
 */
#pragma once
#include "cpu/frame.h"
#include "object/object.h"

/* From ring 3: `frame` is that of the present thread. */
void user_trap(struct trap_frame *frame);

/* From ring 0. Returns if the interrupted code is to go on, at frame->rip. */
void kernel_trap(struct trap_frame *frame);

/* Whom the timer interrupt tells when root's alarm is due. */
void trap_set_alarm(struct object *event, u64 rights, u64 bits);

/* NMI, machine check, debug and double fault, on stacks of their own. */
void ist_trap(struct trap_frame *frame);

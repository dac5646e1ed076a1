/*
 * The parts of a panic's report, each of which prints one thing that is known. They print to a
 * sink, follow no pointer that they have not checked, and stay inside the kernel stacks.
 */
#pragma once
#include "cpu/frame.h"
#include "debug/symbols.h"
#include <base/format.h>

/* Registers of the place in `frame`, and the control registers of now. */
void report_registers(struct sink *sink, const struct trap_frame *frame);

/* The function and line of the instruction at `rip`; and of the call that led there, if it has no
 * frame of its own yet: it is a function's first, or no code at all. `rsp` is of the same
 * moment. */
void report_place(struct sink *sink, const struct symbols *symbols, u64 rip, u64 rsp);

/* The calls that led to the function whose frame is at `rbp`, by the chain of frame pointers. */
void report_calls(struct sink *sink, const struct symbols *symbols, u64 rbp);

/* Which processor this is, and what it was running. */
void report_processor(struct sink *sink);

/* The last events of the trace, the newest last. */
void report_trace(struct sink *sink);

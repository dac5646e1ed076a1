/*
 * A second space that runs a copy of this program's image, with threads of lower priority.
 */
#pragma once
#include "measure.h"

#include <abi/error.h>

/* Ends the program with a line in the log that says where, when a result is an error. */
#define must(result) must_at(result, #result, __LINE__)
status must_at(status result, const char *what, int line);

/* Makes the space, with memory `shared_slot` (one page) at the same address as here, and
 * FAULT_ADDRESS. */
void second_create(u32 shared_slot, struct shared *shared);

/* The second space gets a copy of a capability. */
void second_give(u32 its_slot, u32 own_slot, u64 rights);

/* Starts a thread there, whose faults go to `endpoint`; its slot. */
u32 second_start(void (*function)(struct shared *shared), struct shared *shared, u32 endpoint);

/* Stops and destroys it. */
void second_end(u32 thread);

/* Makes page number `page` at FAULT_ADDRESS present. */
void second_fault_in(u64 page);

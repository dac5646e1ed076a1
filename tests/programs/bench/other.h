/*
 * The other side: threads of low priority in a second space, which call, raise, fault and spin
 * while the main thread, more urgent and in a space of its own, answers.
 */
#pragma once
#include "measure.h"

/* Slots of the second space. */
enum other_slot {
    OTHER_ENDPOINT = 8, /* calls the main thread */
    OTHER_EVENT         /* raises its event */
};

/* Word 0 of the call with which a thread says that it is done; no fault has such a word. */
#define OTHER_DONE 0x646f6e65ul

/* What the main thread answers to the calls that are measured. */
#define OTHER_ECHO 1ul

/* The bit of the main thread's event that is raised; interrupts have the lowest. */
#define OTHER_RAISES (1ul << 40)

/* Pages that are mapped but not there, for the thread that faults. */
#define FAULT_ADDRESS 0x0000003000000000ul
#define FAULT_PAGES   200u

/* Where threads start; none returns. */
_Noreturn void other_null(struct shared *shared);
_Noreturn void other_calls(struct shared *shared);
_Noreturn void other_raises(struct shared *shared);
_Noreturn void other_spins(struct shared *shared);
_Noreturn void other_faults(struct shared *shared);

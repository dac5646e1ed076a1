/*
 * Which slots of the program's own table of capabilities are free: those from SLOT_FREE on, which
 * root left to it. Only bookkeeping: filling and emptying the slot is up to whoever asks for it.
 */
#pragma once
#include <abi/start.h>

/* A free slot, now taken; SLOT_NONE when there is none left. */
must_check u32 slot_allocate(void);

/* Gives back a slot that slot_allocate returned, and that is empty again. */
void slot_free(u32 slot);

/*
 * Invariants: what must be true if the kernel has no bug. Debug builds check them and panic with
 * the condition and its place; release builds do not even evaluate it, so it may not have effects.
 *
 * What somebody outside can make untrue is never an invariant: that is an error, and is returned.
 */
#pragma once
#include "debug/panic.h"

#ifndef TERRARIUM_DEBUG
#error "TERRARIUM_DEBUG is 0 or 1"
#endif

#define invariant(condition)                                                                       \
    do {                                                                                           \
        if (TERRARIUM_DEBUG && unlikely(!(condition)))                                             \
            panic("broken invariant: %s (%s:%d)", #condition, __FILE__, __LINE__);                 \
    } while (0)

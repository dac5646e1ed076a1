/*
 * Junk: in debug builds freed memory is filled with it, so that whoever still looks there falls
 * over a non-canonical address soon and near the mistake.
 */
#pragma once
#include <base/types.h>

#define JUNK 0xdeaddeaddeaddeadul

/* Fills `bytes`, a multiple of 8, in debug builds; nothing in release builds. */
static inline void junk_fill(void *memory, u64 bytes)
{
    for (u64 i = 0; TERRARIUM_DEBUG && i < bytes / 8; i++) {
        ((u64 *)memory)[i] = JUNK;
    }
}

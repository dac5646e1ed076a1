/*
 * The free slots as a bitmap, the lowest taken first: the table of capabilities is charged to the
 * program's pool page by page, so low numbers are cheap.
 */
#include <runtime/slots.h>

#define WORD_BITS 64u

/* Those below SLOT_FREE are root's to fill. */
static u64 taken[SLOT_LIMIT / WORD_BITS] = {(1ul << SLOT_FREE) - 1};

static_assert(SLOT_FREE < WORD_BITS, "root's slots are part of one word here");

u32 slot_allocate(void)
{
    for (u32 word = 0; word < array_count(taken); word++) {
        if (taken[word] == UINT64_MAX)
            continue;
        u32 bit = (u32)__builtin_ctzll(~taken[word]);
        taken[word] |= 1ul << bit;
        return word * WORD_BITS + bit;
    }
    return SLOT_NONE;
}

void slot_free(u32 slot)
{
    if (slot >= SLOT_FREE && slot < SLOT_LIMIT)
        taken[slot / WORD_BITS] &= ~(1ul << slot % WORD_BITS);
}

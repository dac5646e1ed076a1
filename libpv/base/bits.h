/*
 * Single bits: finding them in a word, and keeping many of them in an array of words (a bitmap).
 *
 * A bitmap of `count` bits is an array of bitmap_words(count) words; bit i is bit i % 64 of word
 * i / 64. The caller keeps indices below `count`; the searches never look at bits from `count` on.
 */
#pragma once

#include <base/types.h>

/* The number of the lowest bit that is set in `word`, which must not be 0. */
static inline u32 bit_lowest(u64 word)
{
    return (u32)__builtin_ctzll(word);
}

/* The number of the highest bit that is set in `word`, which must not be 0. */
static inline u32 bit_highest(u64 word)
{
    return 63 - (u32)__builtin_clzll(word);
}

/* How many bits are set. (The compiler's own function would ask for a library or an instruction
 * that not every processor has.) */
static inline u32 bits_count(u64 word)
{
    word -= (word >> 1) & 0x5555555555555555;
    word = (word & 0x3333333333333333) + ((word >> 2) & 0x3333333333333333);
    word = (word + (word >> 4)) & 0x0f0f0f0f0f0f0f0f;
    return (u32)(word * 0x0101010101010101 >> 56);
}

/* A word with the lowest `count` bits set; all of them from 64 on. */
static inline u64 bits_below(u64 count)
{
    return count < 64 ? (1ull << count) - 1 : ~0ull;
}

/* How many words a bitmap of `count` bits takes. */
static inline u64 bitmap_words(u64 count)
{
    return count / 64 + (count % 64 != 0);
}

static inline bool bitmap_get(const u64 *bitmap, u64 index)
{
    return bitmap[index / 64] >> index % 64 & 1;
}

static inline void bitmap_set(u64 *bitmap, u64 index)
{
    bitmap[index / 64] |= 1ull << index % 64;
}

static inline void bitmap_clear(u64 *bitmap, u64 index)
{
    bitmap[index / 64] &= ~(1ull << index % 64);
}

/* What the two searches share: the first set bit at or after `from`, with every word of the bitmap
 * inverted by `flip` before it is looked at. */
static inline u64 bitmap_search(const u64 *bitmap, u64 count, u64 from, u64 flip)
{
    if (from >= count)
        return count;
    u64 index = from / 64;
    u64 word = (bitmap[index] ^ flip) & ~bits_below(from % 64);
    while (word == 0) {
        if (++index == bitmap_words(count))
            return count;
        word = bitmap[index] ^ flip;
    }
    return min(index * 64 + bit_lowest(word), count);
}

/* The first bit at or after `from` that is set (or clear), or `count` if there is none. */
static inline u64 bitmap_find_set(const u64 *bitmap, u64 count, u64 from)
{
    return bitmap_search(bitmap, count, from, 0);
}

static inline u64 bitmap_find_clear(const u64 *bitmap, u64 count, u64 from)
{
    return bitmap_search(bitmap, count, from, ~0ull);
}

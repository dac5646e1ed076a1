/*
 * A load for a disk. See load.h.
 */
#include "load.h"

/* The next word is a number from `least` to `most`. */
static bool next_number(struct slice *rest, u64 least, u64 most, u64 *value)
{
    struct slice word;
    return slice_next_word(rest, &word) && parse_number(word, value) == PARSE_OK &&
           *value >= least && *value <= most;
}

bool load_parse(struct load *load, struct slice text)
{
    struct slice word;
    u64 bytes, depth, some, count, seed;
    if (!slice_next_word(&text, &word))
        return false;
    bool sequential = slice_equal(word, "sequential");
    if (!sequential && !slice_equal(word, "random"))
        return false;
    if (!next_number(&text, LOAD_BLOCK, LOAD_BYTES_MOST, &bytes) || bytes % LOAD_BLOCK != 0 ||
        !next_number(&text, 1, LOAD_DEPTH_MOST, &depth) || !next_number(&text, 1, depth, &some) ||
        !next_number(&text, 1, LOAD_COUNT_MOST, &count) ||
        !next_number(&text, 0, UINT64_MAX, &seed) || slice_next_word(&text, &word))
        return false;
    *load = (struct load){.sequential = sequential,
                          .blocks = (u32)(bytes / LOAD_BLOCK),
                          .depth = (u32)depth,
                          .some = (u32)some,
                          .count = (u32)count,
                          .seed = seed};
    return true;
}

bool load_begin(struct load_places *places, const struct load *load, u64 volume_blocks)
{
    *places = (struct load_places){.places = volume_blocks / load->blocks,
                                   .blocks = load->blocks,
                                   .sequential = load->sequential};
    if (places->places == 0)
        return false;
    random_init(&places->random, load->seed);
    places->next = random_below(&places->random, places->places);
    return true;
}

u64 load_next(struct load_places *places)
{
    u64 place = places->next;
    if (!places->sequential)
        places->next = random_below(&places->random, places->places);
    else if (++places->next == places->places)
        places->next = 0;
    return place * places->blocks;
}

bool load_is_right(const void *data, u64 block, u32 blocks)
{
    for (u32 i = 0; i < blocks; i++) {
        const u64 *word = (const u64 *)((const u8 *)data + (u64)i * LOAD_BLOCK);
        if (*word != LOAD_WORD(block + i))
            return false;
    }
    return true;
}

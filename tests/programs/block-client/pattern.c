/*
 * Sectors that say which they are. See pattern.h.
 */
#include "pattern.h"

#include <base/random.h>

static u64 mix(u64 a, u64 b)
{
    u64 state = a ^ PATTERN_MAGIC;
    state = splitmix64(&state) ^ b;
    return splitmix64(&state);
}

static u64 second_word(const struct pattern *pattern)
{
    return pattern->generation | (u64)pattern->writer << 32;
}

void pattern_fill(u64 *words, const struct pattern *pattern)
{
    u64 base = mix(pattern->sector, second_word(pattern));
    words[0] = PATTERN_MAGIC;
    words[1] = pattern->sector;
    words[2] = second_word(pattern);
    for (u32 i = 3; i < PATTERN_WORDS; i++)
        words[i] = base + (i - 3) * PATTERN_STEP;
}

u32 pattern_check(const u64 *words, const struct pattern *pattern)
{
    u64 base = mix(pattern->sector, second_word(pattern));
    if (words[0] != PATTERN_MAGIC)
        return 0;
    if (words[1] != pattern->sector)
        return 1;
    if (words[2] != second_word(pattern))
        return 2;
    u32 i = 3;
    while (i < PATTERN_WORDS && words[i] == base + (i - 3) * PATTERN_STEP)
        i++;
    return i;
}

u64 pattern_digest(u64 sector, u32 generation)
{
    return mix(sector, generation);
}

u64 summary_check(const struct summary *summary)
{
    const u64 *words = (const u64 *)summary;
    u64 sum = 0;
    for (u32 i = 0; i < offsetof(struct summary, check) / 8; i++)
        sum = mix(sum, words[i]);
    return sum;
}

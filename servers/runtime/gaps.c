/*
 * Room for stretches of pages, by first fit over a sorted table. See gaps.h.
 */
#include <base/string.h>
#include <runtime/gaps.h>

u64 gaps_take(struct gaps *gaps, u64 pages, u64 alignment)
{
    if (pages == 0 || gaps->count == GAPS_LIMIT)
        return 0;
    u64 first = align_up(gaps->first, alignment);
    u32 place = 0;
    for (; place < gaps->count; place++) {
        const struct stretch *next = &gaps->taken[place];
        if (first < next->first && pages < next->first - first)
            break;
        first = align_up(next->first + next->pages + 1, alignment);
    }
    if (first == 0 || first > gaps->end || pages > gaps->end - first)
        return 0;
    memmove(&gaps->taken[place + 1], &gaps->taken[place],
            (gaps->count - place) * sizeof(gaps->taken[0]));
    gaps->taken[place] = (struct stretch){.first = first, .pages = pages};
    gaps->count++;
    return first;
}

u64 gaps_give(struct gaps *gaps, u64 first)
{
    for (u32 place = 0; place < gaps->count; place++) {
        if (gaps->taken[place].first != first)
            continue;
        u64 pages = gaps->taken[place].pages;
        gaps->count--;
        memmove(&gaps->taken[place], &gaps->taken[place + 1],
                (gaps->count - place) * sizeof(gaps->taken[0]));
        return pages;
    }
    return 0;
}

/*
 * Takes all memory that its pool may have, fills it with a pattern, looks for a while whether that
 * stays as it is, gives the memory back, and begins again. So whatever others give back soon
 * belongs to this program, and who still writes to it is found out: a device that was told of it
 * long ago, above all.
 *
 * Its argument is how often it looks before it gives the memory back. Its log has a line
 * `squatter: round N: P pages are as they were` for each round, or `squatter: FAILED: ...`.
 */
#include <base/parse.h>
#include <runtime/map.h>
#include <runtime/print.h>
#include <runtime/slots.h>
#include <runtime/start.h>
#include <runtime/syscall.h>

#define CHUNK_PAGES 256u
#define CHUNKS      64u
#define CHUNK_WORDS (CHUNK_PAGES * PAGE_SIZE / sizeof(u64))
#define STEP        0x9e3779b97f4a7c15ul

static struct chunk {
    u32 slot;
    u64 *words;
} chunks[CHUNKS];
static u32 count;

static u64 pattern(u64 round, u32 chunk, u64 word)
{
    return (round << 40 | (u64)chunk << 24 | word) * STEP;
}

/* One more chunk. False: there is no more memory. */
static bool take(void)
{
    struct chunk *chunk = &chunks[count];
    if (chunk->slot == SLOT_NONE)
        chunk->slot = slot_allocate();
    if (chunk->slot == SLOT_NONE || memory_create(SLOT_POOL, chunk->slot, CHUNK_PAGES, 0) < 0)
        return false;
    if (memory_commit_all(chunk->slot, 0, CHUNK_PAGES) >= 0)
        chunk->words = map_memory(chunk->slot, 0, CHUNK_PAGES, RIGHT_READ | RIGHT_WRITE);
    if (!chunk->words) {
        ignore_status(object_destroy_all(chunk->slot)); /* it was made a moment ago */
        return false;
    }
    count++;
    return true;
}

static void give_back(void)
{
    while (count > 0) {
        struct chunk *chunk = &chunks[--count];
        unmap(chunk->words);
        chunk->words = NULL;
        if (object_destroy_all(chunk->slot) < 0)
            panic("squatter: FAILED: memory cannot be given back");
    }
}

static void fill(u64 round)
{
    for (u32 i = 0; i < count; i++)
        for (u64 j = 0; j < CHUNK_WORDS; j++)
            chunks[i].words[j] = pattern(round, i, j);
}

static void look(u64 round)
{
    for (u32 i = 0; i < count; i++) {
        const volatile u64 *words = chunks[i].words;
        for (u64 j = 0; j < CHUNK_WORDS; j++) {
            u64 seen = words[j];
            if (seen == pattern(round, i, j))
                continue;
            print("squatter: FAILED: round %lu: somebody has written %lx to word %lu of chunk %u\n",
                  round, seen, j, i);
            runtime_exit();
        }
    }
}

int main(void)
{
    u64 looks;
    if (parse_number(slice_of(start->arguments), &looks) != PARSE_OK)
        panic("squatter: FAILED: how often?");
    for (u64 round = 1;; round++) {
        while (count < CHUNKS && take()) {
        }
        fill(round);
        for (u64 i = 0; i < looks; i++)
            look(round);
        print("squatter: round %lu: %u pages are as they were\n", round, count * CHUNK_PAGES);
        give_back();
    }
}

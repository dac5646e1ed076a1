/*
 * Free frames, by bitmaps of 2 MiB chunks; see frames.h. Chunks with some but not all frames free
 * are on one list, whole ones on another. Nothing but the table given at the start is ever touched,
 * so this runs in tests on the host as it stands.
 */
#include "memory/frames.h"
#include "debug/assert.h"
#include <abi/object.h>
#include <base/list.h>

#define WORDS (LARGE_PAGES / 64)

struct chunk {
    struct list link;   /* in `whole` or `broken`, or nowhere */
    u64 free[WORDS];    /* a bit for each free frame */
    u64 managed[WORDS]; /* a bit for each frame that was ever given */
    u32 free_count;
};

static struct chunk *chunks;
static u64 chunk_count;
static u64 free_frames;
static struct list whole = LIST_INIT(whole);
static struct list broken = LIST_INIT(broken);

u64 frames_table_bytes(u64 highest)
{
    return (highest + LARGE_SIZE - 1) / LARGE_SIZE * sizeof(struct chunk);
}

void frames_init(void *table, u64 highest)
{
    chunks = table;
    chunk_count = (highest + LARGE_SIZE - 1) / LARGE_SIZE;
    free_frames = 0;
    list_init(&whole);
    list_init(&broken);
    for (u64 i = 0; i < chunk_count; i++) {
        chunks[i] = (struct chunk){0};
        list_init(&chunks[i].link);
    }
}

/* Puts a chunk on the list that its number of free frames asks for. */
static void chunk_file(struct chunk *chunk)
{
    list_remove(&chunk->link);
    if (chunk->free_count == LARGE_PAGES) {
        list_push_front(&whole, &chunk->link);
    } else if (chunk->free_count > 0) {
        list_push_front(&broken, &chunk->link);
    }
}

static struct chunk *chunk_of(u64 physical)
{
    u64 index = physical / LARGE_SIZE;
    return index < chunk_count ? &chunks[index] : NULL;
}

static u64 frame_bit(u64 physical, u64 *word)
{
    u64 frame = physical % LARGE_SIZE / PAGE_SIZE;
    *word = frame / 64;
    return 1ul << frame % 64;
}

/* Adds a chunk of which no frame was known before, whole. */
static void chunk_give(struct chunk *chunk)
{
    invariant(chunk->free_count == 0 && !chunk->managed[0]);
    for (u64 word = 0; word < WORDS; word++) {
        chunk->managed[word] = chunk->free[word] = ~0ul;
    }
    chunk->free_count = LARGE_PAGES;
    free_frames += LARGE_PAGES;
    chunk_file(chunk);
}

void frames_give(u64 physical, u64 pages)
{
    while (pages > 0) {
        struct chunk *chunk = chunk_of(physical);
        if (chunk && physical % LARGE_SIZE == 0 && pages >= LARGE_PAGES) {
            chunk_give(chunk);
            physical += LARGE_SIZE;
            pages -= LARGE_PAGES;
            continue;
        }
        u64 word;
        u64 bit = frame_bit(physical, &word);
        if (chunk && !(chunk->managed[word] & bit)) {
            chunk->managed[word] |= bit;
            frame_return(physical);
        }
        physical += PAGE_SIZE;
        pages--;
    }
}

u64 frames_free_count(void)
{
    return free_frames;
}

u64 frame_take(void)
{
    struct list *list = list_empty(&broken) ? &whole : &broken;
    if (list_empty(list)) {
        return 0;
    }
    struct chunk *chunk = container_of(list_first(list), struct chunk, link);
    u64 word = 0;
    while (!chunk->free[word]) {
        word++;
    }
    u64 bit = (u64)__builtin_ctzl(chunk->free[word]);
    chunk->free[word] &= chunk->free[word] - 1;
    chunk->free_count--;
    free_frames--;
    if (chunk->free_count == 0 || chunk->free_count == LARGE_PAGES - 1) {
        chunk_file(chunk);
    }
    return (u64)(chunk - chunks) * LARGE_SIZE + (word * 64 + bit) * PAGE_SIZE;
}

u64 frame_take_large(void)
{
    if (list_empty(&whole)) {
        return 0;
    }
    struct chunk *chunk = container_of(list_first(&whole), struct chunk, link);
    for (u64 word = 0; word < WORDS; word++) {
        chunk->free[word] = 0;
    }
    chunk->free_count = 0;
    free_frames -= LARGE_PAGES;
    chunk_file(chunk);
    return (u64)(chunk - chunks) * LARGE_SIZE;
}

void frame_return(u64 physical)
{
    u64 word;
    u64 bit = frame_bit(physical, &word);
    struct chunk *chunk = chunk_of(physical);
    invariant(chunk && chunk->managed[word] & bit && !(chunk->free[word] & bit));
    chunk->free[word] |= bit;
    chunk->free_count++;
    free_frames++;
    if (chunk->free_count == 1 || chunk->free_count == LARGE_PAGES) {
        chunk_file(chunk);
    }
}

void frame_return_large(u64 physical)
{
    struct chunk *chunk = chunk_of(physical);
    invariant(chunk && chunk->free_count == 0 && physical % LARGE_SIZE == 0);
    for (u64 word = 0; word < WORDS; word++) {
        chunk->free[word] = ~0ul;
    }
    chunk->free_count = LARGE_PAGES;
    free_frames += LARGE_PAGES;
    chunk_file(chunk);
}

bool frame_is_managed(u64 physical)
{
    u64 word;
    u64 bit = frame_bit(physical, &word);
    struct chunk *chunk = chunk_of(physical);
    return chunk && chunk->managed[word] & bit;
}

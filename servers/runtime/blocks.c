/*
 * Blocks of memory: found by size, split, joined. See blocks.h.
 */
#include <runtime/blocks.h>

/* In front of every block. `size` counts the header and is a multiple of 16; its lowest bit says
 * that the block is in use. A free block keeps its links in the first bytes behind the header. */
struct header {
    u64 size;
    u64 size_before; /* of the block that ends here; 0 for the first */
    struct list link[];
};

#define IN_USE       1ul
#define SIZE_MINIMUM 32u /* header and links */

static_assert(sizeof(struct header) == BLOCKS_OVERHEAD, "the contract in blocks.h");
static_assert(sizeof(struct header) + sizeof(struct list) == SIZE_MINIMUM, "as small as they get");

static u64 header_size(const struct header *header)
{
    return header->size & ~IN_USE;
}

static bool header_is_used(const struct header *header)
{
    return header->size & IN_USE;
}

static struct header *header_after(const struct blocks *blocks, const struct header *header)
{
    u8 *after = (u8 *)header + header_size(header);
    return after == blocks->base + blocks->size ? NULL : (struct header *)after;
}

static struct header *header_before(const struct header *header)
{
    if (header->size_before == 0)
        return NULL;
    return (struct header *)((u8 *)header - header->size_before);
}

/* The list for blocks of this size: that of the highest bit. */
static unsigned list_of(u64 size)
{
    return min(63u - (unsigned)__builtin_clzll(size), BLOCKS_LISTS - 1);
}

/* Sets the size of a block, and lets the block after it know. */
static void set_size(struct blocks *blocks, struct header *header, u64 size, u64 in_use)
{
    header->size = size | in_use;
    struct header *after = header_after(blocks, header);
    if (after)
        after->size_before = size;
    else
        blocks->last_size = size;
}

/* Joins a block that is in no list with its free neighbours, and lists the result. */
static void release(struct blocks *blocks, struct header *header)
{
    u64 size = header_size(header);
    struct header *after = header_after(blocks, header);
    struct header *before = header_before(header);
    if (after && !header_is_used(after)) {
        list_remove(after->link);
        size += header_size(after);
    }
    if (before && !header_is_used(before)) {
        list_remove(before->link);
        size += header_size(before);
        header = before;
    }
    set_size(blocks, header, size, 0);
    list_push_front(&blocks->free[list_of(size)], header->link);
}

void blocks_init(struct blocks *blocks, void *base)
{
    *blocks = (struct blocks){.base = base};
    for (unsigned i = 0; i < BLOCKS_LISTS; i++)
        list_init(&blocks->free[i]);
}

void blocks_extend(struct blocks *blocks, u64 bytes)
{
    struct header *header = (struct header *)(blocks->base + blocks->size);
    blocks->size += bytes;
    header->size_before = blocks->last_size;
    header->size = bytes;
    release(blocks, header);
}

/* The first free block of at least `size` bytes in one list. */
static struct header *find_in(const struct list *head, u64 size)
{
    list_for_each(node, head) {
        struct header *header = container_of(node, struct header, link[0]);
        if (header_size(header) >= size)
            return header;
    }
    return NULL;
}

void *blocks_allocate(struct blocks *blocks, u64 size)
{
    if (size >= 1ul << (BLOCKS_LISTS - 1))
        return NULL;
    size = max(align_up(size + BLOCKS_OVERHEAD, BLOCKS_ALIGNMENT), SIZE_MINIMUM);
    struct header *header = NULL;
    for (unsigned i = list_of(size); !header && i < BLOCKS_LISTS; i++)
        header = find_in(&blocks->free[i], size);
    if (!header)
        return NULL;
    list_remove(header->link);
    u64 rest = header_size(header) - size;
    if (rest >= SIZE_MINIMUM) {
        struct header *remainder = (struct header *)((u8 *)header + size);
        set_size(blocks, remainder, rest, 0);
        list_push_front(&blocks->free[list_of(rest)], remainder->link);
    } else {
        size += rest;
    }
    set_size(blocks, header, size, IN_USE);
    blocks->used += size;
    return header + 1;
}

bool blocks_free(struct blocks *blocks, void *address)
{
    u64 offset = (u64)address - (u64)blocks->base;
    if (offset < BLOCKS_OVERHEAD || offset >= blocks->size || offset % BLOCKS_ALIGNMENT != 0)
        return false;
    struct header *header = (struct header *)address - 1;
    u64 size = header_size(header);
    if (!header_is_used(header) || size < SIZE_MINIMUM ||
        !range_fits(offset - BLOCKS_OVERHEAD, size, blocks->size))
        return false;
    blocks->used -= size;
    release(blocks, header);
    return true;
}

bool blocks_are_sound(const struct blocks *blocks)
{
    u64 offset = 0, before = 0, used = 0, free_count = 0;
    bool before_is_free = false;
    while (offset < blocks->size) {
        const struct header *header = (const struct header *)(blocks->base + offset);
        u64 size = header_size(header);
        bool is_free = !header_is_used(header);
        if (size < SIZE_MINIMUM || size % BLOCKS_ALIGNMENT != 0 || header->size_before != before ||
            (is_free && before_is_free))
            return false;
        if (is_free)
            free_count++;
        else
            used += size;
        before_is_free = is_free;
        before = size;
        offset += size;
    }
    for (unsigned i = 0; i < BLOCKS_LISTS; i++) {
        list_for_each(node, &blocks->free[i]) {
            if (!list_is_sound(node) || free_count-- == 0)
                return false;
        }
    }
    return offset == blocks->size && before == blocks->last_size && used == blocks->used &&
           free_count == 0;
}

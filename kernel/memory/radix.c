/* The table of frames behind a memory object; see radix.h. */
#include "memory/radix.h"
#include "debug/assert.h"
#include "memory/direct.h"

#define ENTRY_PRESENT 1ul
#define ENTRY_LARGE   2ul
#define ENTRY_ADDRESS 0x000ffffffffff000ul
#define ENTRIES       512ul

static u64 *node_at(u64 physical)
{
    return phys_to_virt(physical & ENTRY_ADDRESS);
}

/* The index of `page` in a node of `level`; 0 is the lowest. */
static u64 index_at(u64 page, u32 level)
{
    return page >> 9 * level & (ENTRIES - 1);
}

/* The lowest entry on the way to `page` that is there, and its level: a leaf or something
 * absent. */
static u64 *find_entry(const struct radix *radix, u64 page, u32 *level)
{
    u64 *node = node_at(radix->root);
    *level = radix->height - 1;
    for (;;) {
        u64 *entry = &node[index_at(page, *level)];
        if (!(*entry & ENTRY_PRESENT) || *entry & ENTRY_LARGE || *level == 0) {
            return entry;
        }
        node = node_at(*entry);
        --*level;
    }
}

u64 radix_find(const struct radix *radix, u64 page, bool *large)
{
    u64 entry = radix->root;
    *large = false;
    if (!radix->root) {
        return 0;
    }
    for (u32 shift = 9 * radix->height; shift > 0;) {
        shift -= 9;
        entry = node_at(entry)[page >> shift & (ENTRIES - 1)];
        if (!(entry & ENTRY_PRESENT)) {
            return 0;
        }
        if (entry & ENTRY_LARGE) {
            *large = true;
            return (entry & ENTRY_ADDRESS) + (page & (ENTRIES - 1)) * PAGE_SIZE;
        }
    }
    return entry & ENTRY_ADDRESS;
}

bool radix_large_free(const struct radix *radix, u64 page)
{
    u32 level;
    if (radix->height < 2 || page & (LARGE_PAGES - 1)) {
        return false;
    }
    return !radix->root || (!(*find_entry(radix, page, &level) & ENTRY_PRESENT) && level >= 1);
}

/* A fresh node, for which there is room. */
static u64 node_new(struct pool *pool)
{
    u64 node = pool_take_page(pool);
    invariant(node != 0);
    return node;
}

enum error radix_insert(struct radix *radix, struct pool *pool, u64 page, u64 physical, bool large)
{
    u32 lowest = large ? 1 : 0;
    u32 level = radix->height - 1;
    u64 *entry = radix->root ? find_entry(radix, page, &level) : NULL;
    if (entry && (*entry & ENTRY_PRESENT || level < lowest)) {
        return ERR_OCCUPIED;
    }
    if (!pool_has_room(pool, level - lowest + !entry)) {
        return ERR_MEMORY;
    }
    if (!entry) {
        radix->root = node_new(pool);
        entry = find_entry(radix, page, &level);
    }
    for (; level > lowest; level--) {
        *entry = node_new(pool) | ENTRY_PRESENT;
        entry = &node_at(*entry)[index_at(page, level - 1)];
    }
    *entry = physical | ENTRY_PRESENT | (large ? ENTRY_LARGE : 0);
    return ERR_NONE;
}

/* Gives back what a leaf holds. */
static void drop_leaf(struct pool *pool, u64 entry, u64 *returned)
{
    if (entry & ENTRY_LARGE) {
        pool_return_large(pool, entry & ENTRY_ADDRESS);
        *returned += LARGE_PAGES;
    } else {
        pool_return_page(pool, entry & ENTRY_ADDRESS);
        *returned += 1;
    }
}

/* Gives back the leaf or the whole lowest node that `page` is in; how many pages that spans. */
static u64 drop_at(struct radix *radix, struct pool *pool, u64 page, u64 *returned)
{
    u64 *node = node_at(radix->root);
    for (u32 level = radix->height - 1; level > 0; level--) {
        u64 *entry = &node[index_at(page, level)];
        if (!(*entry & ENTRY_PRESENT)) {
            return 1ul << 9 * level;
        }
        if (*entry & ENTRY_LARGE) {
            drop_leaf(pool, *entry, returned);
            *entry = 0;
            return LARGE_PAGES;
        }
        node = node_at(*entry);
    }
    for (u64 i = 0; i < ENTRIES; i++) {
        if (node[i] & ENTRY_PRESENT) {
            drop_leaf(pool, node[i], returned);
            node[i] = 0;
        }
    }
    return ENTRIES;
}

/* Gives back the nodes on the way to `page` whose range ends where `next` begins: they are empty
 * now. */
static void drop_nodes(struct radix *radix, struct pool *pool, u64 page, u64 next)
{
    for (u32 lowest = 0; lowest + 1 < radix->height; lowest++) {
        if (next & ((1ul << 9 * (lowest + 1)) - 1)) {
            return;
        }
        u64 *node = node_at(radix->root);
        u64 *entry = NULL;
        for (u32 level = radix->height - 1; level > lowest; level--) {
            entry = &node[index_at(page, level)];
            if (!(*entry & ENTRY_PRESENT)) {
                break;
            }
            node = node_at(*entry);
        }
        if (entry && *entry & ENTRY_PRESENT) {
            pool_return_page(pool, *entry & ENTRY_ADDRESS);
            *entry = 0;
        }
    }
}

bool radix_drop(struct radix *radix, struct pool *pool, u64 *page, u64 *returned)
{
    if (!radix->root) {
        return true;
    }
    u64 span = drop_at(radix, pool, *page, returned);
    u64 next = align_down(*page, span) + span;
    drop_nodes(radix, pool, *page, next);
    *page = next;
    if (next >> 9 * radix->height == 0) {
        return false;
    }
    pool_return_page(pool, radix->root);
    radix->root = 0;
    return true;
}

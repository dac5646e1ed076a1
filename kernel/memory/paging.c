/* The page tables of ring 3; see paging.h. */
#include "memory/paging.h"
#include "debug/assert.h"
#include "memory/direct.h"

#define LEVELS     4u
#define TABLE_BITE 8 /* lowest tables looked at in one bite */

static u64 index_at(u64 address, u32 level)
{
    return address >> (PAGE_SHIFT + 9 * level) & 511;
}

/* Bytes that one entry of a level spans. */
static u64 span_of(u32 level)
{
    return PAGE_SIZE << 9 * level;
}

static u64 *table_at(u64 entry)
{
    return phys_to_virt(entry & PTE_ADDRESS);
}

u64 pte_bits(u64 rights, unsigned cache)
{
    static const u64 cache_bits[] = {
        [CACHE_WRITE_BACK] = 0,
        [CACHE_WRITE_COMBINING] = PTE_WRITE_COMBINING,
        [CACHE_UNCACHED] = PTE_UNCACHED,
    };
    return PTE_PRESENT | PTE_USER | cache_bits[cache] | (rights & RIGHT_WRITE ? PTE_WRITE : 0) |
           (rights & RIGHT_EXECUTE ? 0 : PTE_NO_EXECUTE);
}

/* The lowest entry on the way to `address`, down to `lowest`, that is there; its level. */
static u64 *find_entry(u64 *top, u64 address, u32 lowest, u32 *level)
{
    u64 *table = top;
    for (*level = LEVELS - 1;; --*level) {
        u64 *entry = &table[index_at(address, *level)];
        if (*level == lowest || !(*entry & PTE_PRESENT) || *entry & PTE_LARGE) {
            return entry;
        }
        table = table_at(*entry);
    }
}

enum error paging_enter(u64 *top, struct pool *pool, u64 address, u64 pte, bool large)
{
    u32 lowest = large ? 1 : 0;
    u32 level;
    u64 *entry = find_entry(top, address, lowest, &level);
    if (*entry & PTE_PRESENT) {
        return ERR_NONE;
    }
    if (!pool_has_room(pool, level - lowest)) {
        return ERR_MEMORY;
    }
    for (; level > lowest; level--) {
        u64 table = pool_take_page(pool);
        invariant(table != 0);
        *entry = table | PTE_PRESENT | PTE_WRITE | PTE_USER;
        entry = &table_at(table)[index_at(address, level - 1)];
    }
    *entry = pte | (large ? PTE_LARGE : 0);
    return ERR_NONE;
}

u64 paging_find(const u64 *top, u64 address)
{
    const u64 *table = top;
    for (u32 level = LEVELS - 1;; level--) {
        u64 entry = table[index_at(address, level)];
        if (!(entry & PTE_PRESENT)) {
            return 0;
        }
        if (level == 0 || entry & PTE_LARGE) {
            return entry;
        }
        table = table_at(entry);
    }
}

/* The entry of `level` for `address`, NULL when a table above it is absent; *span: what is known to
 * be empty then. */
static u64 *walk(u64 *top, u64 address, u32 level, u64 *span)
{
    u64 *table = top;
    for (u32 at = LEVELS - 1; at > level; at--) {
        u64 entry = table[index_at(address, at)];
        if (!(entry & PTE_PRESENT) || entry & PTE_LARGE) {
            *span = span_of(at);
            return NULL;
        }
        table = table_at(entry);
    }
    *span = span_of(level);
    return &table[index_at(address, level)];
}

static bool table_is_empty(const u64 *table)
{
    for (u64 i = 0; i < 512; i++) {
        if (table[i] & PTE_PRESENT) {
            return false;
        }
    }
    return true;
}

/* Gives back the tables on the way to `address` that are empty, from the lowest up. */
static void drop_empty_tables(u64 *top, struct pool *pool, u64 address)
{
    for (u32 level = 1; level < LEVELS; level++) {
        u64 span;
        u64 *entry = walk(top, address, level, &span);
        if (!entry || !(*entry & PTE_PRESENT) || *entry & PTE_LARGE) {
            continue;
        }
        if (!table_is_empty(table_at(*entry))) {
            return;
        }
        u64 page = *entry & PTE_ADDRESS;
        *entry = 0;
        pool_return_page(pool, page);
    }
}

/* Clears what lies below one entry of level 1, from `address` to `end` at most. */
static void clear_large(u64 *entry, u64 address, u64 end)
{
    if (*entry & PTE_LARGE) {
        *entry = 0;
        return;
    }
    u64 *table = table_at(*entry);
    u64 stop = min(end, align_down(address, LARGE_SIZE) + LARGE_SIZE);
    for (; address < stop; address += PAGE_SIZE) {
        table[index_at(address, 0)] = 0;
    }
}

bool paging_clear(u64 *top, struct pool *pool, u64 *address, u64 end)
{
    for (u32 tables = 0; *address < end && tables < TABLE_BITE; tables++) {
        u64 span;
        u64 *entry = walk(top, *address, 1, &span);
        if (entry && *entry & PTE_PRESENT) {
            clear_large(entry, *address, end);
            drop_empty_tables(top, pool, *address);
        }
        *address = min(end, align_down(*address, span) + span);
    }
    return *address >= end;
}

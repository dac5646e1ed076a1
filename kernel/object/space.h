/*
 * Spaces: protection domains. A space is page tables, the list of regions that says what they
 * should show, and a table of capabilities.
 *
 * Page tables are filled from regions, on demand or ahead of it; they hold nothing that could not
 * be computed again. Slot tables and page tables are charged to the space's pool.
 */
#pragma once
#include "memory/paging.h"
#include "object/memory.h"
#include "object/object.h"

struct thread;

#define SLOTS_PER_PAGE (PAGE_SIZE / sizeof(struct cap))

/* A stretch of addresses that shows a stretch of a memory object. Charged to the space's pool. */
struct region {
    struct memory *memory;
    struct space *space;
    struct list in_memory;
    u64 address, bytes;
    u64 first; /* page of the memory at `address` */
    u64 rights;
    u64 cursor; /* how far removal has come; 0 while it has not begun */
};

struct space {
    struct object object;
    u64 page_table; /* physical address of the top table, for CR3; 0 once it is gone */
    u64 *top;
    struct list threads; /* that live here */
    u64 region_count;
    struct cap *slots[SLOT_LIMIT / SLOTS_PER_PAGE];
    struct region *regions[REGION_LIMIT]; /* by address */
};
static_assert(sizeof(struct space) <= PAGE_SIZE, "a space is a page");

must_check enum error space_create(struct pool *pool, struct space **result);
must_check enum error space_empty_step(struct object *object);

/* ---- slots ---- */

/* The capability in a slot that is in use; NULL when it is empty or out of range. */
static inline struct cap *space_slot(const struct space *space, u64 slot)
{
    if (slot >= SLOT_LIMIT) {
        return NULL;
    }
    struct cap *page = space->slots[slot / SLOTS_PER_PAGE];
    if (!page) {
        return NULL;
    }
    struct cap *cap = &page[slot % SLOTS_PER_PAGE];
    return cap->object ? cap : NULL;
}

/* Could a capability be put into this slot? ERR_OCCUPIED, or ERR_ARGUMENT when there is no such
 * slot. */
must_check enum error space_check_slot(const struct space *space, u64 slot);

/* Puts one there, making room for it in the table; ERR_MEMORY when there is none. */
must_check enum error space_fill_slot(struct space *space, u64 slot, struct object *object,
                                      u64 rights, u64 badge);

/* ---- regions ---- */

must_check enum error space_map(struct space *space, struct memory *memory, u64 address, u64 first,
                                u64 pages, u64 rights);

/* The region that `address` lies in; NULL when there is none. */
struct region *space_region(const struct space *space, u64 address);

/* One bite of a region's removal: true when it is gone. */
bool region_remove_step(struct region *region);

/* Fills in the page-table entries of a region from `address` on, at most `pages` and a bite: how
 * many in *done. */
must_check enum error space_populate(struct space *space, u64 address, u64 pages, u64 *done);

/* A page fault at `address`: ERR_NONE if the access is allowed now, else why not (ERR_ABSENT,
 * ERR_RIGHTS, ERR_MEMORY). */
must_check enum error space_fault(struct space *space, u64 address, bool write, bool execute);

/* Can ring 3 write at `address`? A page that is only to be filled in is. */
bool space_writable(struct space *space, u64 address);

/* Forgets translations of `space` that the processor may hold. */
void space_flush(const struct space *space);

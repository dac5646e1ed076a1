/*
 * Pools: who pays for which page, slabs for small objects, and the end of a pool; see pool.h.
 *
 * A pool ends in two walks over it and the pools inside it, each cut into bites. The first stops:
 * after it no thread of theirs will ever run. The second takes apart, innermost pools first. What
 * somebody else still holds (quarantine) is put aside; pool_unhold brings it back when that holder
 * lets go.
 */
#include "object/pool.h"
#include "debug/assert.h"
#include "debug/junk.h"
#include "debug/trace.h"
#include "memory/direct.h"
#include "memory/frames.h"
#include "object/quarantine.h"
#include <base/string.h>

#define SLAB_HEADER  64
#define SLAB_LARGEST (128ul << (SLAB_CLASSES - 1))

struct slab {
    struct list link; /* in pool->slabs while there is room */
    void *free;       /* chain of free places */
    u32 used, size;
};
static_assert(sizeof(struct slab) <= SLAB_HEADER, "a slab's header must leave places aligned");

/* ---- pages ---- */

bool pool_has_room(const struct pool *pool, u64 pages)
{
    return pages <= pool->pages - pool->used - pool->reserved;
}

bool pool_charge(struct pool *pool, u64 pages)
{
    if (!pool_has_room(pool, pages)) {
        return false;
    }
    pool->used += pages;
    return true;
}

void pool_refund(struct pool *pool, u64 pages)
{
    invariant(pool->used >= pages);
    pool->used -= pages;
}

u64 pool_take_page(struct pool *pool)
{
    if (!pool_charge(pool, 1)) {
        return 0;
    }
    u64 physical = frame_take();
    invariant(physical != 0); /* the sum of all guarantees is what exists */
    memset(phys_to_virt(physical), 0, PAGE_SIZE);
    return physical;
}

u64 pool_take_large(struct pool *pool)
{
    if (!pool_has_room(pool, LARGE_PAGES)) {
        return 0;
    }
    u64 physical = frame_take_large();
    if (physical) {
        pool->used += LARGE_PAGES;
    }
    return physical;
}

void pool_return_page(struct pool *pool, u64 physical)
{
    junk_fill(phys_to_virt(physical), PAGE_SIZE);
    frame_return(physical);
    pool_refund(pool, 1);
}

void pool_return_large(struct pool *pool, u64 physical)
{
    frame_return_large(physical);
    pool_refund(pool, LARGE_PAGES);
}

/* ---- slabs ---- */

static unsigned slab_class(u64 size)
{
    unsigned size_class = 0;
    while (size > 128ul << size_class) {
        size_class++;
    }
    invariant(size_class < SLAB_CLASSES);
    return size_class;
}

static struct slab *slab_new(struct pool *pool, unsigned size_class)
{
    u64 physical = pool_take_page(pool);
    if (!physical) {
        return NULL;
    }
    struct slab *slab = phys_to_virt(physical);
    u64 size = 128ul << size_class;
    slab->size = (u32)size;
    for (u64 offset = SLAB_HEADER; offset + size <= PAGE_SIZE; offset += size) {
        void **place = (void **)((u8 *)slab + offset);
        *place = slab->free;
        slab->free = place;
    }
    list_init(&slab->link);
    list_push_front(&pool->slabs[size_class], &slab->link);
    return slab;
}

void *pool_allocate(struct pool *pool, u64 size)
{
    if (size > SLAB_LARGEST) {
        u64 page = pool_take_page(pool);
        return page ? phys_to_virt(page) : NULL;
    }
    unsigned size_class = slab_class(size);
    struct slab *slab;
    if (list_empty(&pool->slabs[size_class])) {
        slab = slab_new(pool, size_class);
        if (!slab) {
            return NULL;
        }
    } else {
        slab = container_of(list_first(&pool->slabs[size_class]), struct slab, link);
    }
    void **place = slab->free;
    slab->free = *place;
    slab->used++;
    if (!slab->free) {
        list_remove(&slab->link);
    }
    memset(place, 0, slab->size);
    return place;
}

void pool_free(struct pool *pool, void *memory, u64 size)
{
    if (size > SLAB_LARGEST) {
        pool_return_page(pool, virt_to_phys(memory));
        return;
    }
    struct slab *slab = (struct slab *)align_down((u64)memory, PAGE_SIZE);
    invariant(slab->size == 128u << slab_class(size) && slab->used > 0);
    junk_fill(memory, slab->size);
    if (!slab->free) {
        list_push_front(&pool->slabs[slab_class(size)], &slab->link);
    }
    *(void **)memory = slab->free;
    slab->free = memory;
    if (--slab->used == 0) {
        list_remove(&slab->link);
        pool_return_page(pool, virt_to_phys(slab));
    }
}

/* ---- objects ---- */

void *object_allocate(struct pool *pool, enum object_type type, u64 size)
{
    struct object *object = pool_allocate(pool, size);
    if (object) {
        object_init(object, type, pool);
    }
    return object;
}

void object_init(struct object *object, enum object_type type, struct pool *pool)
{
    object->type = object->kind = (u8)type;
    object->pool = pool;
    list_init(&object->siblings);
    list_init(&object->caps);
    if (!pool) {
        return; /* the root pool */
    }
    pool->object_count++;
    if (type == OBJECT_THREAD) {
        list_push_back(&pool->threads, &object->siblings);
    } else if (type == OBJECT_SPACE) {
        list_push_front(&pool->objects, &object->siblings); /* spaces end before what they show */
    } else if (type != OBJECT_POOL) {
        list_push_back(&pool->objects, &object->siblings);
    }
    trace_add(TRACE_CREATE, type, (u64)object);
}

void object_free(struct object *object, u64 size, u64 before)
{
    struct pool *pool = object->pool;
    invariant(list_empty(&object->caps));
    trace_add(TRACE_DESTROY, object->kind, (u64)object);
    list_remove(&object->siblings);
    pool->object_count--;
    pool_free(pool, (u8 *)object - before, size);
}

/* ---- pools themselves ---- */

static void pool_init(struct pool *pool, u64 pages, u32 highest_priority, u32 depth)
{
    pool->pages = pages;
    pool->highest_priority = highest_priority;
    pool->depth = depth;
    list_init(&pool->link);
    list_init(&pool->running);
    list_init(&pool->ended);
    list_init(&pool->stuck);
    list_init(&pool->threads);
    list_init(&pool->objects);
    list_init(&pool->quarantine);
    for (unsigned size_class = 0; size_class < SLAB_CLASSES; size_class++) {
        list_init(&pool->slabs[size_class]);
    }
}

struct pool *pool_init_root(void)
{
    static struct pool root;
    object_init(&root.object, OBJECT_POOL, NULL);
    pool_init(&root, frames_free_count(), PRIORITY_COUNT - 1, 0);
    return &root;
}

void pool_grow_root(struct pool *root)
{
    root->pages = root->used + frames_free_count();
}

bool pool_is_inside(const struct pool *pool, const struct pool *ancestor)
{
    while (pool && pool != ancestor) {
        pool = pool->object.pool;
    }
    return pool == ancestor;
}

enum error pool_create(struct pool *parent, u64 pages, u32 highest_priority, struct pool **result)
{
    struct pool *pool = object_allocate(parent, OBJECT_POOL, sizeof(*pool));
    if (!pool) {
        return ERR_MEMORY;
    }
    if (!pool_has_room(parent, pages)) {
        object_free(&pool->object, sizeof(*pool), 0);
        return ERR_MEMORY;
    }
    parent->reserved += pages;
    pool_init(pool, pages, highest_priority, parent->depth + 1);
    list_push_back(&parent->running, &pool->link);
    *result = pool;
    return ERR_NONE;
}

/* The first of a list of children; NULL when it is empty. */
static struct pool *first_child(const struct list *children)
{
    return list_empty(children) ? NULL : container_of(list_first(children), struct pool, link);
}

/* Moves a pool, unless it is the root, to the list of its parent that tells how far its destruction
 * is. */
static void pool_file(struct pool *pool)
{
    struct pool *parent = pool->object.pool;
    if (!parent) {
        return;
    }
    list_remove(&pool->link);
    list_push_back(pool->object.held ? &parent->stuck
                   : pool->stopped   ? &parent->ended
                                     : &parent->running,
                   &pool->link);
}

/* One bite of the first walk. */
static void stop_step(struct pool *top)
{
    struct pool *pool = top;
    pool->object.type = OBJECT_NONE;
    for (struct pool *child = first_child(&pool->running); child;
         child = first_child(&pool->running)) {
        pool = child;
        pool->object.type = OBJECT_NONE;
    }
    if (!list_empty(&pool->threads)) {
        struct list *first = list_first(&pool->threads);
        enum error unfinished = object_destroy_step(container_of(first, struct object, siblings));
        (void)unfinished; /* the next bite goes on, with this one or the one behind it */
        return;
    }
    pool->stopped = true;
    pool_file(pool);
}

static enum error pool_finish(struct pool *pool)
{
    struct pool *parent = pool->object.pool;
    invariant(pool->used == 0 && pool->reserved == 0 && pool->object_count == 0);
    parent->reserved -= pool->pages;
    list_remove(&pool->link);
    object_free(&pool->object, sizeof(*pool), 0);
    return ERR_NONE;
}

/* One bite of the second walk, for the innermost pool that can get on. */
static enum error take_apart_step(struct pool *top)
{
    struct pool *pool = top;
    for (struct pool *child = first_child(&pool->ended); child; child = first_child(&pool->ended)) {
        pool = child;
    }
    if (!list_empty(&pool->objects)) {
        struct object *object = container_of(list_first(&pool->objects), struct object, siblings);
        if (object_destroy_step(object) == ERR_BUSY) {
            object->held = true;
            list_remove(&object->siblings);
            list_push_back(&pool->quarantine, &object->siblings);
        }
        return ERR_AGAIN;
    }
    if (!list_empty(&pool->quarantine) || !list_empty(&pool->stuck)) {
        pool->object.held = true;
        pool_file(pool);
        return pool == top ? ERR_BUSY : ERR_AGAIN;
    }
    if (!object_drop_caps(&pool->object)) {
        return ERR_AGAIN;
    }
    enum error error = pool_finish(pool);
    return pool == top ? error : ERR_AGAIN;
}

enum error pool_destroy_step(struct object *object)
{
    struct pool *pool = container_of(object, struct pool, object);
    if (!pool->stopped) {
        stop_step(pool);
        return ERR_AGAIN;
    }
    return take_apart_step(pool);
}

void pool_unhold(struct object *object)
{
    if (!object->held) {
        return;
    }
    struct pool *pool = object->pool;
    object->held = false;
    list_remove(&object->siblings);
    list_push_front(&pool->objects, &object->siblings);
    for (; pool && pool->object.held; pool = pool->object.pool) {
        pool->object.held = false;
        pool_file(pool);
    }
}

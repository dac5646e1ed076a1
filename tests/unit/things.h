/*
 * A root pool and objects for unit tests of object/pool.c, which note who dies and when. Needs:
 * kernel/object/pool.c kernel/memory/frames.c kernel/debug/trace.c
 */
#pragma once

#include "kernel.h"

#include "object/pool.h"
#include "object/quarantine.h"

#define PAGES 2048

/* An object of the test: dying takes `bites`, and cannot go on while `busy`. */
struct thing {
    struct object object;
    u32 bites;
    bool busy;
};

static struct pool *root;

/* Who has died, in order. */
static struct {
    enum object_type type;
    struct object *object;
    struct pool *pool;
} deaths[64];
static u32 death_count;

static inline void record_death(struct object *object)
{
    assert_true(death_count < array_count(deaths));
    deaths[death_count].type = (enum object_type)object->kind;
    deaths[death_count].object = object;
    deaths[death_count++].pool = object->pool;
}

/* In the place of object.c. A pool has lost its capabilities just before it is freed. */
bool object_drop_caps(struct object *object)
{
    record_death(object);
    return true;
}

enum error object_destroy_step(struct object *object)
{
    if (object->kind == OBJECT_POOL)
        return pool_destroy_step(object);
    struct thing *thing = container_of(object, struct thing, object);
    object->type = OBJECT_NONE;
    if (thing->busy)
        return ERR_BUSY;
    if (thing->bites > 0) {
        thing->bites--;
        return ERR_AGAIN;
    }
    record_death(object);
    object_free(object, sizeof(*thing), 0);
    return ERR_NONE;
}

static inline int start(void **state)
{
    (void)state;
    host_cpu_init();
    host_memory_init(PAGES);
    if (root)
        memset(root, 0, sizeof(*root)); /* a test before may have failed */
    root = pool_init_root();
    death_count = 0;
    return 0;
}

/* Nothing that the test has made may be left. */
static inline int end(void **state)
{
    (void)state;
    if (root->used || root->reserved || root->object_count || frames_free_count() != PAGES - 1) {
        print_error("left: %lu pages used, %lu reserved, %lu objects, %lu frames\n", root->used,
                    root->reserved, root->object_count, PAGES - 1 - frames_free_count());
        return -1;
    }
    host_memory_end();
    return 0;
}

static inline struct pool *new_pool(struct pool *parent, u64 pages)
{
    struct pool *pool;
    assert_int_equal(pool_create(parent, pages, 1, &pool), ERR_NONE);
    return pool;
}

static inline struct thing *new_thing(struct pool *pool, enum object_type type)
{
    struct thing *thing = object_allocate(pool, type, sizeof(*thing));
    assert_non_null(thing);
    return thing;
}

static inline void destroy(struct object *object)
{
    for (int step = 0; step < 1000; step++) {
        enum error error = object_destroy_step(object);
        if (!error)
            return;
        assert_int_equal(error, ERR_AGAIN);
    }
    fail_msg("the destruction does not end");
}

static inline enum error destroy_until_stuck(struct object *object)
{
    for (int step = 0; step < 1000; step++) {
        enum error error = object_destroy_step(object);
        if (error != ERR_AGAIN)
            return error;
    }
    return ERR_AGAIN;
}

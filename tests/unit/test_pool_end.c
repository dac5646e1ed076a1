/*
 * Unit tests of object/pool.c: the order in which pools and what is in them end, quarantine, and
 * the accounts.
 */
// with: kernel/object/pool.c kernel/memory/frames.c kernel/debug/trace.c
#include "things.h"

/* ---- the end of pools ---- */

static void test_threads_end_first_everywhere(void **state)
{
    (void)state;
    struct pool *top = new_pool(root, 200);
    struct pool *left = new_pool(top, 50), *right = new_pool(top, 50);
    struct pool *inner = new_pool(left, 20);
    struct pool *all[] = {top, left, right, inner};
    for (u32 i = 0; i < array_count(all); i++) {
        new_thing(all[i], OBJECT_MEMORY)->bites = 2;
        new_thing(all[i], OBJECT_THREAD)->bites = 1;
        new_thing(all[i], OBJECT_SPACE);
        new_thing(all[i], OBJECT_THREAD);
    }
    destroy(&top->object);
    assert_int_equal(death_count, 20);
    for (u32 i = 0; i < 8; i++)
        assert_int_equal(deaths[i].type, OBJECT_THREAD);
    for (u32 i = 8; i < 20; i += 3) { /* each pool at one stretch, spaces before what they show */
        assert_int_equal(deaths[i].type, OBJECT_SPACE);
        assert_int_equal(deaths[i + 1].type, OBJECT_MEMORY);
        assert_int_equal(deaths[i + 2].type, OBJECT_POOL);
        assert_ptr_equal(deaths[i].pool, deaths[i + 2].object);
        assert_ptr_equal(deaths[i + 1].pool, deaths[i + 2].object);
        for (u32 before = 8; before < i; before++) /* none before those inside it */
            assert_ptr_not_equal(deaths[before].object, deaths[i + 2].pool);
    }
}

/* From the first bite on a pool is of no type: no system call can use it. */
static void test_pools_that_end_are_closed(void **state)
{
    (void)state;
    struct pool *top = new_pool(root, 20);
    struct pool *inner = new_pool(top, 10);
    new_thing(inner, OBJECT_THREAD);
    assert_int_equal(object_destroy_step(&top->object), ERR_AGAIN);
    assert_int_equal(top->object.type, OBJECT_NONE);
    assert_int_equal(inner->object.type, OBJECT_NONE);
    destroy(&top->object);
}

static void let_go(struct thing *thing)
{
    thing->busy = false;
    pool_unhold(&thing->object);
}

static void test_quarantine(void **state)
{
    (void)state;
    struct pool *top = new_pool(root, 100);
    struct pool *inner = new_pool(top, 50);
    struct thing *held = new_thing(inner, OBJECT_MEMORY);
    held->busy = true;
    new_thing(inner, OBJECT_MEMORY);
    new_thing(top, OBJECT_EVENT);
    assert_int_equal(destroy_until_stuck(&top->object), ERR_BUSY);
    assert_int_equal(death_count, 2); /* everything but what is held */
    assert_int_equal(object_destroy_step(&top->object), ERR_BUSY);
    assert_int_equal(top->reserved, 50);
    assert_int_equal(inner->object_count, 1);
    let_go(held);
    destroy(&top->object);
    assert_int_equal(death_count, 5);
}

static void test_quarantine_in_several_pools(void **state)
{
    (void)state;
    struct pool *top = new_pool(root, 100);
    struct pool *left = new_pool(top, 20), *right = new_pool(top, 40);
    struct pool *in[] = {left, new_pool(right, 20), right};
    struct thing *held[array_count(in)];
    for (u32 i = 0; i < array_count(in); i++) {
        held[i] = new_thing(in[i], OBJECT_MEMORY);
        held[i]->busy = true;
    }
    assert_int_equal(destroy_until_stuck(&top->object), ERR_BUSY);
    assert_int_equal(death_count, 0);
    for (u32 i = 0; i < array_count(in); i++) {
        let_go(held[i]);
        bool last = i == array_count(in) - 1;
        assert_int_equal(destroy_until_stuck(&top->object), last ? ERR_NONE : ERR_BUSY);
        assert_int_equal(death_count, 2 * (i + 1) + last); /* the thing and its pool */
    }
}

static void test_letting_go_of_what_is_not_held(void **state)
{
    (void)state;
    struct thing *thing = new_thing(root, OBJECT_MEMORY);
    let_go(thing);
    destroy(&thing->object);
}

/* A pool inside has begun to end, and stopped, on its own account; its brother still runs. */
static void one_child_has_stopped(bool the_younger, bool busy)
{
    struct pool *top = new_pool(root, 100);
    struct pool *elder = new_pool(top, 20), *younger = new_pool(top, 20);
    struct pool *ended = the_younger ? younger : elder, *runs = the_younger ? elder : younger;
    struct thing *memory = new_thing(ended, OBJECT_MEMORY);
    memory->bites = 3;
    memory->busy = busy;
    new_thing(runs, OBJECT_THREAD);
    new_thing(top, OBJECT_MEMORY);
    assert_int_equal(object_destroy_step(&ended->object), ERR_AGAIN);
    if (busy)
        assert_int_equal(destroy_until_stuck(&ended->object), ERR_BUSY);

    death_count = 0;
    assert_int_equal(destroy_until_stuck(&top->object), busy ? ERR_BUSY : ERR_NONE);
    assert_int_equal(deaths[0].type, OBJECT_THREAD);
    assert_ptr_equal(deaths[0].pool, runs);
    assert_int_equal(death_count, busy ? 3 : 6);
    if (busy) {
        let_go(memory);
        destroy(&top->object);
    }
}

static void test_one_child_has_stopped(void **state)
{
    (void)state;
    one_child_has_stopped(false, false);
    one_child_has_stopped(true, false);
    one_child_has_stopped(false, true);
    one_child_has_stopped(true, true);
}

/* The quarantine of a child that had ended before is over, and it comes to the front again. */
static void test_a_stopped_child_comes_back(void **state)
{
    (void)state;
    struct pool *top = new_pool(root, 100);
    struct pool *ended = new_pool(top, 20), *runs = new_pool(top, 20);
    struct thing *memory = new_thing(ended, OBJECT_MEMORY);
    memory->busy = true;
    new_thing(runs, OBJECT_THREAD);
    assert_int_equal(destroy_until_stuck(&ended->object), ERR_BUSY);
    let_go(memory);
    destroy(&top->object);
    assert_int_equal(deaths[0].type, OBJECT_THREAD);
}

static void test_inside(void **state)
{
    (void)state;
    struct pool *a = new_pool(root, 20), *b = new_pool(a, 10), *c = new_pool(root, 5);
    assert_true(pool_is_inside(a, a));
    assert_true(pool_is_inside(b, a));
    assert_true(pool_is_inside(b, root));
    assert_false(pool_is_inside(a, b));
    assert_false(pool_is_inside(c, a));
    assert_false(pool_is_inside(root, a));
    assert_int_equal(b->depth, 2);
    destroy(&a->object);
    destroy(&c->object);
}

/* ---- everything at once ---- */

#define POOLS  10
#define THINGS 40

/* What should exist. */
static struct {
    struct pool *pool[POOLS];
    struct pool *parent[POOLS];
    bool ending[POOLS];
    struct thing *thing[THINGS];
    struct pool *owner[THINGS];
} model;

/* The model's number of a pool, POOLS if it is the root. */
static u32 number_of(const struct pool *pool)
{
    u32 i = 0;
    while (i < POOLS && model.pool[i] != pool)
        i++;
    return i;
}

static bool is_inside(const struct pool *pool, const struct pool *ancestor)
{
    while (pool != ancestor && pool != root)
        pool = model.parent[number_of(pool)];
    return pool == ancestor;
}

/* Could a system call make something in it? */
static bool is_open(const struct pool *pool)
{
    for (; pool != root; pool = model.parent[number_of(pool)])
        if (model.ending[number_of(pool)])
            return false;
    return true;
}

static void no_thread_lives_in(const struct pool *pool)
{
    for (u32 i = 0; i < THINGS; i++)
        if (model.thing[i] && is_inside(model.owner[i], pool))
            assert_int_not_equal(model.thing[i]->object.kind, OBJECT_THREAD);
}

/* Takes the dead out of the model. `top` is the pool whose end they are part of. */
static void bury(const struct pool *top)
{
    for (u32 i = 0; i < death_count; i++) {
        for (u32 k = 0; k < THINGS; k++)
            if (model.thing[k] && &model.thing[k]->object == deaths[i].object)
                model.thing[k] = NULL;
        if (deaths[i].type != OBJECT_THREAD)
            no_thread_lives_in(top);
    }
    for (u32 i = 0; i < death_count; i++) {
        for (u32 k = 0; k < POOLS; k++)
            if (model.pool[k] && &model.pool[k]->object == deaths[i].object)
                model.pool[k] = NULL;
    }
    death_count = 0;
}

static void check_model(void)
{
    for (u32 i = 0; i < POOLS; i++) {
        const struct pool *pool = model.pool[i];
        if (!pool)
            continue;
        u64 reserved = 0, objects = 0;
        for (u32 k = 0; k < POOLS; k++) {
            bool child = model.pool[k] && model.parent[k] == pool;
            reserved += child ? model.pool[k]->pages : 0;
            objects += child;
        }
        for (u32 k = 0; k < THINGS; k++)
            objects += model.thing[k] && model.owner[k] == pool;
        assert_int_equal(pool->reserved, reserved);
        assert_int_equal(pool->object_count, objects);
        assert_true(pool->used + pool->reserved <= pool->pages);
        assert_int_equal(pool->used > 0, objects > 0);
    }
}

static void make_pool(u32 at, u32 parent_at, struct random *random)
{
    struct pool *parent = parent_at == POOLS ? root : model.pool[parent_at];
    if (model.pool[at] || !parent || !is_open(parent))
        return;
    struct pool *pool;
    u64 room = parent->pages - parent->used - parent->reserved;
    if (pool_create(parent, 1 + random_below(random, room + 1), 1, &pool))
        return;
    model.pool[at] = pool;
    model.parent[at] = parent;
    model.ending[at] = false;
}

static void make_thing(u32 at, u32 pool_at, struct random *random)
{
    static const enum object_type types[] = {OBJECT_THREAD, OBJECT_SPACE, OBJECT_MEMORY};
    struct pool *pool = model.pool[pool_at];
    if (model.thing[at] || !pool || !is_open(pool))
        return;
    enum object_type type = types[random_below(random, array_count(types))];
    struct thing *thing = object_allocate(pool, type, sizeof(*thing));
    if (!thing)
        return;
    thing->bites = (u32)random_below(random, 3);
    thing->busy = type == OBJECT_MEMORY && random_below(random, 3) == 0;
    model.thing[at] = thing;
    model.owner[at] = pool;
}

static void end_pool(u32 at, u64 bites)
{
    for (; bites > 0 && model.pool[at]; bites--) {
        const struct pool *pool = model.pool[at];
        model.ending[at] = true;
        enum error error = object_destroy_step(&model.pool[at]->object);
        bury(pool);
        assert_int_equal(!model.pool[at], error == ERR_NONE);
    }
}

static void end_thing(u32 at)
{
    struct thing *thing = model.thing[at];
    if (!thing || thing->object.held)
        return;
    const struct pool *pool = model.owner[at];
    (void)!object_destroy_step(&thing->object);
    if (death_count && deaths[0].type == OBJECT_THREAD)
        bury(pool);
    else if (death_count) {
        model.thing[at] = NULL;
        death_count = 0;
    }
}

static void random_step(struct random *random)
{
    u32 pool = (u32)random_below(random, POOLS), thing = (u32)random_below(random, THINGS);
    switch (random_below(random, 8)) {
    case 0:
    case 1:
        make_pool(pool, (u32)random_below(random, POOLS + 1), random);
        break;
    case 2:
    case 3:
    case 4:
        make_thing(thing, pool, random);
        break;
    case 5:
        end_thing(thing);
        break;
    case 6:
        if (model.thing[thing] && model.thing[thing]->busy)
            let_go(model.thing[thing]);
        break;
    default:
        end_pool(pool, random_below(random, 6));
    }
}

/* Pools inside pools, begun to end in any order, with brothers that go on: the order of the end is
 * kept, the accounts are right at every moment, and in the end all is back. */
static void test_trees_of_pools_at_random(void **state)
{
    (void)state;
    memset(&model, 0, sizeof(model));
    for (u64 seed = 0; seed < 500; seed++) {
        struct random random;
        random_init(&random, seed);
        for (int step = 0; step < 150; step++) {
            random_step(&random);
            check_model();
        }
        for (u32 i = 0; i < THINGS; i++)
            if (model.thing[i] && model.thing[i]->busy)
                let_go(model.thing[i]);
        for (u32 i = 0; i < POOLS; i++) {
            end_pool(i, 1000);
            assert_null(model.pool[i]);
        }
        assert_int_equal(root->used, 0);
        assert_int_equal(frames_free_count(), PAGES - 1);
    }
}

#define test(name) cmocka_unit_test_setup_teardown(test_##name, start, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(threads_end_first_everywhere),
        test(pools_that_end_are_closed),
        test(quarantine),
        test(quarantine_in_several_pools),
        test(letting_go_of_what_is_not_held),
        test(one_child_has_stopped),
        test(a_stopped_child_comes_back),
        test(inside),
        test(trees_of_pools_at_random),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Unit tests of object/pool.c: guarantees, charges, slabs, and the order in which pools end. The objects
 * in the pools are the test's own.
 */
// with: kernel/object/pool.c kernel/memory/frames.c kernel/debug/trace.c
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

static void record_death(struct object *object)
{
    assert_true(death_count < array_count(deaths));
    deaths[death_count].type = (enum object_type)object->kind;
    deaths[death_count].object = object;
    deaths[death_count++].pool = object->pool;
}

#define POOLS 10
#define THINGS 40

/* What should exist, in the test of everything at once. */
static struct {
    struct pool *pool[POOLS];
    struct pool *parent[POOLS];
    bool ending[POOLS];
    struct thing *thing[THINGS];
    struct pool *owner[THINGS];
} model;

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

static int start(void **state)
{
    (void)state;
    host_cpu_init();
    host_memory_init(PAGES);
    if (root)
        memset(root, 0, sizeof(*root)); /* a test before may have failed */
    root = pool_init_root();
    memset(&model, 0, sizeof(model));
    death_count = 0;
    return 0;
}

/* Nothing that the test has made may be left. */
static int end(void **state)
{
    (void)state;
    if (root->used || root->reserved || root->object_count ||
        frames_free_count() != PAGES - 1) {
        print_error("left: %lu pages used, %lu reserved, %lu objects, %lu frames\n", root->used,
                    root->reserved, root->object_count, PAGES - 1 - frames_free_count());
        return -1;
    }
    host_memory_end();
    return 0;
}

static struct pool *new_pool(struct pool *parent, u64 pages)
{
    struct pool *pool;
    assert_int_equal(pool_create(parent, pages, 1, &pool), ERR_NONE);
    return pool;
}

static struct thing *new_thing(struct pool *pool, enum object_type type)
{
    struct thing *thing = object_allocate(pool, type, sizeof(*thing));
    assert_non_null(thing);
    return thing;
}

static void destroy(struct object *object)
{
    for (int step = 0; step < 1000; step++) {
        enum error error = object_destroy_step(object);
        if (!error)
            return;
        assert_int_equal(error, ERR_AGAIN);
    }
    fail_msg("the destruction does not end");
}

static enum error destroy_until_stuck(struct object *object)
{
    for (int step = 0; step < 1000; step++) {
        enum error error = object_destroy_step(object);
        if (error != ERR_AGAIN)
            return error;
    }
    return ERR_AGAIN;
}

/* ---- pages ---- */

static void test_a_page_is_zeroed_and_charged(void **state)
{
    (void)state;
    u64 page = pool_take_page(root);
    assert_int_not_equal(page, 0);
    assert_int_equal(page % PAGE_SIZE, 0);
    assert_int_equal(root->used, 1);
    const u8 *bytes = phys_to_virt(page);
    for (u64 i = 0; i < PAGE_SIZE; i++)
        assert_int_equal(bytes[i], 0);
    pool_return_page(root, page);
    assert_int_equal(root->used, 0);
    assert_int_not_equal(*(u64 *)phys_to_virt(page), 0); /* junk */
}

static void test_a_pool_gives_exactly_what_it_has(void **state)
{
    (void)state;
    struct pool *pool = new_pool(root, 5);
    u64 page[5];
    for (u32 i = 0; i < 5; i++)
        assert_int_not_equal(page[i] = pool_take_page(pool), 0);
    assert_int_equal(pool_take_page(pool), 0);
    assert_null(pool_allocate(pool, 64));
    assert_null(pool_allocate(pool, PAGE_SIZE));
    assert_false(pool_charge(pool, 1));
    assert_true(pool_charge(pool, 0));
    assert_int_equal(pool->used, 5);
    for (u32 i = 0; i < 5; i++)
        pool_return_page(pool, page[i]);
    destroy(&pool->object);
}

static void test_large_frames_count_512(void **state)
{
    (void)state;
    struct pool *pool = new_pool(root, LARGE_PAGES + 1);
    assert_true(pool_charge(pool, 2));
    assert_int_equal(pool_take_large(pool), 0);
    pool_refund(pool, 1);
    u64 large = pool_take_large(pool);
    assert_int_not_equal(large, 0);
    assert_int_equal(large % LARGE_SIZE, 0);
    assert_int_equal(pool->used, LARGE_PAGES + 1);
    assert_int_equal(pool_take_page(pool), 0);
    pool_return_large(pool, large);
    pool_refund(pool, 1);
    destroy(&pool->object);
}

/* What is split off is gone for the parent, and there for the child whatever others do. */
static void test_a_guarantee_holds(void **state)
{
    (void)state;
    struct pool *parent = new_pool(root, 20);
    struct pool *child = new_pool(parent, 10);
    assert_int_equal(parent->reserved, 10);
    assert_int_equal(parent->used, 1); /* the slab that the child is in */
    struct pool *other;
    assert_int_equal(pool_create(parent, 10, 1, &other), ERR_MEMORY);
    assert_int_equal(pool_create(parent, ~0ul, 1, &other), ERR_MEMORY);
    assert_int_equal(parent->object_count, 1);
    assert_int_equal(parent->reserved, 10);
    assert_int_equal(parent->used, 1);
    u64 taken[9];
    for (u32 i = 0; i < 9; i++)
        assert_int_not_equal(taken[i] = pool_take_page(parent), 0);
    assert_int_equal(pool_take_page(parent), 0);
    assert_true(pool_charge(child, 10));
    assert_false(pool_charge(child, 1));
    pool_refund(child, 10);
    for (u32 i = 0; i < 9; i++)
        pool_return_page(parent, taken[i]);
    destroy(&parent->object);
}

static void test_no_room_for_a_pool_itself(void **state)
{
    (void)state;
    struct pool *parent = new_pool(root, 3);
    struct pool *child;
    assert_int_equal(pool_create(parent, 3, 1, &child), ERR_MEMORY);
    assert_int_equal(parent->used, 0);
    assert_int_equal(parent->object_count, 0);
    assert_int_equal(pool_create(parent, 2, 1, &child), ERR_NONE);
    assert_int_equal(pool_create(parent, 1, 1, &child), ERR_MEMORY);
    assert_int_equal(parent->used, 1);
    assert_int_equal(parent->reserved, 2);
    destroy(&parent->object);
}

static void test_refunds_are_checked(void **state)
{
    (void)state;
    expect_panic(pool_refund(root, 1));
    u64 page = pool_take_page(root);
    pool_return_page(root, page);
    expect_panic(pool_return_page(root, page));
}

/* ---- slabs ---- */

static void test_small_structures_share_pages(void **state)
{
    (void)state;
    static const struct {
        u64 size, in_a_page, place;
    } sizes[] = {
        {1, 31, 128}, {128, 31, 128}, {129, 15, 256}, {256, 15, 256}, {257, 7, 512},
        {512, 7, 512}, {513, 3, 1024}, {1024, 3, 1024}, {1025, 1, 4096}, {4096, 1, 4096},
    };
    for (u32 i = 0; i < array_count(sizes); i++) {
        u64 count = sizes[i].in_a_page;
        void *place[64];
        for (u64 k = 0; k < 2 * count; k++) {
            place[k] = pool_allocate(root, sizes[i].size);
            assert_non_null(place[k]);
            assert_int_equal((u64)place[k] % 64, 0);
            assert_int_equal(root->used, k / count + 1);
            for (u64 byte = 0; byte < sizes[i].place; byte++)
                assert_int_equal(((u8 *)place[k])[byte], 0);
            memset(place[k], (int)k + 1, sizes[i].place);
        }
        for (u64 k = 0; k < 2 * count; k++) {
            assert_int_equal(((u8 *)place[k])[0], k + 1); /* nobody has written over it */
            assert_int_equal(((u8 *)place[k])[sizes[i].place - 1], k + 1);
        }
        for (u64 k = 0; k < 2 * count; k++)
            pool_free(root, place[k], sizes[i].size);
        assert_int_equal(root->used, 0);
    }
}

static void test_pages_of_slabs_belong_to_one_pool(void **state)
{
    (void)state;
    struct pool *a = new_pool(root, 2), *b = new_pool(root, 2);
    void *in_a = pool_allocate(a, 64), *in_b = pool_allocate(b, 64);
    assert_int_not_equal(align_down((u64)in_a, PAGE_SIZE), align_down((u64)in_b, PAGE_SIZE));
    pool_free(a, in_a, 64);
    pool_free(b, in_b, 64);
    destroy(&a->object);
    destroy(&b->object);
}

/* A structure that lives in a pool, filled with a byte that is its own. */
struct tenant {
    u8 *place;
    u64 size;
};

static void tenant_moves(struct pool *pool, struct tenant *tenant, u8 mark, struct random *random)
{
    if (tenant->place) {
        for (u64 byte = 0; byte < tenant->size; byte++)
            assert_int_equal(tenant->place[byte], mark);
        pool_free(pool, tenant->place, tenant->size);
        tenant->place = NULL;
        return;
    }
    tenant->size = 8 + random_below(random, (128ul << random_below(random, 6)) - 7);
    tenant->place = pool_allocate(pool, tenant->size);
    if (tenant->place)
        memset(tenant->place, mark, tenant->size);
    else
        assert_int_equal(pool->used, pool->pages);
}

/* The number of pages in which somebody lives. */
static u64 tenants_pages(const struct tenant *tenants, u64 count)
{
    static bool seen[PAGES];
    u64 pages = 0;
    memset(seen, 0, sizeof(seen));
    for (u64 i = 0; i < count; i++) {
        if (!tenants[i].place)
            continue;
        u64 page = virt_to_phys(tenants[i].place) / PAGE_SIZE;
        assert_int_equal(virt_to_phys(tenants[i].place + tenants[i].size - 1) / PAGE_SIZE, page);
        pages += !seen[page];
        seen[page] = true;
    }
    return pages;
}

/* Any order of allocating and freeing leaves the accounts right and the places apart. */
static void test_slabs_against_a_model(void **state)
{
    (void)state;
    enum { TENANTS = 250, STEPS = 20000 };
    static struct tenant tenants[TENANTS];
    struct random random;
    random_init(&random, 2);
    struct pool *pool = new_pool(root, 60);
    for (int step = 0; step < STEPS; step++) {
        u64 i = random_below(&random, TENANTS);
        tenant_moves(pool, &tenants[i], (u8)i, &random);
        assert_int_equal(pool->used, tenants_pages(tenants, TENANTS));
    }
    for (u64 i = 0; i < TENANTS; i++)
        if (tenants[i].place)
            tenant_moves(pool, &tenants[i], (u8)i, &random);
    assert_int_equal(pool->used, 0);
    destroy(&pool->object);
}

static void test_sizes_are_checked(void **state)
{
    (void)state;
    void *place = pool_allocate(root, 100);
    expect_panic(pool_free(root, place, 200));
    pool_free(root, place, 100);
}

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

/* Pools inside pools, begun to end in any order, with brothers that go on: the order of the end is kept,
 * the accounts are right at every moment, and in the end all is back. */
static void test_trees_of_pools_at_random(void **state)
{
    (void)state;
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
        test(a_page_is_zeroed_and_charged),
        test(a_pool_gives_exactly_what_it_has),
        test(large_frames_count_512),
        test(a_guarantee_holds),
        test(no_room_for_a_pool_itself),
        test(refunds_are_checked),
        test(small_structures_share_pages),
        test(pages_of_slabs_belong_to_one_pool),
        test(slabs_against_a_model),
        test(sizes_are_checked),
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

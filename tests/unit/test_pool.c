/*
 * Unit tests of object/pool.c: guarantees, charges, and slabs.
 */
// with: kernel/object/pool.c kernel/memory/frames.c kernel/debug/trace.c
#include "things.h"

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
        {1, 31, 128},  {128, 31, 128}, {129, 15, 256},  {256, 15, 256},  {257, 7, 512},
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

/* A page that was full has room again, and is used before a new one is taken. */
static void test_places_are_used_again(void **state)
{
    (void)state;
    void *place[62];
    for (u32 i = 0; i < array_count(place); i++)
        place[i] = pool_allocate(root, 128);
    assert_int_equal(root->used, 2);
    for (u32 i = 0; i < array_count(place); i += 5)
        pool_free(root, place[i], 128);
    for (u32 i = 0; i < array_count(place); i += 5)
        place[i] = pool_allocate(root, 128);
    assert_int_equal(root->used, 2);
    for (u32 i = 0; i < array_count(place); i++)
        pool_free(root, place[i], 128);
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
        test(places_are_used_again),
        test(pages_of_slabs_belong_to_one_pool),
        test(slabs_against_a_model),
        test(sizes_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

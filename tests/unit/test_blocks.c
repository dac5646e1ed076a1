/* Unit tests of servers/runtime/blocks.c, the logic of the servers' heap. */
// with: servers/runtime/blocks.c
#include "unit.h"

#include <base/random.h>
#include <runtime/blocks.h>

enum { PAGE = 4096, PAGES = 64 };

static struct blocks blocks;
static u8 *memory;

static int setup(void **state)
{
    (void)state;
    memory = aligned_alloc(PAGE, PAGE * PAGES);
    blocks_init(&blocks, memory);
    return memory == NULL;
}

static int teardown(void **state)
{
    (void)state;
    free(memory);
    return 0;
}

static void test_no_memory(void **state)
{
    (void)state;
    assert_null(blocks_allocate(&blocks, 0));
    assert_null(blocks_allocate(&blocks, 1));
    assert_true(blocks_are_sound(&blocks));
}

static void test_sizes(void **state)
{
    (void)state;
    blocks_extend(&blocks, PAGE);
    assert_null(blocks_allocate(&blocks, PAGE));
    assert_null(blocks_allocate(&blocks, UINT64_MAX));
    assert_null(blocks_allocate(&blocks, UINT64_MAX - BLOCKS_OVERHEAD));
    assert_null(blocks_allocate(&blocks, 1ul << 40));
    void *all = blocks_allocate(&blocks, PAGE - BLOCKS_OVERHEAD);
    assert_non_null(all);
    assert_null(blocks_allocate(&blocks, 0));
    assert_true(blocks_free(&blocks, all));
    void *a = blocks_allocate(&blocks, 0), *b = blocks_allocate(&blocks, 17);
    assert_non_null(a);
    assert_non_null(b);
    assert_int_equal((u64)a % BLOCKS_ALIGNMENT, 0);
    assert_int_equal((u64)b % BLOCKS_ALIGNMENT, 0);
    assert_true(blocks_are_sound(&blocks));
}

/* Memory that comes later joins what is free at the end, and what is freed joins its neighbours. */
static void test_join(void **state)
{
    (void)state;
    blocks_extend(&blocks, PAGE);
    blocks_extend(&blocks, PAGE);
    void *two = blocks_allocate(&blocks, 2 * PAGE - BLOCKS_OVERHEAD);
    assert_non_null(two);
    blocks_extend(&blocks, PAGE);
    void *third = blocks_allocate(&blocks, PAGE - BLOCKS_OVERHEAD);
    assert_non_null(third);
    assert_true(blocks_free(&blocks, two));
    assert_true(blocks_free(&blocks, third));
    void *three = blocks_allocate(&blocks, 3 * PAGE - BLOCKS_OVERHEAD);
    assert_ptr_equal(three, two);
    assert_true(blocks_are_sound(&blocks));
}

static void test_wrong_free(void **state)
{
    (void)state;
    blocks_extend(&blocks, PAGE);
    u8 *a = blocks_allocate(&blocks, 100);
    memset(a, 0, 100);
    assert_false(blocks_free(&blocks, memory));
    assert_false(blocks_free(&blocks, a + 1));
    assert_false(blocks_free(&blocks, a + 32)); /* a header of zeros is not one in use */
    assert_false(blocks_free(&blocks, memory + PAGE));
    assert_false(blocks_free(&blocks, memory + PAGE + 16));
    assert_false(blocks_free(&blocks, NULL));
    assert_true(blocks_free(&blocks, a));
    assert_false(blocks_free(&blocks, a));
    assert_true(blocks_are_sound(&blocks));
}

/* Many blocks come and go; each keeps its bytes, and in the end there is one free block again. */
static void test_random(void **state)
{
    (void)state;
    struct {
        u8 *address;
        u64 size;
    } live[100] = {0};
    struct random random;
    random_init(&random, 4);
    u32 pages = 0;
    for (u32 round = 0; round < 50000; round++) {
        u32 i = (u32)(random_next(&random) % array_count(live));
        if (live[i].address) {
            for (u64 k = 0; k < live[i].size; k++)
                assert_int_equal(live[i].address[k], (u8)i);
            assert_true(blocks_free(&blocks, live[i].address));
            live[i].address = NULL;
        } else {
            u64 limit = 1ul << random_below(&random, 14);
            live[i].size = random_below(&random, limit);
            live[i].address = blocks_allocate(&blocks, live[i].size);
            if (live[i].address)
                memset(live[i].address, (int)i, live[i].size);
            else if (pages < PAGES)
                blocks_extend(&blocks, PAGE), pages++;
        }
        if (round % 64 == 0)
            assert_true(blocks_are_sound(&blocks));
    }
    for (; pages < PAGES; pages++)
        blocks_extend(&blocks, PAGE);
    for (u32 i = 0; i < array_count(live); i++)
        assert_true(!live[i].address || blocks_free(&blocks, live[i].address));
    assert_int_equal(blocks.used, 0);
    assert_non_null(blocks_allocate(&blocks, PAGES * PAGE - BLOCKS_OVERHEAD));
    assert_true(blocks_are_sound(&blocks));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_no_memory, setup, teardown),
        cmocka_unit_test_setup_teardown(test_sizes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_join, setup, teardown),
        cmocka_unit_test_setup_teardown(test_wrong_free, setup, teardown),
        cmocka_unit_test_setup_teardown(test_random, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

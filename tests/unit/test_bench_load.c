/* Unit tests of the loads that are compared with Linux' (tests/programs/bench-disk/load.c). */
// with: tests/programs/bench-disk/load.c libpv/base/parse.c
#include "../programs/bench-disk/load.h"
#include "unit.h"

#define VOLUME 1000u /* blocks */

static struct load parsed(const char *text)
{
    struct load load;
    assert_true(load_parse(&load, slice_of(text)));
    return load;
}

static void test_words(void **state)
{
    (void)state;
    struct load load = parsed("random 4K 32 8 800 17");
    assert_false(load.sequential);
    assert_int_equal(load.blocks, 1);
    assert_int_equal(load.depth, 32);
    assert_int_equal(load.some, 8);
    assert_int_equal(load.count, 800);
    assert_int_equal(load.seed, 17);
    load = parsed(" sequential 131072 1 1 1000000 0xffffffffffffffff\r\n");
    assert_true(load.sequential);
    assert_int_equal(load.blocks, 32);
}

static void test_nonsense(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "random",
        "Random 4K 1 1 1 1",
        "random 4K 1 1 1",     /* a word too few */
        "random 4K 1 1 1 1 1", /* a word too many */
        "random 0 1 1 1 1",    /* less than a block */
        "random 6K 1 1 1 1",   /* and a half */
        "random 132K 1 1 1 1", /* too large */
        "random 4K 0 1 1 1",
        "random 4K 33 1 1 1", /* too deep */
        "random 4K 4 5 1 1",  /* waits for more than there can be */
        "random 4K 4 0 1 1",
        "random 4K 1 1 0 1",
        "random 4K 1 1 1000001 1",
        "random 4K 1 1 1 -1",
    };
    struct load load;
    for (usize i = 0; i < array_count(texts); i++)
        if (load_parse(&load, slice_of(texts[i])))
            fail_msg("'%s' was taken for a load", texts[i]);
}

static void test_random_places(void **state)
{
    (void)state;
    struct load load = parsed("random 8K 4 1 100 3");
    struct load_places places, again;
    bool seen[VOLUME / 2] = {false};
    u32 different = 0;
    assert_true(load_begin(&places, &load, VOLUME));
    assert_true(load_begin(&again, &load, VOLUME));
    for (u32 i = 0; i < 400; i++) {
        u64 block = load_next(&places);
        assert_int_equal(block, load_next(&again));
        assert_int_equal(block % 2, 0);
        assert_true(block + 2 <= VOLUME);
        different += !seen[block / 2];
        seen[block / 2] = true;
    }
    assert_in_range(different, 200, 350); /* of 500 places, chosen 400 times: 275 or so */
}

static void test_sequence(void **state)
{
    (void)state;
    struct load load = parsed("sequential 128K 4 1 100 3");
    struct load_places places;
    assert_true(load_begin(&places, &load, VOLUME));
    u64 block = load_next(&places), whole = VOLUME / 32 * 32;
    for (u32 i = 0; i < 100; i++) {
        u64 next = load_next(&places);
        assert_int_equal(next, (block + 32) % whole);
        block = next;
    }
    assert_false(load_begin(&places, &load, 31));
    assert_true(load_begin(&places, &load, 32));
    assert_int_equal(load_next(&places), 0);
    assert_int_equal(load_next(&places), 0);
}

static void test_data(void **state)
{
    (void)state;
    static u64 data[2][LOAD_BLOCK / sizeof(u64)];
    data[0][0] = LOAD_WORD(7);
    data[1][0] = LOAD_WORD(8);
    assert_true(load_is_right(data, 7, 2));
    assert_false(load_is_right(data, 8, 2));
    data[1][0] ^= 1;
    assert_false(load_is_right(data, 7, 2));
    assert_true(load_is_right(data, 7, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),         cmocka_unit_test(test_nonsense),
        cmocka_unit_test(test_random_places), cmocka_unit_test(test_sequence),
        cmocka_unit_test(test_data),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Unit tests of cpu/user.c, in a release build: the same bounds as in a debug build, and no memory
 * of what was read before.
 */
// with:
#undef TERRARIUM_DEBUG
#define TERRARIUM_DEBUG 0
#include "../../kernel/cpu/user.c"

#include "user_memory.h"

static void test_fetches_do_not_lie(void **state)
{
    (void)state;
    struct fetch fetch = {0};
    u64 value;
    for (int i = 0; i < 3; i++) {
        assert_true(user_fetch(&fetch, LOW_PAGE + 8, &value));
        assert_int_equal(value, 1ul << 32 | 1);
    }
    assert_int_equal(user_reads[0][1], 3);
    assert_int_equal(fetch.count, 0);
}

static void test_the_same_bounds(void **state)
{
    (void)state;
    struct fetch fetch = {0};
    u64 block[4] = {0};
    assert_false(user_read(&fetch, LOW_PAGE + 1, block, 8));
    assert_false(user_read(&fetch, USER_END - 8, block, 16));
    assert_false(user_write(USER_END - 8, block, 16));
    assert_false(user_write(~0ul - 7, block, 8));
    assert_false(user_write(USER_END, block, 8));
    assert_false(user_read(&fetch, LOW_PAGE - 8, block, 8));
    assert_true(user_write(USER_END - 16, block, 16));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_fetches_do_not_lie, user_memory_init),
        cmocka_unit_test_setup(test_the_same_bounds, user_memory_init),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

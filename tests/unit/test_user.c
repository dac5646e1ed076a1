/*
 * Unit tests of cpu/user.c, in a debug build: which addresses are touched at all, and that a word
 * read twice is something else the second time.
 */
// with: kernel/cpu/user.c
#include "user_memory.h"

static void test_a_word(void **state)
{
    (void)state;
    struct fetch fetch = {0};
    u64 value = 0;
    assert_true(user_fetch(&fetch, LOW_PAGE, &value));
    assert_int_equal(value, 1ul << 32);
    assert_true(user_fetch(&fetch, LAST_PAGE + PAGE_SIZE - 8, &value));
    assert_int_equal(value, 2ul << 32 | (PAGE_WORDS - 1));
}

static void test_addresses_that_are_never_touched(void **state)
{
    (void)state;
    u64 value = 77, block[4] = {0};
    for (u64 odd = 1; odd < 8; odd++) {
        struct fetch fetch = {0};
        assert_false(user_fetch(&fetch, LOW_PAGE + odd, &value));
        assert_false(user_read(&fetch, LOW_PAGE + odd, block, 16));
        assert_false(user_write(LOW_PAGE + odd, block, 16));
        assert_false(user_fetch(&fetch, LAST_PAGE + PAGE_SIZE - 8 + odd, &value));
    }
    static const u64 outside[] = {USER_END,           USER_END + 8, 1ul << 47,
                                  (1ul << 47) + 8,    1ul << 63,    0xffff800000000000,
                                  0xffffffff80000000, ~0ul - 7,     ~0ul - 15};
    for (u32 i = 0; i < array_count(outside); i++) {
        struct fetch fetch = {0};
        assert_false(user_fetch(&fetch, outside[i], &value));
        assert_false(user_read(&fetch, outside[i], block, 8));
        assert_false(user_read(&fetch, outside[i], block, 32));
        assert_false(user_write(outside[i], block, 8));
        assert_false(user_write(outside[i], block, 32));
    }
    assert_int_equal(value, 77);
}

/* A block that begins in user memory and would end in the kernel's. */
static void test_a_block_over_the_end(void **state)
{
    (void)state;
    u64 block[8] = {0};
    struct fetch fetch = {0};
    assert_false(user_write(USER_END - 32, block, 40));
    for (u64 i = 0; i < PAGE_WORDS; i++)
        assert_int_equal(user_writes[1][i], 0); /* nothing of it */
    assert_true(user_write(USER_END - 32, block, 32));
    assert_false(user_read(&fetch, USER_END - 32, block, 40));
    assert_false(user_write(8, block, ~0ul - 7));
    assert_false(user_write(USER_END - 8, block, ~0ul & ~7ul));
    assert_false(user_write(0, block, USER_END + 8));
}

static void test_unmapped_memory(void **state)
{
    (void)state;
    u64 block[8];
    struct fetch fetch = {0};
    assert_false(user_fetch(&fetch, LOW_PAGE - 8, block));
    assert_false(user_fetch(&fetch, 0, block));
    assert_false(
        user_read(&fetch, LOW_PAGE + PAGE_SIZE - 8, block, 16)); /* the second half is not */
    assert_false(user_write(LOW_PAGE + PAGE_SIZE - 8, block, 16));
}

static void test_a_block_is_read_once(void **state)
{
    (void)state;
    u64 block[20];
    struct fetch fetch = {0};
    assert_true(user_read(&fetch, LOW_PAGE + 64, block, sizeof(block)));
    for (u64 i = 0; i < PAGE_WORDS; i++)
        assert_int_equal(user_reads[0][i], i >= 8 && i < 28);
    for (u64 i = 0; i < array_count(block); i++)
        assert_int_equal(block[i], user_words[0][8 + i]);
}

static void test_a_block_is_written(void **state)
{
    (void)state;
    const u64 block[] = {11, 22, 33};
    assert_true(user_write(LOW_PAGE + 64, block, sizeof(block)));
    for (u64 i = 0; i < PAGE_WORDS; i++) {
        bool inside = i >= 8 && i < 11;
        assert_int_equal(user_writes[0][i], inside);
        assert_int_equal(user_words[0][i], inside ? block[i - 8] : 1ul << 32 | i);
    }
    assert_true(user_write(LOW_PAGE, block, 0));
}

/* Whoever reads a word again and believes that it is what was checked is found out. */
static void test_the_second_fetch_lies(void **state)
{
    (void)state;
    struct fetch fetch = {0};
    u64 first, second, block[3];
    assert_true(user_fetch(&fetch, LOW_PAGE + 8, &first));
    assert_true(user_fetch(&fetch, LOW_PAGE + 8, &second));
    assert_int_equal(first, 1ul << 32 | 1);
    assert_int_not_equal(second, first);
    assert_true(user_read(&fetch, LOW_PAGE, block, sizeof(block))); /* also as part of a block */
    assert_int_equal(block[0], 1ul << 32);
    assert_int_not_equal(block[1], first);
    assert_int_equal(block[2], 1ul << 32 | 2);
    assert_true(user_fetch(&fetch, LOW_PAGE + 16, &second));
    assert_int_not_equal(second, block[2]);

    struct fetch another = {0};
    assert_true(user_fetch(&another, LOW_PAGE + 8, &second));
    assert_int_equal(second, first); /* the next system call */
}

static void test_zero_lies_too(void **state)
{
    (void)state;
    struct fetch fetch = {0};
    u64 value;
    user_words[0][0] = 0;
    assert_true(user_fetch(&fetch, LOW_PAGE, &value));
    assert_int_equal(value, 0);
    assert_true(user_fetch(&fetch, LOW_PAGE, &value));
    assert_int_not_equal(value, 0);
}

/* More words than are remembered: those beyond are read without a check. */
static void test_many_words(void **state)
{
    (void)state;
    u64 block[FETCH_LIMIT + 50], value;
    struct fetch fetch = {0};
    assert_true(user_read(&fetch, LAST_PAGE, block, sizeof(block)));
    for (u64 i = 0; i < array_count(block); i++)
        assert_int_equal(block[i], 2ul << 32 | i);
    for (u64 i = 0; i < FETCH_LIMIT; i++) { /* so many are remembered */
        assert_true(user_fetch(&fetch, LAST_PAGE + i * 8, &value));
        assert_int_not_equal(value, block[i]);
    }
}

#define test(name) cmocka_unit_test_setup(test_##name, user_memory_init)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(a_word),
        test(addresses_that_are_never_touched),
        test(a_block_over_the_end),
        test(unmapped_memory),
        test(a_block_is_read_once),
        test(a_block_is_written),
        test(the_second_fetch_lies),
        test(zero_lies_too),
        test(many_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Unit tests of base/bits.h: single words, and bitmaps against a plain array of bools. */
#include "unit.h"

#include <base/bits.h>
#include <base/random.h>

static void test_words(void **state)
{
    (void)state;
    for (u32 bit = 0; bit < 64; bit++) {
        u64 word = 1ull << bit;
        assert_int_equal(bit_lowest(word), bit);
        assert_int_equal(bit_highest(word), bit);
        assert_int_equal(bit_lowest(word | 1ull << 63), bit);
        assert_int_equal(bit_highest(word | 1), bit);
        assert_int_equal(bits_count(word), 1);
        assert_int_equal(bits_count(~word), 63);
        assert_int_equal(bits_count(word - 1), bit);
        assert_true(bits_below(bit) == word - 1);
    }
    assert_int_equal(bits_count(0), 0);
    assert_int_equal(bits_count(UINT64_MAX), 64);
    assert_true(bits_below(64) == UINT64_MAX && bits_below(1000) == UINT64_MAX);
}

static void test_bitmap_words(void **state)
{
    (void)state;
    assert_int_equal(bitmap_words(0), 0);
    assert_int_equal(bitmap_words(1), 1);
    assert_int_equal(bitmap_words(64), 1);
    assert_int_equal(bitmap_words(65), 2);
    assert_true(bitmap_words(UINT64_MAX) == 1ull << 58);
}

/* The first index at or after `from` whose bool is `value`. */
static u64 reference_find(const bool *bools, u64 count, u64 from, bool value)
{
    u64 index = from;
    while (index < count && bools[index] != value)
        index++;
    return index < count ? index : count;
}

static void check_bitmap(u64 count, u32 density, struct random *random)
{
    bool bools[200];
    u64 *bitmap = malloc(bitmap_words(count) * sizeof(u64));
    /* Beyond the end, a last bit for either search to be tempted by, half of the time each. */
    for (u64 i = 0; i < bitmap_words(count); i++)
        bitmap[i] = density % 2 ? 1ull << 63 : ~(1ull << 63);
    for (u64 i = 0; i < count; i++) {
        bools[i] = random_below(random, 100) < density;
        if (bools[i])
            bitmap_set(bitmap, i);
        else
            bitmap_clear(bitmap, i);
    }
    for (u64 i = 0; i < count; i++)
        assert_int_equal(bitmap_get(bitmap, i), bools[i]);
    for (u64 from = 0; from <= count + 70; from++) {
        assert_int_equal(bitmap_find_set(bitmap, count, from),
                         reference_find(bools, count, from, true));
        assert_int_equal(bitmap_find_clear(bitmap, count, from),
                         reference_find(bools, count, from, false));
    }
    free(bitmap);
}

static void test_bitmap(void **state)
{
    (void)state;
    static const u64 counts[] = {0, 1, 63, 64, 65, 127, 128, 129, 200};
    static const u32 densities[] = {0, 1, 2, 50, 51, 98, 99, 100, 101};
    struct random random;
    random_init(&random, 2);
    for (u32 i = 0; i < array_count(counts); i++) {
        for (u32 j = 0; j < array_count(densities); j++)
            check_bitmap(counts[i], densities[j], &random);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_bitmap_words),
        cmocka_unit_test(test_bitmap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Unit tests of two small decisions of root: when a dead server is started again (restart.h),
 * and which interrupt line the HPET gets (hpet_route.h). */
// with: servers/root/hpet_line.c
#include "unit.h"

#include "../../servers/root/hpet_route.h"
#include "../../servers/root/restart.h"

#define MS 1000000ul

static void test_delays(void **state)
{
    (void)state;
    static const u64 expected[] = {0, 0, 100, 200, 400, 800, 1600, 3200, 6400, 10000, 10000};
    for (u32 i = 0; i < array_count(expected); i++)
        assert_int_equal(restart_delay(i), expected[i] * MS);
    assert_int_equal(restart_delay(UINT32_MAX), 10000 * MS);
}

static void test_counting(void **state)
{
    (void)state;
    u32 deaths = 0;
    for (u32 i = 1; i < 20; i++) {
        deaths = restart_count(deaths, RESTART_FINE_NS - 1);
        assert_int_equal(deaths, i);
    }
    assert_int_equal(restart_count(deaths, RESTART_FINE_NS), 1);
    assert_int_equal(restart_count(UINT32_MAX, 0), UINT32_MAX);
}

static void test_hpet_line(void **state)
{
    (void)state;
    struct hpet_lines lines = {0};
    assert_int_equal(hpet_line_choose(0x00ff0104, &lines), 23); /* QEMU's q35 */
    hpet_line_taken(&lines, 23);
    assert_int_equal(hpet_line_choose(0x00ff0104, &lines), 22);
    hpet_line_taken(&lines, 100); /* a line beyond those that can be told */
    assert_int_equal(hpet_line_choose(0x00000104, &lines), 8);
    hpet_line_taken(&lines, 8);
    assert_int_equal(hpet_line_choose(0x00000104, &lines), 2);
    hpet_line_taken(&lines, 2);
    assert_int_equal(hpet_line_choose(0x00000104, &lines), 8); /* shared, if it must be */
    assert_int_equal(hpet_line_choose(0x00000004, &lines), 2); /* QEMU's pc */
    assert_int_equal(hpet_line_choose(0x80000000, &lines), 31);
    hpet_line_taken(&lines, 31);
    assert_int_equal(hpet_line_choose(0x80000001, &lines), 0); /* unused is better than high */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_delays),
        cmocka_unit_test(test_counting),
        cmocka_unit_test(test_hpet_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

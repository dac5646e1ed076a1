/* Unit tests of servers/runtime/slots.c. */
// with: servers/runtime/slots.c
#include "unit.h"

#include <runtime/slots.h>

static void test_all_once(void **state)
{
    (void)state;
    static bool seen[SLOT_LIMIT];
    for (u32 i = SLOT_FREE; i < SLOT_LIMIT; i++) {
        u32 slot = slot_allocate();
        assert_in_range(slot, SLOT_FREE, SLOT_LIMIT - 1);
        assert_false(seen[slot]);
        seen[slot] = true;
    }
    assert_int_equal(slot_allocate(), SLOT_NONE);

    slot_free(4000);
    slot_free(100);
    assert_int_equal(slot_allocate(), 100);
    assert_int_equal(slot_allocate(), 4000);
    assert_int_equal(slot_allocate(), SLOT_NONE);
}

/* What slot_allocate never returned cannot be freed into existence. */
static void test_foreign(void **state)
{
    (void)state;
    slot_free(SLOT_NONE);
    slot_free(SLOT_FREE - 1);
    slot_free(SLOT_LIMIT);
    slot_free(UINT32_MAX);
    assert_int_equal(slot_allocate(), SLOT_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_once), cmocka_unit_test(test_foreign), /* the table is full now */
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Unit tests of what an emulator might forgive: which addresses SYSRET may go to, which flags ring
 * 3 may have, and how an NMI finds its processor.
 */
// with: tests/unit/sysret.asm
#include "unit.h"

#include <base/random.h>

#include "cpu/cpu.h"

/* The kernel's check, assembled for the host (sysret.asm), with the two pairs of registers in which
 * it is used. */
bool sysret_allowed(u64 rip);
bool sysret_allowed_partner(u64 rip);

static bool may_sysret(u64 rip)
{
    bool allowed = sysret_allowed(rip);
    assert_int_equal(sysret_allowed_partner(rip), allowed);
    return allowed;
}

/* As the processor defines it, for 48 bits of address. */
static bool is_canonical(u64 address)
{
    return address >> 47 == 0 || address >> 47 == 0x1ffff;
}

static void test_sysret_goes_to_user_addresses_alone(void **state)
{
    (void)state;
    static const u64 good[] = {0,
                               1,
                               0x1000,
                               0x7fffffff,
                               0x80000000,
                               0xffffffff,
                               0x100000000,
                               0x7fffffffefff,
                               USER_END - 1,
                               USER_END,
                               0x7fffffffffff};
    static const u64 bad[] = {
        0x0000800000000000, /* where a SYSCALL in the last bytes below the boundary would return */
        0x0000800000000001, 0x0000800000000fff, 0x0000ffffffffffff, 0x0001000000000000,
        0x00017fffffffefff, 0x7fffffffffffffff, 0x8000000000000000, 0x8000000000001000,
        0xfffeffffffffffff, 0xffff000000000000, 0xffff7fffffffffff, 0xffff800000000000,
        0xffffffff80000000, 0xffffffffffffffff,
    };
    for (u32 i = 0; i < array_count(good); i++)
        assert_true(may_sysret(good[i]));
    for (u32 i = 0; i < array_count(bad); i++)
        assert_false(may_sysret(bad[i]));
}

/* One bit set, all bits up to one, all from one: the shapes that a wrong mask or a wrong sign lets
 * through. */
static void test_sysret_bit_by_bit(void **state)
{
    (void)state;
    for (u32 bit = 0; bit < 64; bit++) {
        u64 one = 1ul << bit, below = one - 1, from = ~below;
        for (i64 around = -2; around <= 2; around++) {
            const u64 shapes[] = {one + (u64)around, below + (u64)around, from + (u64)around};
            for (u32 i = 0; i < array_count(shapes); i++)
                if (may_sysret(shapes[i]))
                    assert_true(is_canonical(shapes[i]) && shapes[i] < 1ul << 47);
        }
        assert_int_equal(may_sysret(one), bit < 47);
    }
}

static void test_sysret_at_random(void **state)
{
    (void)state;
    struct random random;
    random_init(&random, 5);
    for (int i = 0; i < 1000000; i++) {
        u64 rip = random_next(&random) >> random_below(&random, 64);
        u64 sign_extended = (u64)((i64)(rip << 16) >> 16);
        if (may_sysret(rip))
            assert_int_equal(rip, sign_extended);
        assert_int_equal(may_sysret(sign_extended), sign_extended < 1ul << 47);
        assert_int_equal(may_sysret(rip), rip < 1ul << 47);
    }
}

/* No user page can end at the boundary, so no SYSCALL can come from directly below it: the check is
 * for what is not supposed to happen. */
static void test_the_last_page_is_empty(void **state)
{
    (void)state;
    assert_int_equal(USER_END, (1ul << 47) - PAGE_SIZE);
}

/* ---- flags ---- */

/* Those that ring 3 may choose (SDM volume 1, 3.4.3): CF PF AF ZF SF TF DF OF. */
static const u32 allowed[] = {0, 2, 4, 6, 7, 8, 10, 11};

static bool is_allowed(u32 bit)
{
    for (u32 i = 0; i < array_count(allowed); i++)
        if (allowed[i] == bit)
            return true;
    return false;
}

#define ALWAYS 0x202ul /* IF, and the bit that is always set */

static void test_each_flag(void **state)
{
    (void)state;
    assert_int_equal(frame_user_rflags(0), ALWAYS);
    for (u32 bit = 0; bit < 64; bit++) {
        u64 flag = 1ul << bit;
        assert_int_equal(frame_user_rflags(flag), ALWAYS | (is_allowed(bit) ? flag : 0));
        assert_int_equal(frame_user_rflags(~flag), ALWAYS | (0xdd5 & ~flag));
    }
    assert_int_equal(frame_user_rflags(~0ul), ALWAYS | 0xdd5);
}

static void test_flags_at_random(void **state)
{
    (void)state;
    struct random random;
    random_init(&random, 6);
    for (int i = 0; i < 100000; i++) {
        u64 wanted = random_next(&random), flags = frame_user_rflags(wanted);
        assert_int_equal(flags & 0xdd5, wanted & 0xdd5);
        assert_int_equal(flags & ~0xdd5ul, ALWAYS);
        assert_int_equal(frame_user_rflags(flags), flags);
        assert_int_equal(flags & (3ul << 12 | 1ul << 14 | 1ul << 17 | 1ul << 18),
                         0); /* IOPL NT VM AC */
    }
}

/* ---- interrupt stacks ---- */

/* As in cpu.c: a page that is never touched, then a stack, whose last word names the processor. */
struct stack {
    u8 guard[PAGE_SIZE];
    u64 word[IST_STACK_BYTES / 8];
};

static void test_an_interrupt_stack_names_its_processor(void **state)
{
    (void)state;
    enum { STACKS = 8 };
    static struct cpu cpus[STACKS];
    struct stack *stacks = aligned_alloc(PAGE_SIZE, STACKS * sizeof(struct stack));
    assert_non_null(stacks);
    memset(stacks, 0x5a, STACKS * sizeof(struct stack)); /* whatever was pushed there */
    for (u32 i = 0; i < STACKS; i++)
        stacks[i].word[array_count(stacks[i].word) - 1] = (u64)&cpus[i];
    for (u32 i = 0; i < STACKS; i++) {
        u64 lowest = (u64)stacks[i].word, highest = (u64)(stacks + i + 1) - 8;
        for (u64 rsp = lowest; rsp <= highest; rsp++)
            assert_ptr_equal(cpu_from_stack(rsp), &cpus[i]);
    }
    free(stacks);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sysret_goes_to_user_addresses_alone),
        cmocka_unit_test(test_sysret_bit_by_bit),
        cmocka_unit_test(test_sysret_at_random),
        cmocka_unit_test(test_the_last_page_is_empty),
        cmocka_unit_test(test_each_flag),
        cmocka_unit_test(test_flags_at_random),
        cmocka_unit_test(test_an_interrupt_stack_names_its_processor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

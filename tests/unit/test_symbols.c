/*
 * Unit tests of debug/symbols.c: a table put together here as kernel/symbols.py would, looked up,
 * and then damaged in every way that a single byte can be.
 */
// with: kernel/debug/symbols.c
#include "unit.h"

#include "debug/symbols.h"

static u8 table[512];
static u32 size;

static void put32(u32 value)
{
    memcpy(table + size, &value, sizeof(value));
    size += sizeof(value);
}

static void put_line(u32 offset, u16 file, u16 line)
{
    put32(offset);
    put32(file | (u32)line << 16);
}

/* Functions a at 0x100, b at 0x200; lines of a/x.c and b/y.c. */
static void build(void)
{
    static const char strings[] = "first\0second\0a/x.c\0b/y.c";
    size = 0;
    memcpy(table, "TSYM", 4);
    size = 4;
    put32(1);
    put32(2);
    put32(4);
    put32(2);
    put32(sizeof(strings));
    put32(0x100), put32(0);
    put32(0x200), put32(6);
    put_line(0x100, 0, 10);
    put_line(0x180, 0, 11);
    put_line(0x1c0, 0, 0);
    put_line(0x200, 1, 65535);
    put32(13), put32(19);
    memcpy(table + size, strings, sizeof(strings));
    size += sizeof(strings);
}

static void expect(const struct symbols *symbols, u64 offset, const char *function, u64 from,
                   const char *file, u32 line)
{
    struct symbol symbol = symbols_find(symbols, SYMBOLS_BASE + offset);
    if (function)
        assert_string_equal(symbol.function, function);
    else
        assert_null(symbol.function);
    assert_int_equal(symbol.offset, from);
    if (file)
        assert_string_equal(symbol.file, file);
    else
        assert_null(symbol.file);
    assert_int_equal(symbol.line, line);
}

static void test_finds_functions_and_lines(void **state)
{
    (void)state;
    struct symbols symbols;
    build();
    assert_true(symbols_open(&symbols, table, size));
    expect(&symbols, 0x0ff, NULL, 0, NULL, 0);
    expect(&symbols, 0x100, "first", 0, "a/x.c", 10);
    expect(&symbols, 0x17f, "first", 0x7f, "a/x.c", 10);
    expect(&symbols, 0x180, "first", 0x80, "a/x.c", 11);
    expect(&symbols, 0x1c5, "first", 0xc5, NULL, 0);
    expect(&symbols, 0x1ff, "first", 0xff, NULL, 0);
    expect(&symbols, 0x200, "second", 0, "b/y.c", 65535);
    expect(&symbols, 0x7fffffff, "second", 0x7ffffdff, "b/y.c", 65535);
    struct symbol below = symbols_find(&symbols, 0x100);
    assert_null(below.function);
    assert_null(below.file);
}

static void test_no_table_gives_no_names(void **state)
{
    (void)state;
    struct symbols symbols = {.function_count = 0};
    expect(&symbols, 0x100, NULL, 0, NULL, 0);
    build();
    for (u32 cut = 0; cut < size; cut++) {
        u8 *copy = exact_copy(table, cut);
        assert_false(symbols_open(&symbols, copy, cut));
        expect(&symbols, 0x100, NULL, 0, NULL, 0);
        free(copy);
    }
    table[0] = 'X';
    assert_false(symbols_open(&symbols, table, size));
    build();
    table[4] = 2;
    assert_false(symbols_open(&symbols, table, size));
}

/* Every name that comes out of a damaged table is a string inside it. */
static void check_name(const u8 *copy, const char *name)
{
    if (name)
        assert_true((const u8 *)name >= copy && (const u8 *)name + strlen(name) < copy + size);
}

static void test_damage_gives_wrong_names_at_worst(void **state)
{
    (void)state;
    build();
    for (u32 at = 0; at < size; at++) {
        for (u32 value = 0; value < 256; value++) {
            u8 *copy = exact_copy(table, size);
            struct symbols symbols;
            copy[at] = (u8)value;
            (void)symbols_open(&symbols, copy, size);
            for (u64 offset = 0; offset < 0x300; offset += 0x40) {
                struct symbol symbol = symbols_find(&symbols, SYMBOLS_BASE + offset);
                check_name(copy, symbol.function);
                check_name(copy, symbol.file);
            }
            free(copy);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_finds_functions_and_lines),
        cmocka_unit_test(test_no_table_gives_no_names),
        cmocka_unit_test(test_damage_gives_wrong_names_at_worst),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

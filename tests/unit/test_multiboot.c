/*
 * Unit tests of boot/multiboot.c: information blocks put together here, right ones and ones with a
 * single thing wrong. Every block ends where its heap block ends.
 */
// with: kernel/boot/multiboot.c kernel/boot/ranges.c libpv/base/parse.c
#include "unit.h"

#include "boot/multiboot.h"

enum {
    BLOCK_MAX = 4096,
    END = 0,
    CMDLINE = 1,
    MODULE = 3,
    MMAP = 6,
    FRAMEBUFFER = 8,
    RSDP_OLD = 14,
    RSDP_NEW = 15
};

static struct {
    u8 bytes[BLOCK_MAX];
    u32 size;
} block;
static struct boot_facts facts;
static u64 offset;

static void put(const void *bytes, u32 size)
{
    memcpy(block.bytes + block.size, bytes, size);
    block.size += size;
}

static void put32(u32 value)
{
    put(&value, sizeof(value));
}

static void put64(u64 value)
{
    put(&value, sizeof(value));
}

/* Starts an empty block; its size is entered by parse. */
static void start(void)
{
    memset(&block, 0, sizeof(block));
    block.size = 8;
}

static u32 tag(u32 type)
{
    u32 at = block.size;
    put32(type);
    put32(0);
    return at;
}

static void tag_end(u32 at)
{
    u32 size = block.size - at;
    memcpy(block.bytes + at + 4, &size, sizeof(size));
    block.size = (block.size + 7) & ~7u;
}

static void tag_text(u32 type, const char *text)
{
    u32 at = tag(type);
    put(text, (u32)strlen(text) + 1);
    tag_end(at);
}

static void tag_module(u32 from, u32 to, const char *text)
{
    u32 at = tag(MODULE);
    put32(from);
    put32(to);
    put(text, (u32)strlen(text) + 1);
    tag_end(at);
}

struct entry {
    u64 start, length;
    u32 type;
};

static void tag_memory(u32 count, const struct entry *entries)
{
    u32 at = tag(MMAP);
    put32(24);
    put32(0);
    for (u32 i = 0; i < count; i++) {
        put64(entries[i].start);
        put64(entries[i].length);
        put32(entries[i].type);
        put32(0);
    }
    tag_end(at);
}

#define MEMORY(...)                                                                                \
    do {                                                                                           \
        const struct entry list[] = {__VA_ARGS__};                                                 \
        tag_memory(array_count(list), list);                                                       \
    } while (0)

static void some_memory(void)
{
    MEMORY({0x100000, 0x700000, 1});
}

/* Parses a copy of exactly `size` bytes that says it is that long. */
static enum multiboot_error parse_first(u32 size)
{
    memcpy(block.bytes, &size, sizeof(size));
    u8 *copy = exact_copy(block.bytes, size);
    enum multiboot_error error = multiboot_parse(&facts, copy, size, &offset);
    free(copy);
    return error;
}

static enum multiboot_error parse(void)
{
    tag_end(tag(END));
    return parse_first(block.size);
}

static void test_a_whole_block(void **state)
{
    (void)state;
    start();
    tag_text(CMDLINE, "config=default.cfg panic=exit");
    tag_text(2, "a loader");
    tag_module(0x400000, 0x412345, "root");
    tag_module(0x500000, 0x500001, "archive and more words");
    tag_module(0x600000, 0x600010, "unknown");
    tag_module(0x700000, 0x700010, "");
    some_memory();
    assert_int_equal(parse(), MULTIBOOT_OK);
    assert_string_equal(facts.command_line, "config=default.cfg panic=exit");
    assert_int_equal(facts.module[MODULE_ROOT].start, 0x400000);
    assert_int_equal(facts.module[MODULE_ROOT].size, 0x12345);
    assert_int_equal(facts.module[MODULE_ARCHIVE].size, 1);
    assert_int_equal(facts.module[MODULE_SYMBOLS].size, 0);
    assert_int_equal(facts.total, 0x700000);
    assert_int_equal(facts.rsdp_size, 0);
    assert_int_equal(facts.framebuffer.type, 0);
    assert_true(boot_option(&facts, "panic=exit"));
    assert_false(boot_option(&facts, "panic"));
}

static void test_a_long_command_line_is_cut(void **state)
{
    (void)state;
    char line[COMMAND_LINE_SIZE + 10];
    memset(line, 'x', sizeof(line));
    line[sizeof(line) - 1] = 0;
    start();
    tag_text(CMDLINE, line);
    some_memory();
    assert_int_equal(parse(), MULTIBOOT_OK);
    assert_int_equal(strlen(facts.command_line), COMMAND_LINE_SIZE - 1);
}

static void test_memory_is_sorted_and_what_is_reserved_is_not_usable(void **state)
{
    (void)state;
    start();
    MEMORY({0x900000, 0x100000, 2}, {0x800000, 0x800000, 1}, {0x500, 0x9f900, 1},
           {0xa00800, 0x10, 3}, {0x100000, 0x700000, 1}, {0x400000, 0, 2});
    assert_int_equal(parse(), MULTIBOOT_OK);
    assert_int_equal(facts.usable.count, 3);
    assert_int_equal(facts.usable.range[0].start, 0x1000);
    assert_int_equal(facts.usable.range[0].end, 0x9f000);
    assert_int_equal(facts.usable.range[1].start, 0x100000);
    assert_int_equal(facts.usable.range[1].end, 0x900000);
    assert_int_equal(facts.usable.range[2].start, 0xa01000);
    assert_int_equal(facts.usable.range[2].end, 0x1000000);
    assert_int_equal(facts.total, 0x9e000 + 0x800000 + 0x5ff000);
}

static void test_memory_beyond_the_direct_map_is_ignored(void **state)
{
    (void)state;
    start();
    MEMORY({0x100000, ~0ul, 1}, {~0ul - 10, 100, 1}, {~0ul - 10, 100, 2}, {1ul << 45, ~0ul, 2});
    assert_int_equal(parse(), MULTIBOOT_OK);
    assert_int_equal(facts.usable.count, 1);
    assert_int_equal(facts.usable.range[0].start, 0x100000);
    assert_int_equal(facts.usable.range[0].end, 1ul << 45);
}

static void test_framebuffers(void **state)
{
    (void)state;
    for (u8 type = 0; type < 4; type++) {
        start();
        some_memory();
        u32 at = tag(FRAMEBUFFER);
        put64(0xc0000000);
        put32(4096);
        put32(1024);
        put32(768);
        put(&(u8[]){32, type, 0, 0}, 4);
        if (type == 1)
            put(&(u8[]){16, 8, 8, 7, 0, 6}, 6);
        tag_end(at);
        assert_int_equal(parse(), MULTIBOOT_OK);
        bool known = type == 1 || type == 2;
        assert_int_equal(facts.framebuffer.type, known ? type : 0);
        assert_int_equal(facts.framebuffer.address, known ? 0xc0000000 : 0);
        assert_int_equal(facts.framebuffer.width, known ? 1024 : 0);
        assert_int_equal(facts.framebuffer.height, known ? 768 : 0);
        assert_int_equal(facts.framebuffer.pitch, known ? 4096 : 0);
        assert_int_equal(facts.framebuffer.bits, known ? 32 : 0);
        assert_int_equal(facts.framebuffer.red_position, type == 1 ? 16 : 0);
        assert_int_equal(facts.framebuffer.green_size, type == 1 ? 7 : 0);
        assert_int_equal(facts.framebuffer.blue_size, type == 1 ? 6 : 0);
    }
}

static void tag_rsdp(u32 type, u32 size, char fill)
{
    char bytes[64];
    memset(bytes, fill, sizeof(bytes));
    u32 at = tag(type);
    put(bytes, size);
    tag_end(at);
}

static void test_the_newer_root_pointer_wins(void **state)
{
    (void)state;
    for (int order = 0; order < 2; order++) {
        start();
        some_memory();
        tag_rsdp(order ? RSDP_NEW : RSDP_OLD, order ? 36 : 20, order ? 'n' : 'o');
        tag_rsdp(order ? RSDP_OLD : RSDP_NEW, order ? 20 : 36, order ? 'o' : 'n');
        assert_int_equal(parse(), MULTIBOOT_OK);
        assert_int_equal(facts.rsdp_size, 36);
        assert_int_equal(facts.rsdp_copy[0], 'n');
        assert_int_equal(facts.rsdp_copy[35], 'n');
        assert_int_equal(facts.rsdp_copy[36], 0);
    }
    start();
    some_memory();
    tag_rsdp(RSDP_OLD, 20, 'o');
    assert_int_equal(parse(), MULTIBOOT_OK);
    assert_int_equal(facts.rsdp_size, 20);
}

/* Everything that can be wrong, and where it is said to be. */
static void test_errors(void **state)
{
    (void)state;
    start();
    assert_int_equal(parse(), MULTIBOOT_NO_MEMORY);
    assert_int_equal(offset, 8);

    start();
    assert_int_equal(parse_first(8), MULTIBOOT_SIZE);
    u32 too_long = 100;
    assert_int_equal(multiboot_parse(&facts, &(u64[]){too_long, 0}, 16, &offset), MULTIBOOT_SIZE);
    assert_int_equal(multiboot_parse(&facts, "", 0, &offset), MULTIBOOT_SIZE);

    start();
    some_memory();
    assert_int_equal(parse_first(block.size), MULTIBOOT_NO_END);

    start();
    u32 at = tag(99);
    tag_end(at);
    block.bytes[at + 4] = 7;
    assert_int_equal(parse(), MULTIBOOT_TAG_SIZE);
    assert_int_equal(offset, 8);
    block.bytes[at + 4] = 200;
    assert_int_equal(parse(), MULTIBOOT_TAG_END);

    start();
    at = tag(CMDLINE);
    put("no end", 6);
    tag_end(at);
    assert_int_equal(parse(), MULTIBOOT_TEXT);
    start();
    tag_end(tag(CMDLINE));
    assert_int_equal(parse(), MULTIBOOT_TEXT);

    start();
    tag_module(2, 1, "root");
    assert_int_equal(parse(), MULTIBOOT_MODULE_RANGE);
    start();
    tag_module(1, 2, "root");
    tag_module(3, 4, "root again");
    assert_int_equal(parse(), MULTIBOOT_MODULE_TWICE);
    assert_int_equal(offset, 8 + 24);
    start();
    tag_end(tag(MODULE));
    assert_int_equal(parse(), MULTIBOOT_TAG_SIZE);

    static const u32 sizes[] = {0, 23, 7};
    for (u32 i = 0; i < array_count(sizes); i++) {
        start();
        at = tag(MMAP);
        put32(sizes[i]);
        put32(0);
        put64(0);
        put64(0);
        put64(0);
        tag_end(at);
        assert_int_equal(parse(), MULTIBOOT_MEMORY_ENTRY);
    }
    start();
    at = tag(FRAMEBUFFER);
    put64(0);
    tag_end(at);
    assert_int_equal(parse(), MULTIBOOT_TAG_SIZE);
    start();
    tag_rsdp(RSDP_NEW, 35, 'n');
    assert_int_equal(parse(), MULTIBOOT_TAG_SIZE);
}

/* A block may be cut anywhere: an error then, and no byte read behind it. */
static void test_every_truncation(void **state)
{
    (void)state;
    start();
    tag_text(CMDLINE, "x");
    tag_module(0x400000, 0x412345, "root");
    some_memory();
    tag_rsdp(RSDP_OLD, 20, 'o');
    assert_int_equal(parse(), MULTIBOOT_OK);
    u32 whole = block.size;
    for (u32 size = 8; size < whole; size++)
        assert_int_not_equal(parse_first(size), MULTIBOOT_OK);
}

static void test_every_error_has_a_text(void **state)
{
    (void)state;
    for (int error = 0; error < MULTIBOOT_ERRORS; error++)
        assert_true(strlen(multiboot_error_text((enum multiboot_error)error)) > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_whole_block),
        cmocka_unit_test(test_a_long_command_line_is_cut),
        cmocka_unit_test(test_memory_is_sorted_and_what_is_reserved_is_not_usable),
        cmocka_unit_test(test_memory_beyond_the_direct_map_is_ignored),
        cmocka_unit_test(test_framebuffers),
        cmocka_unit_test(test_the_newer_root_pointer_wins),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_every_truncation),
        cmocka_unit_test(test_every_error_has_a_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

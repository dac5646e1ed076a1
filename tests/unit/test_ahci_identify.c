/* Unit tests of servers/drivers/ahci_identify.c: what disks say of themselves. */
// with: servers/drivers/ahci_identify.c
#include "unit.h"

#include <drivers/ahci_parts.h>

static u16 words[IDENTIFY_WORDS];
static struct ahci_disk disk;

/* Puts a string into words, two characters in each, padded with spaces. */
static void put(u32 first, u32 count, const char *string)
{
    usize length = strlen(string);
    for (u32 i = 0; i < count; i++) {
        u8 a = 2 * i < length ? (u8)string[2 * i] : ' ';
        u8 b = 2 * i + 1 < length ? (u8)string[2 * i + 1] : ' ';
        words[first + i] = (u16)(a << 8 | b);
    }
}

/* A disk of 1 TiB with all that there is. */
static int setup(void **state)
{
    (void)state;
    memset(words, 0, sizeof(words));
    put(10, 10, "      WD-12345");
    put(23, 4, "01.0A");
    put(27, 20, "A disk with a long name of 40 characters");
    words[75] = 31;
    words[76] = 1u << 8;
    words[83] = 1u << 14 | 1u << 10;
    words[84] = 1u << 14 | 1u << 6;
    words[85] = 1u << 5;
    words[102] = 0;
    words[101] = 0x8000;
    words[106] = 1u << 14 | 1u << 13 | 3;
    words[169] = 1;
    return 0;
}

static void test_all(void **state)
{
    (void)state;
    assert_int_equal(identify_parse(&disk, words), IDENTIFY_OK);
    assert_string_equal(disk.model, "A disk with a long name of 40 characters");
    assert_string_equal(disk.serial, "WD-12345");
    assert_string_equal(disk.firmware, "01.0A");
    assert_int_equal(disk.sectors, 0x80000000);
    assert_int_equal(disk.physical_sector, 4096);
    assert_int_equal(disk.queue_depth, 32);
    assert_true(disk.write_cache && disk.fua && disk.trim);
}

/* Less of everything, and words that are not valid. */
static void test_less(void **state)
{
    (void)state;
    words[75] = 0;
    words[84] = 1u << 15 | 1u << 6;
    words[85] = words[169] = 0;
    words[106] = 1u << 13 | 15;
    words[117] = 12345;
    assert_int_equal(identify_parse(&disk, words), IDENTIFY_OK);
    assert_int_equal(disk.queue_depth, 1);
    assert_int_equal(disk.physical_sector, 512);
    assert_false(disk.write_cache || disk.fua || disk.trim);
    words[76] = 0xffff; /* no SATA at all */
    assert_int_equal(identify_parse(&disk, words), IDENTIFY_OK);
    assert_int_equal(disk.queue_depth, 0);
    words[76] = 0;
    assert_int_equal(identify_parse(&disk, words), IDENTIFY_OK);
    assert_int_equal(disk.queue_depth, 0);
}

static void test_refusals(void **state)
{
    setup(state);
    words[0] = 1u << 15;
    assert_int_equal(identify_parse(&disk, words), IDENTIFY_NO_DISK);
    setup(state);
    words[83] &= (u16) ~(1u << 10);
    assert_int_equal(identify_parse(&disk, words), IDENTIFY_NO_LBA48);
    setup(state);
    words[83] |= 1u << 15;
    assert_int_equal(identify_parse(&disk, words), IDENTIFY_NO_LBA48);
    setup(state);
    words[106] |= 1u << 12;
    words[117] = 2048; /* in words of two bytes */
    assert_int_equal(identify_parse(&disk, words), IDENTIFY_SECTOR_SIZE);
    words[117] = 256;
    assert_int_equal(identify_parse(&disk, words), IDENTIFY_OK);
    words[118] = 0x8000; /* 2^32 bytes are not 0 */
    words[117] = 0;
    assert_int_equal(identify_parse(&disk, words), IDENTIFY_SECTOR_SIZE);
    setup(state);
    words[101] = 0;
    assert_int_equal(identify_parse(&disk, words), IDENTIFY_NO_SECTORS);
    words[103] = 1;
    assert_int_equal(identify_parse(&disk, words), IDENTIFY_OK);
    assert_true(disk.sectors == 1ul << 48);
    words[100] = 1;
    assert_int_equal(identify_parse(&disk, words), IDENTIFY_NO_SECTORS);
    for (u32 error = IDENTIFY_OK + 1; error <= IDENTIFY_NO_SECTORS; error++)
        assert_string_not_equal(identify_error_text(error), identify_error_text(error - 1));
}

/* With the signature A5h there is a checksum, which finds every bit that fell over. */
static void test_checksum(void **state)
{
    (void)state;
    u8 sum = 0xa5;
    for (u32 i = 0; i < 255; i++)
        sum = (u8)(sum + words[i] + (words[i] >> 8));
    words[255] = (u16)((u8)-sum << 8 | 0xa5);
    assert_int_equal(identify_parse(&disk, words), IDENTIFY_OK);
    for (u32 bit = 0; bit < 255 * 16; bit++) {
        words[bit / 16] ^= (u16)(1u << bit % 16);
        assert_int_equal(identify_parse(&disk, words), IDENTIFY_DAMAGED);
        words[bit / 16] ^= (u16)(1u << bit % 16);
    }
}

/* Nothing that a disk may say gets into a log as anything but printable characters. */
static void test_strings(void **state)
{
    (void)state;
    for (u32 byte = 0; byte < 256; byte++) {
        for (u32 i = 10; i < 47; i++)
            words[i] = (u16)(byte << 8 | byte);
        assert_int_equal(identify_parse(&disk, words), IDENTIFY_OK);
        bool visible = byte > ' ' && byte <= '~';
        assert_true(strlen(disk.serial) <= 20 && strlen(disk.firmware) <= 8);
        for (const char *c = disk.model; *c; c++)
            assert_int_equal(*c, byte);
        assert_true(!visible || strlen(disk.model) == 40);
        assert_true(visible || strlen(disk.model) == 0);
    }
    put(27, 20, "\a\1two\x7f words\n");
    assert_int_equal(identify_parse(&disk, words), IDENTIFY_OK);
    assert_string_equal(disk.model, "two  words");
}

static void test_same(void **state)
{
    (void)state;
    assert_int_equal(identify_parse(&disk, words), IDENTIFY_OK);
    struct ahci_disk other = disk;
    assert_true(identify_same(&disk, &other));
    other.sectors++;
    assert_false(identify_same(&disk, &other));
    other = disk;
    other.serial[3] = 'X';
    assert_false(identify_same(&disk, &other));
    other = disk;
    other.model[10] = 0;
    assert_false(identify_same(&disk, &other));
    assert_false(identify_same(&other, &disk));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_all, setup),      cmocka_unit_test_setup(test_less, setup),
        cmocka_unit_test_setup(test_refusals, setup), cmocka_unit_test_setup(test_checksum, setup),
        cmocka_unit_test_setup(test_strings, setup),  cmocka_unit_test_setup(test_same, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

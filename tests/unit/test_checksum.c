/*
 * Unit tests of base/checksum.c: published values, and for the Internet checksum the definition of
 * RFC 1071, two bytes at a time.
 */
// with: libpv/base/checksum.c
#include "unit.h"

#include <base/checksum.h>
#include <base/random.h>

static void test_crc32(void **state)
{
    (void)state;
    assert_int_equal(crc32(0, "", 0), 0);
    assert_int_equal(crc32(0, NULL, 0), 0);
    const char *digits = "123456789";
    assert_int_equal(crc32(0, digits, 9), 0xcbf43926);
    assert_int_equal(crc32(0, "a", 1), 0xe8b7be43);
    assert_int_equal(crc32(0, "The quick brown fox jumps over the lazy dog", 43), 0x414fa339);
    for (usize cut = 0; cut <= 9; cut++)
        assert_int_equal(crc32(crc32(0, digits, cut), digits + cut, 9 - cut), 0xcbf43926);
}

/* The definition: one bit a step. */
static u32 crc32_by_bits(const u8 *bytes, usize length)
{
    u32 crc = ~0u;
    for (usize i = 0; i < length; i++) {
        crc ^= bytes[i];
        for (u32 bit = 0; bit < 8; bit++)
            crc = crc & 1 ? crc >> 1 ^ 0xedb88320 : crc >> 1;
    }
    return ~crc;
}

static void test_crc32_every_byte(void **state)
{
    (void)state;
    for (u32 value = 0; value < 256; value++)
        for (u32 place = 0; place < 8; place++) {
            u8 bytes[8] = {0};
            bytes[place] = (u8)value;
            for (u32 length = place + 1; length <= 8; length++)
                assert_int_equal(crc32(0, bytes, length), crc32_by_bits(bytes, length));
        }
}

static void test_crc32_anything(void **state)
{
    (void)state;
    struct random random;
    random_init(&random, 32);
    for (u32 round = 0; round < 2000; round++) {
        u8 bytes[100];
        usize length = random_below(&random, sizeof(bytes)),
              cut = random_below(&random, length + 1);
        for (usize i = 0; i < length; i++)
            bytes[i] = (u8)random_next(&random);
        u8 *exact = exact_copy(bytes, length);
        u32 crc = crc32(crc32(0, exact, cut), exact + cut, length - cut);
        assert_int_equal(crc, crc32_by_bits(bytes, length));
        free(exact);
    }
}

static void test_sum8(void **state)
{
    (void)state;
    assert_int_equal(sum8(NULL, 0), 0);
    assert_int_equal(sum8("\x01\x02\x03", 3), 6);
    assert_int_equal(sum8("\xff\x01", 2), 0);
    assert_int_equal(sum8("\x80\x80\x80", 3), 0x80);
}

/* By the definition; in network order, returned in memory order. */
static u16 reference(const u8 *bytes, usize length)
{
    u64 sum = 0;
    for (usize i = 0; i < length; i++)
        sum += (u64)bytes[i] << (i % 2 == 0 ? 8 : 0);
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    sum = ~sum & 0xffff;
    return (u16)(sum >> 8 | sum << 8);
}

static void test_internet(void **state)
{
    (void)state;
    /* The example of RFC 1071, section 3: the sum is ddf2. */
    const u8 example[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
    assert_int_equal(internet_checksum(internet_sum(0, example, 8)), 0x0d22);
    assert_int_equal(internet_checksum(internet_sum(0, NULL, 0)), 0xffff);

    struct random random;
    random_init(&random, 1);
    for (usize length = 0; length < 70; length++) {
        u8 bytes[70];
        for (usize i = 0; i < length; i++)
            bytes[i] = length % 3 == 0 ? 0xff : (u8)random_next(&random);
        u8 *exact = exact_copy(bytes, length);
        u16 expected = reference(exact, length);
        assert_int_equal(internet_checksum(internet_sum(0, exact, length)), expected);
        for (usize cut = 0; cut <= length; cut += 2) {
            u64 sum = internet_sum(0, exact, cut);
            sum = internet_sum(sum, exact + cut, length - cut);
            assert_int_equal(internet_checksum(sum), expected);
        }
        free(exact);
    }
}

static void test_internet_verifies(void **state)
{
    (void)state;
    u8 packet[23] = "\x45\x00 some sort of header";
    packet[10] = packet[11] = 0;
    u16 checksum = internet_checksum(internet_sum(0, packet, sizeof(packet)));
    memcpy(packet + 10, &checksum, sizeof(checksum));
    assert_int_equal(internet_checksum(internet_sum(0, packet, sizeof(packet))), 0);
    packet[5] ^= 4;
    assert_int_not_equal(internet_checksum(internet_sum(0, packet, sizeof(packet))), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_crc32),          cmocka_unit_test(test_crc32_every_byte),
        cmocka_unit_test(test_crc32_anything), cmocka_unit_test(test_sum8),
        cmocka_unit_test(test_internet),       cmocka_unit_test(test_internet_verifies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Checksums (checksum.h). They are short rather than fast, except the Internet's, which is taken of
 * every packet and goes eight bytes at a time.
 */
#include <base/checksum.h>
#include <base/string.h>

u32 crc32(u32 crc, const void *bytes, usize length)
{
    /* The remainders of the sixteen values of four bits: two steps a byte, and no large table. */
    static const u32 remainders[16] = {
        0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
        0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
        0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
    };
    const u8 *byte = bytes;
    crc = ~crc;
    for (; length != 0; byte++, length--) {
        crc ^= *byte;
        crc = crc >> 4 ^ remainders[crc & 15];
        crc = crc >> 4 ^ remainders[crc & 15];
    }
    return ~crc;
}

u8 sum8(const void *bytes, usize length)
{
    const u8 *byte = bytes;
    u32 sum = 0;
    for (; length != 0; byte++, length--)
        sum += *byte;
    return (u8)sum;
}

/* One's complement addition: what is carried out at the top comes in again at the bottom. */
static u64 add_around(u64 a, u64 b)
{
    u64 sum = a + b;
    return sum + (sum < b);
}

u64 internet_sum(u64 sum, const void *bytes, usize length)
{
    const u8 *byte = bytes;
    for (; length >= sizeof(u64); byte += sizeof(u64), length -= sizeof(u64)) {
        u64 word;
        __builtin_memcpy(&word, byte, sizeof(word));
        sum = add_around(sum, word);
    }
    u64 tail = 0;
    for (usize i = 0; i < length; i++)
        tail |= (u64)byte[i] << 8 * i;
    return add_around(sum, tail);
}

u16 internet_checksum(u64 sum)
{
    while (sum >> 16 != 0)
        sum = (sum & 0xffff) + (sum >> 16);
    return (u16)~sum;
}

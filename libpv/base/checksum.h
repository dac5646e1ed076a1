/*
 * The three checksums that the outside world asks for. All of them may be computed over memory that
 * somebody else is writing to: the result is then worthless, but nothing else happens.
 */
#pragma once

#include <base/types.h>

/*
 * CRC-32 as in IEEE 802.3, GPT and zip: polynomial 0x04c11db7, bit-reversed, inverted before and
 * after. Start with `crc` 0; to go on over further bytes, give it the result so far.
 */
u32 crc32(u32 crc, const void *bytes, usize length);

/* The sum of all bytes modulo 256. A sound ACPI table has 0. */
u8 sum8(const void *bytes, usize length);

/*
 * The Internet checksum (RFC 1071) in two steps: add up any number of pieces, starting with sum 0,
 * then finish. Every piece but the last must have an even length. The result is in memory order: a
 * u16 that is stored as it is. Over bytes that contain their right checksum the result is 0.
 */
u64 internet_sum(u64 sum, const void *bytes, usize length);
u16 internet_checksum(u64 sum);

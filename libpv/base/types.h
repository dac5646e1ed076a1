/*
 * The words everything else is written in: integers with their width in the name, and a handful of
 * macros and one-line functions that every room of the house needs.
 *
 * Only the compiler's own freestanding headers are used, so this file means the same in the kernel,
 * in a server, in a guest and in a test on the host. There is no state and nothing can fail; where
 * a function could wrap around, its comment says what then comes out.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int8_t i8;
typedef int16_t i16;
typedef int32_t i32;
typedef int64_t i64;
typedef size_t usize;

/* The same definition as in the host's <assert.h>, so that the two may meet in a test. */
#define static_assert _Static_assert

static_assert(sizeof(usize) == 8 && sizeof(void *) == 8, "Terrarium is for 64-bit machines");

/* Marks a function whose result says whether it worked: ignoring it is a compile-time error. */
#define must_check __attribute__((warn_unused_result))

#define likely(condition)   __builtin_expect(!!(condition), 1)
#define unlikely(condition) __builtin_expect(!!(condition), 0)

/* The number of elements of a true array; a pointer in its place does not compile. */
#define array_count(array)                                                                         \
    (sizeof(array) / sizeof((array)[0]) +                                                          \
     0 * sizeof(char[1 - 2 * __builtin_types_compatible_p(__typeof__(array),                       \
                                                          __typeof__(&(array)[0]))]))

/*
 * The structure of type `type` whose member `member` is what `pointer` points to. The conditional
 * is there for the compiler alone: it warns when `pointer` is not a pointer to such a member.
 */
#define container_of(pointer, type, member)                                                        \
    ((type *)((char *)(1 ? (pointer) : &((type *)0)->member) - offsetof(type, member)))

/* The smaller, and the larger, of two unsigned numbers. */
static inline u64 min(u64 a, u64 b)
{
    return a < b ? a : b;
}

static inline u64 max(u64 a, u64 b)
{
    return a > b ? a : b;
}

/* The largest multiple of `alignment`, a power of two, that is not above `value`. */
static inline u64 align_down(u64 value, u64 alignment)
{
    return value & ~(alignment - 1);
}

/*
 * The smallest multiple of `alignment`, a power of two, that is not below `value`. Where there is
 * none in 64 bits the result is 0, which is below every `value` that can lead there.
 */
static inline u64 align_up(u64 value, u64 alignment)
{
    return (value + (alignment - 1)) & ~(alignment - 1);
}

static inline bool is_aligned(u64 value, u64 alignment)
{
    return (value & (alignment - 1)) == 0;
}

static inline bool is_power_of_two(u64 value)
{
    return value != 0 && (value & (value - 1)) == 0;
}

/*
 * Does [start, start + length) lie inside [0, limit)? True for whatever numbers somebody hostile
 * picked: nothing in here wraps around. An empty range may start at `limit`.
 */
static inline bool range_fits(u64 start, u64 length, u64 limit)
{
    return start <= limit && length <= limit - start;
}

/* Do [a, a + a_length) and [b, b + b_length) share a byte? Neither may wrap around. */
static inline bool ranges_overlap(u64 a, u64 a_length, u64 b, u64 b_length)
{
    return a_length != 0 && b_length != 0 && (a < b ? b - a < a_length : a - b < b_length);
}

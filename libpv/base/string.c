/*
 * The C library's functions on bytes and strings, for programs without a C library.
 *
 * Copying and filling go by 64-bit string instructions: one instruction for eight bytes when
 * instructions are counted, and a short way on real processors. What is left at the end is done by
 * one store of eight bytes that overlaps what is already there, so no length takes a byte loop
 * except those below eight. Nothing here uses more than the general registers.
 */
#include <base/string.h>

enum { WORD = sizeof(u64) };

/* A word at any address, of any type: what the aliasing and alignment rules of C want to know. */
struct word {
    u64 value;
} __attribute__((packed, may_alias));

static inline u64 load(const u8 *from)
{
    return ((const struct word *)from)->value;
}

static inline void store(u8 *to, u64 value)
{
    ((struct word *)to)->value = value;
}

/*
 * Copies from low addresses to high ones, which is also right for overlapping places when `to` is
 * the lower: the last word is read before anything is written.
 */
static inline void copy_upwards(u8 *to, const u8 *from, usize length)
{
    usize count = length / WORD;
    if (count == 0) {
        __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(length) : : "memory");
        return;
    }
    u8 *last_place = to + length - WORD;
    u64 last = load(from + length - WORD);
    __asm__ volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(count) : : "memory");
    store(last_place, last);
}

/* The mirror image: from high addresses to low ones, the first word read before all others. */
static inline void copy_downwards(u8 *to, const u8 *from, usize length)
{
    usize count = length / WORD;
    if (count == 0) {
        while (length-- != 0)
            ((volatile u8 *)to)[length] = from[length];
        return;
    }
    u64 first = load(from);
    u8 *to_end = to + length - WORD;
    const u8 *from_end = from + length - WORD;
    __asm__ volatile("std\n\trep movsq\n\tcld"
                     : "+D"(to_end), "+S"(from_end), "+c"(count)
                     :
                     : "memory", "cc");
    store(to, first);
}

void *memcpy(void *restrict to, const void *restrict from, usize length)
{
    copy_upwards(to, from, length);
    return to;
}

void *memmove(void *to, const void *from, usize length)
{
    /* As an unsigned distance: small only when `to` is above `from` and inside what is copied. */
    if ((u64)to - (u64)from < length)
        copy_downwards(to, from, length);
    else
        copy_upwards(to, from, length);
    return to;
}

void *memset(void *to, int byte, usize length)
{
    u8 *place = to;
    u64 value = (u8)byte * 0x0101010101010101u;
    usize count = length / WORD;
    if (count == 0) {
        __asm__ volatile("rep stosb" : "+D"(place), "+c"(length) : "a"(value) : "memory");
        return to;
    }
    store(place + length - WORD, value);
    __asm__ volatile("rep stosq" : "+D"(place), "+c"(count) : "a"(value) : "memory");
    return to;
}

int memcmp(const void *a, const void *b, usize length)
{
    const u8 *left = a;
    const u8 *right = b;
    for (; length >= WORD; left += WORD, right += WORD, length -= WORD) {
        u64 x = load(left);
        u64 y = load(right);
        if (x != y) /* the byte at the lowest address decides, so it goes to the top */
            return __builtin_bswap64(x) < __builtin_bswap64(y) ? -1 : 1;
    }
    for (; length != 0; left++, right++, length--) {
        if (*left != *right)
            return *left < *right ? -1 : 1;
    }
    return 0;
}

usize strnlen(const char *string, usize limit)
{
    usize length = 0;
    while (length < limit && string[length] != 0)
        length++;
    return length;
}

usize strlen(const char *string)
{
    return strnlen(string, SIZE_MAX);
}

int strncmp(const char *a, const char *b, usize limit)
{
    for (; limit != 0; a++, b++, limit--) {
        if (*a != *b)
            return (u8)*a < (u8)*b ? -1 : 1;
        if (*a == 0)
            return 0;
    }
    return 0;
}

int strcmp(const char *a, const char *b)
{
    return strncmp(a, b, SIZE_MAX);
}

char *strchr(const char *string, int character)
{
    for (; *string != (char)character; string++) {
        if (*string == 0)
            return NULL;
    }
    return (char *)string;
}

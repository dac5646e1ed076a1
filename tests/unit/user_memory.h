/*
 * For unit tests of cpu/user.c: the memory of ring 3, in the place of user_raw.asm. Two pages are
 * mapped, and each access is counted: an address that must not be touched is a failure, an unmapped
 * one a fault.
 */
#pragma once

#include "unit.h"

#include <abi/object.h>

#include "cpu/user.h"

#define LOW_PAGE   0x400000ul
#define LAST_PAGE  (USER_END - PAGE_SIZE)
#define PAGE_WORDS (PAGE_SIZE / 8)

static u64 user_words[2][PAGE_WORDS];
static u32 user_reads[2][PAGE_WORDS], user_writes[2][PAGE_WORDS];

static inline int user_memory_init(void **state)
{
    (void)state;
    memset(user_reads, 0, sizeof(user_reads));
    memset(user_writes, 0, sizeof(user_writes));
    for (u64 page = 0; page < 2; page++)
        for (u64 i = 0; i < PAGE_WORDS; i++)
            user_words[page][i] = (page + 1) << 32 | i;
    return 0;
}

/* The page's number, or 2. */
static inline u64 user_page(u64 address)
{
    assert_true(address < USER_END);
    assert_int_equal(address % 8, 0);
    u64 page = align_down(address, PAGE_SIZE);
    return page == LOW_PAGE ? 0 : page == LAST_PAGE ? 1 : 2;
}

bool user_raw_read(u64 address, u64 *value)
{
    u64 page = user_page(address), word = address % PAGE_SIZE / 8;
    if (page == 2)
        return false;
    user_reads[page][word]++;
    *value = user_words[page][word];
    return true;
}

bool user_raw_write(u64 address, u64 value)
{
    u64 page = user_page(address), word = address % PAGE_SIZE / 8;
    if (page == 2)
        return false;
    user_writes[page][word]++;
    user_words[page][word] = value;
    return true;
}

/*
 * The boot reserve: the only memory that is ever handed out in contiguous stretches longer than a
 * frame.
 *
 * It is set aside at boot, before anything else can break memory up, and is allocated first-fit by
 * page. Like frames, it is charged to the pool that asks.
 */
#pragma once
#include <abi/object.h>

#define RESERVE_PAGES_LIMIT CONTIGUOUS_PAGES_LIMIT

void reserve_init(u64 physical, u64 pages);

/* The address of `pages` free pages in a row; 0 when there is no such stretch. */
u64 reserve_take(u64 pages);
void reserve_return(u64 physical, u64 pages);

u64 reserve_total(void);
u64 reserve_used(void);

/* Does this page belong to the reserve? */
bool reserve_contains(u64 physical);

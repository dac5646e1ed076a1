/*
 * Showing memory objects (device registers, memory shared with others) in the program's own space,
 * at addresses that are picked here.
 */
#pragma once
#include <abi/start.h>

/*
 * Maps `pages` pages of the memory object, from `first_page` on, with the rights given (RIGHT_READ,
 * RIGHT_WRITE, RIGHT_EXECUTE), all of them present. NULL, and a line in the log that says why, when
 * that cannot be.
 */
must_check void *map_memory(u32 memory_slot, u64 first_page, u64 pages, u64 rights);

/* Takes away what map_memory returned. NULL does nothing; any other address ends in a panic. */
void unmap(void *address);

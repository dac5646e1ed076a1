/*
 * The frames of physical memory that nobody has: single ones of 4 KiB, and large ones of 2 MiB.
 *
 * Memory is looked at in chunks of 2 MiB, each with a bitmap of its free frames. Small frames are
 * taken from chunks that are broken already, so that whole ones last. Every operation takes a
 * bounded, short time. Who may take how many is not decided here: pools count (object/pool.h), and
 * their sum never exceeds what is here, so frame_take only fails when a pool's accounts are wrong.
 */
#pragma once
#include <base/types.h>

/* How many bytes frames_init needs for a machine whose memory ends at `highest`. */
u64 frames_table_bytes(u64 highest);

/* Starts with no frame at all. `table` has frames_table_bytes(highest) bytes. */
void frames_init(void *table, u64 highest);

/* Adds free memory: `pages` frames from address `physical` on. */
void frames_give(u64 physical, u64 pages);

u64 frames_free_count(void);

/* A free frame's address, its contents unknown; 0 when there is none. */
u64 frame_take(void);

/* The address of 512 free frames in a row, aligned to 2 MiB; 0 when no chunk is whole. */
u64 frame_take_large(void);

/* Gives back what was taken. A frame that is free already is an invariant broken. */
void frame_return(u64 physical);
void frame_return_large(u64 physical);

/* Is this address in memory that frames_give was told of? */
bool frame_is_managed(u64 physical);

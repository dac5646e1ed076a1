/*
 * A log in shared memory: the last bytes that a server wrote, for somebody else to read, even after
 * the server died.
 *
 * The memory is a header and a ring of bytes. Byte number n of all that was ever written lies at
 * n % capacity, so the numbers only grow. There is one writer. It announces in `claimed` up to
 * where it is going to write before it touches the ring, and says in `written` up to where it has
 * written after; a reader thus knows which of the bytes it just copied may have been overwritten
 * meanwhile.
 *
 * Readers distrust the writer. They know the capacity from the size of their mapping and not from
 * the page, read each index once, and whatever the page says, touch nothing outside the ring and
 * return no more than was asked for. A hostile writer can make them see wrong bytes; it could have
 * written those anyway. Readers need only read access.
 */
#pragma once

#include <base/types.h>

enum { LOG_MAGIC = 0x474f4c54 }; /* "TLOG" */

/* The beginning of the shared memory; the ring is the rest of it. */
struct log_header {
    u32 magic;
    u32 capacity;
    u64 claimed;
    u64 written;
    u64 reserved; /* 0 */
};

static_assert(sizeof(struct log_header) == 32, "readers and writers agree on the header's size");
static_assert(offsetof(struct log_header, claimed) == 8, "indices are naturally aligned");
static_assert(offsetof(struct log_header, written) == 16, "indices are naturally aligned");

struct log_writer {
    struct log_header *header;
    u8 *ring;
    u64 capacity;
    u64 written;
};

struct log_reader {
    const struct log_header *header;
    const u8 *ring;
    u64 capacity;
    u64 position; /* the number of the byte that comes next */
    u64 lost;     /* bytes that were overwritten before they could be read, since log_reader_open */
};

/*
 * Prepares to write to the `size` bytes at `memory` (aligned to 8, fewer than 4 GiB). A log that is
 * there already, left by a predecessor, is carried on; anything else is replaced by an empty one.
 * False when `size` has no room for a header and a byte, or is too large.
 */
must_check bool log_writer_open(struct log_writer *log, void *memory, usize size);

/* Appends `length` bytes. Of more than fit into the ring only the last are kept. */
void log_write(struct log_writer *log, const void *bytes, usize length);

/*
 * Prepares to read from the `size` bytes at `memory`, beginning with the oldest byte that is there.
 * False as above.
 */
must_check bool log_reader_open(struct log_reader *log, const void *memory, usize size);

/*
 * Copies the next bytes, up to `size`, to `buffer` and returns how many; 0 when there is nothing to
 * be had now. When the writer was faster than the reader, what was overwritten is skipped and
 * counted in `log->lost`. When `written` went back, the writer began anew, and the reader follows.
 */
must_check usize log_read(struct log_reader *log, void *buffer, usize size);

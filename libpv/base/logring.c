/*
 * Both ends of a log in shared memory (logring.h tells how it works and who trusts whom).
 *
 * Writer and reader may run on different processors: every index is read and written once, as a
 * whole, in the order that the fences give.
 */
#include <base/logring.h>
#include <base/string.h>

/* How many bytes of ring a mapping has; 0 when it is too small or too large for a log. */
static u64 ring_capacity(usize size)
{
    if (size <= sizeof(struct log_header) || size > UINT32_MAX)
        return 0;
    return size - sizeof(struct log_header);
}

bool log_writer_open(struct log_writer *log, void *memory, usize size)
{
    struct log_header *header = memory;
    u64 capacity = ring_capacity(size);
    if (capacity == 0)
        return false;
    if (header->magic != LOG_MAGIC || header->capacity != capacity)
        *header = (struct log_header){.magic = LOG_MAGIC, .capacity = (u32)capacity};
    /* A predecessor may have died while it wrote: what it claimed counts, finished or not. */
    u64 written = max(header->claimed, header->written);
    *log = (struct log_writer){header, (u8 *)(header + 1), capacity, written};
    __atomic_store_n(&header->claimed, written, __ATOMIC_RELAXED);
    __atomic_store_n(&header->written, written, __ATOMIC_RELEASE);
    return true;
}

void log_write(struct log_writer *log, const void *bytes, usize length)
{
    if (length == 0)
        return;
    u64 end = log->written + length;
    __atomic_store_n(&log->header->claimed, end, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_RELEASE);

    u64 kept = min(length, log->capacity);
    const u8 *from = (const u8 *)bytes + (length - kept);
    u64 start = (end - kept) % log->capacity;
    u64 before_wrap = min(kept, log->capacity - start);
    memcpy(log->ring + start, from, before_wrap);
    memcpy(log->ring, from + before_wrap, kept - before_wrap);

    log->written = end;
    __atomic_store_n(&log->header->written, end, __ATOMIC_RELEASE);
}

bool log_reader_open(struct log_reader *log, const void *memory, usize size)
{
    const struct log_header *header = memory;
    u64 capacity = ring_capacity(size);
    if (capacity == 0)
        return false;
    *log = (struct log_reader){header, (const u8 *)(header + 1), capacity, 0, 0};
    return true;
}

/* Moves the reader up by `count` bytes that it cannot have. */
static void reader_lose(struct log_reader *log, u64 count)
{
    log->position += count;
    log->lost += count;
}

usize log_read(struct log_reader *log, void *buffer, usize size)
{
    u64 written = __atomic_load_n(&log->header->written, __ATOMIC_ACQUIRE);
    if (written < log->position) /* a writer that began anew: follow it */
        log->position = 0;
    u64 available = written - log->position;
    if (available > log->capacity) {
        reader_lose(log, available - log->capacity);
        available = log->capacity;
    }

    u64 length = min(available, size);
    u64 start = log->position % log->capacity;
    u64 before_wrap = min(length, log->capacity - start);
    memcpy(buffer, log->ring + start, before_wrap);
    memcpy((u8 *)buffer + before_wrap, log->ring, length - before_wrap);

    /* What the writer has claimed since may have been overwritten while it was copied. */
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    u64 claimed = __atomic_load_n(&log->header->claimed, __ATOMIC_RELAXED);
    u64 spoiled = 0;
    if (claimed - log->position > log->capacity)
        spoiled = min(claimed - log->position - log->capacity, length);
    reader_lose(log, spoiled);
    memmove(buffer, (u8 *)buffer + spoiled, length - spoiled);
    log->position += length - spoiled;
    return length - spoiled;
}

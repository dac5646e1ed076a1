/*
 * Fuzzer of the reader of base/logring.c: the fuzzer is the hostile writer, who sets every byte of
 * the shared memory to what it likes between the reads. Whatever it does, the reader stays inside
 * the ring and the buffer, and never lags behind by more than a ring.
 *
 * The input: one byte for the capacity, then for every read one byte that says how much to read,
 * and a header for the page.
 */
// with: libpv/base/logring.c
#include <stdlib.h>
#include <string.h>

#include <base/logring.h>

static void check(bool condition)
{
    if (!condition)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    u64 capacity = 1 + (u64)data[0] % 64;
    u64 mapping = sizeof(struct log_header) + capacity;
    u8 *page = calloc(1, mapping);
    struct log_reader reader;
    check(log_reader_open(&reader, page, mapping));
    data++, size--;

    while (size > sizeof(struct log_header)) {
        u64 room = data[0];
        u8 *buffer = malloc(room + 1);
        memcpy(page, data + 1, sizeof(struct log_header));
        u64 got = log_read(&reader, buffer, room);
        check(got <= room && got <= capacity);
        check(reader.header->written - reader.position <= capacity);
        free(buffer);
        data += 1 + sizeof(struct log_header);
        size -= 1 + sizeof(struct log_header);
    }

    /* A next writer finds what is left there. */
    struct log_writer writer;
    check(log_writer_open(&writer, page, mapping));
    log_write(&writer, data, size);
    log_write(&writer, data, size);
    free(page);
    return 0;
}

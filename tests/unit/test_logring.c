/*
 * Unit tests of base/logring.c. Every byte that is written is a function of its number, so a reader
 * can check each byte that it gets, and with `lost` account for those that it did not get. The
 * writer's doings in the middle of a read are played by a memcpy that the test supplies.
 */
#include "unit.h"

/* What happens after the reader's first copy, once; NULL: nothing. */
static void (*interruption)(void);

static void *interrupted_memcpy(void *to, const void *from, size_t length)
{
    memcpy(to, from, length);
    if (interruption) {
        void (*once)(void) = interruption;
        interruption = NULL;
        once();
    }
    return to;
}

#define memcpy interrupted_memcpy
#include <base/logring.c>
#undef memcpy

#include <base/random.h>

enum { CAPACITY = 100, SIZE = sizeof(struct log_header) + CAPACITY };

static void *memory;
static struct log_writer writer;
static struct log_reader reader;

static int setup(void **state)
{
    (void)state;
    memory = calloc(1, SIZE); /* exactly: the sanitizer watches its end */
    assert_true(log_writer_open(&writer, memory, SIZE));
    assert_true(log_reader_open(&reader, memory, SIZE));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    free(memory);
    return 0;
}

static u8 byte_number(u64 number)
{
    return (u8)(number * 31 + number / 256);
}

/* Writes the next `length` bytes of the sequence. */
static void write_next(usize length)
{
    u8 *bytes = malloc(length);
    for (usize i = 0; i < length; i++)
        bytes[i] = byte_number(writer.written + i);
    log_write(&writer, bytes, length);
    free(bytes);
}

/* Reads up to `size` bytes, which have to be those of the sequence. */
static usize read_next(usize size)
{
    u8 *bytes = malloc(size);
    usize length = log_read(&reader, bytes, size);
    assert_true(length <= size);
    for (usize i = 0; i < length; i++)
        assert_int_equal(bytes[i], byte_number(reader.position - length + i));
    free(bytes);
    return length;
}

static void test_sizes(void **state)
{
    (void)state;
    struct log_writer w;
    struct log_reader r;
    u64 place[5] = {0};
    for (usize size = 0; size <= 32; size++) {
        assert_false(log_writer_open(&w, place, size));
        assert_false(log_reader_open(&r, place, size));
    }
    assert_false(log_writer_open(&w, place, 1ull << 32));
    assert_false(log_reader_open(&r, place, 1ull << 32));
    assert_true(log_writer_open(&w, place, 33)); /* a ring of one byte */
    assert_true(log_reader_open(&r, place, 33));
    char got[3] = "";
    log_write(&w, "abc", 3);
    assert_int_equal(log_read(&r, got, 3), 1);
    assert_int_equal(got[0], 'c');
    assert_int_equal(r.lost, 2);
}

static void test_write_and_read(void **state)
{
    (void)state;
    assert_int_equal(read_next(50), 0);
    write_next(10);
    assert_int_equal(read_next(0), 0);
    assert_int_equal(read_next(4), 4);
    assert_int_equal(read_next(50), 6);
    assert_int_equal(read_next(50), 0);
    log_write(&writer, NULL, 0);
    assert_int_equal(read_next(50), 0);
    write_next(CAPACITY); /* around the end, all of the ring */
    assert_int_equal(read_next(CAPACITY + 50), CAPACITY);
    assert_int_equal(reader.lost, 0);
}

static void test_overwritten(void **state)
{
    (void)state;
    write_next(30);
    assert_int_equal(read_next(10), 10);
    write_next(95); /* 125 in all: 10 to 25 are gone */
    assert_int_equal(read_next(1000), CAPACITY);
    assert_int_equal(reader.lost, 15);
    write_next(1000); /* one piece larger than the ring */
    assert_int_equal(read_next(1000), CAPACITY);
    assert_int_equal(reader.lost, 15 + 900);
    assert_int_equal(reader.position, 1125);
}

/* A new reader begins with the oldest byte there is. */
static void test_late_reader(void **state)
{
    (void)state;
    write_next(250);
    assert_true(log_reader_open(&reader, memory, SIZE));
    assert_int_equal(read_next(1000), CAPACITY);
    assert_int_equal(reader.lost, 150);
}

/* Every byte written is read or counted as lost, whatever the sizes. */
static void test_random_sizes(void **state)
{
    (void)state;
    struct random random;
    random_init(&random, 4);
    u64 got = 0;
    for (u32 i = 0; i < 5000; i++) {
        write_next(random_below(&random, 90));
        got += read_next(random_below(&random, 90));
        assert_true(got + reader.lost == reader.position);
        assert_true(reader.position <= writer.written);
    }
    while (reader.position < writer.written)
        got += read_next(60);
    assert_true(got + reader.lost == writer.written);
    assert_true(reader.lost > 0 && got > writer.written / 2);
}

static void test_next_writer_carries_on(void **state)
{
    (void)state;
    write_next(60);
    struct log_writer next;
    assert_true(log_writer_open(&next, memory, SIZE));
    assert_int_equal(next.written, 60);
    writer = next;
    write_next(30);
    assert_int_equal(read_next(100), 90);
    assert_int_equal(reader.lost, 0);
}

static void test_writer_died_writing(void **state)
{
    (void)state;
    write_next(60);
    ((struct log_header *)memory)->claimed = 70;
    assert_int_equal(read_next(100), 60); /* what was only claimed is not shown */
    struct log_writer next;
    assert_true(log_writer_open(&next, memory, SIZE));
    assert_int_equal(next.written, 70);
}

static void test_strange_memory_is_replaced(void **state)
{
    (void)state;
    struct log_header *header = memory;
    write_next(60);
    header->magic ^= 1;
    assert_true(log_writer_open(&writer, memory, SIZE));
    assert_int_equal(writer.written, 0);
    write_next(60);
    header->capacity -= 1;
    assert_true(log_writer_open(&writer, memory, SIZE));
    assert_int_equal(writer.written, 0);
    assert_int_equal(header->capacity, CAPACITY);
    assert_int_equal(header->magic, LOG_MAGIC);
}

static void test_writer_began_anew(void **state)
{
    (void)state;
    write_next(80);
    assert_int_equal(read_next(80), 80);
    memset(memory, 0, SIZE);
    assert_true(log_writer_open(&writer, memory, SIZE));
    write_next(20);
    assert_int_equal(read_next(100), 20);
    assert_int_equal(reader.position, 20);
}

static void write_30(void)
{
    write_next(30);
}

static void write_1000(void)
{
    write_next(1000);
}

/* The writer comes in between the reader's copy and its second look. */
static void test_overtaken(void **state)
{
    (void)state;
    write_next(90);
    interruption = write_30; /* 120 in all: 0 to 20 may be spoiled */
    assert_int_equal(read_next(50), 30);
    assert_int_equal(reader.lost, 20);
    assert_int_equal(reader.position, 50);
    assert_int_equal(read_next(100), 70);
    write_next(100);
    interruption = write_1000;
    assert_int_equal(read_next(40), 0);
    assert_int_equal(reader.lost, 20 + 40);
    assert_int_equal(read_next(1000), CAPACITY);
    assert_int_equal(reader.lost, 20 + 1000);
}

static void claim_30(void)
{
    ((struct log_header *)memory)->claimed += 30;
    memset((char *)memory + sizeof(struct log_header), 0xee, 20); /* 90 to 120 wrap around to 20 */
}

/* The same while the writer is in the middle of its writing. */
static void test_overtaken_halfway(void **state)
{
    (void)state;
    write_next(90);
    interruption = claim_30;
    assert_int_equal(read_next(50), 30);
    assert_int_equal(reader.lost, 20);
}

/* Nothing in the page leads a reader out of the ring (the sanitizer watches) or into a trap. */
static void test_hostile_page(void **state)
{
    (void)state;
    struct log_header *header = memory;
    static const u64 values[] = {0,          1,          99,         100,        101,
                                 1ull << 31, 1ull << 32, 1ull << 63, UINT64_MAX, UINT64_MAX - 50};
    for (u32 i = 0; i < array_count(values) * array_count(values) * 4; i++) {
        header->magic = i % 3 ? LOG_MAGIC : 0;
        header->capacity = i % 2 ? UINT32_MAX : 0;
        header->written = values[i % array_count(values)];
        header->claimed = values[i / array_count(values) % array_count(values)];
        if (i % 7 == 0)
            assert_true(log_reader_open(&reader, memory, SIZE));
        char buffer[60];
        u64 written = header->written;
        assert_true(log_read(&reader, buffer, sizeof(buffer)) <= sizeof(buffer));
        assert_true(reader.position <= written && written - reader.position <= CAPACITY);
    }
    /* And neither do indices left behind lead the next writer out. */
    header->magic = LOG_MAGIC;
    header->capacity = CAPACITY;
    for (u32 i = 0; i < array_count(values); i++) {
        header->written = header->claimed = values[i];
        assert_true(log_writer_open(&writer, memory, SIZE));
        write_next(77);
        write_next(177);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sizes),
        cmocka_unit_test_setup_teardown(test_write_and_read, setup, teardown),
        cmocka_unit_test_setup_teardown(test_overwritten, setup, teardown),
        cmocka_unit_test_setup_teardown(test_late_reader, setup, teardown),
        cmocka_unit_test_setup_teardown(test_random_sizes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_next_writer_carries_on, setup, teardown),
        cmocka_unit_test_setup_teardown(test_writer_died_writing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_strange_memory_is_replaced, setup, teardown),
        cmocka_unit_test_setup_teardown(test_writer_began_anew, setup, teardown),
        cmocka_unit_test_setup_teardown(test_overtaken, setup, teardown),
        cmocka_unit_test_setup_teardown(test_overtaken_halfway, setup, teardown),
        cmocka_unit_test_setup_teardown(test_hostile_page, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

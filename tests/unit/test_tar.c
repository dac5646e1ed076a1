/*
 * Unit tests of base/tar.c: archives put together here, right ones and ones with a single thing
 * wrong, and one that a real tar wrote. Every archive ends where its heap block ends.
 */
// with: libpv/base/tar.c
#include "unit.h"

#include <base/tar.h>

enum { BLOCK = 512, ARCHIVE_MAX = 16 * BLOCK };

/* An archive that is being put together. */
static struct {
    char bytes[ARCHIVE_MAX];
    usize size;
} archive;

/* Places in a header, as POSIX gives them. */
enum { NAME = 0, SIZE = 124, CHKSUM = 148, TYPE = 156, MAGIC = 257, VERSION = 263, PREFIX = 345 };

static void write_checksum(char *header)
{
    u32 sum = 0;
    memset(header + CHKSUM, ' ', 8);
    for (u32 i = 0; i < BLOCK; i++)
        sum += (u8)header[i];
    snprintf(header + CHKSUM, 8, "%06o", sum);
}

static char *add_file(const char *name, char type, const char *contents)
{
    char *header = archive.bytes + archive.size;
    usize length = strlen(contents);
    memset(header, 0, BLOCK);
    memcpy(header + NAME, name, strlen(name));
    snprintf(header + SIZE, 12, "%011o", (u32)length);
    header[TYPE] = type;
    memcpy(header + MAGIC,
           "ustar\0"
           "00",
           8);
    write_checksum(header);
    memcpy(header + BLOCK, contents, length);
    archive.size += BLOCK + align_up(length, BLOCK);
    return header;
}

static void add_end(void)
{
    archive.size += 2 * BLOCK;
}

static int setup(void **state)
{
    (void)state;
    memset(&archive, 0, sizeof(archive));
    return 0;
}

/* Walks through an exact copy of the archive and says how that ended, and where. */
static void assert_check(usize size, enum tar_error expected, u64 offset)
{
    u8 *copy = exact_copy(archive.bytes, size);
    struct tar tar;
    struct tar_file file;
    tar_open(&tar, copy, size);
    assert_int_equal(tar_check(&tar), expected);
    assert_int_equal(tar.offset, offset);
    if (expected != TAR_OK) { /* and it stays so */
        assert_int_equal(tar_next(&tar, &file), expected);
        assert_int_equal(tar_find(&tar, "not there", &file), expected);
    }
    free(copy);
}

static void test_walk(void **state)
{
    (void)state;
    char large[BLOCK + 1 + 1];
    memset(large, 'x', sizeof(large) - 1);
    large[BLOCK + 1] = 0;
    add_file("servers/", '5', "");
    add_file("./servers/root.elf", '0', "hello");
    add_file("empty", 0, "");
    add_file("large", '0', large);
    add_end();
    struct tar tar;
    struct tar_file file;
    tar_open(&tar, archive.bytes, archive.size);
    assert_int_equal(tar_next(&tar, &file), TAR_OK);
    assert_string_equal(file.name, "servers");
    assert_true(file.is_directory);
    assert_int_equal(file.size, 0);
    assert_int_equal(tar_next(&tar, &file), TAR_OK);
    assert_string_equal(file.name, "servers/root.elf");
    assert_false(file.is_directory);
    assert_int_equal(file.size, 5);
    assert_ptr_equal(file.bytes, archive.bytes + 2 * BLOCK);
    assert_int_equal(tar_next(&tar, &file), TAR_OK);
    assert_string_equal(file.name, "empty");
    assert_int_equal(file.size, 0);
    assert_int_equal(tar_next(&tar, &file), TAR_OK);
    assert_int_equal(file.size, BLOCK + 1);
    assert_memory_equal(file.bytes, large, BLOCK + 1);
    assert_int_equal(tar_next(&tar, &file), TAR_END);
    assert_int_equal(tar_next(&tar, &file), TAR_END);
    assert_int_equal(tar_check(&tar), TAR_OK);
}

static void test_find(void **state)
{
    (void)state;
    add_file("twice", '5', "");
    add_file("twice", '0', "first");
    add_file("twice", '0', "second");
    add_file("other", '0', "x");
    add_end();
    struct tar tar;
    struct tar_file file = {.size = 77};
    tar_open(&tar, archive.bytes, archive.size);
    assert_int_equal(tar_find(&tar, "absent", &file), TAR_END);
    assert_int_equal(tar_find(&tar, "twic", &file), TAR_END);
    assert_int_equal(file.size, 77); /* untouched */
    assert_int_equal(tar_find(&tar, "other", &file), TAR_OK);
    assert_int_equal(tar_find(&tar, "twice", &file), TAR_OK); /* from the beginning again */
    assert_int_equal(file.size, 5);
    assert_memory_equal(file.bytes, "first", 5);
}

static void test_names(void **state)
{
    (void)state;
    char *header = add_file("", '0', "");
    memset(header + NAME, 'n', 100); /* neither ends in a 0 */
    memset(header + PREFIX, 'p', 155);
    write_checksum(header);
    add_file("./", '5', "");
    add_file("./x", '0', "");
    add_file("/rooted", '0', "");
    add_end();
    struct tar tar;
    struct tar_file file;
    tar_open(&tar, archive.bytes, archive.size);
    assert_int_equal(tar_next(&tar, &file), TAR_OK);
    assert_int_equal(strlen(file.name), 256);
    assert_int_equal(strspn(file.name, "p"), 155);
    assert_int_equal(file.name[155], '/');
    assert_int_equal(strspn(file.name + 156, "n"), 100);
    assert_int_equal(tar_next(&tar, &file), TAR_OK);
    assert_string_equal(file.name, ".");
    assert_int_equal(tar_next(&tar, &file), TAR_OK);
    assert_string_equal(file.name, "x");
    assert_int_equal(tar_next(&tar, &file), TAR_OK);
    assert_string_equal(file.name, "/rooted");
    assert_int_equal(tar_next(&tar, &file), TAR_END);
}

static void test_truncated(void **state)
{
    (void)state;
    add_file("first", '0', "hello");
    add_file("second", '0', "world");
    add_end();
    assert_check(archive.size, TAR_OK, 4 * BLOCK);
    for (usize size = 0; size < archive.size; size++) {
        enum tar_error expected = TAR_TRUNCATED;
        u64 offset = size < 1024 ? 0 : size < 2048 ? 1024 : 2048;
        if (size >= 512 && size < 512 + 5) /* the header is there, the contents are not */
            expected = TAR_BOUNDS;
        else if (size >= 512 + 5 && size < 1024)
            offset = 1024;
        else if (size >= 1536 && size < 1536 + 5)
            expected = TAR_BOUNDS;
        else if (size >= 1536 + 5 && size < 2048)
            offset = 2048;
        assert_check(size, expected, offset);
    }
}

/* Any one byte of a header that differs is found, and found there. */
static void test_corrupt(void **state)
{
    (void)state;
    add_file("first", '0', "hello");
    char *header = add_file("second", '0', "world");
    add_end();
    for (u32 i = 0; i < BLOCK; i++) {
        bool in_magic = i >= MAGIC && i < MAGIC + 8;
        char before = header[i];
        header[i] ^= 1;
        if (i >= CHKSUM + 6 && i < CHKSUM + 8 && header[i] == ' ')
            assert_check(archive.size, TAR_OK, 4 * BLOCK); /* not a 0 but also a blank */
        else
            assert_check(archive.size, in_magic ? TAR_MAGIC : TAR_CHECKSUM, 2 * BLOCK);
        header[i] = before;
    }
    assert_check(archive.size, TAR_OK, 4 * BLOCK);
}

/* Changes a field of the only header, puts the checksum right, and expects an error at it. */
static void assert_field(usize place, const char *value, usize length, enum tar_error expected)
{
    setup(NULL);
    char *header = add_file("name", '0', "");
    memcpy(header + place, value, length);
    write_checksum(header);
    add_end();
    assert_check(archive.size, expected, expected == TAR_OK ? BLOCK : 0);
}

static void test_fields(void **state)
{
    (void)state;
    assert_field(TYPE, "2", 1, TAR_KIND); /* a symbolic link */
    assert_field(TYPE, "x", 1, TAR_KIND); /* a pax header */
    assert_field(TYPE, "L", 1, TAR_KIND); /* GNU's long name */
    assert_field(MAGIC, "ustar  ", 8, TAR_MAGIC);
    assert_field(VERSION, "01", 2, TAR_MAGIC);
    assert_field(NAME, "\0\0\0\0", 4, TAR_NAME);
    assert_field(NAME, "./\0\0", 4, TAR_OK);
    assert_field(NAME, "////", 4, TAR_NAME);
    assert_field(SIZE, "00000000000", 12, TAR_OK);
    assert_field(SIZE, "0          ", 12, TAR_OK);
    assert_field(SIZE, "          0", 12, TAR_OK);
    assert_field(SIZE, "000000000000", 12, TAR_OK);
    assert_field(SIZE, "\0\0\0\0\0\0\0\0\0\0\0", 12, TAR_SIZE);
    assert_field(SIZE, "           ", 12, TAR_SIZE);
    assert_field(SIZE, "00000000008", 12, TAR_SIZE);
    assert_field(SIZE, "0000000 0 0", 12, TAR_SIZE);
    assert_field(SIZE, "-0000000001", 12, TAR_SIZE);
    assert_field(SIZE, "\x80\0\0\0\0\0\0\0\0\0\0", 12, TAR_SIZE);
    assert_field(SIZE, "00000002001", 12, TAR_BOUNDS); /* 1025: one more than there is */
    assert_field(SIZE, "77777777777", 12, TAR_BOUNDS);
    assert_field(SIZE, "777777777777", 12, TAR_BOUNDS);
}

static void test_directory_with_size(void **state)
{
    (void)state;
    add_file("directory", '5', "contents");
    add_end();
    assert_check(archive.size, TAR_SIZE, 0);
}

static void test_checksum_field(void **state)
{
    (void)state;
    char *header = add_file("name", '0', "");
    add_end();
    memcpy(header + CHKSUM, "\0\0\0\0\0\0\0", 8);
    assert_check(archive.size, TAR_CHECKSUM, 0);
    memcpy(header + CHKSUM, "77777777", 8);
    assert_check(archive.size, TAR_CHECKSUM, 0);
}

static void test_end(void **state)
{
    (void)state;
    archive.bytes[ARCHIVE_MAX - 1] = 'x'; /* after the end anything goes */
    assert_check(2 * BLOCK, TAR_OK, 0);
    assert_check(ARCHIVE_MAX, TAR_OK, 0);
    archive.size = BLOCK; /* a single block of zeros, then a header */
    add_file("name", '0', "");
    assert_check(4 * BLOCK, TAR_LONE_ZEROS, 0);
}

/* What the host's tar makes is right: the boot archive is made by it. */
static void test_real_tar(void **state)
{
    (void)state;
    char folder[] = "/tmp/test_tar.XXXXXX";
    assert_non_null(mkdtemp(folder));
    char command[300];
    snprintf(command, sizeof(command),
             "cd %s && mkdir config && echo priority 5 > config/a.cfg && : > empty && "
             "tar --format=ustar -cf - . ; rm -rf %s",
             folder, folder);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    static char bytes[65536];
    usize size = fread(bytes, 1, sizeof(bytes), pipe);
    assert_int_equal(pclose(pipe), 0);
    struct tar tar;
    struct tar_file file;
    tar_open(&tar, bytes, size);
    assert_int_equal(tar_check(&tar), TAR_OK);
    assert_int_equal(tar_find(&tar, "config/a.cfg", &file), TAR_OK);
    assert_int_equal(file.size, 11);
    assert_memory_equal(file.bytes, "priority 5\n", 11);
    assert_int_equal(tar_find(&tar, "config", &file), TAR_END);
}

static void test_texts(void **state)
{
    (void)state;
    for (enum tar_error a = TAR_OK; a <= TAR_LONE_ZEROS; a++) {
        assert_string_not_equal(tar_error_text(a), "unknown error");
        for (enum tar_error b = TAR_OK; b < a; b++)
            assert_string_not_equal(tar_error_text(a), tar_error_text(b));
    }
    assert_string_equal(tar_error_text(TAR_LONE_ZEROS + 1), "unknown error");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_walk, setup),
        cmocka_unit_test_setup(test_find, setup),
        cmocka_unit_test_setup(test_names, setup),
        cmocka_unit_test_setup(test_truncated, setup),
        cmocka_unit_test_setup(test_corrupt, setup),
        cmocka_unit_test_setup(test_fields, setup),
        cmocka_unit_test_setup(test_directory_with_size, setup),
        cmocka_unit_test_setup(test_checksum_field, setup),
        cmocka_unit_test_setup(test_end, setup),
        cmocka_unit_test_setup(test_real_tar, setup),
        cmocka_unit_test(test_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

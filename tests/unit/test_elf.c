/*
 * Unit tests of base/elf.c: a small right program put together here, and for each error the same
 * program with one thing wrong. Every image ends where its heap block ends, and starts at an odd
 * address.
 */
// with: libpv/base/elf.c
#include "unit.h"

#include <base/elf.h>

enum {
    PT_NULL = 0,
    PT_LOAD = 1,
    PT_DYNAMIC = 2,
    PT_INTERP = 3,
    PT_NOTE = 4,
    R = 4,
    W = 2,
    X = 1,
    LOWEST = 0x400000,
    LIMIT = 0x800000,
    SEGMENTS = 4,
    CODE = 0,
    DATA = 1,
    NOTES = 2,
    SPARE = 3,
    CONTENTS = 64 + SEGMENTS * 56, /* where the headers end: 288 */
    NOTE_AREA = CONTENTS + 32,
    NOTE_SIZE = 64,
    IMAGE_SIZE = NOTE_AREA + NOTE_SIZE,
};

/* The image under construction. */
static struct {
    struct elf64_ehdr header;
    struct elf64_phdr segments[SEGMENTS];
    u8 contents[32];
    u8 notes[NOTE_SIZE];
} image;

static_assert(sizeof(image) == IMAGE_SIZE, "the offsets above are those of the structure");

/* Writes a note, its contents one byte repeated, into the image; returns where the next begins. */
static u32 put_note(u32 at, const char *name, u32 name_size, u32 type, u8 byte, u32 size)
{
    u32 words[3] = {name_size, size, type};
    memcpy(image.notes + at, words, sizeof(words));
    memcpy(image.notes + at + 12, name, name_size);
    u32 contents = at + 12 + (u32)align_up(name_size, 4);
    memset(image.notes + contents, byte, size);
    return contents + (u32)align_up(size, 4);
}

static int setup(void **state)
{
    (void)state;
    memset(&image, 0, sizeof(image));
    image.header = (struct elf64_ehdr){
        .e_ident = {0x7f, 'E', 'L', 'F', 2, 1, 1},
        .e_type = 2,
        .e_machine = 62,
        .e_version = 1,
        .e_entry = LOWEST + CONTENTS + 4,
        .e_phoff = 64,
        .e_ehsize = 64,
        .e_phentsize = 56,
        .e_phnum = SEGMENTS,
    };
    image.segments[CODE] =
        (struct elf64_phdr){PT_LOAD, R | X, CONTENTS, LOWEST + CONTENTS, 0x1000, 16, 16, 4096};
    image.segments[DATA] = (struct elf64_phdr){
        PT_LOAD, R | W, CONTENTS + 16, LOWEST + 0x1000 + CONTENTS + 16, 0x2000, 16, 5000, 4096};
    image.segments[NOTES] = (struct elf64_phdr){PT_NOTE, R, NOTE_AREA, 0, 0, 0, 0, 4};
    memset(image.contents, 0x90, 16);
    memset(image.contents + 16, 0xda, 16);
    u32 end = put_note(0, "Abc", 4, 7, 0x11, 5);
    end = put_note(end, "Terra", 6, 7, 0x22, 4);
    image.segments[NOTES].p_filesz = end;
    return 0;
}

/* The image at an odd address, its end the end of the heap block; the block is for free(). */
static u8 *copy_image(usize size, u8 **block)
{
    *block = malloc(size + 1);
    memcpy(*block + 1, &image, size);
    return *block + 1;
}

static void assert_opens(usize size, enum elf_error expected, u64 offset)
{
    u8 *block;
    struct elf elf;
    u8 *copy = copy_image(size, &block);
    assert_int_equal(elf_open(&elf, copy, size, LOWEST, LIMIT), expected);
    assert_int_equal(elf.error_offset, offset);
    free(block);
}

/* The image as it is gives this error, blamed on a program header. */
static void assert_segment_error(u32 segment, enum elf_error expected)
{
    assert_opens(IMAGE_SIZE, expected, 64 + segment * 56);
    setup(NULL);
}

static void assert_header_error(enum elf_error expected)
{
    assert_opens(IMAGE_SIZE, expected, 0);
    setup(NULL);
}

static void test_right(void **state)
{
    (void)state;
    u8 *block;
    struct elf elf;
    struct elf_segment segment;
    u32 cursor = 0;
    u8 *copy = copy_image(IMAGE_SIZE, &block);
    assert_int_equal(elf_open(&elf, copy, IMAGE_SIZE, LOWEST, LIMIT), ELF_OK);
    assert_int_equal(elf.entry, LOWEST + CONTENTS + 4);
    assert_true(elf_next_segment(&elf, &cursor, &segment));
    assert_int_equal(segment.address, LOWEST + CONTENTS);
    assert_int_equal(segment.physical_address, 0x1000);
    assert_int_equal(segment.memory_size, 16);
    assert_int_equal(segment.file_size, 16);
    assert_ptr_equal(segment.bytes, copy + CONTENTS);
    assert_true(segment.readable && !segment.writable && segment.executable);
    assert_true(elf_next_segment(&elf, &cursor, &segment));
    assert_int_equal(segment.address, LOWEST + 0x1000 + CONTENTS + 16);
    assert_int_equal(segment.memory_size, 5000);
    assert_int_equal(segment.file_size, 16);
    assert_int_equal(segment.bytes[0], 0xda);
    assert_true(segment.readable && segment.writable && !segment.executable);
    assert_false(elf_next_segment(&elf, &cursor, &segment));
    assert_false(elf_next_segment(&elf, &cursor, &segment));
    free(block);
}

static void test_header(void **state)
{
    (void)state;
    for (usize size = 0; size < 64; size++)
        assert_opens(size, ELF_TRUNCATED, 0);
    for (u32 i = 0; i < 4; i++) {
        image.header.e_ident[i] ^= 1;
        assert_header_error(ELF_MAGIC);
    }
    image.header.e_ident[4] = 1;
    assert_header_error(ELF_CLASS);
    image.header.e_ident[5] = 2;
    assert_header_error(ELF_CLASS);
    image.header.e_machine = 3;
    assert_header_error(ELF_MACHINE);
    image.header.e_type = 3;
    assert_header_error(ELF_TYPE);
    image.header.e_type = 1;
    assert_header_error(ELF_TYPE);
    image.header.e_ident[6] = 0;
    assert_header_error(ELF_VERSION);
    image.header.e_version = 2;
    assert_header_error(ELF_VERSION);
    image.header.e_ehsize = 52;
    assert_header_error(ELF_HEADER_SIZE);
    image.header.e_phentsize = 32;
    assert_header_error(ELF_HEADER_SIZE);
    image.header.e_phnum = 0;
    assert_header_error(ELF_SEGMENT_COUNT);
    image.header.e_phnum = ELF_SEGMENTS_MAX + 1;
    assert_header_error(ELF_SEGMENT_COUNT);
    image.header.e_phnum = 0xffff;
    assert_header_error(ELF_SEGMENT_COUNT);
}

static void test_table(void **state)
{
    (void)state;
    image.header.e_phnum = ELF_SEGMENTS_MAX;
    assert_header_error(ELF_SEGMENT_TABLE);
    image.header.e_phoff = IMAGE_SIZE - SEGMENTS * 56 + 1;
    assert_header_error(ELF_SEGMENT_TABLE);
    image.header.e_phoff = UINT64_MAX - 10;
    assert_header_error(ELF_SEGMENT_TABLE);
    assert_opens(CONTENTS - 1, ELF_SEGMENT_TABLE, 0);
    assert_opens(CONTENTS, ELF_FILE_RANGE, 64);
}

static void test_entry(void **state)
{
    (void)state;
    image.header.e_entry = LOWEST + CONTENTS - 1;
    assert_header_error(ELF_ENTRY);
    image.header.e_entry = LOWEST + CONTENTS + 16;
    assert_header_error(ELF_ENTRY);
    image.header.e_entry = image.segments[DATA].p_vaddr;
    assert_header_error(ELF_ENTRY);
    image.header.e_entry = LOWEST + CONTENTS + 15;
    assert_header_error(ELF_OK);
    image.segments[CODE].p_type = image.segments[DATA].p_type = PT_NULL;
    assert_header_error(ELF_EMPTY);
}

/* ELF_OK leaves error_offset at 0 too. */
static void test_addresses(void **state)
{
    (void)state;
    struct elf64_phdr *data = &image.segments[DATA];
    data->p_align = 1; /* any address will do */
    data->p_vaddr = LIMIT - 5000;
    assert_header_error(ELF_OK);
    data->p_align = 1;
    data->p_vaddr = LIMIT - 4999;
    assert_segment_error(DATA, ELF_ADDRESS);
    data->p_align = 0;
    data->p_vaddr = LOWEST - 1;
    assert_segment_error(DATA, ELF_ADDRESS);
    data->p_vaddr = 0xfffffffffffffff0;
    data->p_memsz = 32; /* wraps around */
    assert_segment_error(DATA, ELF_ADDRESS);
    data->p_memsz = UINT64_MAX;
    assert_segment_error(DATA, ELF_ADDRESS);
    data->p_memsz = LIMIT - data->p_vaddr;
    assert_header_error(ELF_OK);
}

static void test_segments(void **state)
{
    (void)state;
    struct elf64_phdr *data = &image.segments[DATA];
    data->p_memsz = 15;
    assert_segment_error(DATA, ELF_FILE_SIZE);
    data->p_memsz = 0;
    assert_segment_error(DATA, ELF_FILE_SIZE);
    data->p_filesz = IMAGE_SIZE - data->p_offset + 1;
    assert_segment_error(DATA, ELF_FILE_RANGE);
    data->p_filesz = UINT64_MAX;
    assert_segment_error(DATA, ELF_FILE_RANGE);
    data->p_offset = UINT64_MAX - 7;
    assert_segment_error(DATA, ELF_FILE_RANGE);
    data->p_align = 24;
    assert_segment_error(DATA, ELF_ALIGNMENT);
    data->p_vaddr += 8;
    assert_segment_error(DATA, ELF_ALIGNMENT);
    data->p_flags = W | X;
    assert_segment_error(DATA, ELF_WRITABLE_CODE);
    image.segments[SPARE].p_type = PT_DYNAMIC;
    assert_segment_error(SPARE, ELF_DYNAMIC);
    image.segments[SPARE].p_type = PT_INTERP;
    assert_segment_error(SPARE, ELF_DYNAMIC);
    image.segments[SPARE].p_type = 0x6474e551; /* others, whatever is in them, do not matter */
    image.segments[SPARE].p_offset = UINT64_MAX;
    assert_header_error(ELF_OK);
    data->p_filesz = data->p_memsz = 0; /* neither does one without memory */
    data->p_vaddr = 1;
    assert_header_error(ELF_OK);
}

static void test_overlap(void **state)
{
    (void)state;
    struct elf64_phdr *spare = &image.segments[SPARE];
    *spare = (struct elf64_phdr){PT_LOAD, R, 0, LOWEST + 0x1fff, 0, 0, 1, 0};
    assert_segment_error(SPARE, ELF_OVERLAP); /* the first page of the data */
    *spare = (struct elf64_phdr){PT_LOAD, R, 0, LOWEST + 0x2fff, 0, 0, 1, 0};
    assert_segment_error(SPARE, ELF_OVERLAP); /* the last one */
    *spare = (struct elf64_phdr){PT_LOAD, R, 0, LOWEST, 0, 0, 0x10000, 0};
    assert_segment_error(SPARE, ELF_OVERLAP); /* all */
    *spare = (struct elf64_phdr){PT_LOAD, R, 0, LOWEST + 0x3000, 0, 0, 1, 0};
    assert_header_error(ELF_OK);
    *spare = (struct elf64_phdr){PT_LOAD, R, 0, LOWEST + 0x4000, 0, 0, 0x1000, 0};
    image.segments[DATA].p_vaddr += 0x4000; /* begins a page after the other's last byte */
    assert_header_error(ELF_OK);
    image.segments[DATA].p_align = 1;
    image.segments[DATA].p_vaddr = LOWEST + 0xfff; /* begins in the last byte of the code's page */
    assert_segment_error(DATA, ELF_OVERLAP);
    *spare = (struct elf64_phdr){PT_LOAD, R, 0, LOWEST, 0, 0, 0, 0}; /* no memory, no overlap */
    assert_header_error(ELF_OK);
}

/* Looks for a note in the image as it is; the length of its contents, or -1. */
static i64 find_note(const char *name, u32 type, u8 expected)
{
    u8 *block;
    struct elf elf;
    const u8 *bytes = NULL;
    u64 length = 0;
    u8 *copy = copy_image(IMAGE_SIZE, &block);
    assert_int_equal(elf_open(&elf, copy, IMAGE_SIZE, LOWEST, LIMIT), ELF_OK);
    bool found = elf_find_note(&elf, name, type, &bytes, &length);
    for (u64 i = 0; found && i < length; i++)
        assert_int_equal(bytes[i], expected);
    free(block);
    return found ? (i64)length : -1;
}

static void test_notes(void **state)
{
    (void)state;
    assert_int_equal(find_note("Abc", 7, 0x11), 5);
    assert_int_equal(find_note("Terra", 7, 0x22), 4);
    assert_int_equal(find_note("Terra", 8, 0), -1);
    assert_int_equal(find_note("Terr", 7, 0), -1);
    assert_int_equal(find_note("Terrax", 7, 0), -1);
    assert_int_equal(find_note("", 7, 0), -1);
    put_note(0, "Abc", 3, 7, 0x33, 5); /* without the name's 0 */
    assert_int_equal(find_note("Abc", 7, 0x33), 5);
    setup(NULL);
    u32 end = put_note(0, "", 0, 9, 0x44, 0); /* no name, no contents */
    put_note(end, "Q", 2, 9, 0x55, 1);
    image.segments[NOTES].p_filesz = end + 17; /* and no filling at the end */
    assert_int_equal(find_note("", 9, 0x44), 0);
    assert_int_equal(find_note("Q", 9, 0x55), 1);
    image.segments[NOTES].p_filesz = 0;
    assert_int_equal(find_note("Abc", 7, 0), -1);
}

static void test_notes_aligned_to_8(void **state)
{
    (void)state;
    u32 first[] = {4, 4, 5, 0x00554e47, 0x66666666, 0}; /* "GNU" */
    memcpy(image.notes, first, sizeof(first));
    put_note(24, "GNU", 4, 6, 0x77, 8);
    image.segments[NOTES].p_filesz = 48;
    image.segments[NOTES].p_align = 8;
    assert_int_equal(find_note("GNU", 5, 0x66), 4);
    assert_int_equal(find_note("GNU", 6, 0x77), 8);
}

/* A note with these sizes, in a segment of this size, is refused where it stands. */
static void assert_note_error(u32 at, u32 name_size, u32 size, u32 segment_size)
{
    memcpy(image.notes + at, &name_size, 4);
    memcpy(image.notes + at + 4, &size, 4);
    image.segments[NOTES].p_filesz = segment_size;
    assert_opens(IMAGE_SIZE, ELF_NOTE, NOTE_AREA + at);
    setup(NULL);
}

static void test_wrong_notes(void **state)
{
    (void)state;
    assert_note_error(0, 4, 5, 11);
    assert_note_error(0, 4, 5, 12);
    assert_note_error(0, 4, 5, 20);
    assert_note_error(0, 4, UINT32_MAX, NOTE_SIZE);
    assert_note_error(0, UINT32_MAX, 0, NOTE_SIZE);
    assert_note_error(0, UINT32_MAX, UINT32_MAX, NOTE_SIZE);
    assert_note_error(24, 6, 4, 47);
    assert_note_error(24, 6, 5, 48);
    image.segments[NOTES].p_offset = IMAGE_SIZE - 4; /* the file ends inside the note */
    image.segments[NOTES].p_filesz = 4;
    assert_opens(IMAGE_SIZE, ELF_NOTE, IMAGE_SIZE - 4);
    setup(NULL);
    image.segments[NOTES].p_filesz = NOTE_SIZE + 1;
    assert_segment_error(NOTES, ELF_FILE_RANGE);
}

static void test_texts(void **state)
{
    (void)state;
    for (enum elf_error a = ELF_OK; a <= ELF_EMPTY; a++) {
        assert_string_not_equal(elf_error_text(a), "unknown error");
        for (enum elf_error b = ELF_OK; b < a; b++)
            assert_string_not_equal(elf_error_text(a), elf_error_text(b));
    }
    assert_string_equal(elf_error_text(ELF_EMPTY + 1), "unknown error");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_right, setup),
        cmocka_unit_test_setup(test_header, setup),
        cmocka_unit_test_setup(test_table, setup),
        cmocka_unit_test_setup(test_entry, setup),
        cmocka_unit_test_setup(test_addresses, setup),
        cmocka_unit_test_setup(test_segments, setup),
        cmocka_unit_test_setup(test_overlap, setup),
        cmocka_unit_test_setup(test_notes, setup),
        cmocka_unit_test_setup(test_notes_aligned_to_8, setup),
        cmocka_unit_test_setup(test_wrong_notes, setup),
        cmocka_unit_test(test_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

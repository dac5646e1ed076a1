/*
 * Fuzzer of base/elf.c: any bytes are a program or an error, and of a program everything that
 * elf_open promises holds: segments inside the file and the bounds, page by page apart, none
 * writable and executable.
 *
 * The first byte, where odd, has the parts of the header that take only one value filled in.
 */
// with: libpv/base/elf.c
#include <stdlib.h>
#include <string.h>

#include <base/elf.h>

static const u64 LOWEST = 0x1000;
static const u64 LIMIT = 0x800000000000;

static void check(bool condition)
{
    if (!condition)
        abort();
}

static void repair(u8 *bytes, u64 size)
{
    struct elf64_ehdr header;
    if (size < sizeof(header))
        return;
    memcpy(&header, bytes, sizeof(header));
    memcpy(header.e_ident, "\177ELF\2\1\1", 7);
    header.e_type = 2;
    header.e_machine = 62;
    header.e_version = 1;
    header.e_ehsize = sizeof(header);
    header.e_phentsize = sizeof(struct elf64_phdr);
    header.e_phoff %= 128; /* near the beginning, and few */
    header.e_phnum %= 8;
    memcpy(bytes, &header, sizeof(header));
}

static void check_inside(const struct elf *elf, const u8 *bytes, u64 length)
{
    check(range_fits((u64)(bytes - elf->image), length, elf->size));
    volatile u8 sink = 0;
    if (length != 0)
        sink = bytes[0] ^ bytes[length - 1];
    (void)sink;
}

static void check_segment(const struct elf *elf, u32 cursor, const struct elf_segment *segment)
{
    check(segment->memory_size != 0 && segment->file_size <= segment->memory_size);
    check(segment->address >= LOWEST && range_fits(segment->address, segment->memory_size, LIMIT));
    check(!(segment->writable && segment->executable));
    check_inside(elf, segment->bytes, segment->file_size);
    struct elf_segment other;
    while (elf_next_segment(elf, &cursor, &other)) {
        u64 page = align_down(segment->address, ELF_PAGE);
        u64 end = align_up(segment->address + segment->memory_size, ELF_PAGE);
        u64 other_page = align_down(other.address, ELF_PAGE);
        u64 other_end = align_up(other.address + other.memory_size, ELF_PAGE);
        check(end <= other_page || other_end <= page);
    }
}

static void check_program(const struct elf *elf)
{
    u32 cursor = 0;
    bool entry = false;
    struct elf_segment segment;
    while (elf_next_segment(elf, &cursor, &segment)) {
        check_segment(elf, cursor, &segment);
        entry = entry || (segment.executable && elf->entry >= segment.address &&
                          elf->entry < segment.address + segment.memory_size);
    }
    check(entry);
    static const char *const names[] = {"", "A", "GNU"};
    for (u32 i = 0; i < 3 * array_count(names); i++) {
        const u8 *bytes;
        u64 length;
        if (elf_find_note(elf, names[i % 3], i / 3, &bytes, &length))
            check_inside(elf, bytes, length);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    u64 length = size - 1;
    u8 *image = malloc(length);
    memcpy(image, data + 1, length);
    if (data[0] & 1)
        repair(image, length);
    struct elf elf;
    if (elf_open(&elf, image, length, LOWEST, LIMIT) == ELF_OK)
        check_program(&elf);
    else
        check(elf.error_offset <= length);
    free(image);
    return 0;
}

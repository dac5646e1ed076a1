/*
 * Fuzzer of base/elf.c: any bytes are a program or an error, and of a program everything that
 * elf_open promises holds: segments inside the file and the bounds, page by page apart, none
 * writable and executable.
 *
 * Bits of the first byte ask for help: bit 0 fills in the parts of the header that take only one
 * value, bit 1 makes the program headers small enough to have a chance.
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

static void repair_header(struct elf64_ehdr *header)
{
    memcpy(header->e_ident, "\177ELF\2\1\1", 7);
    header->e_type = 2;
    header->e_machine = 62;
    header->e_version = 1;
    header->e_ehsize = sizeof(*header);
    header->e_phentsize = sizeof(struct elf64_phdr);
    header->e_phoff = sizeof(*header);
    header->e_phnum %= 8;
}

static void repair_segment(struct elf64_phdr *segment, u64 size)
{
    segment->p_type %= 6;
    segment->p_flags %= 8;
    segment->p_offset %= size;
    segment->p_filesz %= size;
    segment->p_memsz = segment->p_filesz + segment->p_memsz % 10000;
    segment->p_vaddr = LOWEST + segment->p_vaddr % 50000;
    segment->p_align %= 10;
}

static void repair(u8 *bytes, u64 size, u8 how)
{
    struct elf64_ehdr header;
    if (size < sizeof(header))
        return;
    memcpy(&header, bytes, sizeof(header));
    if (how & 1)
        repair_header(&header);
    if (how & 2)
        header.e_entry = LOWEST + header.e_entry % 50000;
    memcpy(bytes, &header, sizeof(header));
    u64 offset = sizeof(header);
    for (u32 i = 0; i < 8 && (how & 2); i++, offset += sizeof(struct elf64_phdr)) {
        struct elf64_phdr segment;
        if (!range_fits(offset, sizeof(segment), size))
            return;
        memcpy(&segment, bytes + offset, sizeof(segment));
        repair_segment(&segment, size);
        memcpy(bytes + offset, &segment, sizeof(segment));
    }
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
    repair(image, length, data[0]);
    struct elf elf;
    if (elf_open(&elf, image, length, LOWEST, LIMIT) == ELF_OK)
        check_program(&elf);
    else
        check(elf.error_offset <= length);
    free(image);
    return 0;
}

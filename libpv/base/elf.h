/*
 * Reading programs: 64-bit x86 ELF files that are linked to fixed addresses (ET_EXEC) and need
 * nobody to relocate them.
 *
 * elf_open checks everything once: the header, every program header, every note. After that the
 * other functions cannot fail and cannot lead outside the image, as long as the image does not
 * change. Section headers are not looked at.
 */
#pragma once

#include <base/types.h>

enum { ELF_PAGE = 4096, ELF_SEGMENTS_MAX = 64 };

enum elf_error {
    ELF_OK,
    ELF_TRUNCATED,
    ELF_MAGIC,
    ELF_CLASS,
    ELF_MACHINE,
    ELF_TYPE,
    ELF_VERSION,
    ELF_HEADER_SIZE,
    ELF_SEGMENT_COUNT,
    ELF_SEGMENT_TABLE,
    ELF_DYNAMIC,
    ELF_FILE_RANGE,
    ELF_FILE_SIZE,
    ELF_ADDRESS,
    ELF_ALIGNMENT,
    ELF_WRITABLE_CODE,
    ELF_OVERLAP,
    ELF_NOTE,
    ELF_ENTRY,
    ELF_EMPTY,
};

/* The file header and the program header, with the names that the ELF specification gives. */
struct elf64_ehdr {
    u8 e_ident[16];
    u16 e_type;
    u16 e_machine;
    u32 e_version;
    u64 e_entry;
    u64 e_phoff;
    u64 e_shoff;
    u32 e_flags;
    u16 e_ehsize;
    u16 e_phentsize;
    u16 e_phnum;
    u16 e_shentsize;
    u16 e_shnum;
    u16 e_shstrndx;
};

struct elf64_phdr {
    u32 p_type;
    u32 p_flags;
    u64 p_offset;
    u64 p_vaddr;
    u64 p_paddr;
    u64 p_filesz;
    u64 p_memsz;
    u64 p_align;
};

static_assert(sizeof(struct elf64_ehdr) == 64, "as the ELF specification has it");
static_assert(sizeof(struct elf64_phdr) == 56, "as the ELF specification has it");

/* An image that was checked. */
struct elf {
    const u8 *image;
    u64 size;
    u64 entry;
    u64 table;        /* offset of the program headers */
    u32 count;        /* of program headers */
    u64 error_offset; /* after an error: where in the file the structure is that is wrong */
};

/* A piece to load: `file_size` bytes from the file, then zeros up to `memory_size`. */
struct elf_segment {
    u64 address;
    u64 physical_address;
    u64 memory_size; /* never 0 */
    const u8 *bytes;
    u64 file_size;
    bool readable;
    bool writable;
    bool executable;
};

/*
 * Checks the `size` bytes at `image` (which need no alignment) and fills in `*elf`. Besides what
 * the ELF specification demands, ELF_OK means:
 * - every segment lies in [lowest, limit), and the entry in an executable one;
 * - no segment is both writable and executable;
 * - no two segments touch the same page of 4 KiB;
 * - there is no dynamic section and no interpreter.
 */
must_check enum elf_error elf_open(struct elf *elf, const void *image, u64 size, u64 lowest,
                                   u64 limit);

/*
 * The segments to load, one a call, in the order of the file: start with `*cursor` 0. False when
 * there are no more. Segments without memory are left out.
 */
must_check bool elf_next_segment(const struct elf *elf, u32 *cursor, struct elf_segment *segment);

/*
 * Finds the first note of this owner (`name`, without its 0) and type, and gives its contents.
 * False when there is none.
 */
must_check bool elf_find_note(const struct elf *elf, const char *name, u32 type, const u8 **bytes,
                              u64 *length);

const char *elf_error_text(enum elf_error error);

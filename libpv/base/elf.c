/*
 * Checking and reading ELF files (elf.h).
 *
 * Structures are copied out of the image before they are looked at, because an image in an archive
 * need not be aligned. Every number in it is somebody else's: sums are formed only where the checks
 * before them leave room.
 */
#include <base/elf.h>
#include <base/string.h>

enum {
    EI_CLASS = 4,
    EI_DATA = 5,
    EI_VERSION = 6,
    ELFCLASS64 = 2,
    ELFDATA2LSB = 1,
    EV_CURRENT = 1,
    ET_EXEC = 2,
    EM_X86_64 = 62,
    PT_LOAD = 1,
    PT_DYNAMIC = 2,
    PT_INTERP = 3,
    PT_NOTE = 4,
    PF_X = 1,
    PF_W = 2,
    PF_R = 4,
};

/* What begins a note; its name and its contents follow, each filled up to the alignment. */
struct elf64_nhdr {
    u32 n_namesz;
    u32 n_descsz;
    u32 n_type;
};

/* A note, as places in the image. */
struct note {
    u32 type;
    u64 name;
    u64 name_size;
    u64 contents;
    u64 size;
};

static struct elf64_phdr program_header(const struct elf *elf, u32 index)
{
    struct elf64_phdr header;
    memcpy(&header, elf->image + elf->table + index * sizeof(header), sizeof(header));
    return header;
}

static enum elf_error check_header(struct elf *elf)
{
    struct elf64_ehdr header;
    if (elf->size < sizeof(header))
        return ELF_TRUNCATED;
    memcpy(&header, elf->image, sizeof(header));
    if (memcmp(header.e_ident, "\177ELF", 4) != 0)
        return ELF_MAGIC;
    if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB)
        return ELF_CLASS;
    if (header.e_machine != EM_X86_64)
        return ELF_MACHINE;
    if (header.e_type != ET_EXEC)
        return ELF_TYPE;
    if (header.e_ident[EI_VERSION] != EV_CURRENT || header.e_version != EV_CURRENT)
        return ELF_VERSION;
    if (header.e_ehsize != sizeof(header) || header.e_phentsize != sizeof(struct elf64_phdr))
        return ELF_HEADER_SIZE;
    if (header.e_phnum == 0 || header.e_phnum > ELF_SEGMENTS_MAX)
        return ELF_SEGMENT_COUNT;
    if (!range_fits(header.e_phoff, header.e_phnum * sizeof(struct elf64_phdr), elf->size))
        return ELF_SEGMENT_TABLE;
    elf->entry = header.e_entry;
    elf->table = header.e_phoff;
    elf->count = header.e_phnum;
    return ELF_OK;
}

/* Checks one segment to load, by itself. */
static enum elf_error check_load(const struct elf64_phdr *header, u64 lowest, u64 limit)
{
    if (header->p_filesz > header->p_memsz)
        return ELF_FILE_SIZE;
    if (header->p_memsz == 0)
        return ELF_OK;
    if (header->p_vaddr < lowest || !range_fits(header->p_vaddr, header->p_memsz, limit))
        return ELF_ADDRESS;
    if (header->p_align > 1 && (!is_power_of_two(header->p_align) ||
                                !is_aligned(header->p_vaddr - header->p_offset, header->p_align)))
        return ELF_ALIGNMENT;
    if ((header->p_flags & PF_W) && (header->p_flags & PF_X))
        return ELF_WRITABLE_CODE;
    return ELF_OK;
}

/* Do two segments with memory, both checked, have a page in common? */
static bool share_page(const struct elf64_phdr *a, const struct elf64_phdr *b)
{
    u64 a_last = (a->p_vaddr + (a->p_memsz - 1)) / ELF_PAGE;
    u64 b_last = (b->p_vaddr + (b->p_memsz - 1)) / ELF_PAGE;
    return a->p_vaddr / ELF_PAGE <= b_last && b->p_vaddr / ELF_PAGE <= a_last;
}

static bool is_loaded(const struct elf64_phdr *header)
{
    return header->p_type == PT_LOAD && header->p_memsz != 0;
}

/* Checks that segment `index` keeps clear of those before it. */
static enum elf_error check_overlap(const struct elf *elf, u32 index)
{
    struct elf64_phdr header = program_header(elf, index);
    for (u32 other = 0; other < index && is_loaded(&header); other++) {
        struct elf64_phdr earlier = program_header(elf, other);
        if (is_loaded(&earlier) && share_page(&header, &earlier))
            return ELF_OVERLAP;
    }
    return ELF_OK;
}

/*
 * Reads the note at `*offset`, of a segment of notes that ends at `end` and lies in the image, and
 * moves `*offset` to the one after it. False when it does not fit before `end`.
 */
static bool read_note(const struct elf *elf, u64 *offset, u64 end, u64 alignment, struct note *note)
{
    struct elf64_nhdr header;
    if (end - *offset < sizeof(header))
        return false;
    memcpy(&header, elf->image + *offset, sizeof(header));
    /* Relative to the note, with sizes of 32 bits: these sums stay far below 2^64. */
    u64 contents = align_up(sizeof(header) + header.n_namesz, alignment);
    if (!range_fits(contents, header.n_descsz, end - *offset))
        return false;
    *note = (struct note){
        .type = header.n_type,
        .name = *offset + sizeof(header),
        .name_size = header.n_namesz,
        .contents = *offset + contents,
        .size = header.n_descsz,
    };
    /* The filling after the last note may be missing. */
    *offset += min(align_up(contents + header.n_descsz, alignment), end - *offset);
    return true;
}

static u64 note_alignment(const struct elf64_phdr *header)
{
    return header->p_align == 8 ? 8 : 4;
}

static enum elf_error check_notes(struct elf *elf, const struct elf64_phdr *header)
{
    u64 offset = header->p_offset;
    u64 end = offset + header->p_filesz;
    struct note note;
    while (offset < end) {
        if (!read_note(elf, &offset, end, note_alignment(header), &note)) {
            elf->error_offset = offset;
            return ELF_NOTE;
        }
    }
    return ELF_OK;
}

/* Checks one program header; where in the file it is has been noted as the place of an error. */
static enum elf_error check_segment(struct elf *elf, u32 index, u64 lowest, u64 limit)
{
    struct elf64_phdr header = program_header(elf, index);
    if (header.p_type == PT_DYNAMIC || header.p_type == PT_INTERP)
        return ELF_DYNAMIC;
    if (header.p_type != PT_LOAD && header.p_type != PT_NOTE)
        return ELF_OK;
    if (!range_fits(header.p_offset, header.p_filesz, elf->size))
        return ELF_FILE_RANGE;
    if (header.p_type == PT_NOTE)
        return check_notes(elf, &header);
    enum elf_error error = check_load(&header, lowest, limit);
    return error == ELF_OK ? check_overlap(elf, index) : error;
}

/* Is there anything to load, and does the program begin in code? */
static enum elf_error check_entry(const struct elf *elf)
{
    u32 cursor = 0;
    bool any = false;
    struct elf_segment segment;
    while (elf_next_segment(elf, &cursor, &segment)) {
        any = true;
        if (segment.executable && elf->entry >= segment.address &&
            elf->entry - segment.address < segment.memory_size)
            return ELF_OK;
    }
    return any ? ELF_ENTRY : ELF_EMPTY;
}

enum elf_error elf_open(struct elf *elf, const void *image, u64 size, u64 lowest, u64 limit)
{
    *elf = (struct elf){.image = image, .size = size};
    enum elf_error error = check_header(elf);
    for (u32 index = 0; error == ELF_OK && index < elf->count; index++) {
        elf->error_offset = elf->table + index * sizeof(struct elf64_phdr);
        error = check_segment(elf, index, lowest, limit);
    }
    if (error != ELF_OK)
        return error;
    elf->error_offset = 0;
    return check_entry(elf);
}

bool elf_next_segment(const struct elf *elf, u32 *cursor, struct elf_segment *segment)
{
    while (*cursor < elf->count) {
        struct elf64_phdr header = program_header(elf, (*cursor)++);
        if (!is_loaded(&header))
            continue;
        *segment = (struct elf_segment){
            .address = header.p_vaddr,
            .physical_address = header.p_paddr,
            .memory_size = header.p_memsz,
            .bytes = elf->image + header.p_offset,
            .file_size = header.p_filesz,
            .readable = header.p_flags & PF_R,
            .writable = header.p_flags & PF_W,
            .executable = header.p_flags & PF_X,
        };
        return true;
    }
    return false;
}

/* The name of a note ends in a 0 that counts; some writers leave it out. */
static bool note_is(const struct elf *elf, const struct note *note, const char *name, u32 type)
{
    const char *found = (const char *)elf->image + note->name;
    usize length = strlen(name);
    if (note->type != type || strnlen(found, note->name_size) != length)
        return false;
    return memcmp(found, name, length) == 0;
}

bool elf_find_note(const struct elf *elf, const char *name, u32 type, const u8 **bytes, u64 *length)
{
    for (u32 index = 0; index < elf->count; index++) {
        struct elf64_phdr header = program_header(elf, index);
        u64 end = header.p_offset + header.p_filesz;
        struct note note;
        for (u64 offset = header.p_offset; header.p_type == PT_NOTE && offset < end;) {
            if (!read_note(elf, &offset, end, note_alignment(&header), &note))
                break;
            if (note_is(elf, &note, name, type)) {
                *bytes = elf->image + note.contents;
                *length = note.size;
                return true;
            }
        }
    }
    return false;
}

const char *elf_error_text(enum elf_error error)
{
    static const char *const texts[] = {
        [ELF_OK] = "no error",
        [ELF_TRUNCATED] = "too short for an ELF header",
        [ELF_MAGIC] = "not an ELF file",
        [ELF_CLASS] = "not a 64-bit little-endian ELF file",
        [ELF_MACHINE] = "not for x86-64",
        [ELF_TYPE] = "not linked to fixed addresses (ET_EXEC)",
        [ELF_VERSION] = "unknown ELF version",
        [ELF_HEADER_SIZE] = "headers have the wrong size",
        [ELF_SEGMENT_COUNT] = "no program headers, or too many",
        [ELF_SEGMENT_TABLE] = "program headers reach beyond the end of the file",
        [ELF_DYNAMIC] = "needs a dynamic linker",
        [ELF_FILE_RANGE] = "segment reaches beyond the end of the file",
        [ELF_FILE_SIZE] = "segment is larger in the file than in memory",
        [ELF_ADDRESS] = "segment's addresses are not allowed here",
        [ELF_ALIGNMENT] = "segment's alignment is wrong",
        [ELF_WRITABLE_CODE] = "segment is both writable and executable",
        [ELF_OVERLAP] = "two segments share a page",
        [ELF_NOTE] = "note reaches beyond its segment",
        [ELF_ENTRY] = "entry is not in executable code",
        [ELF_EMPTY] = "nothing to load",
    };
    bool known = (u64)error < array_count(texts) && texts[error];
    return known ? texts[error] : "unknown error";
}

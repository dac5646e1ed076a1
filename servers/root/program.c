/*
 * Loading programs. See program.h. The segments of a program lie in one memory object, page by page
 * as they lie in the space; only the mappings differ, and none is both writable and executable.
 */
#include <base/string.h>
#include <runtime/map.h>
#include <runtime/syscall.h>

#include "archive.h"
#include "program.h"

/* Programs end well below their stack, and the unmapped pages under it. */
#define IMAGE_LIMIT (STACK_TOP - CONFIG_STACK_MOST - LARGE_SIZE)

/* The pages of a segment: address of the first, and how many. */
static u64 segment_pages(const struct elf_segment *segment, u64 *first)
{
    *first = align_down(segment->address, PAGE_SIZE);
    return (align_up(segment->address + segment->memory_size, PAGE_SIZE) - *first) / PAGE_SIZE;
}

bool program_open(struct program *program, const struct config_server *server, const char *file,
                  struct config_message *message)
{
    struct tar_file found;
    if (!archive_find(server->image, &found))
        return config_fail(
            message, file, server->image_line,
            "there is no '%s' in the boot archive, for server '%s': correct the path, "
            "or put the program there",
            server->image, server->name);
    *program = (struct program){.first = ~0ul};
    enum elf_error error =
        elf_open(&program->elf, found.bytes, found.size, IMAGE_ADDRESS, IMAGE_LIMIT);
    if (error != ELF_OK)
        return config_fail(message, file, server->image_line,
                           "'%s', of server '%s', is not a program: at offset %lu: %s",
                           server->image, server->name, program->elf.error_offset,
                           elf_error_text(error));
    struct elf_segment segment;
    for (u32 cursor = 0; elf_next_segment(&program->elf, &cursor, &segment);) {
        u64 first, pages = segment_pages(&segment, &first);
        program->first = min(program->first, first);
        program->end = max(program->end, first + pages * PAGE_SIZE);
        program->pages += pages;
    }
    return true;
}

/* Copies what the file has of a segment; the rest of its pages is zero already. */
static status segment_fill(const struct elf_segment *segment, u32 image, u64 index, u64 pages)
{
    if (segment->file_size == 0)
        return 0;
    u8 *window = map_memory(image, index, pages, RIGHT_READ | RIGHT_WRITE);
    if (!window)
        return status_error(ERR_MEMORY, 0);
    memcpy(window + segment->address % PAGE_SIZE, segment->bytes, segment->file_size);
    unmap(window);
    return 0;
}

static u64 segment_rights(const struct elf_segment *segment)
{
    return RIGHT_READ | (segment->writable ? RIGHT_WRITE : 0) |
           (segment->executable ? RIGHT_EXECUTE : 0);
}

static status segment_load(const struct program *program, const struct elf_segment *segment,
                           u32 image, u32 space)
{
    u64 first, pages = segment_pages(segment, &first);
    u64 index = (first - program->first) / PAGE_SIZE;
    status result = memory_commit_all(image, index, pages);
    if (result >= 0)
        result = segment_fill(segment, image, index, pages);
    if (result >= 0)
        result = space_map(space, image, first, index, pages, segment_rights(segment));
    if (result >= 0)
        result = space_populate_all(space, first, pages);
    return result;
}

status program_load(const struct program *program, u32 pool, u32 image, u32 space)
{
    struct elf_segment segment;
    u64 length = (program->end - program->first) / PAGE_SIZE;
    status result = memory_create(pool, image, length, 0);
    for (u32 cursor = 0; result >= 0 && elf_next_segment(&program->elf, &cursor, &segment);)
        result = segment_load(program, &segment, image, space);
    return result;
}

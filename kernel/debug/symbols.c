/*
 * Reading the symbol table of kernel/symbols.py, which says what the format is. Tables are sorted
 * by offset, so the entry for an address is the last one that is not above it.
 */
#include <base/string.h>

#include "debug/symbols.h"

struct header {
    char magic[4];
    u32 version, functions, lines, files, string_bytes;
};

struct function_entry {
    u32 offset, name;
};

struct line_entry {
    u32 offset;
    u16 file, line;
};

#define ENTRY_SIZE 8u
static_assert(sizeof(struct function_entry) == ENTRY_SIZE, "as in symbols.py");
static_assert(sizeof(struct line_entry) == ENTRY_SIZE, "as in symbols.py");

bool symbols_open(struct symbols *symbols, const void *table, u64 size)
{
    struct header header;
    *symbols = (struct symbols){.function_count = 0};
    if (size < sizeof(header)) {
        return false;
    }
    memcpy(&header, table, sizeof(header));
    if (memcmp(header.magic, "TSYM", 4) != 0 || header.version != 1) {
        return false;
    }
    u64 functions = (u64)header.functions * ENTRY_SIZE, lines = (u64)header.lines * ENTRY_SIZE;
    u64 files = (u64)header.files * sizeof(u32);
    if (sizeof(header) + functions + lines + files + header.string_bytes > size) {
        return false;
    }

    const u8 *at = (const u8 *)table + sizeof(header);
    symbols->functions = at;
    symbols->lines = at + functions;
    symbols->files = symbols->lines + lines;
    symbols->strings = (const char *)symbols->files + files;
    symbols->function_count = header.functions;
    symbols->line_count = header.lines;
    symbols->file_count = header.files;
    symbols->string_bytes = header.string_bytes;
    return true;
}

/* The string at `offset`; NULL if that is no place for one, or if it has no end. */
static const char *string_at(const struct symbols *symbols, u32 offset)
{
    if (offset >= symbols->string_bytes) {
        return NULL;
    }
    const char *string = symbols->strings + offset;
    u32 room = symbols->string_bytes - offset;
    return strnlen(string, room) < room ? string : NULL;
}

/* Finds the last of `count` entries whose offset is not above `offset`; false if there is none. */
static bool find(void *entry, const u8 *entries, u32 count, u32 offset)
{
    u32 below = 0, above = count; /* the entry is in [below, above) */
    while (below < above) {
        u32 middle = below + (above - below) / 2, found;
        memcpy(&found, entries + (u64)middle * ENTRY_SIZE, sizeof(found));
        if (found <= offset) {
            below = middle + 1;
        } else {
            above = middle;
        }
    }
    if (below == 0) {
        return false;
    }
    memcpy(entry, entries + (u64)(below - 1) * ENTRY_SIZE, ENTRY_SIZE);
    return true;
}

struct symbol symbols_find(const struct symbols *symbols, u64 address)
{
    struct symbol result = {NULL, NULL, 0, 0};
    struct function_entry function;
    struct line_entry line;
    u64 offset = address - SYMBOLS_BASE;
    if (address < SYMBOLS_BASE || offset >> 32) {
        return result;
    }
    if (find(&function, symbols->functions, symbols->function_count, (u32)offset)) {
        result.function = string_at(symbols, function.name);
        result.offset = offset - function.offset;
    }
    if (find(&line, symbols->lines, symbols->line_count, (u32)offset) && line.line != 0 &&
        line.file < symbols->file_count) {
        u32 name;
        memcpy(&name, symbols->files + (u64)line.file * sizeof(name), sizeof(name));
        result.file = string_at(symbols, name);
        result.line = line.line;
    }
    return result;
}

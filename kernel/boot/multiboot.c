/*
 * Reading multiboot2's information block (Multiboot2 Specification 2.0, section 3.6): a size, and
 * then tags, each with a type and a size, at multiples of eight bytes.
 *
 * The block was written by the loader, so it is not hostile; but loaders and firmware have bugs,
 * and a clear message at boot is worth more than a strange crash later. Each tag is copied out of
 * the block before it is looked at, so nothing depends on how the block is aligned.
 */
#include <base/parse.h>
#include <base/string.h>

#include "boot/multiboot.h"
#include "memory/direct.h"

/* Types of tags, by the specification's names. */
enum tag_type {
    MULTIBOOT_TAG_TYPE_END = 0,
    MULTIBOOT_TAG_TYPE_CMDLINE = 1,
    MULTIBOOT_TAG_TYPE_MODULE = 3,
    MULTIBOOT_TAG_TYPE_MMAP = 6,
    MULTIBOOT_TAG_TYPE_FRAMEBUFFER = 8,
    MULTIBOOT_TAG_TYPE_ACPI_OLD = 14,
    MULTIBOOT_TAG_TYPE_ACPI_NEW = 15
};

#define MULTIBOOT_MEMORY_AVAILABLE      1
#define MULTIBOOT_FRAMEBUFFER_TYPE_RGB  1
#define MULTIBOOT_FRAMEBUFFER_TYPE_TEXT 2
#define RSDP_OLD_SIZE                   20
#define RSDP_NEW_SIZE                   36

struct tag {
    u32 type, size;
};

struct tag_module {
    struct tag tag;
    u32 start, end; /* then its text */
};

struct tag_mmap {
    struct tag tag;
    u32 entry_size, entry_version; /* then the entries */
};

struct mmap_entry {
    u64 start, length;
    u32 type, zero;
};

struct tag_framebuffer {
    struct tag tag;
    u64 address;
    u32 pitch, width, height;
    u8 bits, type;
    u16 reserved;
    u8 colors[6]; /* of type RGB */
} __attribute__((packed));

static const char *const module_names[MODULE_COUNT] = {"root", "archive", "symbols"};

/* Copies the fixed part of a tag; false if the tag is shorter than that. */
static bool tag_copy(void *fixed, usize size, const u8 *bytes, struct tag tag)
{
    if (tag.size < size) {
        return false;
    }
    memcpy(fixed, bytes, size);
    return true;
}

/* The text from `offset` to the tag's end, without its terminating 0, which must be there. */
static bool tag_text(struct slice *text, const u8 *bytes, struct tag tag, usize offset)
{
    if (tag.size <= offset) {
        return false;
    }
    text->bytes = (const char *)bytes + offset;
    text->length = strnlen(text->bytes, tag.size - offset);
    return text->length < tag.size - offset;
}

static enum multiboot_error parse_command_line(struct boot_facts *facts, const u8 *bytes,
                                               struct tag tag)
{
    struct slice text;
    if (!tag_text(&text, bytes, tag, sizeof(struct tag))) {
        return MULTIBOOT_TEXT;
    }
    usize length = min(text.length, COMMAND_LINE_SIZE - 1);
    memcpy(facts->command_line, text.bytes, length);
    facts->command_line[length] = 0;
    return MULTIBOOT_OK;
}

static enum multiboot_error parse_module(struct boot_facts *facts, const u8 *bytes, struct tag tag)
{
    struct tag_module module;
    struct slice text, word;
    if (!tag_copy(&module, sizeof(module), bytes, tag)) {
        return MULTIBOOT_TAG_SIZE;
    }
    if (!tag_text(&text, bytes, tag, sizeof(module))) {
        return MULTIBOOT_TEXT;
    }
    if (module.end < module.start) {
        return MULTIBOOT_MODULE_RANGE;
    }
    if (!slice_next_word(&text, &word)) {
        return MULTIBOOT_OK;
    }
    for (int i = 0; i < MODULE_COUNT; i++) {
        if (!slice_equal(word, module_names[i])) {
            continue;
        }
        if (facts->module[i].size) {
            return MULTIBOOT_MODULE_TWICE;
        }
        facts->module[i] = (struct module){module.start, module.end - module.start};
    }
    return MULTIBOOT_OK;
}

/*
 * Adds, or removes, what the memory map's entries of one sort say. Firmware may list entries in any
 * order, and overlapping: what any entry reserves is not usable, so those are removed last.
 */
static void parse_entries(struct ranges *usable, const u8 *entries, u32 bytes, u32 entry_size,
                          bool available)
{
    for (; bytes >= entry_size; entries += entry_size, bytes -= entry_size) {
        struct mmap_entry entry;
        memcpy(&entry, entries, sizeof(entry));
        if ((entry.type == MULTIBOOT_MEMORY_AVAILABLE) != available ||
            entry.start >= DIRECT_LIMIT) {
            continue;
        }
        u64 end = entry.start + min(entry.length, DIRECT_LIMIT - entry.start);
        if (available) {
            ranges_add(usable, align_up(entry.start, 4096), align_down(end, 4096));
        } else if (entry.length) {
            ranges_remove(usable, align_down(entry.start, 4096), align_up(end, 4096));
        }
    }
}

static enum multiboot_error parse_mmap(struct boot_facts *facts, const u8 *bytes, struct tag tag)
{
    struct tag_mmap map;
    if (!tag_copy(&map, sizeof(map), bytes, tag)) {
        return MULTIBOOT_TAG_SIZE;
    }
    u32 length = tag.size - sizeof(map);
    if (map.entry_size < sizeof(struct mmap_entry) || length % map.entry_size != 0) {
        return MULTIBOOT_MEMORY_ENTRY;
    }
    facts->usable.count = 0;
    parse_entries(&facts->usable, bytes + sizeof(map), length, map.entry_size, true);
    parse_entries(&facts->usable, bytes + sizeof(map), length, map.entry_size, false);
    facts->total = ranges_total(&facts->usable);
    return MULTIBOOT_OK;
}

static enum multiboot_error parse_framebuffer(struct boot_facts *facts, const u8 *bytes,
                                              struct tag tag)
{
    struct tag_framebuffer found = {.type = 0};
    struct framebuffer *to = &facts->framebuffer;
    usize fixed = offsetof(struct tag_framebuffer, colors);
    if (!tag_copy(&found, fixed, bytes, tag)) {
        return MULTIBOOT_TAG_SIZE;
    }
    if (found.type == MULTIBOOT_FRAMEBUFFER_TYPE_RGB) {
        if (!tag_copy(&found, sizeof(found), bytes, tag)) {
            return MULTIBOOT_TAG_SIZE;
        }
    } else if (found.type != MULTIBOOT_FRAMEBUFFER_TYPE_TEXT) {
        return MULTIBOOT_OK; /* palettes are of no use here */
    }
    *to = (struct framebuffer){
        .address = found.address,
        .type = found.type,
        .pitch = found.pitch,
        .width = found.width,
        .height = found.height,
        .bits = found.bits,
        .red_position = found.colors[0],
        .red_size = found.colors[1],
        .green_position = found.colors[2],
        .green_size = found.colors[3],
        .blue_position = found.colors[4],
        .blue_size = found.colors[5],
    };
    return MULTIBOOT_OK;
}

/* The newer root pointer is the better one, in whatever order the two come. */
static enum multiboot_error parse_rsdp(struct boot_facts *facts, const u8 *bytes, struct tag tag,
                                       u32 size)
{
    if (tag.size < sizeof(tag) + size) {
        return MULTIBOOT_TAG_SIZE;
    }
    if (facts->rsdp_size < size) {
        memcpy(facts->rsdp_copy, bytes + sizeof(tag), size);
        facts->rsdp_size = size;
    }
    return MULTIBOOT_OK;
}

static enum multiboot_error parse_tag(struct boot_facts *facts, const u8 *bytes, struct tag tag)
{
    switch (tag.type) {
    case MULTIBOOT_TAG_TYPE_CMDLINE:
        return parse_command_line(facts, bytes, tag);
    case MULTIBOOT_TAG_TYPE_MODULE:
        return parse_module(facts, bytes, tag);
    case MULTIBOOT_TAG_TYPE_MMAP:
        return parse_mmap(facts, bytes, tag);
    case MULTIBOOT_TAG_TYPE_FRAMEBUFFER:
        return parse_framebuffer(facts, bytes, tag);
    case MULTIBOOT_TAG_TYPE_ACPI_OLD:
        return parse_rsdp(facts, bytes, tag, RSDP_OLD_SIZE);
    case MULTIBOOT_TAG_TYPE_ACPI_NEW:
        return parse_rsdp(facts, bytes, tag, RSDP_NEW_SIZE);
    default:
        return MULTIBOOT_OK;
    }
}

enum multiboot_error multiboot_parse(struct boot_facts *facts, const void *info, u64 available,
                                     u64 *offset)
{
    const u8 *bytes = info;
    u32 total;
    memset(facts, 0, sizeof(*facts));
    *offset = 0;
    if (available < 8) {
        return MULTIBOOT_SIZE;
    }
    memcpy(&total, bytes, sizeof(total));
    if (total < 16 || total > available) {
        return MULTIBOOT_SIZE;
    }

    for (u64 at = 8; range_fits(at, sizeof(struct tag), total);) {
        struct tag tag;
        *offset = at;
        memcpy(&tag, bytes + at, sizeof(tag));
        if (tag.size < sizeof(tag)) {
            return MULTIBOOT_TAG_SIZE;
        }
        if (!range_fits(at, tag.size, total)) {
            return MULTIBOOT_TAG_END;
        }
        if (tag.type == MULTIBOOT_TAG_TYPE_END) {
            return facts->usable.count ? MULTIBOOT_OK : MULTIBOOT_NO_MEMORY;
        }
        enum multiboot_error error = parse_tag(facts, bytes + at, tag);
        if (error) {
            return error;
        }
        at = align_up(at + tag.size, 8);
    }
    return MULTIBOOT_NO_END;
}

const char *multiboot_error_text(enum multiboot_error error)
{
    static const char *const texts[MULTIBOOT_ERRORS] = {
#define X(name, text) text,
        MULTIBOOT_ERROR_LIST(X)
#undef X
    };
    return error < MULTIBOOT_ERRORS ? texts[error] : "unknown error";
}

bool boot_option(const struct boot_facts *facts, const char *word)
{
    struct slice rest = slice_of(facts->command_line), found;
    while (slice_next_word(&rest, &found)) {
        if (slice_equal(found, word)) {
            return true;
        }
    }
    return false;
}

/* What a disk says of itself: the data of IDENTIFY DEVICE (ATA8-ACS, section 7.16.7). Pure. */
#include "ahci_parts.h"

const char *identify_error_text(enum identify_error error)
{
    switch (error) {
#define X(name, text)                                                                              \
    case name:                                                                                     \
        return text;
        IDENTIFY_ERROR_LIST(X)
#undef X
    default:
        return "no error";
    }
}

/* Strings have their characters in pairs, the first of them in the upper half of the word. */
static void copy_string(char *to, const u16 *words, u32 count)
{
    u32 length = 0;
    for (u32 i = 0; i < 2 * count; i++) {
        u8 character = (u8)(i % 2 == 0 ? words[i / 2] >> 8 : words[i / 2]);
        bool visible = character > ' ' && character <= '~';
        if (visible || length > 0)
            to[length++] = visible ? (char)character : ' ';
    }
    while (length > 0 && to[length - 1] == ' ')
        length--;
    to[length] = 0;
}

/* Words 83 and 84, 106 and others are valid only if their upper two bits say so. */
static bool is_valid(u16 word)
{
    return word >> 14 == 1;
}

/* If there is a checksum, the sum of all bytes is 0. */
static bool is_damaged(const u16 *words)
{
    if ((words[255] & 0xff) != 0xa5)
        return false;
    u32 sum = 0;
    for (u32 i = 0; i < IDENTIFY_WORDS; i++)
        sum += (words[i] & 0xffu) + (words[i] >> 8);
    return (sum & 0xff) != 0;
}

static u32 logical_sector(const u16 *words)
{
    bool longer = is_valid(words[106]) && words[106] & 1u << 12;
    return longer ? ((u32)words[117] | (u32)words[118] << 16) * 2 : 512;
}

static u32 physical_sector(const u16 *words)
{
    bool several = is_valid(words[106]) && words[106] & 1u << 13;
    return several ? 512u << (words[106] & 15) : 512;
}

enum identify_error identify_parse(struct ahci_disk *disk, const u16 words[IDENTIFY_WORDS])
{
    *disk = (struct ahci_disk){0};
    if (is_damaged(words))
        return IDENTIFY_DAMAGED;
    if (words[0] & 1u << 15)
        return IDENTIFY_NO_DISK;
    copy_string(disk->serial, words + 10, 10);
    copy_string(disk->firmware, words + 23, 4);
    copy_string(disk->model, words + 27, 20);
    if (!is_valid(words[83]) || !(words[83] & 1u << 10))
        return IDENTIFY_NO_LBA48;
    if (logical_sector(words) != AHCI_SECTOR_BYTES)
        return IDENTIFY_SECTOR_SIZE;
    disk->sectors =
        words[100] | (u64)words[101] << 16 | (u64)words[102] << 32 | (u64)words[103] << 48;
    if (disk->sectors == 0 || disk->sectors > 1ul << 48)
        return IDENTIFY_NO_SECTORS;
    disk->physical_sector = physical_sector(words);
    if (words[76] != 0xffff && words[76] & 1u << 8)
        disk->queue_depth = (words[75] & 31) + 1;
    disk->write_cache = words[85] & 1u << 5;
    disk->fua = is_valid(words[84]) && words[84] & 1u << 6;
    disk->trim = words[169] & 1u << 0;
    return IDENTIFY_OK;
}

static bool same_string(const char *a, const char *b)
{
    while (*a && *a == *b)
        a++, b++;
    return *a == *b;
}

bool identify_same(const struct ahci_disk *a, const struct ahci_disk *b)
{
    return a->sectors == b->sectors && same_string(a->serial, b->serial) &&
           same_string(a->model, b->model);
}

/*
 * Fuzzer of boot/multiboot.c: any bytes are an information block or an error, and facts that come
 * out are in order: memory sorted and apart, texts with an end, modules that do not end before they
 * start.
 *
 * The input's first byte says how to help: bit 0 enters the right size, bit 1 puts a memory map and
 * an end tag behind the rest.
 */
// with: kernel/boot/multiboot.c kernel/boot/ranges.c libpv/base/parse.c
#include <stdlib.h>
#include <string.h>

#include "boot/multiboot.h"

static const u32 ending[] = {
    6, 40, 24, 0, 0x100000, 0, 0x100000, 0, 1, 0, 0, 8,
};

static void check(bool condition)
{
    if (!condition)
        abort();
}

static void check_facts(const struct boot_facts *facts)
{
    const struct ranges *usable = &facts->usable;
    check(usable->count > 0 && usable->count <= RANGES_LIMIT);
    for (u32 i = 0; i < usable->count; i++) {
        check(usable->range[i].start < usable->range[i].end);
        check(((usable->range[i].start | usable->range[i].end) & 4095) == 0);
        check(i == 0 || usable->range[i - 1].end < usable->range[i].start);
    }
    check(facts->total == ranges_total(usable));
    check(memchr(facts->command_line, 0, sizeof(facts->command_line)) != NULL);
    check(facts->rsdp_size == 0 || facts->rsdp_size == 20 || facts->rsdp_size == 36);
    for (int i = 0; i < MODULE_COUNT; i++)
        check(facts->module[i].start + facts->module[i].size <= 0xffffffff);
    (void)boot_option(facts, "panic=exit");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct boot_facts facts;
    if (size == 0)
        return 0;
    u64 given = size - 1;
    u64 length = data[0] & 2 ? align_up(given, 8) + sizeof(ending) : given;
    u8 *bytes = calloc(1, length + 1);
    memcpy(bytes, data + 1, given);
    if (data[0] & 2)
        memcpy(bytes + length - sizeof(ending), ending, sizeof(ending));
    if (data[0] & 1 && length >= 4)
        memcpy(bytes, &(u32){(u32)length}, 4);

    u64 offset;
    enum multiboot_error error = multiboot_parse(&facts, bytes, length, &offset);
    check(error < MULTIBOOT_ERRORS && offset <= length);
    if (error == MULTIBOOT_OK)
        check_facts(&facts);
    free(bytes);
    return 0;
}

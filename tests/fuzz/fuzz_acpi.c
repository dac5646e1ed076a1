/*
 * Fuzzes the ACPI reader. The input is cut into pieces that become tables behind a sound RSDP and
 * XSDT; reads outside of the pretended memory are refused, as root refuses them. Lengths and
 * checksums that random bytes would never get right are put right in most tables, so that the
 * fuzzer reaches what reads the contents.
 *
 *     piece:  kind (1 byte), size (1 byte), contents after the header
 */
// with: servers/root/acpi.c servers/root/acpi_tables.c libpv/base/checksum.c
#include <stdlib.h>
#include <string.h>

#include "../../servers/root/acpi.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MEMORY_SIZE 0x10000
#define XSDT        64
#define PIECES      16
#define HEADER      36

static u8 *memory;
static usize used;

static bool memory_read(void *context, u64 address, void *to, usize size)
{
    (void)context;
    if (!range_fits(address, size, used))
        return false;
    memcpy(to, memory + address, size);
    return true;
}

static void put(u64 at, u64 value, usize size)
{
    for (usize i = 0; i < size; i++)
        memory[at + i] = (u8)(value >> 8 * i);
}

static void fix(u64 table, u64 at, u64 size)
{
    u8 sum = 0;
    memory[at] = 0;
    for (u64 i = 0; i < size; i++)
        sum = (u8)(sum + memory[table + i]);
    memory[at] = (u8)-sum;
}

static void finish(u64 table, const char *signature, u32 length)
{
    memcpy(memory + table, signature, 4);
    put(table + 4, length, 4);
    fix(table, table + 9, length);
}

/* Makes a table of a piece; a FADT's DSDT is the table after it. */
static void make_table(u64 at, u8 kind, const u8 *contents, u32 size)
{
    static const char *const signatures[] = {"APIC", "MCFG", "HPET", "DMAR",
                                             "FACP", "DSDT", "RSDT"};
    u32 length = HEADER + size;
    memcpy(memory + at + HEADER, contents, size);
    if (kind % 8 == 4 && size >= 8)
        put(at + 40, at + length, 4);
    if (kind % 8 < array_count(signatures))
        finish(at, signatures[kind % 8], length);
    else
        memcpy(memory + at, contents, min(size, HEADER));
}

static void check(const struct acpi *acpi)
{
    if (acpi->ioapic_count > ACPI_IOAPIC_LIMIT || acpi->ecam_count > ACPI_ECAM_LIMIT ||
        acpi->iommu_count > ACPI_IOMMU_LIMIT || acpi->problem_count > ACPI_PROBLEM_LIMIT ||
        acpi->power.sleep_type_a > 7 || acpi->power.sleep_type_b > 7)
        abort();
    for (u32 i = 0; i < acpi->problem_count; i++) {
        const char *table = acpi->problems[i].table;
        if (table[4] || acpi->problems[i].error == ACPI_OK)
            abort();
        for (u32 c = 0; table[c]; c++) {
            if (table[c] <= ' ' || table[c] > '~')
                abort();
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct acpi acpi;
    struct acpi_reader reader = {.read = memory_read};
    memory = calloc(1, MEMORY_SIZE);
    u32 count = 0;
    used = XSDT + HEADER + 8 * PIECES;
    while (size >= 2 && count < PIECES && used + HEADER + 255 <= MEMORY_SIZE) {
        u8 kind = data[0];
        u32 length = (u32)min(data[1], size - 2);
        make_table(used, kind, data + 2, length);
        put(XSDT + HEADER + 8 * count++, used, 8);
        used += HEADER + length;
        data += 2 + length;
        size -= 2 + length;
    }
    finish(XSDT, "XSDT", HEADER + 8 * count);
    memcpy(memory, "RSD PTR ", 8);
    put(15, 2, 1);
    put(20, 36, 4);
    put(24, XSDT, 8);
    fix(0, 8, 20);
    fix(0, 32, 36);
    acpi_read(&acpi, &reader, memory, 36);
    check(&acpi);
    /* The same bytes as they are, for the search for an RSDP and for tables in tables. */
    acpi_read(&acpi, &reader, data, size);
    check(&acpi);
    free(memory);
    return 0;
}

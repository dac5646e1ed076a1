/*
 * Finding ACPI's tables: the RSDP, the table of tables (XSDT or RSDT) that it points to, and each
 * table that is known to acpi_tables.c.
 */
#include <base/checksum.h>
#include <base/string.h>

#include "acpi_table.h"

#define RSDP_SIZE_1    20 /* of revision 0, 5.2.5.3 */
#define RSDP_SIZE_2    36
#define RSDP_REVISION  15
#define RSDP_RSDT      16
#define RSDP_LENGTH    20
#define RSDP_XSDT      24
#define RSDP_ALIGNMENT 16

/* Where a BIOS puts it, 5.2.5.1. */
#define EBDA_POINTER   0x40e
#define EBDA_SCAN      1024
#define EBDA_LOWEST    0x400
#define BIOS_AREA      0xe0000
#define BIOS_AREA_SIZE 0x20000

const char *acpi_error_text(enum acpi_error error)
{
    switch (error) {
    case ACPI_OK:
        return "sound";
    case ACPI_ABSENT:
        return "not there";
    case ACPI_UNREADABLE:
        return "its memory cannot be read";
    case ACPI_SIGNATURE:
        return "wrong signature";
    case ACPI_LENGTH:
        return "impossible length";
    case ACPI_CHECKSUM:
        return "wrong checksum";
    case ACPI_ENTRY:
        return "an entry in it has an impossible length";
    case ACPI_MANY:
        return "more entries than there is room for";
    }
    return "unknown error";
}

u16 acpi_u16(const u8 *bytes)
{
    return (u16)(bytes[0] | bytes[1] << 8);
}

u32 acpi_u32(const u8 *bytes)
{
    return acpi_u16(bytes) | (u32)acpi_u16(bytes + 2) << 16;
}

u64 acpi_u64(const u8 *bytes)
{
    return acpi_u32(bytes) | (u64)acpi_u32(bytes + 4) << 32;
}

bool acpi_table_get(const struct acpi_table *table, u64 offset, void *to, usize size)
{
    return range_fits(offset, size, table->length) &&
           table->reader->read(table->reader->context, table->address + offset, to, size);
}

static enum acpi_error table_checksum(const struct acpi_table *table)
{
    u8 chunk[256], sum = 0;
    for (u64 offset = 0; offset < table->length; offset += sizeof(chunk)) {
        usize size = min(sizeof(chunk), table->length - offset);
        if (!acpi_table_get(table, offset, chunk, size))
            return ACPI_UNREADABLE;
        sum = (u8)(sum + sum8(chunk, size));
    }
    return sum == 0 ? ACPI_OK : ACPI_CHECKSUM;
}

enum acpi_error acpi_table_open(struct acpi_table *table, const struct acpi_reader *reader,
                                u64 address)
{
    u8 header[8];
    *table = (struct acpi_table){.reader = reader, .address = address, .length = sizeof(header)};
    if (address == 0)
        return ACPI_ABSENT;
    if (!acpi_table_get(table, 0, header, sizeof(header)))
        return ACPI_UNREADABLE;
    memcpy(table->signature, header, 4);
    table->length = acpi_u32(header + 4);
    if (table->length < ACPI_HEADER_SIZE || table->length > ACPI_TABLE_LIMIT ||
        !range_fits(address, table->length, ~0ul))
        return ACPI_LENGTH;
    return table_checksum(table);
}

/* Remembers that something is wrong with a table; further problems than there is room for are lost,
 * the first ones say enough. */
static void problem_add(struct acpi *acpi, const char *table, u64 address, enum acpi_error error)
{
    if (error == ACPI_OK || acpi->problem_count == ACPI_PROBLEM_LIMIT)
        return;
    struct acpi_problem *problem = &acpi->problems[acpi->problem_count++];
    problem->address = address;
    problem->error = error;
    for (usize i = 0; i < 4 && table[i]; i++) /* what is not a letter would spoil the log */
        problem->table[i] = table[i] > ' ' && table[i] < 127 ? table[i] : '?';
}

/* Checks the bytes of an RSDP; the second checksum is only there from revision 2 on. */
static enum acpi_error rsdp_check(const u8 *rsdp, usize size)
{
    if (size < RSDP_SIZE_1)
        return ACPI_LENGTH;
    if (memcmp(rsdp, "RSD PTR ", 8) != 0)
        return ACPI_SIGNATURE;
    if (sum8(rsdp, RSDP_SIZE_1) != 0)
        return ACPI_CHECKSUM;
    if (rsdp[RSDP_REVISION] < 2)
        return ACPI_OK;
    if (size < RSDP_SIZE_2 || acpi_u32(rsdp + RSDP_LENGTH) < RSDP_SIZE_2)
        return ACPI_LENGTH;
    return acpi_u32(rsdp + RSDP_LENGTH) == RSDP_SIZE_2 && sum8(rsdp, RSDP_SIZE_2) != 0
               ? ACPI_CHECKSUM
               : ACPI_OK;
}

/* Looks for a sound RSDP in a range; its bytes are in `rsdp` when it returns true. */
static bool rsdp_scan_range(const struct acpi_reader *reader, u64 start, u64 size,
                            u8 rsdp[RSDP_SIZE_2])
{
    for (u64 offset = 0; offset + RSDP_SIZE_2 <= size; offset += RSDP_ALIGNMENT) {
        if (reader->read(reader->context, start + offset, rsdp, RSDP_SIZE_2) &&
            rsdp_check(rsdp, RSDP_SIZE_2) == ACPI_OK)
            return true;
    }
    return false;
}

static bool rsdp_scan(const struct acpi_reader *reader, u8 rsdp[RSDP_SIZE_2])
{
    u8 pointer[2];
    if (reader->read(reader->context, EBDA_POINTER, pointer, sizeof(pointer))) {
        u64 ebda = (u64)acpi_u16(pointer) << 4;
        if (ebda >= EBDA_LOWEST && rsdp_scan_range(reader, ebda, EBDA_SCAN, rsdp))
            return true;
    }
    return rsdp_scan_range(reader, BIOS_AREA, BIOS_AREA_SIZE, rsdp);
}

static void table_read_dsdt(struct acpi *acpi, const struct acpi_reader *reader, u64 address)
{
    struct acpi_table table;
    enum acpi_error error = acpi_table_open(&table, reader, address);
    if (error == ACPI_OK && strcmp(table.signature, "DSDT") != 0)
        error = ACPI_SIGNATURE;
    if (error == ACPI_OK)
        error = acpi_read_dsdt(acpi, &table);
    problem_add(acpi, "DSDT", address, error);
}

/* Takes the facts from the table at `address` if it is of a kind that is known. Of two tables of
 * the same kind both are read: the facts add up, and of what can be only once, the last one
 * counts. */
static void table_read(struct acpi *acpi, const struct acpi_reader *reader, u64 address)
{
    struct acpi_table table;
    enum acpi_error error = acpi_table_open(&table, reader, address);
    if (error == ACPI_OK) {
        u64 dsdt = 0;
        if (strcmp(table.signature, "APIC") == 0)
            error = acpi_read_madt(acpi, &table);
        else if (strcmp(table.signature, "MCFG") == 0)
            error = acpi_read_mcfg(acpi, &table);
        else if (strcmp(table.signature, "HPET") == 0)
            error = acpi_read_hpet(acpi, &table);
        else if (strcmp(table.signature, "DMAR") == 0)
            error = acpi_read_dmar(acpi, &table);
        else if (strcmp(table.signature, "FACP") == 0)
            error = acpi_read_fadt(acpi, &table, &dsdt);
        if (dsdt != 0)
            table_read_dsdt(acpi, reader, dsdt);
    }
    problem_add(acpi, table.signature, address, error);
}

/* Reads all tables of the RSDT (entries of 4 bytes) or the XSDT (8 bytes), 5.2.7 and 5.2.8. */
static enum acpi_error tables_read(struct acpi *acpi, const struct acpi_reader *reader, u64 address,
                                   const char *signature, usize entry_size)
{
    struct acpi_table table;
    enum acpi_error error = acpi_table_open(&table, reader, address);
    if (error != ACPI_OK)
        return error;
    if (strcmp(table.signature, signature) != 0)
        return ACPI_SIGNATURE;
    u64 count = (table.length - ACPI_HEADER_SIZE) / entry_size;
    if (count > ACPI_ENTRY_LIMIT) {
        problem_add(acpi, signature, address, ACPI_MANY);
        count = ACPI_ENTRY_LIMIT;
    }
    for (u64 i = 0; i < count; i++) {
        u8 entry[8] = {0};
        if (!acpi_table_get(&table, ACPI_HEADER_SIZE + i * entry_size, entry, entry_size))
            return ACPI_UNREADABLE;
        if (acpi_u64(entry) != 0)
            table_read(acpi, reader, acpi_u64(entry));
    }
    return ACPI_OK;
}

void acpi_read(struct acpi *acpi, const struct acpi_reader *reader, const void *rsdp,
               usize rsdp_size)
{
    u8 own[RSDP_SIZE_2] = {0};
    *acpi = (struct acpi){.found = ACPI_ABSENT};
    for (u32 i = 0; i < ACPI_ISA_LINES; i++)
        acpi->isa[i] = (struct acpi_line){.line = i};

    if (rsdp_size != 0) {
        rsdp_size = min(rsdp_size, sizeof(own));
        memcpy(own, rsdp, rsdp_size);
    } else {
        rsdp_size = sizeof(own);
        if (!rsdp_scan(reader, own))
            return;
    }
    acpi->found = rsdp_check(own, rsdp_size);
    if (acpi->found != ACPI_OK)
        return;
    acpi->revision = own[RSDP_REVISION];
    u64 xsdt = acpi->revision >= 2 ? acpi_u64(own + RSDP_XSDT) : 0;
    if (xsdt != 0) {
        acpi->found = tables_read(acpi, reader, xsdt, "XSDT", 8);
        if (acpi->found == ACPI_OK)
            return;
        problem_add(acpi, "XSDT", xsdt, acpi->found); /* the older table may still do */
    }
    acpi->found = tables_read(acpi, reader, acpi_u32(own + RSDP_RSDT), "RSDT", 4);
}

/*
 * Taking facts from single ACPI tables. Each function gets a table whose header and checksum are
 * right, and believes nothing else about it.
 */
#include <base/string.h>

#include "acpi_table.h"

/* MADT, 5.2.12: fixed part, then entries of type, length, contents. */
#define MADT_ENTRIES           44
#define MADT_LOCAL_APIC        0
#define MADT_IO_APIC           1
#define MADT_SOURCE_OVERRIDE   2
#define MADT_LOCAL_X2APIC      9
#define MADT_PROCESSOR_ENABLED 1

/* The flags of an interrupt source override, table 5-26: ISA's own way is high and edge. */
#define MPS_POLARITY_MASK 3
#define MPS_ACTIVE_LOW    3
#define MPS_TRIGGER_MASK  12
#define MPS_LEVEL         12

static enum acpi_error madt_ioapic(struct acpi *acpi, const u8 *entry)
{
    if (acpi->ioapic_count == ACPI_IOAPIC_LIMIT)
        return ACPI_MANY;
    acpi->ioapics[acpi->ioapic_count++] =
        (struct acpi_ioapic){.address = acpi_u32(entry + 4), .first_line = acpi_u32(entry + 8)};
    return ACPI_OK;
}

static void madt_override(struct acpi *acpi, const u8 *entry)
{
    u8 bus = entry[2], source = entry[3];
    u16 flags = acpi_u16(entry + 8);
    if (bus != 0 || source >= ACPI_ISA_LINES)
        return;
    acpi->isa[source] = (struct acpi_line){
        .line = acpi_u32(entry + 4),
        .level = (flags & MPS_TRIGGER_MASK) == MPS_LEVEL,
        .active_low = (flags & MPS_POLARITY_MASK) == MPS_ACTIVE_LOW,
    };
}

/* `entry` holds the first 16 bytes; what lies beyond `length` is 0. */
static enum acpi_error madt_entry(struct acpi *acpi, const u8 *entry, u8 length)
{
    switch (entry[0]) {
    case MADT_LOCAL_APIC:
        if (length < 8)
            return ACPI_ENTRY;
        acpi->processors += acpi_u32(entry + 4) & MADT_PROCESSOR_ENABLED;
        return ACPI_OK;
    case MADT_LOCAL_X2APIC:
        if (length < 16)
            return ACPI_ENTRY;
        acpi->processors += acpi_u32(entry + 8) & MADT_PROCESSOR_ENABLED;
        return ACPI_OK;
    case MADT_IO_APIC:
        return length < 12 ? ACPI_ENTRY : madt_ioapic(acpi, entry);
    case MADT_SOURCE_OVERRIDE:
        if (length < 10)
            return ACPI_ENTRY;
        madt_override(acpi, entry);
        return ACPI_OK;
    default:
        return ACPI_OK;
    }
}

enum acpi_error acpi_read_madt(struct acpi *acpi, const struct acpi_table *table)
{
    enum acpi_error result = ACPI_OK;
    if (table->length < MADT_ENTRIES)
        return ACPI_LENGTH;
    for (u64 offset = MADT_ENTRIES; offset < table->length;) {
        u8 entry[16] = {0}, head[2];
        if (!acpi_table_get(table, offset, head, sizeof(head)) || head[1] < sizeof(head) ||
            !acpi_table_get(table, offset, entry, min(head[1], sizeof(entry))))
            return ACPI_ENTRY;
        enum acpi_error error = madt_entry(acpi, entry, head[1]);
        if (error != ACPI_OK)
            result = error;
        offset += head[1];
    }
    return result;
}

/* MCFG: header, 8 reserved bytes, entries of 16 bytes. */
enum acpi_error acpi_read_mcfg(struct acpi *acpi, const struct acpi_table *table)
{
    u8 entry[16];
    u64 offset = ACPI_HEADER_SIZE + 8;
    if (table->length < offset)
        return ACPI_LENGTH;
    for (; acpi_table_get(table, offset, entry, sizeof(entry)); offset += sizeof(entry)) {
        if (acpi->ecam_count == ACPI_ECAM_LIMIT)
            return ACPI_MANY;
        if (entry[10] > entry[11])
            return ACPI_ENTRY;
        acpi->ecams[acpi->ecam_count++] = (struct acpi_ecam){
            .address = acpi_u64(entry),
            .segment = acpi_u16(entry + 8),
            .first_bus = entry[10],
            .last_bus = entry[11],
        };
    }
    return ACPI_OK;
}

/* HPET specification 1.0a, 3.2.4: a Generic Address Structure at 40, which must be in memory. */
enum acpi_error acpi_read_hpet(struct acpi *acpi, const struct acpi_table *table)
{
    u8 address[12];
    if (!acpi_table_get(table, 40, address, sizeof(address)))
        return ACPI_LENGTH;
    if (address[0] != ACPI_MEMORY || acpi_u64(address + 4) == 0)
        return ACPI_ENTRY;
    acpi->hpet = acpi_u64(address + 4);
    return ACPI_OK;
}

/* DMAR (VT-d specification, 8): structures of type, length (16 bits each) from 48 on. Type 0 is a
 * remapping unit. */
enum acpi_error acpi_read_dmar(struct acpi *acpi, const struct acpi_table *table)
{
    u64 offset = 48;
    if (table->length < offset)
        return ACPI_LENGTH;
    while (offset < table->length) {
        u8 entry[16] = {0};
        if (!acpi_table_get(table, offset, entry, 4))
            return ACPI_ENTRY;
        u16 type = acpi_u16(entry), length = acpi_u16(entry + 2);
        if (length < 4 || !range_fits(offset, length, table->length))
            return ACPI_ENTRY;
        if (type == 0) {
            if (length < 16 || !acpi_table_get(table, offset, entry, 16))
                return ACPI_ENTRY;
            if (acpi->iommu_count == ACPI_IOMMU_LIMIT)
                return ACPI_MANY;
            acpi->iommus[acpi->iommu_count++] = (struct acpi_iommu){
                .registers = acpi_u64(entry + 8),
                .segment = acpi_u16(entry + 6),
                .all = entry[4] & 1,
            };
        }
        offset += length;
    }
    return ACPI_OK;
}

/* FADT, 5.2.9: offsets. It grew with every revision; what lies beyond its end is not there. */
#define FADT_DSDT            40
#define FADT_SMI_CMD         48
#define FADT_ACPI_ENABLE     52
#define FADT_PM1A_CNT_BLK    64
#define FADT_PM1B_CNT_BLK    68
#define FADT_FLAGS           112
#define FADT_RESET_REG       116
#define FADT_RESET_VALUE     128
#define FADT_X_DSDT          140
#define FADT_X_PM1A_CNT_BLK  172
#define FADT_X_PM1B_CNT_BLK  184
#define FADT_SIZE            244 /* as far as we look; ACPI 1.0's has 116 bytes */
#define FADT_SIZE_1          116
#define FADT_RESET_SUPPORTED (1u << 10)

static struct acpi_register gas(const u8 *bytes)
{
    return (struct acpi_register){
        .space = bytes[0], .bits = bytes[1], .address = acpi_u64(bytes + 4)};
}

/* A PM1 control register: the extended field if it is filled in, else the old port number. */
static struct acpi_register pm1_control(const u8 *fadt, u32 extended, u32 old)
{
    struct acpi_register result = gas(fadt + extended);
    if (result.address == 0)
        result =
            (struct acpi_register){.space = ACPI_PORT, .bits = 16, .address = acpi_u32(fadt + old)};
    return result;
}

enum acpi_error acpi_read_fadt(struct acpi *acpi, const struct acpi_table *table, u64 *dsdt)
{
    u8 fadt[FADT_SIZE] = {0};
    struct acpi_power *power = &acpi->power;
    if (table->length < FADT_SIZE_1)
        return ACPI_LENGTH;
    if (!acpi_table_get(table, 0, fadt, min(table->length, sizeof(fadt))))
        return ACPI_UNREADABLE;
    *power = (struct acpi_power){
        .smi_command = acpi_u32(fadt + FADT_SMI_CMD),
        .acpi_enable = fadt[FADT_ACPI_ENABLE],
        .pm1a_control = pm1_control(fadt, FADT_X_PM1A_CNT_BLK, FADT_PM1A_CNT_BLK),
        .pm1b_control = pm1_control(fadt, FADT_X_PM1B_CNT_BLK, FADT_PM1B_CNT_BLK),
    };
    if (acpi_u32(fadt + FADT_FLAGS) & FADT_RESET_SUPPORTED) {
        power->reset = gas(fadt + FADT_RESET_REG);
        power->reset_value = fadt[FADT_RESET_VALUE];
    }
    *dsdt = acpi_u64(fadt + FADT_X_DSDT);
    if (*dsdt == 0)
        *dsdt = acpi_u32(fadt + FADT_DSDT);
    acpi->has_fadt = true;
    return ACPI_OK;
}

/*
 * The DSDT is bytecode (20.2). Of all of it only one constant is needed: the package _S5_, whose
 * first two numbers switch the machine off. It is always written out as
 *     NameOp "_S5_" PackageOp PkgLength NumElements element element ...
 * (a '\' may stand before the name), so looking for those bytes finds it without an interpreter.
 */
#define AML_NAME_OP    0x08
#define AML_ROOT       '\\'
#define AML_PACKAGE_OP 0x12
#define AML_ZERO       0x00
#define AML_ONE        0x01
#define AML_BYTE       0x0a
#define AML_WORD       0x0b
#define AML_DWORD      0x0c
#define AML_ONES       0xff
#define S5_LONGEST     24 /* bytes of a definition from two before its name to its second number */
#define SLEEP_MASK     7  /* SLP_TYP has three bits, table 4-16 */

/* Reads one number at `bytes[*at]`, below `end`; false if it is none. */
static bool aml_number(const u8 *bytes, usize end, usize *at, u8 *value)
{
    if (*at >= end)
        return false;
    u8 op = bytes[(*at)++];
    usize size = op == AML_BYTE ? 1 : op == AML_WORD ? 2 : op == AML_DWORD ? 4 : 0;
    if (size == 0) {
        *value = op;
        return op == AML_ZERO || op == AML_ONE || op == AML_ONES;
    }
    if (size > end - *at)
        return false;
    *value = bytes[*at]; /* little-endian: the low byte is all that counts */
    *at += size;
    return true;
}

/* Is there a definition of _S5_ whose name begins at `bytes[at]`? */
static bool s5_parse(const u8 *bytes, usize at, usize end, struct acpi_power *power)
{
    bool named =
        at >= 1 && (bytes[at - 1] == AML_NAME_OP ||
                    (at >= 2 && bytes[at - 1] == AML_ROOT && bytes[at - 2] == AML_NAME_OP));
    if (!named || end - at < 7 || memcmp(bytes + at, "_S5_", 4) != 0 ||
        bytes[at + 4] != AML_PACKAGE_OP)
        return false;
    at += 5;
    at += 1u + (bytes[at] >> 6); /* PkgLength: its top two bits count the bytes that follow */
    if (at >= end || bytes[at++] < 1)
        return false;
    u8 a, b = 0;
    if (!aml_number(bytes, end, &at, &a))
        return false;
    if (!aml_number(bytes, end, &at, &b))
        b = 0; /* there is only one number: no second register */
    power->sleep_type_a = a & SLEEP_MASK;
    power->sleep_type_b = b & SLEEP_MASK;
    power->sleep_known = true;
    return true;
}

enum acpi_error acpi_read_dsdt(struct acpi *acpi, const struct acpi_table *table)
{
    u8 chunk[512];
    /* Chunks overlap, so that every definition lies whole in the chunk in which it begins, but for
     * the last bytes of a chunk, which the next one begins with. */
    for (u64 offset = ACPI_HEADER_SIZE; offset < table->length;
         offset += sizeof(chunk) - S5_LONGEST) {
        usize size = min(sizeof(chunk), table->length - offset);
        if (!acpi_table_get(table, offset, chunk, size))
            return ACPI_UNREADABLE;
        usize last = offset + size == table->length ? size : size - S5_LONGEST + 2;
        for (usize at = 1; at < last; at++) {
            if (chunk[at] == '_' && s5_parse(chunk, at, size, &acpi->power))
                return ACPI_OK;
        }
    }
    return ACPI_OK; /* a machine need not have one: power_off says so */
}

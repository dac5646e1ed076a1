/*
 * Inside the ACPI reader: a table in physical memory that was found sound, and the functions that
 * take facts from one. acpi.c finds tables and hands them to acpi_tables.c.
 */
#pragma once
#include "acpi.h"

#define ACPI_HEADER_SIZE 36 /* System Description Table Header, 5.2.6 */

struct acpi_table {
    const struct acpi_reader *reader;
    u64 address;
    u32 length; /* header included; at least ACPI_HEADER_SIZE */
    char signature[5];
};

/* Opens the table at `address`: reads its header, checks length and checksum. */
must_check enum acpi_error acpi_table_open(struct acpi_table *table,
                                           const struct acpi_reader *reader, u64 address);

/* Copies bytes of the table; false if not all of them lie in it. */
must_check bool acpi_table_get(const struct acpi_table *table, u64 offset, void *to, usize size);

/* Little-endian numbers in bytes. */
u16 acpi_u16(const u8 *bytes);
u32 acpi_u32(const u8 *bytes);
u64 acpi_u64(const u8 *bytes);

/* Take the facts from a table of that kind. */
enum acpi_error acpi_read_madt(struct acpi *acpi, const struct acpi_table *table);
enum acpi_error acpi_read_mcfg(struct acpi *acpi, const struct acpi_table *table);
enum acpi_error acpi_read_hpet(struct acpi *acpi, const struct acpi_table *table);
enum acpi_error acpi_read_dmar(struct acpi *acpi, const struct acpi_table *table);

/* ...of the FADT, which also says where the DSDT is. */
enum acpi_error acpi_read_fadt(struct acpi *acpi, const struct acpi_table *table, u64 *dsdt);
enum acpi_error acpi_read_dsdt(struct acpi *acpi, const struct acpi_table *table);

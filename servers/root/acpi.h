/*
 * What the firmware says about the machine: ACPI's tables, read once and reduced to the few facts
 * that Terrarium needs. The names are those of the ACPI specification (6.x), whose sections the
 * code cites; no bytecode is interpreted.
 *
 * Pure: memory is read through a callback, so the same code runs in root, in the unit tests and in
 * a fuzzer. Nothing of what a table says is believed: every length is checked against what holds
 * it, a table whose checksum is wrong is left out and remembered as a problem, and whatever the
 * bytes are, the work is bounded.
 */
#pragma once
#include <base/types.h>

/* How to read physical memory; false: it cannot be read (all or nothing). */
struct acpi_reader {
    bool (*read)(void *context, u64 address, void *to, usize size);
    void *context;
};

#define ACPI_TABLE_LIMIT   (4ul << 20) /* a longer table is broken: DSDTs go up to 1 MiB */
#define ACPI_ENTRY_LIMIT   256         /* entries of RSDT or XSDT that are looked at */
#define ACPI_IOAPIC_LIMIT  8
#define ACPI_ECAM_LIMIT    8
#define ACPI_IOMMU_LIMIT   8
#define ACPI_PROBLEM_LIMIT 8
#define ACPI_ISA_LINES     16

enum acpi_error {
    ACPI_OK,
    ACPI_ABSENT,     /* there is none */
    ACPI_UNREADABLE, /* its memory cannot be read */
    ACPI_SIGNATURE,
    ACPI_LENGTH,
    ACPI_CHECKSUM,
    ACPI_ENTRY, /* an entry inside of it has an impossible length */
    ACPI_MANY,  /* more entries than there is room for: the first ones were taken */
};

const char *acpi_error_text(enum acpi_error error);

struct acpi_problem {
    char table[5];
    u64 address;
    enum acpi_error error;
};

struct acpi_ioapic {
    u64 address;
    u32 first_line; /* the global interrupt line of its first pin */
};

/* Where an ISA interrupt arrives (5.2.12.5). */
struct acpi_line {
    u32 line;
    bool level, active_low;
};

/* Memory-mapped configuration space (PCI firmware specification 3.2, table 4-3). */
struct acpi_ecam {
    u64 address;
    u16 segment;
    u8 first_bus, last_bus;
};

struct acpi_iommu {
    u64 registers;
    u16 segment;
    bool all; /* of all devices that no other one has */
};

/* A Generic Address Structure (5.2.3.2). */
enum acpi_address_space { ACPI_MEMORY = 0, ACPI_PORT = 1, ACPI_PCI_CONFIG = 2 };

struct acpi_register {
    u8 space; /* enum acpi_address_space */
    u8 bits;
    u64 address; /* 0: there is none */
};

/* Switching off and starting again (4.8.3.2, 4.8.3.6, 7.4.2). */
struct acpi_power {
    u32 smi_command; /* port; 0: ACPI mode is on for good */
    u8 acpi_enable;  /* write this to it to switch ACPI mode on */
    struct acpi_register pm1a_control, pm1b_control;
    bool sleep_known; /* the next two are valid: found in the DSDT */
    u8 sleep_type_a, sleep_type_b;
    struct acpi_register reset; /* address 0: there is none */
    u8 reset_value;
};

struct acpi {
    enum acpi_error found; /* ACPI_OK, or why there is no ACPI */
    u8 revision;
    u32 processors; /* that can be used */
    u32 ioapic_count, ecam_count, iommu_count, problem_count;
    struct acpi_ioapic ioapics[ACPI_IOAPIC_LIMIT];
    struct acpi_line isa[ACPI_ISA_LINES]; /* always valid: without a MADT, lines as ISA had them */
    struct acpi_ecam ecams[ACPI_ECAM_LIMIT];
    struct acpi_iommu iommus[ACPI_IOMMU_LIMIT];
    u64 hpet; /* registers; 0: no HPET */
    bool has_fadt;
    struct acpi_power power;
    struct acpi_problem problems[ACPI_PROBLEM_LIMIT];
};

/*
 * Reads everything. `rsdp` are `rsdp_size` bytes that the boot loader copied (none: the RSDP is
 * looked for where a BIOS puts it). Afterwards `found` and all else are valid; without ACPI the
 * rest says what an old PC would be like.
 */
void acpi_read(struct acpi *acpi, const struct acpi_reader *reader, const void *rsdp,
               usize rsdp_size);

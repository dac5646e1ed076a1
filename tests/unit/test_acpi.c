/* Unit tests of the ACPI reader (servers/root/acpi.h), on tables that are put together here in a
 * small pretended physical memory. */
// with: servers/root/acpi.c servers/root/acpi_tables.c libpv/base/checksum.c
#include "unit.h"

#include "../../servers/root/acpi.h"

#define MEMORY_SIZE 0x100000
#define RSDP        0xf0040
#define XSDT        0x10000
#define RSDT        0x11000

static u8 memory[MEMORY_SIZE];
static u64 unreadable; /* a page that cannot be read */
static u64 next;       /* where the next table goes */
static u32 tables;
static struct acpi acpi;

static bool memory_read(void *context, u64 address, void *to, usize size)
{
    (void)context;
    if (!range_fits(address, size, MEMORY_SIZE) ||
        (unreadable && ranges_overlap(address, size, unreadable, 4096)))
        return false;
    memcpy(to, memory + address, size);
    return true;
}

static const struct acpi_reader reader = {.read = memory_read};

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

/* Sets length and checksum of a table. */
static void finish(u64 table, const char *signature, u32 length)
{
    memcpy(memory + table, signature, 4);
    put(table + 4, length, 4);
    fix(table, table + 9, length);
}

static void finish_tables(void)
{
    finish(XSDT, "XSDT", 36 + 8 * tables);
    finish(RSDT, "RSDT", 36 + 4 * tables);
}

/* Adds a table with these contents after its header. */
static u64 table_add(const char *signature, const void *contents, u32 size)
{
    u64 at = next;
    memcpy(memory + at + 36, contents, size);
    finish(at, signature, 36 + size);
    put(XSDT + 36 + 8 * tables, at, 8);
    put(RSDT + 36 + 4 * tables, at, 4);
    tables++;
    finish_tables();
    next += 0x1000;
    return at;
}

static void rsdp_put(u64 at, u8 revision)
{
    memcpy(memory + at, "RSD PTR ", 8);
    put(at + 15, revision, 1);
    put(at + 16, RSDT, 4);
    put(at + 20, 36, 4);
    put(at + 24, XSDT, 8);
    fix(at, at + 8, 20);
    fix(at, at + 32, 36);
}

static int setup(void **state)
{
    (void)state;
    memset(memory, 0, sizeof(memory));
    unreadable = 0;
    tables = 0;
    next = 0x20000;
    rsdp_put(RSDP, 2);
    finish_tables();
    return 0;
}

static void read_all(void)
{
    acpi_read(&acpi, &reader, NULL, 0);
}

static void assert_problem(u32 index, const char *table, enum acpi_error error)
{
    assert_in_range(index, 0, (int)acpi.problem_count - 1);
    assert_string_equal(acpi.problems[index].table, table);
    assert_int_equal(acpi.problems[index].error, error);
}

static const u8 one_ioapic[] = {0, 0,  0xe0, 0xfe, 1, 0, 0,    0, /* local APIC address, flags */
                                1, 12, 0,    0,    0, 0, 0xc0, 0xfe, 0, 0, 0, 0};

static void test_none(void **state)
{
    (void)state;
    memset(memory, 0, sizeof(memory));
    read_all();
    assert_int_equal(acpi.found, ACPI_ABSENT);
    assert_int_equal(acpi.problem_count, 0);
    assert_int_equal(acpi.isa[4].line, 4);
    assert_false(acpi.isa[4].level || acpi.isa[4].active_low);
}

static void test_finding(void **state)
{
    (void)state;
    table_add("APIC", one_ioapic, sizeof(one_ioapic));
    read_all();
    assert_int_equal(acpi.found, ACPI_OK);
    assert_int_equal(acpi.revision, 2);
    assert_int_equal(acpi.ioapic_count, 1);
    /* A copy from the boot loader wins over what is in memory. */
    u8 *copy = exact_copy(memory + RSDP, 36);
    memset(memory + RSDP, 0, 36);
    acpi_read(&acpi, &reader, copy, 36);
    assert_int_equal(acpi.found, ACPI_OK);
    assert_int_equal(acpi.ioapic_count, 1);
    /* Cut, it is no good... */
    acpi_read(&acpi, &reader, copy, 35);
    assert_int_equal(acpi.found, ACPI_LENGTH);
    acpi_read(&acpi, &reader, copy, 19);
    assert_int_equal(acpi.found, ACPI_LENGTH);
    /* ...but one of revision 0 has only 20 bytes. */
    free(copy);
    rsdp_put(RSDP, 0);
    copy = exact_copy(memory + RSDP, 20);
    acpi_read(&acpi, &reader, copy, 20);
    assert_int_equal(acpi.found, ACPI_OK);
    assert_int_equal(acpi.ioapic_count, 1);
    free(copy);
}

static void test_ebda(void **state)
{
    (void)state;
    table_add("APIC", one_ioapic, sizeof(one_ioapic));
    memset(memory + RSDP, 0, 36);
    put(0x40e, 0x9fc0, 2);
    rsdp_put(0x9fc00 + 1024 - 48, 2);
    read_all();
    assert_int_equal(acpi.found, ACPI_OK);
    /* One that is not aligned to 16 bytes is none. */
    memset(memory + 0x9fc00, 0, 1024);
    rsdp_put(0x9fc08, 2);
    read_all();
    assert_int_equal(acpi.found, ACPI_ABSENT);
}

static void test_checksums(void **state)
{
    (void)state;
    u64 apic = table_add("APIC", one_ioapic, sizeof(one_ioapic));
    memory[RSDP + 33] ^= 1; /* only the second checksum covers it */
    read_all();
    assert_int_equal(acpi.found, ACPI_ABSENT);
    acpi_read(&acpi, &reader, memory + RSDP, 36);
    assert_int_equal(acpi.found, ACPI_CHECKSUM);
    rsdp_put(RSDP, 2);
    memory[RSDP + 9] ^= 1;
    acpi_read(&acpi, &reader, memory + RSDP, 36);
    assert_int_equal(acpi.found, ACPI_CHECKSUM);
    rsdp_put(RSDP, 2);

    memory[apic + 50] ^= 1;
    read_all();
    assert_int_equal(acpi.found, ACPI_OK);
    assert_int_equal(acpi.ioapic_count, 0);
    assert_int_equal(acpi.problem_count, 1);
    assert_problem(0, "APIC", ACPI_CHECKSUM);
    assert_int_equal(acpi.problems[0].address, apic);
    memory[apic + 50] ^= 1;

    memory[XSDT + 30] ^= 1; /* the RSDT helps out */
    read_all();
    assert_int_equal(acpi.found, ACPI_OK);
    assert_int_equal(acpi.ioapic_count, 1);
    assert_problem(0, "XSDT", ACPI_CHECKSUM);
    memory[RSDT + 30] ^= 1;
    read_all();
    assert_int_equal(acpi.found, ACPI_CHECKSUM);
    assert_int_equal(acpi.ioapic_count, 0);
}

static void test_lengths(void **state)
{
    (void)state;
    u64 apic = table_add("APIC", one_ioapic, sizeof(one_ioapic));
    static const u32 bad[] = {0, 7, 35, ACPI_TABLE_LIMIT + 1, 0xffffffff};
    for (usize i = 0; i < array_count(bad); i++) {
        put(apic + 4, bad[i], 4);
        read_all();
        assert_int_equal(acpi.found, ACPI_OK);
        assert_problem(0, "APIC", ACPI_LENGTH);
    }
    finish(apic, "APIC", 40); /* ends inside the MADT's fixed part */
    read_all();
    assert_problem(0, "APIC", ACPI_LENGTH);
    put(apic + 4, MEMORY_SIZE, 4); /* reaches out of memory */
    read_all();
    assert_problem(0, "APIC", ACPI_UNREADABLE);
    unreadable = apic;
    read_all();
    assert_problem(0, "", ACPI_UNREADABLE);
    put(XSDT + 36, ~0ul - 10, 8);
    finish_tables();
    read_all();
    assert_problem(0, "", ACPI_UNREADABLE);
    put(XSDT + 36, 0, 8); /* an empty entry is no problem */
    finish_tables();
    read_all();
    assert_int_equal(acpi.problem_count, 0);
}

static void test_madt(void **state)
{
    (void)state;
    static const u8 madt[] = {
        0,  0,  0xe0, 0xfe, 1,  0,    0,    0,    0,    8, 0, 0,
        1,  0,  0,    0,                       /* processor */
        0,  8,  1,    1,    0,  0,    0,    0, /* processor that is switched off */
        9,  16, 0,    0,    2,  0,    0,    0,    1,    0, 0, 0,
        0,  0,  0,    0,                                         /* processor with x2APIC */
        1,  12, 0,    0,    0,  0,    0xc0, 0xfe, 0,    0, 0, 0, /* I/O APIC */
        1,  12, 1,    0,    0,  0x10, 0xc0, 0xfe, 24,   0, 0, 0, /* another one */
        2,  10, 0,    0,    2,  0,    0,    0,    0,    0,       /* timer: line 2 */
        2,  10, 0,    9,    9,  0,    0,    0,    0x0d, 0,       /* 9: level, high */
        2,  10, 0,    11,   20, 0,    0,    0,    0x0f, 0,       /* 11: level, low */
        2,  10, 1,    5,    30, 0,    0,    0,    0,    0,       /* not ISA */
        2,  10, 0,    16,   30, 0,    0,    0,    0,    0,       /* not an ISA interrupt */
        77, 2,                                                   /* of the future */
    };
    table_add("APIC", madt, sizeof(madt));
    read_all();
    assert_int_equal(acpi.problem_count, 0);
    assert_int_equal(acpi.processors, 2);
    assert_int_equal(acpi.ioapic_count, 2);
    assert_int_equal(acpi.ioapics[0].address, 0xfec00000);
    assert_int_equal(acpi.ioapics[0].first_line, 0);
    assert_int_equal(acpi.ioapics[1].address, 0xfec01000);
    assert_int_equal(acpi.ioapics[1].first_line, 24);
    assert_int_equal(acpi.isa[0].line, 2);
    assert_int_equal(acpi.isa[4].line, 4);
    assert_int_equal(acpi.isa[5].line, 5);
    assert_true(acpi.isa[9].level && !acpi.isa[9].active_low);
    assert_int_equal(acpi.isa[11].line, 20);
    assert_true(acpi.isa[11].level && acpi.isa[11].active_low);
}

static void test_bad_madt(void **state)
{
    (void)state;
    static const u8 endless[] = {0, 0, 0, 0, 0, 0, 0, 0, 77, 0, 0, 0};
    static const u8 cut[] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 12, 0, 0};
    static const u8 short_ioapic[] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 11, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    static const u8 half_head[] = {0, 0, 0, 0, 0, 0, 0, 0, 1};
    table_add("APIC", endless, sizeof(endless));
    table_add("APIC", cut, sizeof(cut));
    table_add("APIC", short_ioapic, sizeof(short_ioapic));
    table_add("APIC", half_head, sizeof(half_head));
    read_all();
    assert_int_equal(acpi.problem_count, 4);
    for (u32 i = 0; i < 4; i++)
        assert_problem(i, "APIC", ACPI_ENTRY);
    assert_int_equal(acpi.ioapic_count, 0);

    setup(state);
    u8 many[8 + 12 * (ACPI_IOAPIC_LIMIT + 1)] = {0};
    for (u32 i = 0; i <= ACPI_IOAPIC_LIMIT; i++)
        memcpy(many + 8 + 12 * i, one_ioapic + 8, 12);
    table_add("APIC", many, sizeof(many));
    read_all();
    assert_int_equal(acpi.ioapic_count, ACPI_IOAPIC_LIMIT);
    assert_problem(0, "APIC", ACPI_MANY);
}

static void test_mcfg_and_hpet(void **state)
{
    (void)state;
    static const u8 mcfg[] = {
        0, 0, 0, 0, 0, 0,   0, 0, 0, 0, 0, 0xb0, 0, 0,
        0, 0, 1, 0, 0, 255, 0, 0, 0, 0, 1, 2,    3}; /* the last three are no entry */
    static const u8 hpet[] = {1, 0xa2, 0x86, 0x80, 0, 64, 0, 0, 0, 0, 0xd0, 0xfe, 0, 0, 0, 0};
    static const u8 port[] = {1, 0xa2, 0x86, 0x80, 1, 64, 0, 0, 0, 0, 0xd0, 0xfe, 0, 0, 0, 0};
    table_add("MCFG", mcfg, sizeof(mcfg));
    table_add("HPET", port, sizeof(port));
    table_add("HPET", hpet, sizeof(hpet) - 1);
    read_all();
    assert_int_equal(acpi.ecam_count, 1);
    assert_int_equal(acpi.ecams[0].address, 0xb0000000);
    assert_int_equal(acpi.ecams[0].segment, 1);
    assert_int_equal(acpi.ecams[0].first_bus, 0);
    assert_int_equal(acpi.ecams[0].last_bus, 255);
    assert_int_equal(acpi.hpet, 0);
    assert_problem(0, "HPET", ACPI_ENTRY);
    assert_problem(1, "HPET", ACPI_LENGTH);
    table_add("HPET", hpet, sizeof(hpet));
    read_all();
    assert_int_equal(acpi.hpet, 0xfed00000);
}

static void test_dmar(void **state)
{
    (void)state;
    static const u8 dmar[] = {
        38, 0, 0,  0, 0, 0, 0, 0, 0, 0, 0,    0,    1, 0, 4, 0, /* not a unit */
        0,  0, 16, 0, 1, 0, 2, 0, 0, 0, 0xd9, 0xfe, 0, 0, 0, 0};
    static const u8 endless[] = {38, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 3, 0};
    static const u8 cut[] = {38, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 16, 0, 1, 0};
    static const u8 small[] = {38, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0};
    table_add("DMAR", dmar, sizeof(dmar));
    table_add("DMAR", endless, sizeof(endless));
    table_add("DMAR", cut, sizeof(cut));
    table_add("DMAR", small, sizeof(small));
    read_all();
    assert_int_equal(acpi.iommu_count, 1);
    assert_int_equal(acpi.iommus[0].registers, 0xfed90000);
    assert_int_equal(acpi.iommus[0].segment, 2);
    assert_true(acpi.iommus[0].all);
    assert_int_equal(acpi.problem_count, 3);
    for (u32 i = 0; i < 3; i++)
        assert_problem(i, "DMAR", ACPI_ENTRY);
}

/* A FADT of `length` bytes, and a DSDT with this code behind `padding` other bytes. */
static u64 fadt_add(u32 length, u32 padding, const void *code, u32 size)
{
    u8 fadt[276] = {0};
    u64 dsdt = 0x40000;
    memset(memory + dsdt + 36, '_', padding);
    memcpy(memory + dsdt + 36 + padding, code, size);
    finish(dsdt, "DSDT", 36 + padding + size);
    u64 at = table_add("FACP", fadt, length - 36);
    put(at + 40, dsdt, 4);
    put(at + 48, 0xb2, 4);
    put(at + 52, 0xf1, 1);
    put(at + 64, 0x604, 4);
    put(at + 112, 1u << 10, 4);
    finish(at, "FACP", length);
    return at;
}

static const u8 s5[] = {0x08, '_', 'S', '5', '_', 0x12, 6, 4, 0x0a, 5, 0x0a, 7, 0, 0};

static void test_fadt(void **state)
{
    (void)state;
    u64 fadt = fadt_add(244, 0, s5, sizeof(s5));
    put(fadt + 116, 0x01 | 8 << 8, 4);
    put(fadt + 120, 0xcf9, 8);
    put(fadt + 128, 6, 1);
    finish(fadt, "FACP", 244);
    read_all();
    assert_int_equal(acpi.problem_count, 0);
    assert_true(acpi.has_fadt && acpi.power.sleep_known);
    assert_int_equal(acpi.power.smi_command, 0xb2);
    assert_int_equal(acpi.power.acpi_enable, 0xf1);
    assert_int_equal(acpi.power.pm1a_control.space, ACPI_PORT);
    assert_int_equal(acpi.power.pm1a_control.address, 0x604);
    assert_int_equal(acpi.power.pm1b_control.address, 0);
    assert_int_equal(acpi.power.sleep_type_a, 5);
    assert_int_equal(acpi.power.sleep_type_b, 7);
    assert_int_equal(acpi.power.reset.space, ACPI_PORT);
    assert_int_equal(acpi.power.reset.address, 0xcf9);
    assert_int_equal(acpi.power.reset_value, 6);

    /* The newer fields win. */
    put(fadt + 140, 0x48000, 8);
    put(fadt + 172, 0x00 | 16 << 8, 4);
    put(fadt + 176, 0xfed80804, 8);
    put(fadt + 112, 0, 4); /* and without the flag there is no reset register */
    finish(fadt, "FACP", 244);
    memcpy(memory + 0x48000 + 36, s5, sizeof(s5));
    memory[0x48000 + 36 + 9] = 1;
    finish(0x48000, "DSDT", 36 + sizeof(s5));
    read_all();
    assert_int_equal(acpi.power.pm1a_control.space, ACPI_MEMORY);
    assert_int_equal(acpi.power.pm1a_control.address, 0xfed80804);
    assert_int_equal(acpi.power.sleep_type_a, 1);
    assert_int_equal(acpi.power.reset.address, 0);
}

static void test_old_fadt(void **state)
{
    (void)state;
    u64 fadt = fadt_add(116, 0, s5, sizeof(s5));
    read_all();
    assert_int_equal(acpi.problem_count, 0);
    assert_int_equal(acpi.power.pm1a_control.address, 0x604);
    assert_int_equal(acpi.power.reset.address, 0);
    assert_int_equal(acpi.power.sleep_type_a, 5);
    finish(fadt, "FACP", 115);
    read_all();
    assert_false(acpi.has_fadt);
    assert_problem(0, "FACP", ACPI_LENGTH);
    /* A DSDT that is something else. */
    finish(fadt, "FACP", 116);
    finish(0x40000, "SSDT", 36 + sizeof(s5));
    read_all();
    assert_true(acpi.has_fadt);
    assert_false(acpi.power.sleep_known);
    assert_problem(0, "DSDT", ACPI_SIGNATURE);
}

/* At every place, so also across the chunks in which the DSDT is read. */
static void test_s5_everywhere(void **state)
{
    (void)state;
    for (u32 padding = 0; padding < 1200; padding++) {
        setup(state);
        fadt_add(116, padding, s5, sizeof(s5));
        read_all();
        assert_true(acpi.power.sleep_known);
        assert_int_equal(acpi.power.sleep_type_a, 5);
        assert_int_equal(acpi.power.sleep_type_b, 7);
    }
}

static void test_s5_forms(void **state)
{
    static const struct {
        u8 code[24];
        u32 size;
        bool known;
        u8 a, b;
    } forms[] = {
        {{8, '_', 'S', '5', '_', 0x12, 4, 2, 0, 1}, 10, true, 0, 1},
        {{8, '\\', '_', 'S', '5', '_', 0x12, 4, 2, 0, 1}, 11, true, 0, 1},
        {{8, '_', 'S', '5', '_', 0x12, 0x40, 6, 4, 0x0b, 3, 0, 0x0c, 2, 0, 0, 0}, 17, true, 3, 2},
        {{8, '_', 'S', '5', '_', 0x12, 0xc0, 1, 2, 3, 2, 1, 0}, 13, true, 1, 0},
        {{8, '_', 'S', '5', '_', 0x12, 3, 1, 0xff}, 9, true, 7, 0},
        {{8, '_', 'S', '5', '_', 0x12, 4, 2, 'A', 1}, 10, false, 0, 0}, /* not a number */
        {{8, '_', 'S', '5', '_', 0x12, 2, 0, 0, 0}, 10, false, 0, 0},   /* empty */
        {{8, '_', 'S', '5', '_', 0x12, 4}, 7, false, 0, 0},             /* cut */
        {{8, '_', 'S', '5', '_', 0x12, 0xc0}, 7, false, 0, 0},          /* cut in PkgLength */
        {{8, '_', 'S', '5', '_', 0x12, 4, 2}, 8, false, 0, 0},          /* cut before a number */
        {{8, '_', 'S', '5', '_', 0x12, 4, 2, 0x0c, 1, 2, 3}, 12, false, 0, 0},
        {{9, '_', 'S', '5', '_', 0x12, 4, 2, 0, 1}, 10, false, 0, 0}, /* not a definition */
        {{8, '_', 'S', '5', '_', 0x11, 4, 2, 0, 1}, 10, false, 0, 0}, /* not a package */
        {{8, '_', 'S', '4', '_', 0x12, 4, 2, 0, 1}, 10, false, 0, 0},
    };
    for (usize i = 0; i < array_count(forms); i++) {
        setup(state);
        fadt_add(116, 3, forms[i].code, forms[i].size);
        read_all();
        assert_int_equal(acpi.power.sleep_known, forms[i].known);
        assert_int_equal(acpi.power.sleep_type_a, forms[i].a);
        assert_int_equal(acpi.power.sleep_type_b, forms[i].b);
    }
}

static void test_limits(void **state)
{
    (void)state;
    /* Many broken tables: the first problems are kept, and their names are printable. */
    u64 bad = table_add("\x01\xff z", "", 0);
    memory[bad + 20] ^= 1;
    for (; tables < 20; tables++)
        put(XSDT + 36 + 8 * tables, bad, 8);
    finish_tables();
    read_all();
    assert_int_equal(acpi.problem_count, ACPI_PROBLEM_LIMIT);
    assert_problem(ACPI_PROBLEM_LIMIT - 1, "???z", ACPI_CHECKSUM);
    /* More entries than are looked at. */
    memset(memory + XSDT + 36, 0, 0x800);
    tables = ACPI_ENTRY_LIMIT + 1;
    finish(XSDT, "XSDT", 36 + 8 * tables);
    read_all();
    assert_int_equal(acpi.found, ACPI_OK);
    assert_int_equal(acpi.problem_count, 1);
    assert_problem(0, "XSDT", ACPI_MANY);
    for (enum acpi_error e = ACPI_OK; e <= ACPI_MANY + 1; e++)
        assert_true(strlen(acpi_error_text(e)) > 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_none, setup),
        cmocka_unit_test_setup(test_finding, setup),
        cmocka_unit_test_setup(test_ebda, setup),
        cmocka_unit_test_setup(test_checksums, setup),
        cmocka_unit_test_setup(test_lengths, setup),
        cmocka_unit_test_setup(test_madt, setup),
        cmocka_unit_test_setup(test_bad_madt, setup),
        cmocka_unit_test_setup(test_mcfg_and_hpet, setup),
        cmocka_unit_test_setup(test_dmar, setup),
        cmocka_unit_test_setup(test_fadt, setup),
        cmocka_unit_test_setup(test_old_fadt, setup),
        cmocka_unit_test_setup(test_s5_everywhere, setup),
        cmocka_unit_test_setup(test_s5_forms, setup),
        cmocka_unit_test_setup(test_limits, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

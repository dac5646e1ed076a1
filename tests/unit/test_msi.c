/* Unit tests of how PCI functions are made to interrupt (servers/root/msi.h), on configuration
 * space and an MSI-X table made of memory. */
// with: servers/root/msi.c
#include "unit.h"

#include "../../servers/root/msi.h"
#include <abi/object.h>

#define MSI_AT  0x50u
#define MSIX_AT 0x70u
#define MESSAGE (0xfee01000ul | 0x41ul << 32)

static u8 space[256];
static u32 master_writes; /* of the command register, with bus mastering on */
static struct acpi acpi;
static struct pci_function function;

static u32 fake_read(void *context, u16 address, u32 offset, u32 width)
{
    u32 value = 0;
    (void)context;
    assert_int_equal(address, 0x18);
    assert_true(offset + width <= sizeof(space) && offset % width == 0);
    memcpy(&value, space + offset, width);
    return value;
}

static void fake_write(void *context, u16 address, u32 offset, u32 width, u32 value)
{
    (void)context;
    assert_int_equal(address, 0x18);
    assert_true(offset + width <= sizeof(space) && offset % width == 0);
    master_writes += offset == 4 && (value & 4);
    memcpy(space + offset, &value, width);
}

static const struct pci_access access = {.read = fake_read, .write = fake_write};

static u32 get(u32 offset, u32 width)
{
    return fake_read(NULL, 0x18, offset, width);
}

static void put(u32 offset, u32 width, u32 value)
{
    memcpy(space + offset, &value, width);
}

/* A function with MSI and MSI-X, both switched on by somebody before us, and with a line. */
static int setup(void **state)
{
    (void)state;
    memset(space, 0, sizeof(space));
    master_writes = 0;
    acpi = (struct acpi){0};
    for (u32 i = 0; i < ACPI_ISA_LINES; i++)
        acpi.isa[i].line = i;
    function = (struct pci_function){
        .address = 0x18,
        .pin = 1,
        .line = 11,
        .msi = MSI_AT,
        .msi_vectors = 4,
        .msix = MSIX_AT,
        .msix_vectors = 5,
        .msix_table_bar = 3,
        .msix_table = 0x1000,
        .msix_pba_bar = 2,
        .bars = {[0] = {.address = 0xfe000000, .size = 0x20000},
                 [1] = {.address = 0xc000, .size = 32, .port = true},
                 [3] = {.address = 0xfe040000, .size = 0x2000}},
    };
    put(4, 2, 0x0007);
    put(MSI_AT + 2, 2, 0x00a5);  /* on, 4 of 4 messages, 64 bits */
    put(MSIX_AT + 2, 2, 0x8004); /* on */
    return 0;
}

static void test_choice(void **state)
{
    (void)state;
    assert_int_equal(msi_choose(&function, &acpi), MSI_TABLE);
    assert_int_equal(msi_table_address(&function), 0xfe041000);
    assert_int_equal(msi_table_size(&function), 80);
    function.msix = 0;
    assert_int_equal(msi_choose(&function, &acpi), MSI_PLAIN);
    function.msi = 0;
    assert_int_equal(msi_choose(&function, &acpi), MSI_LINE);
    function.pin = 0;
    assert_int_equal(msi_choose(&function, &acpi), MSI_NONE);
}

/* Where the table cannot be, MSI has to do. */
static void test_bad_tables(void **state)
{
    (void)state;
    function.msix_table = 0x2000 - 80;
    assert_int_equal(msi_choose(&function, &acpi), MSI_TABLE);
    static const struct {
        u32 bar, offset;
    } bad[] = {{3, 0x2000 - 72}, {3, 0x2000},       {3, 0x2008}, {3, 0xfffffff8},
               {1, 0},           {2, 0} /* none */, {6, 0},      {7, 0}};
    for (u32 i = 0; i < array_count(bad); i++) {
        function.msix_table_bar = (u8)bad[i].bar;
        function.msix_table = bad[i].offset;
        assert_int_equal(msi_choose(&function, &acpi), MSI_PLAIN);
    }
    function.msix_table_bar = 3;
    function.msix_table = 0;
    function.bars[3].address = 0; /* never given an address */
    assert_int_equal(msi_choose(&function, &acpi), MSI_PLAIN);
}

static void test_bars(void **state)
{
    (void)state;
    for (u32 bar = 0; bar < PCI_BARS; bar++)
        assert_int_equal(msi_owns_bar(&function, bar), bar == 2 || bar == 3);
    function.msix = 0;
    for (u32 bar = 0; bar < PCI_BARS; bar++)
        assert_false(msi_owns_bar(&function, bar));
}

static void test_lines(void **state)
{
    (void)state;
    assert_int_equal(msi_line(&function, &acpi), 11 | IRQ_LEVEL | IRQ_ACTIVE_LOW);
    acpi.isa[11] = (struct acpi_line){.line = 11, .level = true};
    assert_int_equal(msi_line(&function, &acpi), 11 | IRQ_LEVEL);
    acpi.isa[11] = (struct acpi_line){.line = 20, .level = true, .active_low = true};
    assert_int_equal(msi_line(&function, &acpi), 20 | IRQ_LEVEL | IRQ_ACTIVE_LOW);
    acpi.isa[11] = (struct acpi_line){.line = 21};
    assert_int_equal(msi_line(&function, &acpi), 21 | IRQ_LEVEL | IRQ_ACTIVE_LOW);
    function.line = 16;
    assert_int_equal(msi_line(&function, &acpi), 16 | IRQ_LEVEL | IRQ_ACTIVE_LOW);
    function.line = 255;
    assert_int_equal(msi_line(&function, &acpi), 0);
    function.line = 0;
    assert_int_equal(msi_line(&function, &acpi), 0);
}

static void test_quiet(void **state)
{
    (void)state;
    msi_quiet(&access, &function);
    assert_int_equal(get(4, 2), 0x0403); /* no bus master, no line, memory */
    assert_int_equal(get(MSI_AT + 2, 2), 0x00a4);
    assert_int_equal(get(MSIX_AT + 2, 2), 0x4004); /* off, and all of it masked */
    assert_int_equal(master_writes, 0);
}

static void test_table(void **state)
{
    (void)state;
    u32 table[6 * 4];
    memset(table, 0x5a, sizeof(table));
    msi_quiet(&access, &function);
    msi_start_table(&access, &function, table, MESSAGE);
    assert_int_equal(table[0], 0xfee01000);
    assert_int_equal(table[1], 0);
    assert_int_equal(table[2], 0x41);
    assert_int_equal(table[3], 0);
    for (u32 i = 1; i < 5; i++)
        assert_int_equal(table[4 * i + 3], 1);
    assert_int_equal(table[4 * 5 + 3], 0x5a5a5a5a); /* behind the last entry */
    assert_int_equal(get(MSIX_AT + 2, 2), 0x8004);
    assert_int_equal(get(MSI_AT + 2, 2) & 1, 0);
    assert_int_equal(get(4, 2), 0x0403);
}

/* The data stands elsewhere in each of the four forms of the capability. */
static void test_plain(void **state)
{
    (void)state;
    static const struct {
        u32 control, data, mask; /* the last two: offsets; mask 0: there is none */
    } forms[] = {{0x0000, 8, 0}, {0x0080, 12, 0}, {0x0100, 8, 12}, {0x0180, 12, 16}};
    for (u32 i = 0; i < array_count(forms); i++) {
        memset(space + MSI_AT, 0xee, 32);
        put(MSI_AT + 2, 2, forms[i].control | 0x25);
        msi_quiet(&access, &function);
        msi_start_plain(&access, &function, MESSAGE);
        assert_int_equal(get(MSI_AT + 4, 4), 0xfee01000);
        if (forms[i].data == 12)
            assert_int_equal(get(MSI_AT + 8, 4), 0);
        assert_int_equal(get(MSI_AT + forms[i].data, 2), 0x41);
        assert_int_equal(get(MSI_AT + forms[i].data + 2, 2), 0xeeee);
        if (forms[i].mask)
            assert_int_equal(get(MSI_AT + forms[i].mask, 4), 0);
        u32 end = forms[i].mask ? forms[i].mask + 4 : forms[i].data + 4;
        assert_int_equal(get(MSI_AT + end, 4), 0xeeeeeeee);
        /* On, one message, and what else it says of itself as it was. */
        assert_int_equal(get(MSI_AT + 2, 2), (forms[i].control & ~0x70u) | 0x05);
        assert_int_equal(get(4, 2), 0x0403);
    }
}

static void test_line(void **state)
{
    (void)state;
    msi_quiet(&access, &function);
    msi_start_line(&access, &function);
    assert_int_equal(get(4, 2), 0x0003);
    assert_int_equal(get(MSI_AT + 2, 2) & 1, 0);
    assert_int_equal(get(MSIX_AT + 2, 2) & 0x8000, 0);
    assert_int_equal(master_writes, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_choice, setup), cmocka_unit_test_setup(test_bad_tables, setup),
        cmocka_unit_test_setup(test_bars, setup),   cmocka_unit_test_setup(test_lines, setup),
        cmocka_unit_test_setup(test_quiet, setup),  cmocka_unit_test_setup(test_table, setup),
        cmocka_unit_test_setup(test_plain, setup),  cmocka_unit_test_setup(test_line, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

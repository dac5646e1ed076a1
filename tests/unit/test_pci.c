/* Unit tests of the walk over PCI (servers/root/pci.h), on a pretended configuration space. */
// with: servers/root/pci.c
#include "unit.h"

#include "../../servers/root/pci.h"

/* A function: its bytes, and for each BAR which bits can be written. */
struct fake {
    u16 address;
    u8 bytes[256];
    u32 bar_mask[6];
    bool decoding_while_sizing; /* found out: a BAR was written while decoding was on */
};

#define FAKES 80
static struct fake fakes[FAKES];
static u32 fake_count;
static u32 reads;
static struct pci pci;

static struct fake *fake_find(u16 address)
{
    for (u32 i = 0; i < fake_count; i++) {
        if (fakes[i].address == address)
            return &fakes[i];
    }
    return NULL;
}

static u32 fake_read(void *context, u16 function, u32 offset, u32 width)
{
    (void)context;
    u32 value = 0;
    assert_true(offset + width <= 256 && offset % width == 0);
    reads++;
    struct fake *fake = fake_find(function);
    if (!fake)
        return 0xffffffff >> (32 - 8 * width);
    memcpy(&value, fake->bytes + offset, width);
    return value;
}

static void fake_write(void *context, u16 function, u32 offset, u32 width, u32 value)
{
    (void)context;
    struct fake *fake = fake_find(function);
    assert_non_null(fake);
    if (offset == 4) {
        assert_int_equal(width, 2);
    } else {
        /* Nothing but the command register and the BARs may be written. */
        assert_true(offset >= 0x10 && offset < 0x28 && width == 4);
        fake->decoding_while_sizing |= fake->bytes[4] & 3;
        u32 old, mask = fake->bar_mask[(offset - 0x10) / 4];
        memcpy(&old, fake->bytes + offset, 4);
        value = (old & ~mask) | (value & mask);
    }
    memcpy(fake->bytes + offset, &value, width);
}

static const struct pci_access access = {.read = fake_read, .write = fake_write};

static void put(struct fake *fake, u32 offset, u32 value, u32 width)
{
    memcpy(fake->bytes + offset, &value, width);
}

static struct fake *fake_add(u16 address, u16 vendor, u16 device, u16 class_subclass, u8 header)
{
    assert_in_range(fake_count, 0, FAKES - 1);
    struct fake *fake = &fakes[fake_count++];
    *fake = (struct fake){.address = address};
    put(fake, 0, vendor, 2);
    put(fake, 2, device, 2);
    put(fake, 4, 7, 2);
    put(fake, 0x0a, class_subclass & 0xff, 1);
    put(fake, 0x0b, class_subclass >> 8, 1);
    put(fake, 0x0e, header, 1);
    return fake;
}

static void bridge_add(u16 address, u8 secondary)
{
    put(fake_add(address, 0x8086, 0x244e, 0x0604, 1), 0x19, secondary, 1);
}

static int setup(void **state)
{
    (void)state;
    fake_count = reads = 0;
    return 0;
}

static void test_nothing(void **state)
{
    (void)state;
    pci_enumerate(&pci, &access);
    assert_int_equal(pci.count, 0);
    assert_int_equal(pci.buses, 1);
    assert_null(pci_find_device(&pci, 0xffff, 0xffff));
}

static void test_functions(void **state)
{
    (void)state;
    fake_add(0 << 3, 0x8086, 0x29c0, 0x0600, 0);
    fake_add(31 << 3, 0x8086, 0x2918, 0x0601, 0x80);
    struct fake *ahci = fake_add(31 << 3 | 2, 0x8086, 0x2922, 0x0106, 0x80);
    put(ahci, 0x09, 1, 1);
    put(ahci, 0x3c, 11, 1);
    put(ahci, 0x3d, 2, 1);
    fake_add(5 << 3, 0x1234, 1, 0xff00, 0);
    fake_add(5 << 3 | 1, 0x1234, 2, 0xff00, 0); /* hidden: function 0 is a single one */
    pci_enumerate(&pci, &access);
    assert_int_equal(pci.count, 4);
    const struct pci_function *found = pci_find_class(&pci, 1, 6);
    assert_non_null(found);
    assert_int_equal(found->address, 31 << 3 | 2);
    assert_int_equal(found->interface, 1);
    assert_int_equal(found->pin, 2);
    assert_int_equal(found->line, 11);
    assert_int_equal(found->header_type, 0);
    assert_ptr_equal(pci_find_device(&pci, 0x8086, 0x2922), found);
    assert_null(pci_find_device(&pci, 0x1234, 2));
    assert_null(pci_find_class(&pci, 2, 0));
    assert_false(pci.more);
}

/* What somebody has is not found again, but the next of its kind is. */
static void test_taken(void **state)
{
    (void)state;
    for (u16 device = 3; device < 6; device++)
        fake_add((u16)(device << 3), 0x8086, 0x100e, 0x0200, 0);
    pci_enumerate(&pci, &access);
    pci.functions[0].taken = true;
    assert_ptr_equal(pci_find_class(&pci, 2, 0), &pci.functions[1]);
    pci.functions[1].taken = true;
    assert_ptr_equal(pci_find_device(&pci, 0x8086, 0x100e), &pci.functions[2]);
    pci.functions[2].taken = true;
    assert_null(pci_find_class(&pci, 2, 0));
    assert_null(pci_find_device(&pci, 0x8086, 0x100e));
}

static void test_bridges(void **state)
{
    (void)state;
    bridge_add(1 << 3, 1);
    bridge_add(2 << 3, 0);     /* never configured */
    bridge_add(1 << 8 | 0, 7); /* behind the first one */
    bridge_add(7 << 8 | 0, 1); /* leads back */
    bridge_add(7 << 8 | 1 << 3, 255);
    fake_add(255 << 8 | 31 << 3, 1, 2, 0x0200, 0);
    pci_enumerate(&pci, &access);
    assert_int_equal(pci.count, 6);
    assert_int_equal(pci.buses, 4);
    assert_non_null(pci_find_device(&pci, 1, 2));
}

static void test_bars(void **state)
{
    (void)state;
    struct fake *fake = fake_add(3 << 3, 0x8086, 0x10d3, 0x0200, 0);
    put(fake, 0x10, 0xfebc0000, 4);
    fake->bar_mask[0] = 0xfffe0000;
    put(fake, 0x14, 0x0000c041, 4); /* ports */
    fake->bar_mask[1] = 0xffffffe0;
    put(fake, 0x18, 0xe000000c, 4); /* 64 bits, prefetchable, above 4 GiB */
    put(fake, 0x1c, 0x00000012, 4);
    fake->bar_mask[2] = 0xf0000000;
    fake->bar_mask[3] = 0xffffffff;
    put(fake, 0x24, 0x0000d001, 4); /* ports, of which the upper half is not wired */
    fake->bar_mask[5] = 0x0000fff8;
    u8 before[256];
    memcpy(before, fake->bytes, sizeof(before));
    pci_enumerate(&pci, &access);
    assert_memory_equal(fake->bytes, before, sizeof(before));
    assert_false(fake->decoding_while_sizing);
    const struct pci_bar *bars = pci.functions[0].bars;
    assert_int_equal(bars[0].address, 0xfebc0000);
    assert_int_equal(bars[0].size, 128 << 10);
    assert_false(bars[0].port || bars[0].prefetchable);
    assert_int_equal(bars[1].address, 0xc040);
    assert_int_equal(bars[1].size, 32);
    assert_true(bars[1].port);
    assert_int_equal(bars[2].address, 0x12e0000000);
    assert_int_equal(bars[2].size, 256 << 20);
    assert_true(bars[2].prefetchable);
    assert_int_equal(bars[3].size, 0);
    assert_int_equal(bars[4].size, 0);
    assert_int_equal(bars[5].address, 0xd000);
    assert_int_equal(bars[5].size, 8);
}

static void test_large_bar(void **state)
{
    (void)state;
    struct fake *fake = fake_add(3 << 3, 1, 1, 0x0300, 0);
    put(fake, 0x10, 0x0000000c, 4); /* 8 GiB */
    put(fake, 0x14, 0x00000040, 4);
    fake->bar_mask[1] = 0xfffffffe;
    put(fake, 0x24, 0x00000004, 4); /* 64 bits, but there is no other half */
    fake->bar_mask[5] = 0xfffff000;
    struct fake *host = fake_add(0, 1, 2, 0x0600, 0); /* bridges are not measured */
    put(host, 0x10, 0xe0000000, 4);
    host->bar_mask[0] = 0xf0000000;
    pci_enumerate(&pci, &access);
    assert_int_equal(pci.functions[1].bars[0].address, 0x4000000000);
    assert_int_equal(pci.functions[1].bars[0].size, 8ul << 30);
    assert_int_equal(pci.functions[1].bars[5].size, 4096);
    assert_int_equal(pci.functions[0].bars[0].size, 0);
}

static void test_capabilities(void **state)
{
    (void)state;
    struct fake *fake = fake_add(3 << 3, 1, 1, 0x0200, 0);
    put(fake, 0x34, 0xc8, 1);
    put(fake, 0xc8, 0x01 | 0xd0 << 8, 2); /* power management */
    put(fake, 0xd0, 0x05 | 0xe1 << 8, 2); /* MSI, 4 vectors; low bits are reserved */
    put(fake, 0xd2, 0x0084, 2);
    put(fake, 0xe0, 0x11 | 0xc8 << 8, 2); /* MSI-X, 5 vectors; leads back */
    put(fake, 0xe2, 0x8004, 2);
    put(fake, 0xe4, 0x00002003, 4);
    put(fake, 0xe8, 0x00000801, 4);
    pci_enumerate(&pci, &access);
    assert_int_equal(pci.functions[0].msi, 0); /* the status register says there is no list */
    put(fake, 0x06, 0x10, 2);
    reads = 0;
    pci_enumerate(&pci, &access);
    assert_int_equal(pci.functions[0].msi, 0xd0);
    assert_int_equal(pci.functions[0].msi_vectors, 4);
    assert_int_equal(pci.functions[0].msix, 0xe0);
    assert_int_equal(pci.functions[0].msix_vectors, 5);
    assert_int_equal(pci.functions[0].msix_table, 0x2000);
    assert_int_equal(pci.functions[0].msix_table_bar, 3);
    assert_int_equal(pci.functions[0].msix_pba_bar, 1);
    assert_in_range(reads, 1, 500);
    put(fake, 0x34, 0x20, 1); /* into the header: no list */
    pci_enumerate(&pci, &access);
    assert_int_equal(pci.functions[0].msi, 0);
    put(fake, 0x34, 0xff, 1);
    pci_enumerate(&pci, &access);
    assert_int_equal(pci.functions[0].msi, 0);
    put(fake, 0x34, 0xf8, 1); /* MSI-X that does not fit before the end */
    put(fake, 0xf8, 0x11, 2);
    pci_enumerate(&pci, &access);
    assert_int_equal(pci.functions[0].msix, 0);
}

static void test_limit(void **state)
{
    (void)state;
    for (u32 i = 0; i < 10; i++) {
        for (u32 f = 0; f < 8 && fake_count < FAKES; f++)
            fake_add((u16)(i << 3 | f), 1, 1, 0x0200, 0x80);
    }
    pci_enumerate(&pci, &access);
    assert_int_equal(pci.count, PCI_FUNCTION_LIMIT);
    assert_true(pci.more);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_nothing, setup),
        cmocka_unit_test_setup(test_functions, setup),
        cmocka_unit_test_setup(test_taken, setup),
        cmocka_unit_test_setup(test_bridges, setup),
        cmocka_unit_test_setup(test_bars, setup),
        cmocka_unit_test_setup(test_large_bar, setup),
        cmocka_unit_test_setup(test_capabilities, setup),
        cmocka_unit_test_setup(test_limit, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Unit tests of the disk server's table of disks and volumes: names, who may share what, and disks
 * that go.
 */
// with: servers/disk/volumes.c libpv/base/parse.c libpv/base/format.c
#include "unit.h"

#include <disk/volumes.h>

static struct volumes volumes;
static struct gpt gpt;

static int setup(void **state)
{
    (void)state;
    memset(&volumes, 0, sizeof(volumes));
    memset(&gpt, 0, sizeof(gpt));
    return 0;
}

static void add_partition(const char *name, u64 first, u64 sectors)
{
    struct gpt_partition *partition = &gpt.partitions[gpt.partition_count++];
    *partition = (struct gpt_partition){first, sectors, gpt.partition_count, ""};
    strcpy(partition->name, name);
}

static struct disk *add_disk(enum disk_kind kind, u32 unit, const char *name, bool table)
{
    struct disk *disk = volumes_add_disk(&volumes, kind, unit, name);
    assert_non_null(disk);
    assert_int_equal(disk->state, DISK_PROBING);
    disk->sectors = 1000;
    assert_true(volumes_add(&volumes, disk, table ? &gpt : NULL));
    assert_int_equal(disk->state, DISK_READY);
    return disk;
}

static struct volume *find(const char *name)
{
    return volumes_find(&volumes, slice_of(name));
}

static void assert_at(const char *name, u64 first, u64 sectors)
{
    const struct volume *volume = find(name);
    if (!volume)
        fail_msg("there is no volume %s", name);
    assert_int_equal(volume->first, first);
    assert_int_equal(volume->sectors, sectors);
}

static void names(void **state)
{
    (void)state;
    add_disk(DISK_RAM, 0, "scratch", false);
    add_partition("system", 10, 5);
    add_partition("", 20, 5);
    add_partition("scratch", 30, 5); /* taken by the RAM disk */
    add_partition("ahci9", 40, 5);   /* might be a disk */
    add_partition("ahci2-p1", 50, 5);
    add_partition("ahcix", 60, 5);
    add_disk(DISK_AHCI, 2, "ahci2", true);
    add_disk(DISK_AHCI, 3, "ahci3", true);
    assert_at("scratch", 0, 1000);
    assert_at("ahci2", 0, 1000);
    assert_at("system", 10, 5);
    assert_at("ahci2-p2", 20, 5);
    assert_at("ahci2-p3", 30, 5);
    assert_at("ahci2-p4", 40, 5);
    assert_at("ahci2-p5", 50, 5);
    assert_at("ahcix", 60, 5);
    assert_at("ahci3-p1", 10, 5); /* the other disk has the names */
    assert_at("ahci3-p6", 60, 5);
    assert_null(find("ahci9"));
    assert_null(find("ahci2-p1"));
    assert_null(find("syste"));
    assert_null(find(""));
    assert_ptr_equal(find("system")->disk, volumes_disk(&volumes, DISK_AHCI, 2));
}

static void sharing(void **state)
{
    (void)state;
    add_partition("a", 10, 10);
    add_partition("b", 20, 10);
    add_disk(DISK_AHCI, 0, "ahci0", true);
    add_disk(DISK_AHCI, 1, "ahci1", false);
    struct volume *a = find("a"), *b = find("b"), *whole = find("ahci0"), *other = find("ahci1");
    assert_int_equal(volume_claim(&volumes, a, false), SESSION_REASON_NONE);
    assert_int_equal(volume_claim(&volumes, a, false), SESSION_REASON_NONE);
    assert_int_equal(volume_claim(&volumes, whole, false), SESSION_REASON_NONE);
    assert_int_equal(volume_claim(&volumes, a, true), SESSION_IN_USE);
    assert_int_equal(volume_claim(&volumes, b, true), SESSION_IN_USE); /* the whole is read */
    assert_int_equal(volume_claim(&volumes, other, true), SESSION_REASON_NONE);
    volume_release(whole, false);
    assert_int_equal(volume_claim(&volumes, b, true), SESSION_REASON_NONE);
    assert_int_equal(volume_claim(&volumes, b, true), SESSION_IN_USE);
    assert_int_equal(volume_claim(&volumes, b, false), SESSION_IN_USE);
    assert_int_equal(volume_claim(&volumes, whole, false), SESSION_IN_USE);
    assert_int_equal(volume_claim(&volumes, a, false), SESSION_REASON_NONE);
    volume_release(b, true);
    assert_int_equal(volume_claim(&volumes, whole, true), SESSION_IN_USE);
    for (u32 i = 0; i < 3; i++)
        volume_release(a, false);
    assert_int_equal(volume_claim(&volumes, whole, true), SESSION_REASON_NONE);
    assert_int_equal(volume_claim(&volumes, a, false), SESSION_IN_USE);
}

static void not_ready_yet(void **state)
{
    (void)state;
    struct disk *disk = volumes_add_disk(&volumes, DISK_AHCI, 5, "ahci5");
    assert_null(find("ahci5"));
    assert_ptr_equal(volumes_disk(&volumes, DISK_AHCI, 5), disk);
    assert_null(volumes_disk(&volumes, DISK_RAM, 5));
}

/* A disk that is pulled out: its names are free, its places are kept while somebody uses them. */
static void gone(void **state)
{
    (void)state;
    add_partition("a", 10, 10);
    add_partition("b", 20, 10);
    struct disk *first = add_disk(DISK_AHCI, 0, "ahci0", true);
    struct volume *used = find("a");
    assert_int_equal(volume_claim(&volumes, used, true), SESSION_REASON_NONE);
    disk_remove(first);
    assert_true(volume_is_gone(used));
    assert_null(find("a"));
    assert_null(find("ahci0"));
    assert_null(volumes_disk(&volumes, DISK_AHCI, 0));

    struct disk *second = add_disk(DISK_AHCI, 0, "ahci0", true);
    assert_ptr_not_equal(second, first);
    assert_ptr_equal(find("a")->disk, second);
    assert_ptr_not_equal(find("a"), used);
    assert_ptr_equal(used->disk, first);
    assert_int_equal(volume_claim(&volumes, find("a"), true), SESSION_REASON_NONE);
    volume_release(used, true);
    disk_remove(second);
    assert_ptr_equal(add_disk(DISK_AHCI, 1, "ahci1", true), first); /* the place is free again */
}

/* However often a disk is pulled out and put in again, there is room for it. */
static void in_and_out(void **state)
{
    (void)state;
    for (u32 i = 0; i < 100; i++)
        add_partition("", 10 * i, 10);
    for (u32 i = 0; i < 1000; i++)
        disk_remove(add_disk(DISK_AHCI, 0, "ahci0", true));
}

static void full(void **state)
{
    (void)state;
    for (u32 i = 0; i < DISKS; i++) {
        char name[DISK_NAME_SIZE];
        snprintf(name, sizeof(name), "ahci%u", i);
        add_disk(DISK_AHCI, i, name, false);
    }
    assert_null(volumes_add_disk(&volumes, DISK_AHCI, DISKS, "more"));

    setup(NULL);
    for (u32 i = 0; i < 128; i++)
        add_partition("", 3 * i, 3);
    add_disk(DISK_AHCI, 0, "ahci0", true);
    struct disk *disk = volumes_add_disk(&volumes, DISK_AHCI, 1, "ahci1");
    assert_false(volumes_add(&volumes, disk, &gpt)); /* 258 are needed */
    assert_at("ahci1", 0, 0);
    assert_at("ahci1-p126", 375, 3);
    assert_null(find("ahci1-p127"));
}

static void long_names(void **state)
{
    (void)state;
    add_partition("abcdefghijklmnopqrstuvwxyz0123456789", 10, 10);
    struct disk *disk = add_disk(DISK_RAM, 0, "a-name-of-far-more-than-16", true);
    assert_string_equal(disk->name, "a-name-of-far-m");
    assert_non_null(find("a-name-of-far-m"));
    assert_non_null(find("abcdefghijklmnopqrstuvwxyz0123456789"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(names, setup),         cmocka_unit_test_setup(sharing, setup),
        cmocka_unit_test_setup(not_ready_yet, setup), cmocka_unit_test_setup(gone, setup),
        cmocka_unit_test_setup(in_and_out, setup),    cmocka_unit_test_setup(full, setup),
        cmocka_unit_test_setup(long_names, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Unit tests of object/region.c: what a space shows where, compared with an array of pages; and the
 * page-table entries that follow from it. The memory objects are the test's own.
 */
// with: kernel/object/region.c kernel/memory/paging.c
// with: kernel/object/pool.c kernel/memory/frames.c kernel/debug/trace.c
#include "pools.h"

#include "object/space.h"

#define FRAMES 2048ul

static struct pool *pool;
static struct space *space;
static struct memory memory; /* page N is at N * PAGE_SIZE + where */
static u64 where;
static u64 large_from, large_to; /* these pages are in large frames */
static u64 absent;               /* this one is missing */
static u32 released, flushes;

u64 memory_frame(const struct memory *asked, u64 page, bool *large)
{
    assert_ptr_equal(asked, &memory);
    assert_true(page < memory.pages);
    *large = page >= large_from && page < large_to;
    return page == absent ? FRAME_NONE : where + page * PAGE_SIZE;
}

void memory_released(struct memory *asked)
{
    assert_ptr_equal(asked, &memory);
    released++;
}

void space_flush(const struct space *asked)
{
    assert_ptr_equal(asked, space);
    flushes++;
}

enum error object_destroy_step(struct object *object)
{
    (void)object;
    return ERR_NONE;
}

static void begin(u64 pages)
{
    pool = host_pool(FRAMES, pages + 1);
    free(space);
    space = calloc(1, sizeof(*space));
    assert_non_null(space);
    space->object.pool = pool;
    space->page_table = pool_take_page(pool);
    space->top = phys_to_virt(space->page_table);
    memset(&memory, 0, sizeof(memory));
    memory.pages = MEMORY_PAGES_LIMIT;
    list_init(&memory.regions);
    where = 1ul << 40;
    large_from = large_to = 0;
    absent = ~0ul;
    released = flushes = 0;
}

static int end(void **state)
{
    (void)state;
    free(space);
    space = NULL;
    host_memory_end();
    return 0;
}

static enum error map(u64 address, u64 first, u64 pages, u64 rights)
{
    return space_map(space, &memory, address, first, pages, rights);
}

static void remove_region(struct region *region)
{
    for (int step = 0; !region_remove_step(region); step++)
        assert_true(step < 10000);
}

static void remove_all(void)
{
    while (space->region_count > 0)
        remove_region(space->regions[space->region_count - 1]);
    assert_int_equal(pool->used, 1);
    assert_true(list_empty(&memory.regions));
}

/* ---- regions ---- */

static void test_a_region(void **state)
{
    (void)state;
    begin(10);
    assert_null(space_region(space, 0));
    assert_int_equal(map(0x10000, 7, 3, RIGHT_READ), ERR_NONE);
    struct region *region = space_region(space, 0x10000);
    assert_non_null(region);
    assert_ptr_equal(space_region(space, 0x12fff), region);
    assert_null(space_region(space, 0xffff));
    assert_null(space_region(space, 0x13000));
    assert_null(space_region(space, ~0ul));
    assert_int_equal(region->address, 0x10000);
    assert_int_equal(region->bytes, 3 * PAGE_SIZE);
    assert_int_equal(region->first, 7);
    assert_false(list_empty(&memory.regions));
    remove_region(region);
    assert_int_equal(released, 1);
    assert_null(space_region(space, 0x10000));
    remove_all();
}

static void test_overlaps(void **state)
{
    (void)state;
    begin(10);
    u64 a = 0x10000, page = PAGE_SIZE;
    assert_int_equal(map(a, 0, 4, RIGHT_READ), ERR_NONE);
    assert_int_equal(map(a, 0, 1, RIGHT_READ), ERR_OCCUPIED);
    assert_int_equal(map(a + 3 * page, 0, 1, RIGHT_READ), ERR_OCCUPIED);
    assert_int_equal(map(a + 3 * page, 0, 9, RIGHT_READ), ERR_OCCUPIED);
    assert_int_equal(map(a - page, 0, 2, RIGHT_READ), ERR_OCCUPIED);
    assert_int_equal(map(a - page, 0, 100, RIGHT_READ), ERR_OCCUPIED);
    assert_int_equal(map(0, 0, MEMORY_PAGES_LIMIT, RIGHT_READ), ERR_OCCUPIED);
    assert_int_equal(space->region_count, 1);
    assert_int_equal(map(a + 4 * page, 0, 1, RIGHT_READ), ERR_NONE); /* side by side */
    assert_int_equal(map(a - page, 0, 1, RIGHT_READ), ERR_NONE);
    assert_int_equal(map(USER_END - page, 0, 1, RIGHT_READ), ERR_NONE);
    assert_int_equal(map(0, 0, 1, RIGHT_READ), ERR_NONE);
    remove_all();
}

static void test_limits(void **state)
{
    (void)state;
    begin(100);
    for (u64 i = 0; i < REGION_LIMIT; i++)
        assert_int_equal(map((i * 37 % REGION_LIMIT) * 2 * PAGE_SIZE, 0, 1, RIGHT_READ), ERR_NONE);
    assert_int_equal(map(PAGE_SIZE, 0, 1, RIGHT_READ), ERR_LIMIT);
    assert_int_equal(map(0, 0, 1, RIGHT_READ), ERR_OCCUPIED);
    for (u64 i = 0; i < REGION_LIMIT; i++)
        assert_int_equal(space->regions[i]->address, i * 2 * PAGE_SIZE);
    remove_all();
    begin(0);
    assert_int_equal(map(0, 0, 1, RIGHT_READ), ERR_MEMORY);
    assert_int_equal(space->region_count, 0);
    assert_true(list_empty(&memory.regions));
}

/* ---- page tables ---- */

static u64 shown(u64 address)
{
    return paging_find(space->top, address);
}

static void test_populate(void **state)
{
    (void)state;
    begin(10);
    u64 done, base = 0x40000000;
    assert_int_equal(map(base, 5, 300, RIGHT_READ | RIGHT_WRITE), ERR_NONE);
    assert_int_equal(space_populate(space, base - PAGE_SIZE, 1, &done), ERR_ABSENT);
    assert_int_equal(space_populate(space, base + 10 * PAGE_SIZE, 3, &done), ERR_NONE);
    assert_int_equal(done, 3);
    u64 bits = pte_bits(RIGHT_READ | RIGHT_WRITE, 0);
    for (u64 i = 0; i < 300; i++) {
        u64 expected = i >= 10 && i < 13 ? (where + (i + 5) * PAGE_SIZE) | bits : 0;
        assert_int_equal(shown(base + i * PAGE_SIZE), expected);
    }
    u64 total = 0, calls = 0;
    for (; total < 300; calls++) { /* in bites, and not beyond the region */
        assert_int_equal(space_populate(space, base + total * PAGE_SIZE, ~0ul, &done), ERR_NONE);
        assert_in_range(done, 1, 128);
        total += done;
    }
    assert_int_equal(total, 300);
    assert_int_equal(calls, 3);
    assert_int_equal(shown(base + 300 * PAGE_SIZE), 0);
    for (u64 i = 0; i < 300; i++)
        assert_int_equal(shown(base + i * PAGE_SIZE), (where + (i + 5) * PAGE_SIZE) | bits);
    remove_all();
    assert_true(flushes > 0);
}

static void test_populate_stops_at_what_is_absent(void **state)
{
    (void)state;
    begin(10);
    u64 done;
    absent = 20;
    assert_int_equal(map(0x40000000, 10, 30, RIGHT_READ), ERR_NONE);
    assert_int_equal(space_populate(space, 0x40000000, 30, &done), ERR_NONE);
    assert_int_equal(done, 10);
    assert_int_equal(space_populate(space, 0x4000a000, 30, &done), ERR_ABSENT);
    assert_int_equal(space_fault(space, 0x4000a123, false, false), ERR_ABSENT);
    absent = ~0ul;
    assert_int_equal(space_fault(space, 0x4000a123, false, false), ERR_NONE);
    remove_all();
}

static void test_large_pages(void **state)
{
    (void)state;
    begin(10);
    u64 done, base = 0x40000000;
    large_from = 512;
    large_to = 2048;
    assert_int_equal(map(base, 512, 1024, RIGHT_READ), ERR_NONE);
    assert_int_equal(space_populate(space, base + 100 * PAGE_SIZE, 1024, &done), ERR_NONE);
    assert_int_equal(done, 924);
    u64 bits = pte_bits(RIGHT_READ, 0) | PTE_LARGE;
    assert_int_equal(shown(base), (where + 512 * PAGE_SIZE) | bits);
    assert_int_equal(shown(base + 1023 * PAGE_SIZE), (where + 1024 * PAGE_SIZE) | bits);
    assert_int_equal(pool->used, 1 + 1 + 2); /* top, the region's slab, two tables */
    remove_all();

    /* Only the middle of a large frame fits; and one that lies athwart. */
    assert_int_equal(map(base + PAGE_SIZE, 513, 511, RIGHT_READ), ERR_NONE);
    assert_int_equal(map(base + LARGE_SIZE, 1025, 600, RIGHT_READ), ERR_NONE);
    assert_int_equal(space_fault(space, base + LARGE_SIZE - 1, false, false), ERR_NONE);
    assert_int_equal(space_fault(space, base + LARGE_SIZE, false, false), ERR_NONE);
    assert_int_equal(shown(base + LARGE_SIZE - 1),
                     (where + 1023 * PAGE_SIZE) | pte_bits(RIGHT_READ, 0));
    assert_int_equal(shown(base + LARGE_SIZE),
                     (where + 1025 * PAGE_SIZE) | pte_bits(RIGHT_READ, 0));
    assert_int_equal(shown(base + LARGE_SIZE + PAGE_SIZE), 0);
    remove_all();

    /* The region ends inside the frame. */
    assert_int_equal(map(base, 512, 511, RIGHT_READ), ERR_NONE);
    assert_int_equal(space_fault(space, base, false, false), ERR_NONE);
    assert_int_equal(shown(base + PAGE_SIZE), 0);
    remove_all();
}

static void test_faults(void **state)
{
    (void)state;
    begin(10);
    u64 text = 0x400000, data = 0x600000, constant = 0x800000;
    assert_int_equal(map(text, 0, 1, RIGHT_READ | RIGHT_EXECUTE), ERR_NONE);
    assert_int_equal(map(data, 1, 1, RIGHT_READ | RIGHT_WRITE), ERR_NONE);
    assert_int_equal(map(constant, 2, 1, RIGHT_READ), ERR_NONE);
    assert_int_equal(space_fault(space, text, true, false), ERR_RIGHTS);
    assert_int_equal(space_fault(space, data, false, true), ERR_RIGHTS);
    assert_int_equal(space_fault(space, constant, true, false), ERR_RIGHTS);
    assert_int_equal(space_fault(space, constant, false, true), ERR_RIGHTS);
    assert_int_equal(shown(text) | shown(data) | shown(constant), 0);
    assert_int_equal(space_fault(space, text, false, true), ERR_NONE);
    assert_int_equal(space_fault(space, data + 4095, true, false), ERR_NONE);
    assert_int_equal(space_fault(space, constant, false, false), ERR_NONE);
    assert_int_equal(shown(text), where | pte_bits(RIGHT_READ | RIGHT_EXECUTE, 0));
    assert_int_equal(space_fault(space, data + PAGE_SIZE, false, false), ERR_ABSENT);
    remove_all();
    begin(2); /* too little for the tables */
    assert_int_equal(map(data, 1, 1, RIGHT_READ | RIGHT_WRITE), ERR_NONE);
    assert_int_equal(space_fault(space, data, true, false), ERR_MEMORY);
    remove_all();
}

/* Removal takes several steps; meanwhile nothing comes back. */
static void test_nothing_comes_back(void **state)
{
    (void)state;
    begin(40);
    u64 done, base = 0x40000000, pages = 20 * LARGE_PAGES;
    assert_int_equal(map(base, 0, pages, RIGHT_READ), ERR_NONE);
    for (u64 i = 0; i < pages; i += LARGE_PAGES)
        assert_int_equal(space_fault(space, base + i * PAGE_SIZE, false, false), ERR_NONE);
    struct region *region = space_region(space, base);
    assert_false(region_remove_step(region));
    assert_int_equal(shown(base), 0);
    assert_int_equal(space_fault(space, base, false, false), ERR_ABSENT);
    assert_int_equal(space_populate(space, base, 1, &done), ERR_ABSENT);
    assert_int_equal(space_populate(space, base + (pages - 1) * PAGE_SIZE, 1, &done), ERR_ABSENT);
    assert_int_equal(map(base, 0, 1, RIGHT_READ), ERR_OCCUPIED);
    assert_int_equal(released, 0);
    remove_all();
    assert_int_equal(released, 1);
}

/* ---- against an array ---- */

#define SPAN 600ul /* pages in play */

static u64 shows[SPAN]; /* the page of memory that is shown, plus one; 0: nothing */
static u64 began[SPAN]; /* the page at which the region begins, plus one */
static bool touched[SPAN];

static void random_map(struct random *random)
{
    u64 at = random_below(random, SPAN), first = random_below(random, 5000);
    u64 pages = min(1 + random_below(random, 8), SPAN - at);
    bool occupied = false;
    for (u64 i = at; i < at + pages; i++)
        occupied |= shows[i] != 0;
    enum error error = map(at * PAGE_SIZE, first, pages, RIGHT_READ);
    assert_int_equal(error, occupied ? ERR_OCCUPIED : ERR_NONE);
    for (u64 i = at; !occupied && i < at + pages; i++) {
        shows[i] = first + (i - at) + 1;
        began[i] = at + 1;
        touched[i] = false;
    }
}

static void random_unmap(struct random *random)
{
    u64 at = random_below(random, SPAN);
    struct region *region = space_region(space, at * PAGE_SIZE);
    assert_int_equal(region != NULL, shows[at] != 0);
    if (!region)
        return;
    u64 first = began[at];
    assert_int_equal(region->address, (first - 1) * PAGE_SIZE);
    remove_region(region);
    for (u64 i = 0; i < SPAN; i++)
        if (began[i] == first)
            shows[i] = began[i] = touched[i] = 0;
}

static void random_touch(struct random *random)
{
    u64 at = random_below(random, SPAN);
    enum error error =
        space_fault(space, at * PAGE_SIZE + random_below(random, PAGE_SIZE), false, false);
    assert_int_equal(error, shows[at] ? ERR_NONE : ERR_ABSENT);
    touched[at] = shows[at] != 0;
}

static void test_against_an_array(void **state)
{
    (void)state;
    struct random random;
    random_init(&random, 8);
    begin(100);
    memset(shows, 0, sizeof(shows));
    memset(began, 0, sizeof(began));
    memset(touched, 0, sizeof(touched));
    for (int step = 0; step < 20000; step++) {
        switch (random_below(&random, 4)) {
        case 0:
            random_map(&random);
            break;
        case 1:
            random_unmap(&random);
            break;
        default:
            random_touch(&random);
        }
        if (step % 50)
            continue;
        for (u64 i = 0; i < SPAN; i++) {
            const struct region *region = space_region(space, i * PAGE_SIZE + 5);
            assert_int_equal(region ? region->first + i + 1 - region->address / PAGE_SIZE : 0,
                             shows[i]);
            u64 entry = (where + (shows[i] - 1) * PAGE_SIZE) | pte_bits(RIGHT_READ, 0);
            assert_int_equal(shown(i * PAGE_SIZE), touched[i] ? entry : 0);
        }
    }
    remove_all();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_region),
        cmocka_unit_test(test_overlaps),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_populate),
        cmocka_unit_test(test_populate_stops_at_what_is_absent),
        cmocka_unit_test(test_large_pages),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_nothing_comes_back),
        cmocka_unit_test(test_against_an_array),
    };
    return cmocka_run_group_tests(tests, NULL, end);
}

/*
 * Unit tests of memory/paging.c: page tables in host memory, compared with a list of what is
 * mapped.
 */
// with: kernel/memory/paging.c kernel/object/pool.c kernel/memory/frames.c kernel/debug/trace.c
#include "pools.h"

#include "memory/paging.h"

#define GIB    (1ul << 30)
#define FRAMES 4096ul

static struct pool *pool;
static u64 *top;

enum error object_destroy_step(struct object *object)
{
    (void)object;
    return ERR_NONE;
}

static void begin(u64 pages)
{
    pool = host_pool(FRAMES, pages + 1);
    top = phys_to_virt(pool_take_page(pool));
}

/* Table pages below the top. */
static u64 tables(void)
{
    return pool->used - 1;
}

/* Clears a range, and returns in how many bites. */
static u32 clear(u64 start, u64 end)
{
    u64 at = start;
    for (u32 bites = 1;; bites++) {
        u64 before = at;
        bool done = paging_clear(top, pool, &at, end);
        assert_true(at > before && at <= end);
        assert_int_equal(done, at == end);
        if (done)
            return bites;
    }
}

static void enter(u64 address, u64 pte, bool large)
{
    assert_int_equal(paging_enter(top, pool, address, pte, large), ERR_NONE);
}

/* ---- entries ---- */

static void test_bits(void **state)
{
    (void)state;
    u64 always = PTE_PRESENT | PTE_USER;
    u64 read = RIGHT_READ, write = RIGHT_READ | RIGHT_WRITE, execute = RIGHT_READ | RIGHT_EXECUTE;
    assert_int_equal(pte_bits(read, CACHE_WRITE_BACK), always | PTE_NO_EXECUTE);
    assert_int_equal(pte_bits(write, CACHE_WRITE_BACK), always | PTE_NO_EXECUTE | PTE_WRITE);
    assert_int_equal(pte_bits(execute, CACHE_WRITE_BACK), always);
    assert_int_equal(pte_bits(read, CACHE_WRITE_COMBINING), always | PTE_NO_EXECUTE | 8);
    assert_int_equal(pte_bits(read, CACHE_UNCACHED), always | PTE_NO_EXECUTE | 0x18);
}

/* The processor's walk, written down once more from its manual. */
static u64 walk(u64 address, u64 *pte)
{
    u64 *table = top;
    for (int shift = 39;; shift -= 9) {
        u64 entry = table[address >> shift & 511];
        if (!(entry & 1))
            return 0;
        bool large = shift == 21 && entry & 0x80;
        if (shift == 12 || large) {
            *pte = entry;
            return 1ul << shift;
        }
        assert_int_equal(entry & 7, 7); /* what the leaf says decides */
        assert_false(entry & PTE_NO_EXECUTE);
        table = (u64 *)(host_memory + (entry & 0x000ffffffffff000ul));
    }
}

static void test_one_page(void **state)
{
    (void)state;
    begin(10);
    u64 address = 0x123456789000, pte, bits = 0x76543000 | pte_bits(RIGHT_READ, 0);
    enter(address, bits, false);
    assert_int_equal(tables(), 3);
    assert_int_equal(walk(address, &pte), PAGE_SIZE);
    assert_int_equal(pte, bits);
    assert_int_equal(paging_find(top, address), bits);
    assert_int_equal(paging_find(top, address + 0xfff), bits);
    assert_int_equal(paging_find(top, address - 1), 0);
    assert_int_equal(paging_find(top, address + PAGE_SIZE), 0);
    assert_int_equal(paging_find(top, address + (1ul << 39)), 0);
    enter(address, 0x1000 | bits, false); /* what is there stays */
    assert_int_equal(paging_find(top, address), bits);
    assert_int_equal(clear(address, address + PAGE_SIZE), 1);
    assert_int_equal(paging_find(top, address), 0);
    assert_int_equal(tables(), 0);
}

static void test_a_large_page(void **state)
{
    (void)state;
    begin(10);
    u64 address = 5 * GIB + LARGE_SIZE, pte, bits = 0x40000000 | pte_bits(RIGHT_READ, 0);
    enter(address, bits, true);
    assert_int_equal(tables(), 2);
    assert_int_equal(walk(address + 0x12345, &pte), LARGE_SIZE);
    assert_int_equal(pte, bits | PTE_LARGE);
    assert_int_equal(paging_find(top, address + LARGE_SIZE - 1), bits | PTE_LARGE);
    enter(address + PAGE_SIZE, 0x1000 | bits, false); /* inside it: fine as it is */
    assert_int_equal(tables(), 2);
    assert_int_equal(paging_find(top, address + PAGE_SIZE), bits | PTE_LARGE);
    assert_int_equal(clear(address, address + LARGE_SIZE), 1);
    assert_int_equal(tables(), 0);
    enter(address + PAGE_SIZE, bits, false);
    enter(address, bits, true); /* over a table: fine as it is */
    assert_int_equal(paging_find(top, address + PAGE_SIZE), bits);
    assert_int_equal(clear(address, address + LARGE_SIZE), 1);
    assert_int_equal(tables(), 0);
}

/* The kernel's half is beside the user's last entry. */
static void test_the_last_page_and_the_kernels_half(void **state)
{
    (void)state;
    begin(10);
    for (u64 i = 256; i < 512; i++)
        top[i] = 0xabc000 + i;
    enter(USER_END - PAGE_SIZE, 0x1000 | PTE_PRESENT, false);
    enter(0, 0x2000 | PTE_PRESENT, false);
    assert_int_equal(paging_find(top, USER_END - 1), 0x1000 | PTE_PRESENT);
    (void)clear(USER_END - PAGE_SIZE, USER_END);
    (void)clear(0, USER_END);
    for (u64 i = 0; i < 512; i++)
        assert_int_equal(top[i], i < 256 ? 0 : 0xabc000 + i);
    assert_int_equal(tables(), 0);
}

/* ---- memory ---- */

/* Out of memory half-way: an error, nothing mapped, and unmapping gives back what was made on the
 * way. */
static void test_no_memory_for_tables(void **state)
{
    (void)state;
    for (u64 pages = 0; pages < 3; pages++) {
        begin(pages);
        assert_int_equal(paging_enter(top, pool, 7 * GIB, 0x1001, false), ERR_MEMORY);
        assert_int_equal(paging_find(top, 7 * GIB), 0);
        (void)clear(7 * GIB, 7 * GIB + PAGE_SIZE);
        assert_int_equal(tables(), 0);
    }
    for (u64 pages = 0; pages < 2; pages++) {
        begin(pages);
        assert_int_equal(paging_enter(top, pool, 7 * GIB, 0x1001, true), ERR_MEMORY);
        (void)clear(7 * GIB, 7 * GIB + LARGE_SIZE);
        assert_int_equal(tables(), 0);
    }
    begin(3);
    enter(7 * GIB, 0x1001, false);
    assert_int_equal(paging_enter(top, pool, 9 * GIB, 0x1001, false), ERR_MEMORY);
    assert_int_equal(paging_find(top, 7 * GIB), 0x1001);
    (void)clear(7 * GIB, 10 * GIB);
    assert_int_equal(tables(), 0);
}

/* A bite is short however much there is to do, and nothing costs little however large. */
static void test_bites(void **state)
{
    (void)state;
    begin(FRAMES / 2);
    for (u64 i = 0; i < 100; i++)
        enter(i * LARGE_SIZE, 0x1001, false);
    u64 at = 0, bites = 0;
    for (bool done = false; !done; bites++) {
        u64 before = tables();
        done = paging_clear(top, pool, &at, 100 * LARGE_SIZE);
        assert_true(before - tables() <= 10);
    }
    assert_true(bites >= 10 && bites <= 20);
    assert_int_equal(tables(), 0);
    assert_true(clear(0, USER_END) <= 40);
}

static void test_neighbours_stay(void **state)
{
    (void)state;
    begin(20);
    u64 base = 3 * GIB - LARGE_SIZE; /* up to the end of a table of tables, and beyond */
    for (u64 i = 0; i < 1024; i++)
        enter(base + i * PAGE_SIZE, (i + 1) * PAGE_SIZE | PTE_PRESENT, false);
    (void)clear(base + 5 * PAGE_SIZE, base + 1020 * PAGE_SIZE);
    for (u64 i = 0; i < 1024; i++) {
        u64 expected = i < 5 || i >= 1020 ? (i + 1) * PAGE_SIZE | PTE_PRESENT : 0;
        assert_int_equal(paging_find(top, base + i * PAGE_SIZE), expected);
    }
    assert_int_equal(tables(), 5);
    (void)clear(base, base + 5 * PAGE_SIZE);
    assert_int_equal(tables(), 3);
    (void)clear(base, base + 1024 * PAGE_SIZE);
    assert_int_equal(tables(), 0);
}

/* ---- against a list ---- */

#define AREAS      6
#define AREA_PAGES (3 * LARGE_PAGES)

/* Where pages may be mapped: at the ends of tables of each level. */
static const u64 areas[AREAS] = {
    0,
    LARGE_SIZE * 10,
    GIB - LARGE_SIZE,
    512 * GIB - 2 * LARGE_SIZE,
    700 * GIB,
    (USER_END & ~(LARGE_SIZE - 1)) - 3 * LARGE_SIZE,
};
static u64 mapped[AREAS][AREA_PAGES]; /* the entry that shows each page; 0: none */

static u64 address_of(u64 area, u64 page)
{
    return areas[area] + page * PAGE_SIZE;
}

/* Counts the tables that what is mapped needs, by looking at which are different. */
static u64 tables_needed(void)
{
    static u64 seen[3][AREAS * AREA_PAGES];
    u64 count[3] = {0};
    for (u64 area = 0; area < AREAS; area++) {
        for (u64 page = 0; page < AREA_PAGES; page++) {
            u64 entry = mapped[area][page];
            for (u32 level = entry & PTE_LARGE ? 1 : 0; entry && level < 3; level++) {
                u64 table = address_of(area, page) >> (21 + 9 * level);
                bool known = false;
                for (u64 i = count[level]; i > 0 && !known; i--)
                    known = seen[level][i - 1] == table;
                if (!known)
                    seen[level][count[level]++] = table;
            }
        }
    }
    return count[0] + count[1] + count[2];
}

static bool chunk_is_free(u64 area, u64 chunk)
{
    for (u64 i = 0; i < LARGE_PAGES; i++)
        if (mapped[area][chunk * LARGE_PAGES + i])
            return false;
    return true;
}

static void random_enter(struct random *random)
{
    u64 area = random_below(random, AREAS), page = random_below(random, AREA_PAGES);
    u64 pte = random_below(random, 1ul << 30) << PAGE_SHIFT | PTE_PRESENT;
    if (random_below(random, 4) == 0) {
        u64 chunk = page / LARGE_PAGES;
        pte = align_down(pte, LARGE_SIZE) | PTE_PRESENT;
        bool fresh = chunk_is_free(area, chunk);
        enter(address_of(area, chunk * LARGE_PAGES), pte, true);
        for (u64 i = 0; fresh && i < LARGE_PAGES; i++)
            mapped[area][chunk * LARGE_PAGES + i] = pte | PTE_LARGE;
        return;
    }
    for (u64 many = random_below(random, 20); many > 0 && page < AREA_PAGES; many--, page++) {
        enter(address_of(area, page), pte, false);
        if (!mapped[area][page])
            mapped[area][page] = pte;
    }
}

/* Unmaps a stretch that cuts no large page, as regions do. */
static void random_clear(struct random *random)
{
    u64 area = random_below(random, AREAS);
    u64 first = random_below(random, AREA_PAGES), last = random_below(random, AREA_PAGES + 1);
    if (first < AREA_PAGES && mapped[area][first] & PTE_LARGE)
        first = align_down(first, LARGE_PAGES);
    if (last > 0 && mapped[area][last - 1] & PTE_LARGE)
        last = align_up(last, LARGE_PAGES);
    if (first >= last)
        return;
    (void)clear(address_of(area, first), address_of(area, last));
    memset(&mapped[area][first], 0, (last - first) * sizeof(u64));
}

static void test_against_a_list(void **state)
{
    (void)state;
    struct random random;
    random_init(&random, 4);
    begin(100);
    memset(mapped, 0, sizeof(mapped));
    for (int step = 0; step < 3000; step++) {
        if (random_below(&random, 5) < 3)
            random_enter(&random);
        else
            random_clear(&random);
        if (step % 16)
            continue;
        for (u64 area = 0; area < AREAS; area++)
            for (u64 page = 0; page < AREA_PAGES; page++) {
                u64 pte = 0, expected = mapped[area][page];
                u64 bytes = walk(address_of(area, page), &pte);
                assert_int_equal(pte, expected);
                assert_int_equal(paging_find(top, address_of(area, page)), expected);
                assert_int_equal(bytes, !expected              ? 0
                                        : expected & PTE_LARGE ? LARGE_SIZE
                                                               : PAGE_SIZE);
            }
        assert_int_equal(tables(), tables_needed());
    }
    (void)clear(0, USER_END);
    assert_int_equal(tables(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bits),
        cmocka_unit_test(test_one_page),
        cmocka_unit_test(test_a_large_page),
        cmocka_unit_test(test_the_last_page_and_the_kernels_half),
        cmocka_unit_test(test_no_memory_for_tables),
        cmocka_unit_test(test_bites),
        cmocka_unit_test(test_neighbours_stay),
        cmocka_unit_test(test_against_a_list),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    host_memory_end();
    return failed;
}

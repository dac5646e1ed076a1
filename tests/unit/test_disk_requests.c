/*
 * Unit tests of the disk server's checks of requests, at and over every edge, and of how it cuts
 * them into pieces for a device: every byte once, in order, within the device's limits.
 */
// with: servers/disk/requests.c
#include "unit.h"

#include <base/random.h>
#include <disk/requests.h>

enum { DATA = 64 * 4096 };

static const struct request_limits limits = {.first = 5000,
                                             .sectors = 1000,
                                             .data_size = DATA,
                                             .write = true,
                                             .can_trim = true};

static struct back_request request;
static struct transfer transfer;

static struct ring_sqe entry(u8 op, u64 sector, u64 sectors, u32 buf)
{
    return (struct ring_sqe){.op = op, .buf = buf, .arg = BLOCK_ARG(sector, sectors)};
}

/* The result for a request of one entry. */
static int check_one(const struct request_limits *what, struct ring_sqe one)
{
    request = (struct back_request){.count = 1, .entry = {one}};
    return request_check(what, &request, &transfer);
}

static int check(struct ring_sqe one)
{
    return check_one(&limits, one);
}

static void good(void **state)
{
    (void)state;
    assert_int_equal(check(entry(BLOCK_READ, 7, 8, 64)), RING_OK);
    assert_int_equal(transfer.op, BLOCK_READ);
    assert_int_equal(transfer.sector, 5007);
    assert_int_equal(transfer.sectors, 8);
    assert_false(transfer.fua);
    struct ring_sqe write = entry(BLOCK_WRITE, 0, 1, 0);
    write.flags = RING_FUA;
    assert_int_equal(check(write), RING_OK);
    assert_true(transfer.fua);
    assert_int_equal(check(entry(BLOCK_FLUSH, 0, 0, 0)), RING_OK);
    assert_int_equal(check(entry(BLOCK_INFO, 0, 0, 0)), RING_OK);
    assert_int_equal(check(entry(BLOCK_TRIM, 999, 1, UINT32_MAX)), RING_OK); /* no buffer */
    assert_int_equal(transfer.sector, 5999);
}

static void sectors_at_the_edges(void **state)
{
    (void)state;
    static const struct {
        u64 sector, sectors;
        int result;
    } cases[] = {
        {0, 512, RING_OK},
        {999, 1, RING_OK},
        {999, 2, RING_RANGE},
        {1000, 1, RING_RANGE},
        {1000, 0, RING_INVALID},
        {0, 0, RING_INVALID},
        {1001, 1, RING_RANGE},
        {0xffffffffffff, 1, RING_RANGE},
        {0xffffffffffff, 0xffff, RING_RANGE},
        {0, 0xffff, RING_RANGE},
    };
    static const u8 ops[] = {BLOCK_READ, BLOCK_WRITE, BLOCK_TRIM};
    for (u32 i = 0; i < array_count(cases); i++) {
        for (u32 op = 0; op < array_count(ops); op++)
            assert_int_equal(check(entry(ops[op], cases[i].sector, cases[i].sectors, 0)),
                             cases[i].result);
    }
}

static void memory_at_the_edges(void **state)
{
    (void)state;
    u32 units = DATA / RING_UNIT;
    assert_int_equal(check(entry(BLOCK_READ, 0, 1, units - 8)), RING_OK);
    assert_int_equal(check(entry(BLOCK_READ, 0, 1, units - 7)), RING_RANGE);
    assert_int_equal(check(entry(BLOCK_READ, 0, 2, units - 8)), RING_RANGE);
    assert_int_equal(check(entry(BLOCK_WRITE, 0, 1, units)), RING_RANGE);
    assert_int_equal(check(entry(BLOCK_WRITE, 0, 1, UINT32_MAX)), RING_RANGE);
    assert_int_equal(check(entry(BLOCK_INFO, 0, 0, units - 1)), RING_OK);
    assert_int_equal(check(entry(BLOCK_INFO, 0, 0, units)), RING_RANGE);
    assert_int_equal(check(entry(BLOCK_INFO, 0, 0, UINT32_MAX)), RING_RANGE);
}

static void what_is_not_allowed(void **state)
{
    (void)state;
    struct request_limits less = limits;
    less.write = false;
    assert_int_equal(check_one(&less, entry(BLOCK_WRITE, 0, 1, 0)), RING_READ_ONLY);
    assert_int_equal(check_one(&less, entry(BLOCK_TRIM, 0, 1, 0)), RING_READ_ONLY);
    assert_int_equal(check_one(&less, entry(BLOCK_READ, 0, 1, 0)), RING_OK);
    assert_int_equal(check_one(&less, entry(BLOCK_FLUSH, 0, 0, 0)), RING_OK);
    less = limits;
    less.can_trim = false;
    assert_int_equal(check_one(&less, entry(BLOCK_TRIM, 0, 1, 0)), RING_UNSUPPORTED);
    assert_int_equal(check(entry(0, 0, 1, 0)), RING_UNSUPPORTED);
    assert_int_equal(check(entry(BLOCK_INFO + 1, 0, 1, 0)), RING_UNSUPPORTED);
    assert_int_equal(check(entry(255, 0, 1, 0)), RING_UNSUPPORTED);
    struct ring_sqe odd = entry(BLOCK_READ, 0, 1, 0);
    odd.flags = RING_FUA;
    assert_int_equal(check(odd), RING_INVALID);
    odd = entry(BLOCK_WRITE, 0, 1, 0);
    odd.flags = 4;
    assert_int_equal(check(odd), RING_INVALID);
}

/* A chain of `count` entries of one sector, each a page from the one before. */
static void make_chain(u8 op, u32 count)
{
    request = (struct back_request){.count = (u16)count};
    for (u32 i = 0; i < count; i++) {
        request.entry[i] = entry(op, 10 + i, 1, 64 * i);
        request.entry[i].flags = i + 1 < count ? RING_MORE : 0;
    }
}

static int check_chain(void)
{
    return request_check(&limits, &request, &transfer);
}

static void chains(void **state)
{
    (void)state;
    make_chain(BLOCK_READ, 32);
    assert_int_equal(check_chain(), RING_OK);
    assert_int_equal(transfer.sector, 5010);
    assert_int_equal(transfer.sectors, 32);
    make_chain(BLOCK_WRITE, 3);
    request.entry[0].flags |= RING_FUA;
    assert_int_equal(check_chain(), RING_OK);
    assert_true(transfer.fua);
    request.entry[1].flags |= RING_FUA; /* only on the first */
    assert_int_equal(check_chain(), RING_INVALID);
    make_chain(BLOCK_WRITE, 3);
    request.entry[2].op = BLOCK_READ;
    assert_int_equal(check_chain(), RING_INVALID);
    make_chain(BLOCK_READ, 3);
    request.entry[2].arg = BLOCK_ARG(13, 1); /* a gap */
    assert_int_equal(check_chain(), RING_INVALID);
    make_chain(BLOCK_READ, 3);
    request.entry[2].arg = BLOCK_ARG(12, 989); /* beyond the end */
    assert_int_equal(check_chain(), RING_RANGE);
    make_chain(BLOCK_READ, 3);
    request.entry[2].buf = DATA / RING_UNIT;
    assert_int_equal(check_chain(), RING_RANGE);
    for (u8 op = BLOCK_FLUSH; op <= BLOCK_INFO; op++) {
        make_chain(op, 2);
        assert_int_equal(check_chain(), RING_INVALID);
    }
}

/* --- pieces ---------------------------------------------------------------------------------- */

static u64 pages[DATA / 4096];
static const struct bus_table bus = {.pages = pages, .count = array_count(pages)};

/* Which byte of the data area is at this bus address. */
static u64 byte_at(u64 address)
{
    for (u64 i = 0; i < array_count(pages); i++) {
        if (address - pages[i] < 4096)
            return 4096 * i + address - pages[i];
    }
    fail_msg("0x%lx is no address of the data area", address);
    return 0;
}

/* Takes one command out of the request and checks it against `expected`, the place of each byte of
 * the request. Returns its sectors. */
static u32 take_command(const struct piece_limits *most, struct cursor *cursor, const u64 *expected,
                        u64 total)
{
    struct dma_piece pieces[64];
    u32 count = 0;
    u64 first = cursor->sector, done = (first - 77) * BLOCK_SECTOR;
    u32 sectors = request_pieces(&request, &bus, most, cursor, pieces, &count);
    u32 bytes = 0;
    assert_true(count <= most->pieces && sectors <= most->sectors);
    assert_int_equal(cursor->sector, first + sectors);
    for (u32 i = 0; i < count; i++) {
        assert_in_range(pieces[i].length, 1, most->piece_bytes);
        for (u32 b = 0; b < pieces[i].length; b++, bytes++) {
            assert_true(done + bytes < total);
            assert_int_equal(byte_at(pieces[i].bus + b), expected[done + bytes]);
        }
    }
    assert_int_equal(bytes, sectors * BLOCK_SECTOR);
    return sectors;
}

/* Cuts the request, and returns how many commands that took. */
static u32 cut(const struct piece_limits *most)
{
    static u64 expected[2 * DATA];
    u64 total = 0;
    for (u32 i = 0; i < request.count; i++) {
        for (u32 b = 0; b < entry_bytes(&request.entry[i]); b++)
            expected[total++] = entry_offset(&request.entry[i]) + b;
    }
    struct cursor cursor = {.sector = 77};
    u32 commands = 0;
    while (take_command(most, &cursor, expected, total) != 0)
        commands++;
    assert_int_equal((cursor.sector - 77) * BLOCK_SECTOR, total);
    assert_int_equal(cursor.entry, request.count);
    return commands;
}

static const struct piece_limits usual = {.pieces = 56, .piece_bytes = 4 << 20, .sectors = 65535};

/* All pages follow each other on the bus. */
static void one_piece(void **state)
{
    (void)state;
    for (u32 i = 0; i < array_count(pages); i++)
        pages[i] = 0x100000 + 4096ul * i;
    request = (struct back_request){.count = 1, .entry = {entry(BLOCK_READ, 0, 256, 3)}};
    struct cursor cursor = {.sector = 77};
    struct dma_piece pieces[64];
    u32 count;
    assert_int_equal(request_pieces(&request, &bus, &usual, &cursor, pieces, &count), 256);
    assert_int_equal(count, 1);
    assert_int_equal(pieces[0].bus, 0x100000 + 192);
    assert_int_equal(pieces[0].length, 128 << 10);
    assert_int_equal(cut(&usual), 1);
}

/* No two pages follow each other. */
static void scatter(void)
{
    for (u32 i = 0; i < array_count(pages); i++)
        pages[i] = 0x100000 + 8192ul * (array_count(pages) - i);
}

static void scattered_pages(void **state)
{
    (void)state;
    scatter();
    request = (struct back_request){.count = 1, .entry = {entry(BLOCK_READ, 0, 256, 0)}};
    assert_int_equal(cut(&usual), 1);
    /* From the middle of a sector in the page: each page's end cuts a sector. */
    request.entry[0] = entry(BLOCK_READ, 0, 256, 3);
    struct piece_limits few = {.pieces = 4, .piece_bytes = 4096, .sectors = 65535};
    assert_true(cut(&few) >= 8);
    few.pieces = 2; /* the least that a sector across two pages needs */
    assert_true(cut(&few) >= 16);
    struct piece_limits short_commands = {.pieces = 56, .piece_bytes = 4096, .sectors = 3};
    assert_int_equal(cut(&short_commands), 86);
}

/* Chains of any shape, pages in any order, commands of any size. */
static void at_random(void **state)
{
    (void)state;
    struct random random;
    random_init(&random, 4711);
    for (u32 round = 0; round < 300; round++) {
        for (u32 i = 0; i < array_count(pages); i++)
            pages[i] = random_below(&random, 3) && i ? pages[i - 1] + 4096
                                                     : (u64)(1000 * i + 10000 * (round + 1)) << 12;
        request = (struct back_request){.count = (u16)(1 + random_below(&random, 8))};
        for (u32 i = 0; i < request.count; i++) {
            u32 sectors = 1 + (u32)random_below(&random, 40);
            u64 space = (DATA - sectors * BLOCK_SECTOR) / RING_UNIT;
            request.entry[i] = entry(BLOCK_READ, 0, sectors, (u32)random_below(&random, space + 1));
        }
        struct piece_limits most = {.pieces = 2 + (u32)random_below(&random, 60),
                                    .piece_bytes = 4096u << random_below(&random, 5),
                                    .sectors = 1 + (u32)random_below(&random, 100)};
        cut(&most);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good),
        cmocka_unit_test(sectors_at_the_edges),
        cmocka_unit_test(memory_at_the_edges),
        cmocka_unit_test(what_is_not_allowed),
        cmocka_unit_test(chains),
        cmocka_unit_test(one_piece),
        cmocka_unit_test(scattered_pages),
        cmocka_unit_test(at_random),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

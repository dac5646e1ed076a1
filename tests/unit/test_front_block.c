/* Unit tests of the front end for blocks, over a real ring whose server does as it is told. */
// with: libpv/front_block.c libpv/front.c libpv/back.c
#include "ring_world.h"

#include <base/random.h>
#include <front_block.h>

enum { SECTORS = 10000, UNITS = WORLD_DATA / RING_UNIT, UNITS_PER_SECTOR = 8 };

/* What the server has taken and not completed. */
struct server {
    struct back_request queue[RING_ENTRIES];
    u32 count;
};

static struct world w;
static struct server server;
static struct front_block block;
static struct block_info told; /* what the server says the volume is like */
static u32 waits;

static const struct block_info sound = {.sectors = SECTORS,
                                        .flags = BLOCK_IS_WRITABLE | BLOCK_CAN_TRIM,
                                        .name = "volume"};

static void server_take(void)
{
    while (back_take(&w.back, &server.queue[server.count]) == BACK_TAKEN)
        server.count++;
}

static void server_complete(u32 index, int result, u32 length)
{
    back_complete(&w.back, server.queue[index].tag, result, length);
    server.queue[index] = server.queue[--server.count];
}

static u32 bytes_of(const struct back_request *request)
{
    u32 sectors = 0;
    for (u32 i = 0; i < request->count; i++)
        sectors += BLOCK_ARG_SECTORS(request->entry[i].arg);
    u8 op = request->entry[0].op;
    return op == BLOCK_READ || op == BLOCK_WRITE ? sectors * BLOCK_SECTOR : 0;
}

/* Completes number `index` well. */
static void server_do(u32 index)
{
    const struct back_request *request = &server.queue[index];
    if (request->entry[0].op == BLOCK_INFO) {
        memcpy(w.base + SESSION_DATA + request->entry[0].buf * RING_UNIT, &told, sizeof told);
        server_complete(index, RING_OK, sizeof told);
    } else {
        server_complete(index, RING_OK, bytes_of(request));
    }
}

static void server_do_all(void)
{
    server_take();
    while (server.count != 0)
        server_do(0);
    back_publish(&w.back);
}

static void wait_for_server(u64 argument)
{
    assert_int_equal(argument, 4711);
    assert_true(++waits < 100);
    server_do_all();
}

static int setup(void **state)
{
    (void)state;
    server.count = waits = 0;
    told = sound;
    world_open(&w, RING_LOG2);
    assert_true(front_block_open(&block, &w.front, UNITS - 1));
    return 0;
}

static int setup_ready(void **state)
{
    setup(state);
    assert_int_equal(front_block_finish(&block, wait_for_server, 4711), RING_OK);
    assert_true(front_block_is_ready(&block));
    waits = 0;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    world_end(&w);
    return 0;
}

static enum front_block_answer write_at(u64 sector, u32 sectors, u64 cookie)
{
    struct block_piece piece = {.buf = 0, .sectors = sectors};
    return front_block_write(&block, sector, &piece, 1, 0, cookie);
}

static enum front_block_answer read_at(u64 sector, u32 buf, u32 sectors)
{
    struct block_piece piece = {.buf = buf, .sectors = sectors};
    return front_block_read(&block, sector, &piece, 1, 1);
}

static void expect_done(u64 cookie, int result, u32 length)
{
    struct front_done done;
    assert_true(front_block_reap(&block, &done));
    assert_int_equal(done.cookie, cookie);
    assert_int_equal(done.status, result);
    assert_int_equal(done.len, length);
}

static void expect_nothing(void)
{
    struct front_done done;
    assert_false(front_block_reap(&block, &done));
}

/* --- the volume ------------------------------------------------------------------------------ */

static void test_ready(void **state)
{
    (void)state;
    assert_false(front_block_is_ready(&block));
    assert_int_equal(read_at(0, 0, 1), FRONT_BLOCK_NOT_READY);
    assert_int_equal(write_at(0, 1, 1), FRONT_BLOCK_NOT_READY);
    assert_int_equal(front_block_trim(&block, 0, 1, 1), FRONT_BLOCK_NOT_READY);
    assert_int_equal(front_block_flush(&block, 1), FRONT_BLOCK_NOT_READY);
    memset(told.name, 'x', sizeof told.name);
    assert_int_equal(front_block_finish(&block, wait_for_server, 4711), RING_OK);
    assert_true(front_block_is_ready(&block));
    assert_int_equal(block.info.sectors, SECTORS);
    assert_int_equal(strlen(block.info.name), sizeof block.info.name - 1);
}

static void test_open_beyond_the_data_area(void **state)
{
    (void)state;
    assert_false(front_block_open(&block, &w.front, UNITS));
    assert_false(front_block_open(&block, &w.front, UINT32_MAX));
}

/* Completes the question for the volume in a way that makes no sense, or says no. */
static void refuse(int result, u32 length)
{
    front_block_publish(&block);
    server_take();
    assert_int_equal(server.count, 1);
    server_complete(0, result, length);
    back_publish(&w.back);
}

static void test_never_ready(void **state)
{
    (void)state;
    refuse(RING_IO, 0);
    assert_int_equal(front_block_finish(&block, wait_for_server, 4711), RING_IO);
    assert_false(front_block_is_ready(&block));
    assert_int_equal(block.failure, RING_IO);
    assert_int_equal(read_at(0, 0, 1), FRONT_BLOCK_NOT_READY);
}

static void test_half_an_answer(void **state)
{
    (void)state;
    refuse(RING_OK, sizeof(struct block_info) - 1);
    assert_int_equal(front_block_finish(&block, wait_for_server, 4711), RING_IO);
    assert_false(front_block_is_ready(&block));
}

static void test_absurd_size(void **state)
{
    (void)state;
    told.sectors = (1ul << 48) + 1;
    assert_int_equal(front_block_finish(&block, wait_for_server, 4711), RING_IO);
    assert_false(front_block_is_ready(&block));
    assert_int_equal(block.info.sectors, 0);
}

static void test_closed_before_it_was_ready(void **state)
{
    (void)state;
    world_close(&w);
    assert_int_equal(front_block_finish(&block, wait_for_server, 4711), RING_GONE);
    assert_int_equal(block.failure, RING_GONE);
}

/* --- what is refused at once ----------------------------------------------------------------- */

static void test_sectors(void **state)
{
    (void)state;
    assert_int_equal(read_at(SECTORS - 1, 0, 1), FRONT_BLOCK_TAKEN);
    assert_int_equal(read_at(SECTORS - 1, 0, 2), FRONT_BLOCK_SECTORS);
    assert_int_equal(read_at(SECTORS, 0, 1), FRONT_BLOCK_SECTORS);
    assert_int_equal(read_at(UINT64_MAX, 0, 1), FRONT_BLOCK_SECTORS);
    assert_int_equal(read_at(1ul << 48, 0, 1), FRONT_BLOCK_SECTORS);
    assert_int_equal(write_at(SECTORS - 1, 2, 1), FRONT_BLOCK_SECTORS);
    assert_int_equal(front_block_trim(&block, SECTORS - 1, 2, 1), FRONT_BLOCK_SECTORS);
    assert_int_equal(front_block_trim(&block, UINT64_MAX, 2, 1), FRONT_BLOCK_SECTORS);
    assert_int_equal(front_block_trim(&block, 0, BLOCK_SECTORS_MOST + 1, 1), FRONT_BLOCK_PIECES);
    assert_int_equal(front_block_trim(&block, 0, 0, 1), FRONT_BLOCK_PIECES);
    struct block_piece two[] = {{.buf = 0, .sectors = 1}, {.buf = 8, .sectors = 1}};
    assert_int_equal(front_block_read(&block, SECTORS - 1, two, 2, 1), FRONT_BLOCK_SECTORS);
    assert_int_equal(front_block_read(&block, SECTORS - 2, two, 2, 1), FRONT_BLOCK_TAKEN);
}

static void test_memory(void **state)
{
    (void)state;
    assert_int_equal(read_at(0, UNITS - 8, 1), FRONT_BLOCK_TAKEN);
    assert_int_equal(read_at(0, UNITS - 7, 1), FRONT_BLOCK_MEMORY);
    assert_int_equal(read_at(0, UNITS - 8, 2), FRONT_BLOCK_MEMORY);
    assert_int_equal(read_at(0, UNITS, 1), FRONT_BLOCK_MEMORY);
    assert_int_equal(read_at(0, UINT32_MAX, 1), FRONT_BLOCK_MEMORY);
    struct block_piece two[] = {{.buf = 0, .sectors = 1}, {.buf = UNITS - 1, .sectors = 1}};
    assert_int_equal(front_block_write(&block, 0, two, 2, 0, 1), FRONT_BLOCK_MEMORY);
}

static void test_pieces(void **state)
{
    (void)state;
    struct block_piece many[RING_CHAIN_LIMIT + 1];
    for (u32 i = 0; i <= RING_CHAIN_LIMIT; i++)
        many[i] = (struct block_piece){.buf = i, .sectors = 1};
    assert_int_equal(front_block_read(&block, 0, many, 0, 1), FRONT_BLOCK_PIECES);
    assert_int_equal(front_block_read(&block, 0, many, RING_CHAIN_LIMIT + 1, 1),
                     FRONT_BLOCK_PIECES);
    assert_int_equal(read_at(0, 0, 0), FRONT_BLOCK_PIECES);
    assert_int_equal(read_at(0, 0, BLOCK_SECTORS_MOST + 1), FRONT_BLOCK_PIECES);
    many[7].sectors = 0;
    assert_int_equal(front_block_read(&block, 0, many, RING_CHAIN_LIMIT, 1), FRONT_BLOCK_PIECES);
}

static void test_read_only(void **state)
{
    (void)state;
    block.info.flags = 0;
    assert_int_equal(write_at(0, 1, 1), FRONT_BLOCK_READ_ONLY);
    assert_int_equal(front_block_trim(&block, 0, 1, 1), FRONT_BLOCK_READ_ONLY);
    block.info.flags = BLOCK_IS_WRITABLE;
    assert_int_equal(front_block_trim(&block, 0, 1, 1), FRONT_BLOCK_NO_TRIM);
    assert_int_equal(block.outstanding, 0);
}

static void test_full(void **state)
{
    (void)state;
    for (u32 i = 0; i < RING_ENTRIES; i++)
        assert_int_equal(read_at(i, 0, 1), FRONT_BLOCK_TAKEN);
    assert_int_equal(read_at(0, 0, 1), FRONT_BLOCK_FULL);
    assert_int_equal(front_block_flush(&block, 1), FRONT_BLOCK_FULL);
    assert_int_equal(front_block_finish(&block, wait_for_server, 4711), RING_OK);
    assert_int_equal(block.outstanding, 0);
    assert_int_equal(read_at(0, 0, 1), FRONT_BLOCK_TAKEN);
}

/* --- what the server sees, and what it may answer -------------------------------------------- */

static void test_entries(void **state)
{
    (void)state;
    struct block_piece three[] = {{9, 5}, {70, 1}, {1, 2}};
    assert_int_equal(front_block_write(&block, 1000, three, 3, RING_FUA, 5), FRONT_BLOCK_TAKEN);
    front_block_publish(&block);
    server_take();
    assert_int_equal(server.count, 1);
    const struct back_request *request = &server.queue[0];
    assert_int_equal(request->count, 3);
    const u64 arguments[] = {BLOCK_ARG(1000, 5), BLOCK_ARG(1005, 1), BLOCK_ARG(1006, 2)};
    for (u32 i = 0; i < 3; i++) {
        assert_int_equal(request->entry[i].op, BLOCK_WRITE);
        assert_int_equal(request->entry[i].buf, three[i].buf);
        assert_int_equal(request->entry[i].arg, arguments[i]);
        assert_int_equal(request->entry[i].flags & RING_FUA, i == 0 ? RING_FUA : 0);
    }
    server_do_all();
    expect_done(5, RING_OK, 8 * BLOCK_SECTOR);
    expect_nothing();
}

static void answer_read(int result, u32 length)
{
    assert_int_equal(read_at(4, 0, 2), FRONT_BLOCK_TAKEN);
    front_block_publish(&block);
    server_take();
    server_complete(0, result, length);
    back_publish(&w.back);
}

static void test_answers(void **state)
{
    (void)state;
    answer_read(RING_OK, 2 * BLOCK_SECTOR);
    expect_done(1, RING_OK, 2 * BLOCK_SECTOR);
    answer_read(RING_RANGE, 0);
    expect_done(1, RING_RANGE, 0);
    answer_read(RING_OK, 2 * BLOCK_SECTOR - 1); /* not all of it */
    expect_done(1, RING_IO, 0);
    answer_read(RING_OK, 0);
    expect_done(1, RING_IO, 0);
    answer_read(3, 2 * BLOCK_SECTOR); /* a flag that blocks do not have */
    expect_done(1, RING_IO, 0);
    answer_read(RING_OK, 3 * BLOCK_SECTOR); /* too much: cut, and counted below */
    expect_done(1, RING_OK, 2 * BLOCK_SECTOR);
    assert_int_equal(w.g->ctl.errors, 1);
}

static void test_finish_tells_the_first_error(void **state)
{
    (void)state;
    for (u32 i = 0; i < 4; i++)
        assert_int_equal(read_at(i, 0, 1), FRONT_BLOCK_TAKEN);
    front_block_publish(&block);
    server_take();
    server_complete(1, RING_IO, 0);
    server_complete(0, RING_RANGE, 0);
    back_publish(&w.back);
    assert_int_equal(front_block_finish(&block, wait_for_server, 4711), RING_IO);
    assert_int_equal(front_block_finish(&block, wait_for_server, 4711), RING_OK);
}

/* --- writes that overlap --------------------------------------------------------------------- */

static void expect_sent(u32 count)
{
    front_block_publish(&block);
    server_take();
    assert_int_equal(server.count, count);
}

static void complete_first(u64 cookie)
{
    u32 bytes = bytes_of(&server.queue[0]);
    server_do(0);
    back_publish(&w.back);
    expect_done(cookie, RING_OK, bytes);
}

static void test_overlap_is_held_back(void **state)
{
    (void)state;
    assert_int_equal(write_at(100, 8, 1), FRONT_BLOCK_TAKEN);
    assert_int_equal(write_at(107, 2, 2), FRONT_BLOCK_TAKEN);
    assert_int_equal(write_at(108, 1, 3), FRONT_BLOCK_TAKEN); /* beside 1, but under 2 */
    assert_int_equal(write_at(109, 1, 4), FRONT_BLOCK_TAKEN);
    expect_sent(2);
    assert_int_equal(block.held_count, 2);
    complete_first(1);
    server_take();
    assert_int_equal(server.count, 2); /* 4 and 2, which was published without our asking */
    complete_first(4);
    complete_first(2);
    expect_sent(1);
    complete_first(3);
    expect_nothing();
    assert_int_equal(block.outstanding, 0);
}

static void test_reads_are_not_held_back(void **state)
{
    (void)state;
    assert_int_equal(write_at(100, 8, 1), FRONT_BLOCK_TAKEN);
    assert_int_equal(read_at(100, 0, 8), FRONT_BLOCK_TAKEN);
    assert_int_equal(front_block_flush(&block, 2), FRONT_BLOCK_TAKEN);
    expect_sent(3);
}

static void test_neighbours_are_not_held_back(void **state)
{
    (void)state;
    for (u32 i = 0; i < 64; i++) /* many share a counter of the filter, none a sector */
        assert_int_equal(write_at(i * (i % 2 ? 1 : FRONT_BLOCK_BUCKETS * 8 / 64), 1, i),
                         FRONT_BLOCK_TAKEN);
    expect_sent(64 - block.held_count);
    assert_true(block.held_count <= 1);
}

static void test_wide_writes(void **state)
{
    (void)state;
    assert_int_equal(front_block_trim(&block, 0, 8000, 1), FRONT_BLOCK_TAKEN);
    assert_int_equal(write_at(7999, 1, 2), FRONT_BLOCK_TAKEN);
    assert_int_equal(write_at(8000, 1, 3), FRONT_BLOCK_TAKEN);
    assert_int_equal(front_block_trim(&block, 8000, 2000, 4), FRONT_BLOCK_TAKEN);
    expect_sent(2);
    complete_first(1);
    expect_sent(2); /* 3 and 2 */
    complete_first(3);
    expect_sent(2); /* 2 and 4 */
    complete_first(2);
    complete_first(4);
    assert_int_equal(block.wide, 0);
}

static void test_no_place_to_hold(void **state)
{
    (void)state;
    for (u32 i = 0; i <= FRONT_BLOCK_HELD; i++)
        assert_int_equal(write_at(5, 1, i), FRONT_BLOCK_TAKEN);
    assert_int_equal(write_at(5, 1, 99), FRONT_BLOCK_FULL);
    assert_int_equal(read_at(5, 0, 1), FRONT_BLOCK_TAKEN);
    assert_int_equal(front_block_finish(&block, wait_for_server, 4711), RING_OK);
    assert_int_equal(waits, FRONT_BLOCK_HELD + 1); /* one after the other */
}

/* A held chain that finds no room when its time comes is not overtaken for ever by small ones. */
static void test_starved(void **state)
{
    (void)state;
    struct block_piece chain[RING_CHAIN_LIMIT];
    for (u32 i = 0; i < RING_CHAIN_LIMIT; i++)
        chain[i] = (struct block_piece){.buf = 0, .sectors = 1};
    assert_int_equal(write_at(5, 1, 1), FRONT_BLOCK_TAKEN);
    assert_int_equal(front_block_write(&block, 0, chain, RING_CHAIN_LIMIT, 0, 2),
                     FRONT_BLOCK_TAKEN);
    for (u32 i = 0; i < RING_ENTRIES - 2; i++)
        assert_int_equal(read_at(0, 0, 1), FRONT_BLOCK_TAKEN);
    expect_sent(RING_ENTRIES - 1);
    complete_first(1);
    for (u32 i = 2; i < RING_CHAIN_LIMIT; i++) {
        assert_true(block.starved);
        assert_int_equal(read_at(0, 0, 1), FRONT_BLOCK_FULL);
        complete_first(1);
    }
    assert_false(block.starved);
    assert_int_equal(block.held_count, 0);
    assert_int_equal(front_block_finish(&block, wait_for_server, 4711), RING_OK);
}

static void test_closed(void **state)
{
    (void)state;
    assert_int_equal(write_at(5, 1, 1), FRONT_BLOCK_TAKEN);
    assert_int_equal(write_at(5, 1, 2), FRONT_BLOCK_TAKEN);
    assert_int_equal(write_at(5, 1, 3), FRONT_BLOCK_TAKEN);
    front_block_publish(&block);
    world_close(&w);
    expect_done(1, RING_GONE, 0);
    assert_false(front_block_may_sleep(&block, 1));
    expect_done(2, RING_GONE, 0);
    expect_done(3, RING_GONE, 0);
    expect_nothing();
    assert_int_equal(block.outstanding, 0);
    assert_int_equal(write_at(5, 1, 4), FRONT_BLOCK_CLOSED);
}

/* --- at random, with servers that die -------------------------------------------------------- */

enum { SMALL = 64, JOBS = 32, MOST = 4, STEPS = 300000 };

struct random_world {
    struct random random;
    u64 disk[SMALL], latest[SMALL]; /* ids of writes: what is there, and what has to be */
    u64 next;
    u64 job[JOBS]; /* id of the write on its way, or 1 for others; 0: none */
};

static u64 *slot(u64 job, u32 sector)
{
    return (u64 *)(w.base + SESSION_DATA + (job * MOST + sector) * BLOCK_SECTOR);
}

static bool requests_overlap(const struct back_request *a, const struct back_request *b)
{
    return ranges_overlap(BLOCK_ARG_SECTOR(a->entry[0].arg), bytes_of(a) / BLOCK_SECTOR,
                          BLOCK_ARG_SECTOR(b->entry[0].arg), bytes_of(b) / BLOCK_SECTOR);
}

/* Rule 7, as the server sees it. */
static void check_no_overlap(void)
{
    for (u32 i = 0; i < server.count; i++)
        for (u32 j = 0; j < i; j++)
            if (server.queue[i].entry[0].op == BLOCK_WRITE &&
                server.queue[j].entry[0].op == BLOCK_WRITE)
                assert_false(requests_overlap(&server.queue[i], &server.queue[j]));
}

static void random_submit(struct random_world *r)
{
    u64 job = random_below(&r->random, JOBS);
    if (r->job[job])
        return;
    u32 sectors = 1 + (u32)random_below(&r->random, MOST), count = 0;
    u64 sector = random_below(&r->random, SMALL - sectors + 1);
    struct block_piece pieces[MOST];
    for (u32 i = 0; i < sectors; i++) {
        if (count && random_below(&r->random, 2))
            pieces[count - 1].sectors++;
        else
            pieces[count++] = (struct block_piece){(u32)(job * MOST + i) * UNITS_PER_SECTOR, 1};
    }
    bool write = random_below(&r->random, 4) != 0;
    for (u32 i = 0; i < sectors; i++)
        *slot(job, i) = r->next;
    enum front_block_answer answer = write
                                         ? front_block_write(&block, sector, pieces, count, 0, job)
                                         : front_block_read(&block, sector, pieces, count, job);
    if (answer == FRONT_BLOCK_FULL)
        return;
    assert_int_equal(answer, FRONT_BLOCK_TAKEN);
    r->job[job] = write ? r->next : 1;
    for (u32 i = 0; write && i < sectors; i++)
        r->latest[sector + i] = r->next;
    r->next++;
}

/* The device does the work; completing it is another matter. */
static void random_work(struct random_world *r, const struct back_request *request)
{
    for (u32 i = 0; i < request->count; i++) {
        const struct ring_sqe *entry = &request->entry[i];
        for (u32 j = 0; entry->op == BLOCK_WRITE && j < BLOCK_ARG_SECTORS(entry->arg); j++)
            r->disk[BLOCK_ARG_SECTOR(entry->arg) + j] =
                *(u64 *)(w.base + SESSION_DATA + entry->buf * RING_UNIT + j * BLOCK_SECTOR);
    }
}

static void random_step(struct random_world *r)
{
    struct front_done done;
    u64 roll = random_below(&r->random, 1000);
    if (roll < 400) {
        random_submit(r);
    } else if (roll < 500) {
        front_block_publish(&block);
    } else if (roll < 600) {
        server_take();
        check_no_overlap();
    } else if (roll < 800 && server.count) {
        u32 index = (u32)random_below(&r->random, server.count);
        random_work(r, &server.queue[index]);
        if (random_below(&r->random, 4))
            server_do(index);
    } else if (roll < 850) {
        back_publish(&w.back);
    } else if (roll < 998) {
        if (front_block_reap(&block, &done)) {
            assert_int_equal(done.status, RING_OK);
            assert_true(r->job[done.cookie] != 0);
            r->job[done.cookie] = 0;
        }
    } else {
        world_kill(&w);
        server.count = 0;
        while (w.info->state == SESSION_LOST)
            if (front_block_reap(&block, &done))
                r->job[done.cookie] = 0;
        world_attach(&w);
    }
}

static void test_random(void **state)
{
    (void)state;
    static struct random_world r;
    random_init(&r.random, 7);
    r.next = 2;
    block.info.sectors = SMALL;
    w.front.restarts = FRONT_PATIENT;
    for (u32 i = 0; i < STEPS; i++)
        random_step(&r);
    for (u32 i = 0; block.outstanding; i++) {
        struct front_done done;
        assert_true(i < 1000);
        front_block_publish(&block);
        server_take();
        check_no_overlap();
        for (u32 j = 0; j < server.count; j++)
            random_work(&r, &server.queue[j]);
        server_do_all();
        while (front_block_reap(&block, &done))
            r.job[done.cookie] = 0;
    }
    assert_true(r.next > STEPS / 20);
    assert_true(w.reconnects > STEPS / 1000);
    assert_memory_equal(r.disk, r.latest, sizeof r.disk);
    for (u32 i = 0; i < JOBS; i++)
        assert_int_equal(r.job[i], 0);
    for (u32 i = 0; i < FRONT_BLOCK_BUCKETS; i++)
        assert_int_equal(block.touched[i], 0);
}

#define early(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
#define ready(test) cmocka_unit_test_setup_teardown(test, setup_ready, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        early(test_ready),
        early(test_open_beyond_the_data_area),
        early(test_never_ready),
        early(test_half_an_answer),
        early(test_absurd_size),
        early(test_closed_before_it_was_ready),
        ready(test_sectors),
        ready(test_memory),
        ready(test_pieces),
        ready(test_read_only),
        ready(test_full),
        ready(test_entries),
        ready(test_answers),
        ready(test_finish_tells_the_first_error),
        ready(test_overlap_is_held_back),
        ready(test_reads_are_not_held_back),
        ready(test_neighbours_are_not_held_back),
        ready(test_wide_writes),
        ready(test_no_place_to_hold),
        ready(test_starved),
        ready(test_closed),
        ready(test_random),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

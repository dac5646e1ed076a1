/*
 * Requests at and over every edge, past the checks of the front end for blocks: each must get the
 * status that ring/ring.h promises, and those that are refused must not have written anything. See
 * client.h.
 */
#include "client.h"

#include "pattern.h"

#include <base/string.h>
#include <runtime/print.h>
#include <runtime/session.h>

static struct client *me;
static u32 checks;

/* Sends one request of `count` entries; its status. */
static struct front_done ask(const struct ring_sqe *entries, u32 count)
{
    struct front_done done;
    if (!front_push(&me->front, entries, count, UINT32_MAX, 77))
        fail("a request of %u entries was not taken", count);
    front_publish(&me->front);
    while (!front_reap(&me->front, &done))
        if (front_may_sleep(&me->front, 1))
            session_wait(me->event);
    if (front_is_closed(&me->front))
        fail("the session was closed: %s", session_reason_text(me->front.info->reason));
    return done;
}

static void expect_chain(const char *what, const struct ring_sqe *entries, u32 count, int wanted,
                         u32 length)
{
    struct front_done done = ask(entries, count);
    checks++;
    if (done.status != wanted || done.len != length)
        fail("%s: %s (%d), length %u; expected: %s (%d), length %u", what,
             ring_status_text(done.status), done.status, done.len, ring_status_text(wanted), wanted,
             length);
}

static void expect(const char *what, u8 op, u32 buf, u64 arg, int wanted, u32 length)
{
    struct ring_sqe entry = {.op = op, .buf = buf, .arg = arg};
    expect_chain(what, &entry, 1, wanted, length);
}

/* Reads, or writes where that is allowed: sectors and memory at their edges. */
static void transfers(u8 op, int allowed)
{
    u64 volume = me->block.info.sectors;
    u32 units = (u32)(me->front.data_size / RING_UNIT), sector = BLOCK_SECTOR / RING_UNIT;
    u32 length = allowed == RING_OK ? BLOCK_SECTOR : 0;
    int range = allowed == RING_OK ? RING_RANGE : allowed;
    int invalid = allowed == RING_OK ? RING_INVALID : allowed;
    expect("the first sector", op, 0, BLOCK_ARG(0, 1), allowed, length);
    expect("the last sector", op, 0, BLOCK_ARG(volume - 1, 1), allowed, length);
    expect("the sector behind the last", op, 0, BLOCK_ARG(volume, 1), range, 0);
    expect("the last sector and one more", op, 0, BLOCK_ARG(volume - 1, 2), range, 0);
    expect("the last number", op, 0, BLOCK_ARG((1ul << 48) - 1, 1), range, 0);
    expect("the last numbers", op, 0, BLOCK_ARG((1ul << 48) - 1, 0xffff), range, 0);
    expect("no sectors", op, 0, BLOCK_ARG(0, 0), invalid, 0);
    expect("no sectors behind the last", op, 0, BLOCK_ARG(volume, 0), invalid, 0);
    expect("the last memory", op, units - sector, BLOCK_ARG(0, 1), allowed, length);
    expect("one unit too far", op, units - sector + 1, BLOCK_ARG(0, 1), range, 0);
    expect("memory behind the last", op, units, BLOCK_ARG(0, 1), range, 0);
    expect("memory far away", op, UINT32_MAX, BLOCK_ARG(0, 1), range, 0);
    expect("memory that ends at 4 GiB", op, 0u - sector, BLOCK_ARG(0, 1), range, 0);
    expect("the most sectors", op, units - 1, BLOCK_ARG(0, 0xffff), range, 0);
}

/* Chains: the sectors go on, the memory need not. */
static void chains(u8 op)
{
    u64 volume = me->block.info.sectors;
    u32 units = (u32)(me->front.data_size / RING_UNIT), sector = BLOCK_SECTOR / RING_UNIT;
    struct ring_sqe two[] = {{.op = op, .buf = sector, .arg = BLOCK_ARG(0, 1)},
                             {.op = op, .buf = 0, .arg = BLOCK_ARG(1, 1)}};
    expect_chain("two pieces", two, 2, RING_OK, 2 * BLOCK_SECTOR);
    two[1].arg = BLOCK_ARG(2, 1);
    expect_chain("sectors with a hole", two, 2, RING_INVALID, 0);
    two[1].arg = BLOCK_ARG(1, 0);
    expect_chain("an empty piece", two, 2, RING_INVALID, 0);
    two[1] = (struct ring_sqe){.op = BLOCK_FLUSH};
    expect_chain("a flush as the second piece", two, 2, RING_INVALID, 0);
    two[1] = (struct ring_sqe){.op = op == BLOCK_READ ? BLOCK_WRITE : BLOCK_READ,
                               .arg = BLOCK_ARG(1, 1)};
    expect_chain("a read and a write", two, 2, RING_INVALID, 0);
    two[1] = (struct ring_sqe){.op = op, .buf = units - 1, .arg = BLOCK_ARG(1, 1)};
    expect_chain("the second piece beyond the memory", two, 2, RING_RANGE, 0);
    two[0].arg = BLOCK_ARG(volume - 1, 1);
    two[1] = (struct ring_sqe){.op = op, .buf = 0, .arg = BLOCK_ARG(volume, 1)};
    expect_chain("the second piece beyond the volume", two, 2, RING_RANGE, 0);
    struct ring_sqe many[RING_CHAIN_LIMIT];
    for (u32 i = 0; i < RING_CHAIN_LIMIT; i++)
        many[i] = (struct ring_sqe){.op = op, .buf = 2 * i * sector, .arg = BLOCK_ARG(i, 1)};
    expect_chain("as many pieces as there can be", many, RING_CHAIN_LIMIT, RING_OK,
                 RING_CHAIN_LIMIT * BLOCK_SECTOR);
    many[RING_CHAIN_LIMIT - 1].buf = units;
    expect_chain("the last of them beyond the memory", many, RING_CHAIN_LIMIT, RING_RANGE, 0);
}

/* What moves no data; and what there is not. */
static void others(bool writable, bool trims)
{
    u64 volume = me->block.info.sectors;
    u32 units = (u32)(me->front.data_size / RING_UNIT);
    expect("a flush", BLOCK_FLUSH, 0, 0, RING_OK, 0);
    struct ring_sqe two[] = {{.op = BLOCK_FLUSH}, {.op = BLOCK_FLUSH}};
    expect_chain("two flushes in a chain", two, 2, RING_INVALID, 0);
    expect("what the volume is like", BLOCK_INFO, units - 1, 0, RING_OK, sizeof(struct block_info));
    expect("the same, beyond the memory", BLOCK_INFO, units, 0, RING_RANGE, 0);
    expect("operation 0", 0, 0, BLOCK_ARG(0, 1), RING_UNSUPPORTED, 0);
    expect("operation 6", BLOCK_INFO + 1, 0, BLOCK_ARG(0, 1), RING_UNSUPPORTED, 0);
    expect("operation 255", 255, 0, BLOCK_ARG(0, 1), RING_UNSUPPORTED, 0);
    if (!writable) {
        expect("a trim", BLOCK_TRIM, 0, BLOCK_ARG(0, 1), RING_READ_ONLY, 0);
    } else if (trims) {
        expect("a trim of nothing", BLOCK_TRIM, 0, BLOCK_ARG(0, 0), RING_INVALID, 0);
        expect("a trim behind the last", BLOCK_TRIM, 0, BLOCK_ARG(volume, 1), RING_RANGE, 0);
        expect("a trim over the end", BLOCK_TRIM, 0, BLOCK_ARG(volume - 1, 0xffff), RING_RANGE, 0);
        expect("a trim", BLOCK_TRIM, 0, BLOCK_ARG(volume / 2, 1), RING_OK, 0);
    } else {
        expect("a trim", BLOCK_TRIM, 0, BLOCK_ARG(0, 1), RING_UNSUPPORTED, 0);
    }
}

/* Fills the first 64 sectors of the data area with what the volume does not have. */
static void fill_memory(u32 generation)
{
    for (u32 i = 0; i < 64; i++) {
        struct pattern pattern = {i, generation, (u32)me->options.seed};
        pattern_fill((u64 *)(me->front.data + i * BLOCK_SECTOR), &pattern);
    }
}

/* Requests that are refused have written nothing: neither sectors nor memory. */
static void nothing_was_written(void)
{
    u64 volume = me->block.info.sectors;
    struct pattern pattern = {0, 1, (u32)me->options.seed};
    u64 *words = (u64 *)me->front.data;
    fill_memory(1);
    expect("writing the last sector", BLOCK_WRITE, 0, BLOCK_ARG(volume - 1, 1), RING_OK,
           BLOCK_SECTOR);
    fill_memory(2);
    expect("a write over the end", BLOCK_WRITE, 0, BLOCK_ARG(volume - 1, 2), RING_RANGE, 0);
    expect("a read over the end", BLOCK_READ, 0, BLOCK_ARG(volume - 1, 2), RING_RANGE, 0);
    pattern.generation = 2;
    checks++;
    if (pattern_check(words, &pattern) != PATTERN_WORDS)
        fail("a read that was refused has written to memory");
    expect("reading the last sector", BLOCK_READ, 0, BLOCK_ARG(volume - 1, 1), RING_OK,
           BLOCK_SECTOR);
    pattern.generation = 1;
    checks++;
    if (pattern_check(words, &pattern) != PATTERN_WORDS)
        fail("a write that was refused has written to the volume");
}

void edges(struct client *client)
{
    me = client;
    client_open_block(client);
    bool writable = client->block.info.flags & BLOCK_IS_WRITABLE;
    transfers(BLOCK_READ, RING_OK);
    transfers(BLOCK_WRITE, writable ? RING_OK : RING_READ_ONLY);
    chains(BLOCK_READ);
    if (writable) {
        chains(BLOCK_WRITE);
        nothing_was_written();
    }
    others(writable, client->block.info.flags & BLOCK_CAN_TRIM);
    print("block-client: done: %u edges\n", checks);
}

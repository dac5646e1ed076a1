/*
 * The servers, and what can be asked of each. See hostile.h.
 *
 * Edges are of everything that ring/NAME.h gives a number to. An answer that is right must not be
 * expected for a request that reaches beyond the volume, or beyond the data area.
 */
#include "../session-echo/echo.h"
#include "hostile.h"

#include <base/string.h>
#include <ring/block.h>
#include <ring/console.h>
#include <ring/net.h>
#include <ring/timer.h>

static bool inside(const struct target *target, u32 buf, u64 offset, u64 length)
{
    u64 at = (u64)buf * RING_UNIT + offset, size = (u64)target->units * RING_UNIT;
    return at <= size && length <= size - at;
}

/* --- echo: dies when it is asked to, and so it is not ----------------------------------------- */

static u8 echo_op(struct random *random)
{
    const u64 ops[] = {0, ECHO, ECHO, ECHO_KEEP, ECHO_RESTARTS, 6, 0x7f, 0x80, 0xff};
    return (u8)any_of(random, ops, array_count(ops));
}

static struct ring_sqe echo_plain(struct target *target)
{
    return (struct ring_sqe){.op = ECHO, .arg = random_next(&target->random)};
}

static struct ring_sqe echo_any(struct target *target)
{
    struct ring_sqe entry = {.buf = any_buf(target), .arg = random_next(&target->random)};
    do
        entry.op = echo_op(&target->random);
    while (entry.op == ECHO_KEEP);
    return entry;
}

static bool echo_may_succeed(const struct target *target, const struct ring_sqe *entry)
{
    (void)target;
    return entry->op == ECHO || entry->op == ECHO_RESTARTS;
}

static struct ring_sqe echo_hold(struct target *target)
{
    (void)target;
    return (struct ring_sqe){.op = ECHO_KEEP};
}

/* --- block ------------------------------------------------------------------------------------ */

static void block_open(struct target *target)
{
    u32 len;
    check(ask(target, (struct ring_sqe){.op = BLOCK_INFO}, &len) == RING_OK);
    struct block_info info;
    memcpy(&info, target->front.data, sizeof(info));
    check(len == sizeof(info) && info.sectors != 0);
    target->sectors = info.sectors;
    target->writable = info.flags & BLOCK_IS_WRITABLE;
}

static u8 block_op(struct random *random)
{
    const u64 ops[] = {0,          BLOCK_READ, BLOCK_READ,     BLOCK_WRITE, BLOCK_FLUSH,
                       BLOCK_TRIM, BLOCK_INFO, BLOCK_INFO + 1, 0x80,        0xff};
    return (u8)any_of(random, ops, array_count(ops));
}

static u64 block_arg(struct target *target)
{
    struct random *random = &target->random;
    u64 sectors = target->sectors;
    const u64 places[] = {0,
                          1,
                          sectors - 8,
                          sectors - 1,
                          sectors,
                          sectors + 1,
                          UINT32_MAX,
                          1ul << 32,
                          1ul << 47,
                          (1ul << 48) - 1,
                          (1ul << 48) - 8,
                          random_below(random, sectors),
                          random_next(random) >> 16};
    const u64 counts[] = {0, 1, 1, 2, 7, 8, 9, 32, 0xff, 0x7fff, 0x8000, 0xfffe, 0xffff};
    return BLOCK_ARG(any_of(random, places, array_count(places)),
                     any_of(random, counts, array_count(counts)));
}

static struct ring_sqe block_plain(struct target *target)
{
    u64 sector = random_below(&target->random, target->sectors);
    return (struct ring_sqe){.op = BLOCK_READ, .arg = BLOCK_ARG(sector, 1)};
}

static struct ring_sqe block_any(struct target *target)
{
    const u64 flags[] = {0, 0, 0, RING_FUA, 4, 0xfc, 0x80};
    return (struct ring_sqe){
        .op = block_op(&target->random),
        .flags = (u8)any_of(&target->random, flags, array_count(flags)),
        .buf = any_buf(target),
        .arg = block_arg(target),
    };
}

static bool block_may_succeed(const struct target *target, const struct ring_sqe *entry)
{
    u64 sector = BLOCK_ARG_SECTOR(entry->arg), count = BLOCK_ARG_SECTORS(entry->arg);
    bool on_disk = count != 0 && sector < target->sectors && count <= target->sectors - sector;
    bool in_memory = inside(target, entry->buf, 0, count * BLOCK_SECTOR);
    switch (entry->op) {
    case BLOCK_READ:
        return on_disk && in_memory && entry->flags == 0;
    case BLOCK_WRITE:
        return on_disk && in_memory && target->writable && !(entry->flags & ~RING_FUA);
    case BLOCK_TRIM:
        return on_disk && target->writable && entry->flags == 0;
    case BLOCK_FLUSH:
        return entry->flags == 0;
    case BLOCK_INFO:
        return inside(target, entry->buf, 0, sizeof(struct block_info)) && entry->flags == 0;
    default:
        return false;
    }
}

/* For disks that take their time: the whole data area at once. */
static struct ring_sqe block_hold(struct target *target)
{
    u64 count = min(target->sectors, target->units * RING_UNIT / BLOCK_SECTOR);
    return (struct ring_sqe){.op = BLOCK_READ, .arg = BLOCK_ARG(0, count)};
}

/* --- net -------------------------------------------------------------------------------------- */

static void net_open(struct target *target)
{
    u32 len;
    check(ask(target, (struct ring_sqe){.op = NET_INFO}, &len) == RING_OK);
    struct net_info info;
    memcpy(&info, target->front.data, sizeof(info));
    check(len == sizeof(info));
    memcpy(target->mac, info.mac, sizeof(info.mac));
}

static u8 net_op(struct random *random)
{
    const u64 ops[] = {0, NET_TX, NET_TX, NET_TX, NET_RXPOST, NET_INFO, NET_INFO + 1, 0x80, 0xff};
    return (u8)any_of(random, ops, array_count(ops));
}

/* A frame to nobody, from this session's address: it goes nowhere. */
static void write_frame(struct target *target)
{
    static const u8 nobody[NET_MAC] = {0x02, 0xff, 0xff, 0xff, 0xff, 0xff};
    memcpy(target->front.data, nobody, NET_MAC);
    memcpy(target->front.data + NET_MAC, target->mac, NET_MAC);
}

static struct ring_sqe net_plain(struct target *target)
{
    write_frame(target);
    u64 length = NET_FRAME_LEAST + random_below(&target->random, NET_FRAME_MOST - NET_FRAME_LEAST);
    return (struct ring_sqe){.op = NET_TX, .arg = NET_TX_ARG(length, 0, 0, 0)};
}

static u64 net_arg(struct random *random)
{
    const u64 lengths[] = {0, 13, 14, 60, 64, 1513, 1514, 1515, 2048, 0x8000, 0xffff};
    const u64 offsets[] = {0, 0, 0, 1, 63, 64, 0x8000, 0xffff};
    const u64 sums[] = {0, 0, 0, 13, 14, 34, 126, 1512, 1514, 0x7fff, 0x8000, 0xffff};
    return NET_TX_ARG(any_of(random, lengths, array_count(lengths)),
                      any_of(random, offsets, array_count(offsets)),
                      any_of(random, sums, array_count(sums)),
                      any_of(random, sums, array_count(sums)));
}

/* Room that can be used would stay outstanding: what is posted here is too small, or nowhere. */
static struct ring_sqe net_any(struct target *target)
{
    struct ring_sqe entry = {
        .op = net_op(&target->random), .buf = any_buf(target), .arg = net_arg(&target->random)};
    if (entry.op == NET_RXPOST)
        entry.arg =
            NET_RX_ARG(random_below(&target->random, NET_FRAME_MOST), NET_ARG_OFFSET(entry.arg));
    return entry;
}

static bool net_may_succeed(const struct target *target, const struct ring_sqe *entry)
{
    u64 length = NET_ARG_LENGTH(entry->arg), offset = NET_ARG_OFFSET(entry->arg);
    if (entry->op == NET_INFO)
        return inside(target, entry->buf, 0, sizeof(struct net_info));
    return entry->op == NET_TX && length >= NET_FRAME_LEAST && length <= NET_FRAME_MOST &&
           offset < RING_UNIT && inside(target, entry->buf, offset, length);
}

static struct ring_sqe net_hold(struct target *target)
{
    (void)target;
    return (struct ring_sqe){.op = NET_RXPOST, .arg = NET_RX_ARG(2048, 0)};
}

/* --- timer ------------------------------------------------------------------------------------ */

static u8 timer_op(struct random *random)
{
    const u64 ops[] = {0, TIMER_SET, TIMER_SET, TIMER_CANCEL, TIMER_CANCEL, 3, 0x80, 0xff};
    return (u8)any_of(random, ops, array_count(ops));
}

static struct ring_sqe timer_plain(struct target *target)
{
    return (struct ring_sqe){.op = TIMER_SET, .arg = random_below(&target->random, 1000)};
}

static struct ring_sqe timer_any(struct target *target)
{
    const u64 tags[] = {0,     1,      126,        127,        128,
                        65535, 65536u, UINT32_MAX, UINT64_MAX, random_below(&target->random, 128)};
    const u64 flags[] = {0, 0, RING_FUA, 0xfe};
    struct ring_sqe entry = timer_plain(target);
    entry.op = timer_op(&target->random);
    entry.flags = (u8)any_of(&target->random, flags, array_count(flags));
    entry.buf = any_buf(target);
    if (entry.op != TIMER_SET)
        entry.arg = any_of(&target->random, tags, array_count(tags));
    return entry;
}

static bool timer_may_succeed(const struct target *target, const struct ring_sqe *entry)
{
    (void)target;
    return entry->op == TIMER_SET || (entry->op == TIMER_CANCEL && entry->arg < RING_ENTRIES);
}

static struct ring_sqe timer_hold(struct target *target)
{
    return (struct ring_sqe){.op = TIMER_SET,
                             .arg = UINT64_MAX - random_below(&target->random, 1000)};
}

/* --- console ---------------------------------------------------------------------------------- */

static u8 console_op(struct random *random)
{
    const u64 ops[] = {0, CONSOLE_WRITE, CONSOLE_IMM, CONSOLE_READPOST, CONSOLE_MODE, CONSOLE_WORDS,
                       6, 0xff};
    return (u8)any_of(random, ops, array_count(ops));
}

static struct ring_sqe console_plain(struct target *target)
{
    return (struct ring_sqe){
        .op = CONSOLE_IMM,
        .arg = CONSOLE_IMM_ARG(1 + random_below(&target->random, 7), 0x0a6d6c6b6a6968ul)};
}

/* A place to read to stays outstanding unless it is nowhere. */
static struct ring_sqe console_any(struct target *target)
{
    const u64 args[] = {0,         1,          7,         8,          64,        255,
                        4096,      16383,      16384,     16385,      65536,     0x7fffffff,
                        1ul << 31, UINT32_MAX, 1ul << 32, UINT64_MAX, 1ul << 63, 2};
    struct ring_sqe entry = {
        .op = console_op(&target->random),
        .buf = any_buf(target),
        .arg = any_of(&target->random, args, array_count(args)),
    };
    if (entry.op == CONSOLE_READPOST)
        entry.buf = target->units + (u32)random_below(&target->random, 1ul << 30);
    return entry;
}

static bool console_may_succeed(const struct target *target, const struct ring_sqe *entry)
{
    switch (entry->op) {
    case CONSOLE_WRITE:
    case CONSOLE_WORDS:
        return inside(target, entry->buf, 0, entry->arg);
    case CONSOLE_READPOST:
        return inside(target, entry->buf, 0, entry->arg);
    case CONSOLE_IMM:
        return (entry->arg & 0xff) <= CONSOLE_IMM_MOST;
    case CONSOLE_MODE:
        return entry->arg <= CONSOLE_RAW;
    default:
        return false;
    }
}

static struct ring_sqe console_hold(struct target *target)
{
    (void)target;
    return (struct ring_sqe){.op = CONSOLE_READPOST, .arg = 64};
}

const struct kind kinds[] = {
    {"echo", NULL, echo_plain, echo_any, echo_may_succeed, echo_hold, echo_op},
    {"disk", block_open, block_plain, block_any, block_may_succeed, NULL, block_op},
    {"ahci", block_open, block_plain, block_any, block_may_succeed, block_hold, block_op},
    {"net", net_open, net_plain, net_any, net_may_succeed, net_hold, net_op},
    {"timer", NULL, timer_plain, timer_any, timer_may_succeed, timer_hold, timer_op},
    {"console", NULL, console_plain, console_any, console_may_succeed, console_hold, console_op},
};
const u32 kind_count = array_count(kinds);

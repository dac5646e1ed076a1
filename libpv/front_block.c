/*
 * The client's end of a block session. See front_block.h.
 *
 * The cookie of the front below is the number of the request in our table. Writes that are sent or
 * held are also in a bitmap and in a filter of counters: a write that finds all its counters at 0
 * overlaps with none, which is the usual case; only otherwise the bitmap is walked.
 */
#include <base/bits.h>
#include <base/string.h>
#include <front_block.h>

#define NONE         0xffu
#define INFO_COOKIE  UINT64_MAX
#define STRETCH      8u /* sectors that share a counter of the filter */
#define SECTORS_MOST (1ul << 48)

static_assert(RING_ENTRIES <= NONE, "a request's number fits into a byte, beside NONE");
static_assert(RING_ENTRIES <= UINT8_MAX, "a counter of the filter can count all requests");
static_assert((FRONT_BLOCK_BUCKETS & (FRONT_BLOCK_BUCKETS - 1)) == 0, "a power of two");

bool front_block_open(struct front_block *block, struct front *front, u32 buf)
{
    *block = (struct front_block){.front = front, .info_buf = buf};
    for (u32 i = 0; i < RING_ENTRIES; i++)
        block->requests[i].next = (u8)(i + 1 < RING_ENTRIES ? i + 1 : NONE);
    if (!range_fits((u64)buf * RING_UNIT, sizeof(struct block_info), front->data_size))
        return false;
    struct ring_sqe entry = {.op = BLOCK_INFO, .buf = buf};
    if (!front_push(front, &entry, 1, sizeof(struct block_info), INFO_COOKIE))
        return false;
    block->outstanding = 1;
    return true;
}

/* The server has said what the volume is like: a copy is made, and only that is looked at. */
static void take_info(struct front_block *block, const struct front_done *done)
{
    struct block_info *info = &block->info;
    memcpy(info, block->front->data + (u64)block->info_buf * RING_UNIT, sizeof *info);
    __asm__ volatile("" : : : "memory"); /* the compiler does not look at the original again */
    info->name[sizeof info->name - 1] = 0;
    bool sound =
        done->status == RING_OK && done->len == sizeof *info && info->sectors <= SECTORS_MOST;
    block->ready = sound;
    if (!sound) {
        block->failure = done->status < 0 ? done->status : RING_IO;
        *info = (struct block_info){0};
    }
}

/* --- which writes overlap -------------------------------------------------------------------- */

/* Does the request touch more stretches than the filter has counters? */
static bool is_wide(const struct front_block_request *request)
{
    return request->sectors > (FRONT_BLOCK_BUCKETS - 1) * STRETCH;
}

static void filter_add(struct front_block *block, const struct front_block_request *request,
                       int change)
{
    if (is_wide(request)) {
        block->wide += (u32)change;
        return;
    }
    u64 last = (request->sector + request->sectors - 1) / STRETCH;
    for (u64 i = request->sector / STRETCH; i <= last; i++)
        block->touched[i % FRONT_BLOCK_BUCKETS] += (u8)change;
}

/* False: it certainly overlaps with no write on its way. */
static bool filter_finds(const struct front_block *block, const struct front_block_request *request)
{
    if (block->wide || is_wide(request))
        return true;
    u64 last = (request->sector + request->sectors - 1) / STRETCH;
    for (u64 i = request->sector / STRETCH; i <= last; i++)
        if (block->touched[i % FRONT_BLOCK_BUCKETS])
            return true;
    return false;
}

static bool overlap(const struct front_block_request *a, const struct front_block_request *b)
{
    return ranges_overlap(a->sector, a->sectors, b->sector, b->sectors);
}

/* Does it overlap with one of these, a bitmap of requests? */
static bool overlaps_any(const struct front_block *block, const u64 *bitmap,
                         const struct front_block_request *request)
{
    for (u32 word = 0; word < array_count(block->writes); word++)
        for (u64 left = bitmap[word]; left; left &= left - 1)
            if (overlap(request, &block->requests[word * 64 + bit_lowest(left)]))
                return true;
    return false;
}

/* --- submitting ------------------------------------------------------------------------------ */

static u8 request_take(struct front_block *block)
{
    u8 number = block->free;
    block->free = block->requests[number].next;
    block->outstanding++;
    return number;
}

static void request_give_back(struct front_block *block, u8 number)
{
    block->requests[number].next = block->free;
    block->free = number;
    block->outstanding--;
}

static bool push(struct front_block *block, u8 number, const struct ring_sqe *entries, u32 count)
{
    return front_push(block->front, entries, count, block->requests[number].bytes, number);
}

/* A write or trim: sent if it overlaps with none before it, else held. */
static enum front_block_answer submit_write(struct front_block *block, u8 number,
                                            const struct ring_sqe *entries, u32 count)
{
    const struct front_block_request *request = &block->requests[number];
    bool hold = filter_finds(block, request) && overlaps_any(block, block->writes, request);
    if (hold) {
        if (block->held_count == FRONT_BLOCK_HELD)
            return FRONT_BLOCK_FULL;
        struct front_block_held *held = &block->held[block->held_count++];
        held->request = number;
        held->count = (u8)count;
        memcpy(held->entries, entries, count * sizeof *entries);
        bitmap_set(block->waiting, number);
    } else if (!push(block, number, entries, count)) {
        return FRONT_BLOCK_FULL;
    }
    bitmap_set(block->writes, number);
    filter_add(block, request, 1);
    return FRONT_BLOCK_TAKEN;
}

/* Everything is checked but whether there is room. `new` says what the request is like. */
static enum front_block_answer submit(struct front_block *block,
                                      const struct front_block_request *new,
                                      const struct ring_sqe *entries, u32 count)
{
    if (front_is_closed(block->front))
        return FRONT_BLOCK_CLOSED;
    if (block->starved || block->free == NONE)
        return FRONT_BLOCK_FULL;
    u8 number = request_take(block);
    block->requests[number] = *new;
    enum front_block_answer answer = FRONT_BLOCK_TAKEN;
    if (new->op == BLOCK_WRITE || new->op == BLOCK_TRIM)
        answer = submit_write(block, number, entries, count);
    else if (!push(block, number, entries, count))
        answer = FRONT_BLOCK_FULL;
    if (answer != FRONT_BLOCK_TAKEN)
        request_give_back(block, number);
    return answer;
}

static enum front_block_answer transfer(struct front_block *block, enum block_op op, u64 sector,
                                        const struct block_piece *pieces, u32 count, u8 flags,
                                        u64 cookie)
{
    struct ring_sqe entries[RING_CHAIN_LIMIT];
    u32 sectors = 0;
    if (!block->ready)
        return FRONT_BLOCK_NOT_READY;
    if (count == 0 || count > RING_CHAIN_LIMIT)
        return FRONT_BLOCK_PIECES;
    for (u32 i = 0; i < count; i++) {
        u32 some = pieces[i].sectors;
        if (some == 0 || some > BLOCK_SECTORS_MOST)
            return FRONT_BLOCK_PIECES;
        if (!range_fits((u64)pieces[i].buf * RING_UNIT, (u64)some * BLOCK_SECTOR,
                        block->front->data_size))
            return FRONT_BLOCK_MEMORY;
        entries[i] = (struct ring_sqe){.op = (u8)op,
                                       .flags = i == 0 ? flags : 0,
                                       .buf = pieces[i].buf,
                                       .arg = BLOCK_ARG(sector + sectors, some)};
        sectors += some;
    }
    if (!range_fits(sector, sectors, block->info.sectors))
        return FRONT_BLOCK_SECTORS;
    struct front_block_request request = {.cookie = cookie,
                                          .sector = sector,
                                          .sectors = sectors,
                                          .bytes = sectors * BLOCK_SECTOR,
                                          .op = (u8)op};
    return submit(block, &request, entries, count);
}

enum front_block_answer front_block_read(struct front_block *block, u64 sector,
                                         const struct block_piece *pieces, u32 count, u64 cookie)
{
    return transfer(block, BLOCK_READ, sector, pieces, count, 0, cookie);
}

enum front_block_answer front_block_write(struct front_block *block, u64 sector,
                                          const struct block_piece *pieces, u32 count, u8 flags,
                                          u64 cookie)
{
    if (block->ready && !(block->info.flags & BLOCK_IS_WRITABLE))
        return FRONT_BLOCK_READ_ONLY;
    return transfer(block, BLOCK_WRITE, sector, pieces, count, flags & RING_FUA, cookie);
}

enum front_block_answer front_block_flush(struct front_block *block, u64 cookie)
{
    if (!block->ready)
        return FRONT_BLOCK_NOT_READY;
    struct front_block_request request = {.cookie = cookie, .op = BLOCK_FLUSH};
    struct ring_sqe entry = {.op = BLOCK_FLUSH};
    return submit(block, &request, &entry, 1);
}

enum front_block_answer front_block_trim(struct front_block *block, u64 sector, u32 sectors,
                                         u64 cookie)
{
    if (!block->ready)
        return FRONT_BLOCK_NOT_READY;
    if (!(block->info.flags & BLOCK_IS_WRITABLE))
        return FRONT_BLOCK_READ_ONLY;
    if (!(block->info.flags & BLOCK_CAN_TRIM))
        return FRONT_BLOCK_NO_TRIM;
    if (sectors == 0 || sectors > BLOCK_SECTORS_MOST)
        return FRONT_BLOCK_PIECES;
    if (!range_fits(sector, sectors, block->info.sectors))
        return FRONT_BLOCK_SECTORS;
    struct front_block_request request = {
        .cookie = cookie, .sector = sector, .sectors = sectors, .op = BLOCK_TRIM};
    struct ring_sqe entry = {.op = BLOCK_TRIM, .arg = BLOCK_ARG(sector, sectors)};
    return submit(block, &request, &entry, 1);
}

/* --- completions ----------------------------------------------------------------------------- */

/* May number `index` of those that are held go? Not before what is on its way, nor before an older
 * one that is held. */
static bool may_go(const struct front_block *block, u32 index)
{
    const struct front_block_request *request = &block->requests[block->held[index].request];
    u64 sent[array_count(block->writes)];
    for (u32 i = 0; i < array_count(sent); i++)
        sent[i] = block->writes[i] & ~block->waiting[i];
    for (u32 i = 0; i < index; i++)
        if (overlap(request, &block->requests[block->held[i].request]))
            return false;
    return !overlaps_any(block, sent, request);
}

static void unhold(struct front_block *block, u32 index)
{
    bitmap_clear(block->waiting, block->held[index].request);
    block->held_count--;
    memmove(&block->held[index], &block->held[index + 1],
            (block->held_count - index) * sizeof block->held[0]);
}

/* A write is through, or there is room again: sends those that waited for it. */
static void send_held(struct front_block *block)
{
    bool sent = false;
    block->starved = false;
    for (u32 i = 0; i < block->held_count;) {
        const struct front_block_held *held = &block->held[i];
        if (!may_go(block, i)) {
            i++;
        } else if (push(block, held->request, held->entries, held->count)) {
            unhold(block, i);
            sent = true;
        } else {
            block->starved = true;
            break;
        }
    }
    if (sent)
        front_publish(block->front);
}

/* The request is over: what its completion says is checked, and its place is free. */
static void finish(struct front_block *block, u8 number, const struct front_done *got,
                   struct front_done *done)
{
    struct front_block_request *request = &block->requests[number];
    *done = (struct front_done){.cookie = request->cookie, .status = got->status, .len = got->len};
    if (got->status > 0 || (got->status == RING_OK && got->len != request->bytes)) {
        done->status = RING_IO;
        done->len = 0;
    }
    if (bitmap_get(block->writes, number)) {
        bitmap_clear(block->writes, number);
        filter_add(block, request, -1);
    }
    request_give_back(block, number);
    if (block->held_count)
        send_held(block);
}

bool front_block_reap(struct front_block *block, struct front_done *done)
{
    struct front_done got;
    while (front_reap(block->front, &got)) {
        if (got.cookie != INFO_COOKIE) {
            finish(block, (u8)got.cookie, &got, done);
            return true;
        }
        block->outstanding--;
        take_info(block, &got);
    }
    if (block->held_count && front_is_closed(block->front)) {
        u8 number = block->held[0].request;
        unhold(block, 0);
        finish(block, number, &(struct front_done){.status = RING_GONE}, done);
        return true;
    }
    return false;
}

bool front_block_may_sleep(struct front_block *block, u32 more)
{
    bool gone = block->held_count && front_is_closed(block->front);
    return !gone && front_may_sleep(block->front, more);
}

int front_block_finish(struct front_block *block, void (*wait)(u64 argument), u64 argument)
{
    int result = RING_OK;
    front_block_publish(block);
    for (;;) {
        struct front_done done;
        while (front_block_reap(block, &done))
            if (done.status < 0 && result == RING_OK)
                result = done.status;
        if (block->outstanding == 0)
            return result == RING_OK ? block->failure : result;
        if (front_block_may_sleep(block, block->outstanding))
            wait(argument);
    }
}

/*
 * Traffic on a volume, of which everything is checked. See traffic.h.
 *
 * Each request has a stretch of the data area to itself, in which its pieces lie in any order, with
 * gaps that nobody may write to.
 */
#include "traffic.h"

#include "pattern.h"

#include <base/string.h>
#include <runtime/heap.h>
#include <runtime/print.h>
#include <runtime/session.h>

#define UNITS_PER_SECTOR (BLOCK_SECTOR / RING_UNIT)
#define JUNK             0xa5u
#define COOKIE_JOB       0xffu /* the job's index; the serial number is above */

/* --- where a request's pieces lie ------------------------------------------------------------ */

static u32 region_of(const struct traffic *traffic, const struct job *job)
{
    return (u32)(job - traffic->jobs) * traffic->region;
}

static void *at(const struct traffic *traffic, u32 unit)
{
    return traffic->client->front.data + (u64)unit * RING_UNIT;
}

/* Cuts the request into pieces, of one sector at least. */
static void cut(struct traffic *traffic, struct job *job)
{
    struct random *random = &traffic->client->random;
    u32 left = job->sectors;
    job->count = 1 + (u32)random_below(random, min(traffic->client->options.chain, left));
    for (u32 i = 0; i < job->count; i++) {
        u32 after = job->count - 1 - i;
        u32 most = (u32)min(left - after, 2 * left / (after + 1));
        job->pieces[i].sectors = after == 0 ? left : 1 + (u32)random_below(random, most);
        left -= job->pieces[i].sectors;
    }
}

/* Puts the pieces into the job's region, in a random order, with gaps. */
static void lay_out(struct traffic *traffic, struct job *job)
{
    struct random *random = &traffic->client->random;
    u8 order[RING_CHAIN_LIMIT];
    for (u32 i = 0; i < job->count; i++) {
        u32 j = (u32)random_below(random, i + 1);
        order[i] = order[j];
        order[j] = (u8)i;
    }
    u32 unit = region_of(traffic, job);
    u32 slack = traffic->region - job->sectors * UNITS_PER_SECTOR;
    for (u32 i = 0; i < job->count; i++) {
        u32 gap = (u32)random_below(random, slack / (job->count - i) + 1);
        slack -= gap;
        unit += gap;
        job->pieces[order[i]].buf = unit;
        unit += job->pieces[order[i]].sectors * UNITS_PER_SECTOR;
    }
}

/* The place of the job's sectors, one after the other: begin with `*piece` and `*index` 0. */
static u64 *next_sector(const struct traffic *traffic, const struct job *job, u32 *piece,
                        u32 *index)
{
    if (*index == job->pieces[*piece].sectors) {
        (*piece)++;
        *index = 0;
    }
    return at(traffic, job->pieces[*piece].buf + (*index)++ * UNITS_PER_SECTOR);
}

/* Is this stretch still as it was before the request? */
static void check_gap(const struct traffic *traffic, u32 first, u32 end)
{
    const u8 *byte = at(traffic, first);
    for (u64 i = 0; i < (u64)(end - first) * RING_UNIT; i++)
        if (byte[i] != JUNK)
            fail("byte %lu of the data area was written: it is in no piece",
                 (u64)first * RING_UNIT + i);
}

static void check_gaps(const struct traffic *traffic, const struct job *job)
{
    u32 unit = region_of(traffic, job), end = unit + traffic->region;
    for (u32 round = 0; round < job->count; round++) {
        const struct block_piece *lowest = NULL;
        for (u32 i = 0; i < job->count; i++)
            if (job->pieces[i].buf >= unit && (!lowest || job->pieces[i].buf < lowest->buf))
                lowest = &job->pieces[i];
        check_gap(traffic, unit, lowest->buf);
        unit = lowest->buf + lowest->sectors * UNITS_PER_SECTOR;
    }
    check_gap(traffic, unit, end);
}

/* --- a request begins ------------------------------------------------------------------------ */

static u32 generation_after(u32 generation)
{
    return (generation & ~UNKNOWN) + 1;
}

static void prepare(struct traffic *traffic, struct job *job)
{
    u32 piece = 0, index = 0;
    if (job->op == BLOCK_TRIM || job->op == BLOCK_FLUSH)
        return;
    cut(traffic, job);
    lay_out(traffic, job);
    if (job->op == BLOCK_READ) {
        memset(at(traffic, region_of(traffic, job)), JUNK, (u64)traffic->region * RING_UNIT);
        return;
    }
    for (u64 sector = job->sector; sector < job->sector + job->sectors; sector++) {
        struct pattern pattern = {sector, generation_after(traffic->generation[sector]),
                                  (u32)traffic->client->options.seed};
        pattern_fill(next_sector(traffic, job, &piece, &index), &pattern);
    }
}

static enum front_block_answer submit(struct traffic *traffic, const struct job *job)
{
    struct front_block *block = &traffic->client->block;
    u64 cookie = (u64)traffic->serial << 8 | (u64)(job - traffic->jobs);
    switch (job->op) {
    case BLOCK_READ:
        return front_block_read(block, job->sector, job->pieces, job->count, cookie);
    case BLOCK_WRITE:
        return front_block_write(block, job->sector, job->pieces, job->count, job->flags, cookie);
    case BLOCK_TRIM:
        return front_block_trim(block, job->sector, job->sectors, cookie);
    default:
        return front_block_flush(block, cookie);
    }
}

/* The request is on its way, or is over: so are its sectors. */
static void mark(struct traffic *traffic, const struct job *job, int change)
{
    u8 *users = job->op == BLOCK_READ ? traffic->readers : traffic->writers;
    for (u32 i = 0; i < job->sectors; i++)
        users[job->sector + i] += (u8)change;
}

static void note_new_contents(struct traffic *traffic, const struct job *job)
{
    for (u32 i = 0; i < job->sectors; i++) {
        u32 *generation = &traffic->generation[job->sector + i];
        if (job->op == BLOCK_WRITE)
            *generation = generation_after(*generation);
        else if (job->op == BLOCK_TRIM)
            *generation |= UNKNOWN;
    }
}

/* Starts what was planned. False: there is no room for it at the moment. */
static bool begin(struct traffic *traffic, struct job *job)
{
    if (++traffic->serial == 0)
        traffic->serial++;
    prepare(traffic, job);
    enum front_block_answer answer = submit(traffic, job);
    if (answer == FRONT_BLOCK_FULL)
        return false;
    if (answer == FRONT_BLOCK_CLOSED && traffic->client->options.gone) {
        traffic->gone = true;
        return false;
    }
    if (answer != FRONT_BLOCK_TAKEN)
        fail("operation %u, sectors %lu+%u: %s", job->op, job->sector, job->sectors,
             front_block_text(answer));
    job->serial = traffic->serial;
    traffic->busy++;
    mark(traffic, job, 1);
    note_new_contents(traffic, job);
    return true;
}

/* --- a request is over ----------------------------------------------------------------------- */

static void check_read(const struct traffic *traffic, const struct job *job)
{
    u32 piece = 0, index = 0;
    for (u64 sector = job->sector; sector < job->sector + job->sectors; sector++) {
        const u64 *words = next_sector(traffic, job, &piece, &index);
        struct pattern pattern = {sector, traffic->generation[sector],
                                  (u32)traffic->client->options.seed};
        if (pattern.generation & UNKNOWN)
            continue;
        u32 wrong = pattern_check(words, &pattern);
        if (wrong != PATTERN_WORDS)
            fail("sector %lu, generation %u: word %u is %lx; the first are %lx %lu %lx", sector,
                 pattern.generation, wrong, words[wrong], words[0], words[1], words[2]);
    }
    check_gaps(traffic, job);
}

static void count(struct traffic *traffic, const struct job *job)
{
    traffic->reads += job->op == BLOCK_READ;
    traffic->writes += job->op == BLOCK_WRITE;
    traffic->trims += job->op == BLOCK_TRIM;
    traffic->flushes += job->op == BLOCK_FLUSH;
    if (++traffic->operations % traffic->client->options.report == 0)
        print("block-client: %lu operations, %u restarts\n", traffic->operations,
              traffic->client->front.info->restarts);
}

static void end(struct traffic *traffic, const struct front_done *done)
{
    u64 index = done->cookie & COOKIE_JOB;
    if (index >= JOBS_MOST || traffic->jobs[index].serial == 0 ||
        traffic->jobs[index].serial != done->cookie >> 8)
        fail("a completion for a request that is not on its way: %lx", done->cookie);
    struct job *job = &traffic->jobs[index];
    bool dead = done->status == RING_GONE || done->status == RING_IO;
    if (dead && traffic->client->options.gone)
        traffic->gone = true;
    else if (done->status != RING_OK)
        fail("operation %u, sectors %lu+%u in %u pieces: %s", job->op, job->sector, job->sectors,
             job->count, ring_status_text(done->status));
    else if (job->op == BLOCK_READ)
        check_read(traffic, job);
    count(traffic, job);
    mark(traffic, job, -1);
    job->serial = 0;
    traffic->busy--;
}

/* --- running --------------------------------------------------------------------------------- */

static struct job *free_job(struct traffic *traffic)
{
    for (u32 i = 0; i < traffic->client->options.depth; i++)
        if (traffic->jobs[i].serial == 0)
            return &traffic->jobs[i];
    return NULL;
}

/* Starts what the plan says until enough is on its way. `*left_over`: the last one that was planned
 * found no room, and is the next to be tried. */
static void begin_all(struct traffic *traffic, bool (*plan)(struct traffic *, struct job *),
                      struct job **left_over)
{
    while (traffic->busy < traffic->depth) {
        struct job *job = *left_over;
        if (!job) {
            job = free_job(traffic);
            if (!job || !plan(traffic, job))
                break;
        }
        *left_over = begin(traffic, job) ? NULL : job;
        if (*left_over)
            break;
    }
    front_block_publish(&traffic->client->block);
}

/* Runs a plan to its end. */
static void run(struct traffic *traffic, bool (*plan)(struct traffic *, struct job *))
{
    struct client *client = traffic->client;
    struct job *left_over = NULL;
    traffic->cursor = 0;
    traffic->depth = (u32)client->options.depth;
    for (;;) {
        begin_all(traffic, plan, &left_over);
        if (traffic->busy == 0)
            return;
        struct front_done done;
        while (front_block_reap(&client->block, &done))
            end(traffic, &done);
        u32 more = 1 + (u32)random_below(&client->random, max(1, traffic->busy));
        if (traffic->busy != 0 && front_block_may_sleep(&client->block, more))
            session_wait(client->event);
    }
}

/* The last sector says what the others have to be. */
static void write_summary(struct traffic *traffic)
{
    struct client *client = traffic->client;
    struct summary summary = {.magic = SUMMARY_MAGIC,
                              .sectors = traffic->sectors,
                              .writer = client->options.seed,
                              .operations = traffic->operations,
                              .restarts = client->front.info->restarts};
    for (u64 i = 0; i < traffic->sectors; i++)
        summary.digest += pattern_digest(i, traffic->generation[i]);
    summary.check = summary_check(&summary);
    memcpy(client->front.data, &summary, sizeof summary);
    struct block_piece piece = {.buf = 0, .sectors = 1};
    enum front_block_answer answer =
        front_block_write(&client->block, traffic->sectors, &piece, 1, RING_FUA, 0);
    int result = answer == FRONT_BLOCK_TAKEN
                     ? front_block_finish(&client->block, session_wait, client->event)
                     : RING_INVALID;
    if (result != RING_OK || front_block_flush(&client->block, 0) != FRONT_BLOCK_TAKEN ||
        front_block_finish(&client->block, session_wait, client->event) != RING_OK)
        fail("the summary: %s, %s", front_block_text(answer), ring_status_text(result));
}

static void setup(struct traffic *traffic)
{
    struct client *client = traffic->client;
    const struct options *options = &client->options;
    client_open_block(client);
    traffic->sectors = client->block.info.sectors - 1;
    u32 fair = (u32)(client->front.data_size / RING_UNIT / options->depth);
    traffic->region = (u32)min(fair, 2 * options->sectors * UNITS_PER_SECTOR);
    traffic->most = (u32)min(options->sectors, traffic->region / UNITS_PER_SECTOR);
    traffic->generation = heap_zeroed(traffic->sectors * sizeof *traffic->generation);
    traffic->readers = heap_zeroed(traffic->sectors);
    traffic->writers = heap_zeroed(traffic->sectors);
    if (traffic->most == 0 || !traffic->generation || !traffic->readers || !traffic->writers)
        fail("too little memory for a volume of %lu sectors", traffic->sectors);
}

void traffic(struct client *client)
{
    static struct traffic all;
    all.client = client;
    setup(&all);
    run(&all, plan_fill);
    run(&all, plan_readback);
    print("block-client: all sectors are written\n");
    all.operations = 0;
    run(&all, plan_random);
    const char *what = "the device has gone";
    if (!all.gone) {
        run(&all, plan_rewrite);
        run(&all, plan_readback);
        write_summary(&all);
        what = "all sectors are right";
    }
    print("block-client: done: %s: %lu operations, %lu reads, %lu writes, %lu trims, %lu flushes, "
          "%u restarts, %u odd completions\n",
          what, all.operations, all.reads, all.writes, all.trims, all.flushes,
          client->front.info->restarts, client->front.g->ctl.errors);
}

/*
 * What the block client asks for next. See traffic.h.
 *
 * Reads and trims stay away from sectors that are being written, and writes from those that are
 * being read, for what would come back could not be foretold. Writes may meet writes: that the
 * later one wins is the front end's promise, and is seen by whoever reads the sector next.
 */
#include "traffic.h"

#include <runtime/session.h>

#define TRIES 8

static bool sequential(struct traffic *traffic, struct job *job, enum block_op op)
{
    if (traffic->cursor == traffic->sectors || traffic->gone)
        return false;
    job->op = (u8)op;
    job->flags = 0;
    job->sector = traffic->cursor;
    job->sectors = (u32)min(traffic->most, traffic->sectors - traffic->cursor);
    traffic->cursor += job->sectors;
    return true;
}

bool plan_fill(struct traffic *traffic, struct job *job)
{
    return sequential(traffic, job, BLOCK_WRITE);
}

bool plan_readback(struct traffic *traffic, struct job *job)
{
    return sequential(traffic, job, BLOCK_READ);
}

bool plan_rewrite(struct traffic *traffic, struct job *job)
{
    while (traffic->cursor < traffic->sectors && !(traffic->generation[traffic->cursor] & UNKNOWN))
        traffic->cursor++;
    u64 first = traffic->cursor;
    if (!sequential(traffic, job, BLOCK_WRITE))
        return false;
    for (u32 i = 1; i < job->sectors; i++) {
        if (!(traffic->generation[first + i] & UNKNOWN)) {
            job->sectors = i;
            traffic->cursor = first + i;
        }
    }
    return true;
}

static bool free_of(const u8 *users, const struct job *job)
{
    for (u32 i = 0; i < job->sectors; i++)
        if (users[job->sector + i])
            return false;
    return true;
}

/* Somewhere, often small; writes are sometimes laid over one that is on its way. */
static void pick_range(struct traffic *traffic, struct job *job)
{
    struct random *random = &traffic->client->random;
    u32 most = random_below(random, 2) ? (u32)min(8, traffic->most) : traffic->most;
    job->sectors = (u32)min(1 + random_below(random, most), traffic->sectors);
    job->sector = random_below(random, traffic->sectors - job->sectors + 1);
    const struct job *other = &traffic->jobs[random_below(random, traffic->client->options.depth)];
    if (job->op == BLOCK_WRITE && other->serial && other->op == BLOCK_WRITE &&
        random_below(random, 4) == 0)
        job->sector = min(other->sector, traffic->sectors - job->sectors);
}

/* Has the operator opened a session called `stop` for this program? Asked once in a while. */
static bool is_told_to_stop(struct traffic *traffic)
{
    static struct front stop;
    u64 event;
    if (!traffic->stopped && ++traffic->questions % 64 == 0)
        traffic->stopped = session_open(&stop, "stop", &event) >= 0;
    return traffic->stopped;
}

/* Was enough done, and were there enough restarts of the server? */
static bool enough(struct traffic *traffic)
{
    const struct options *options = &traffic->client->options;
    if (options->told)
        return is_told_to_stop(traffic);
    if (traffic->client->front.info->restarts < options->restarts)
        traffic->counted_from = traffic->operations;
    return options->operations != 0 && !options->gone &&
           traffic->operations - traffic->counted_from >= options->operations;
}

static enum block_op pick_op(struct traffic *traffic)
{
    bool trims = traffic->client->options.mode == MODE_VERIFY &&
                 (traffic->client->block.info.flags & BLOCK_CAN_TRIM);
    u64 roll = random_below(&traffic->client->random, 100);
    if (roll < 2)
        return BLOCK_FLUSH;
    if (roll < 5 && trims)
        return BLOCK_TRIM;
    return roll < 52 ? BLOCK_READ : BLOCK_WRITE;
}

bool plan_random(struct traffic *traffic, struct job *job)
{
    struct random *random = &traffic->client->random;
    if (traffic->gone || enough(traffic))
        return false;
    if (traffic->operations % 256 == 0)
        traffic->depth = 1 + (u32)random_below(random, traffic->client->options.depth);
    job->op = (u8)pick_op(traffic);
    job->flags = job->op == BLOCK_WRITE && random_below(random, 16) == 0 ? RING_FUA : 0;
    job->sector = job->sectors = 0;
    if (job->op == BLOCK_FLUSH)
        return true;
    for (u32 i = 0; i < TRIES; i++) {
        pick_range(traffic, job);
        if ((job->op == BLOCK_READ || free_of(traffic->readers, job)) &&
            (job->op == BLOCK_WRITE || free_of(traffic->writers, job)))
            return true;
    }
    return false;
}

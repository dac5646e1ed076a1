/*
 * Kills servers in the middle of what they do. The keeper's `kill` would always find a server
 * asleep, because servers are more urgent than root; this program is more urgent than they are. An
 * interrupt of its own timer, after a random time, takes the CPU from whoever runs, at any
 * instruction; it then stops the chosen server by taking all CPU time from its share, asks root to
 * kill it, and gives the share back.
 *
 * Grants: `share NAME SERVER` for each server that may be killed, `hpet hpet N` for a timer that
 * nobody else uses, `manage`. Arguments: `kills=N seed=S`: how often all together, and from where
 * the chance comes. Its log says `killer: SERVER killed, K of N`, and at last `killer: done`.
 */
#include <base/parse.h>
#include <base/random.h>
#include <base/string.h>
#include <runtime/hpet.h>
#include <runtime/print.h>
#include <runtime/start.h>
#include <runtime/syscall.h>
#include <service/root.h>

/* The wait before a kill is 2^LEAST to 2^MOST nanoseconds, each power of two as likely. */
#define WAIT_LEAST   11u
#define WAIT_MOST    23u
#define WAIT_RESTART 50000000u /* before it is tried again with one that does not run */
#define CAP_NOTHING  1u        /* nanoseconds in each period */

static struct hpet hpet;
static const struct grant *irq;
static struct random dice;

static void must(status result, const char *what)
{
    if (result < 0)
        panic("killer: %s: %s", what, error_text(status_code(result)));
}

/* Until the interrupt comes. */
static void sleep(u64 ns)
{
    hpet_arm(&hpet, hpet_ticks(&hpet) + hpet_from_ns(&hpet, ns));
    u64 bit = 1ul << irq->value[0];
    struct message m = {0};
    do {
        must(ipc_wait(SLOT_NONE, 0, &m, 0), "waiting for the timer");
    } while (!(m.events & bit));
    hpet_interrupt(&hpet);
    must(irq_ack(irq->slot), "acknowledging the timer");
}

static u64 random_time(void)
{
    u64 power = 1ul << (WAIT_LEAST + random_below(&dice, WAIT_MOST - WAIT_LEAST));
    return power + random_below(&dice, power);
}

/* Stops the server where it is, and lets root kill it. False: it was not running. */
static bool kill(const struct grant *target)
{
    struct share_info info;
    must(share_info(target->slot, &info), "looking at a share");
    must(share_set(target->slot, info.weight, CAP_NOTHING), "stopping a server");
    struct message m = {.word = {ROOT_KILL}};
    memcpy(&m.word[1], target->name, START_NAME_SIZE);
    must(ipc_call(SLOT_ROOT, &m, 0), "calling root");
    must(share_set(target->slot, info.weight, info.cap_ns), "giving a share back");
    if (status_code((status)m.word[0]) != ERR_ABSENT)
        must((status)m.word[0], "killing a server");
    return (status)m.word[0] >= 0;
}

static u64 argument(const char *name, u64 otherwise)
{
    struct slice word, key, value, rest = slice_of(start->arguments);
    u64 number;
    while (slice_next_word(&rest, &word)) {
        if (slice_split(word, '=', &key, &value) && slice_equal(key, name) &&
            parse_number(value, &number) == PARSE_OK)
            return number;
    }
    return otherwise;
}

/* One of the servers that may be killed. */
static const struct grant *choose(void)
{
    const struct grant *targets[GRANT_LIMIT];
    u32 count = 0;
    for (u32 i = 0; i < start->grant_count; i++) {
        if (start->grants[i].kind == GRANT_SHARE)
            targets[count++] = &start->grants[i];
    }
    if (count == 0)
        panic("killer: nobody may be killed: the configuration has no line 'share'");
    return targets[random_below(&dice, count)];
}

int main(void)
{
    u64 kills = argument("kills", 10);
    random_init(&dice, argument("seed", 1));
    irq = hpet_granted(&hpet, false);
    if (!irq)
        panic("killer: there is no timer");
    struct message m = {.word = {ROOT_READY}};
    must(ipc_call(SLOT_ROOT, &m, 0), "calling root");
    for (u64 done = 0; done < kills;) {
        const struct grant *target = choose();
        sleep(random_time());
        if (!kill(target)) {
            sleep(WAIT_RESTART);
            continue;
        }
        done++;
        print("killer: %.*s killed, %lu of %lu\n", START_NAME_SIZE, target->name, done, kills);
    }
    print("killer: done\n");
    for (;;)
        must(ipc_wait(SLOT_NONE, 0, &m, 0), "waiting for nothing");
}

/*
 * Kills servers in the middle of what they do. The keeper's `kill` would always find a server
 * asleep, because servers are more urgent than the keeper; this program is more urgent than they
 * are. An interrupt of its own timer, after a random time, takes the CPU from whoever runs, at any
 * instruction; it then stops the chosen server by taking all CPU time from its share, asks root to
 * kill it, and gives the share back.
 *
 * It begins when all sessions of the configuration are at work. Before each kill it waits for that
 * again, or, half of the time, does not, and may meet a server that has just begun. It ends when
 * each session with one of the chosen servers has seen so many restarts; for a server without
 * sessions its kills are counted.
 *
 * Grants: `share NAME SERVER` for each server that may be killed, `hpet hpet N` for a timer that
 * nobody else uses, `status status`, `manage`. Arguments: `kills=N` (the restarts that each session
 * is to see), `sessions=N` (how many there are), `seed=S` (where the chance comes from). Its log
 * says `killer: SERVER killed, K kills`, and at last `killer: done: K kills, N at work, P pages
 * free before, Q after`: of servers that had something to do at that moment; and in root's pool,
 * when all are at work, where nothing may be missing.
 */
#include <base/random.h>
#include <base/string.h>
#include <runtime/arguments.h>
#include <runtime/hpet.h>
#include <runtime/map.h>
#include <runtime/print.h>
#include <runtime/start.h>
#include <runtime/syscall.h>
#include <service/root.h>

/* The wait before a kill is 2^LEAST to 2^MOST nanoseconds, each power of two as likely. */
#define WAIT_LEAST  11u
#define WAIT_MOST   23u
#define TRIES       50u        /* to meet a server at work */
#define WAIT_FIRST  100000000u /* for the load to come up */
#define WAIT_LOOK   5000000u   /* between two looks whether all are at work */
#define CAP_NOTHING 1u         /* nanoseconds in each period */

static struct hpet hpet;
static const struct grant *irq;
static struct random dice;
static const struct system_status *system_status;
static u64 kills[GRANT_LIMIT]; /* of the server with that grant */
static u64 kills_wanted, sessions_wanted;

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

/* --- looking at the system -------------------------------------------------------------------- */

static void open_status(void)
{
    const struct grant *grant = grant_find(GRANT_MEMORY, "status");
    if (!grant || grant->value[0] < sizeof(*system_status))
        panic("killer: no status was granted");
    u64 pages = align_up(sizeof(*system_status), PAGE_SIZE) / PAGE_SIZE;
    system_status = map_memory(grant->slot, 0, pages, RIGHT_READ);
    if (!system_status)
        panic("killer: the status cannot be mapped");
}

static void look(void)
{
    struct message m = {.word = {ROOT_REFRESH}};
    must(ipc_call(SLOT_ROOT, &m, 0), "calling root");
    must((status)m.word[0], "asking for the status");
}

static bool is_named(const char *name, const struct grant *target)
{
    return strncmp(name, target->name, START_NAME_SIZE) == 0;
}

/* Are all sessions served, and all servers up that are killed? */
static bool all_at_work(void)
{
    u64 attached = 0;
    look();
    for (u64 i = 0; i < system_status->session_count; i++)
        attached += system_status->sessions[i].info.state == SESSION_ATTACHED;
    for (u32 i = 0; i < start->grant_count; i++) {
        const struct grant *target = &start->grants[i];
        for (u64 j = 0; target->kind == GRANT_SHARE && j < system_status->server_count; j++) {
            const struct status_server *server = &system_status->servers[j];
            if (is_named(server->name, target) && server->state != SERVER_RUNNING)
                return false;
        }
    }
    return attached >= sessions_wanted;
}

static void wait_for_all(void)
{
    while (!all_at_work())
        sleep(WAIT_LOOK);
}

/* How many restarts every session with this server has seen. */
static u64 restarts_seen(u32 grant)
{
    const struct grant *target = &start->grants[grant];
    u64 least = UINT64_MAX;
    for (u64 i = 0; i < system_status->session_count; i++) {
        const struct session_info *info = &system_status->sessions[i].info;
        if (is_named(info->server, target))
            least = min(least, info->restarts);
    }
    return least == UINT64_MAX ? kills[grant] : least;
}

static u64 free_pages(void)
{
    const struct pool_info *root = &system_status->root_pool;
    return root->pages - root->used - root->reserved;
}

/* Has the server work to do at this moment? */
static bool is_at_work(const struct grant *target)
{
    look();
    for (u64 i = 0; i < system_status->server_count; i++) {
        const struct status_server *server = &system_status->servers[i];
        if (is_named(server->name, target))
            return server->state == SERVER_RUNNING && server->thread.state == THREAD_READY;
    }
    return false;
}

/* --- the work --------------------------------------------------------------------------------- */

/* The grant of one of the servers that have not been killed often enough; GRANT_LIMIT: all have. */
static u32 choose(void)
{
    u32 targets[GRANT_LIMIT], count = 0;
    look();
    for (u32 i = 0; i < start->grant_count; i++) {
        if (start->grants[i].kind == GRANT_SHARE && restarts_seen(i) < kills_wanted)
            targets[count++] = i;
    }
    return count == 0 ? GRANT_LIMIT : targets[random_below(&dice, count)];
}

/* Lets root kill the server. False: it was not running. */
static bool kill(const struct grant *target)
{
    struct message m = {.word = {ROOT_KILL}};
    memcpy(&m.word[1], target->name, START_NAME_SIZE);
    must(ipc_call(SLOT_ROOT, &m, 0), "calling root");
    if (status_code((status)m.word[0]) != ERR_ABSENT)
        must((status)m.word[0], "killing a server");
    return (status)m.word[0] >= 0;
}

/* Stops the server where it is after a random time, and kills it; `*busy` counts those that were
 * met at work, which is tried a few times. False: it was not running. */
static bool ambush(const struct grant *target, u64 *busy)
{
    struct share_info info;
    must(share_info(target->slot, &info), "looking at a share");
    for (u32 tries = random_below(&dice, 4) ? TRIES : 0;; tries--) {
        sleep(random_power(&dice, WAIT_LEAST, WAIT_MOST));
        must(share_set(target->slot, info.weight, CAP_NOTHING), "stopping a server");
        bool met = is_at_work(target);
        bool killed = (met || tries == 0) && kill(target);
        must(share_set(target->slot, info.weight, info.cap_ns), "giving a share back");
        if (met || tries == 0) {
            *busy += met && killed;
            return killed;
        }
    }
}

static u64 kill_all(u64 *busy)
{
    u64 done = 0;
    for (u32 target; (target = choose()) != GRANT_LIMIT;) {
        if (random_below(&dice, 2))
            wait_for_all();
        if (!ambush(&start->grants[target], busy))
            continue;
        kills[target]++;
        done++;
        print("killer: %.*s killed, %lu kills\n", START_NAME_SIZE, start->grants[target].name,
              done);
    }
    return done;
}

int main(void)
{
    kills_wanted = argument_number("kills", 10);
    sessions_wanted = argument_number("sessions", 0);
    random_init(&dice, argument_number("seed", 1));
    irq = hpet_granted(&hpet, false);
    if (!irq)
        panic("killer: there is no timer");
    open_status();
    struct message m = {.word = {ROOT_READY}};
    must(ipc_call(SLOT_ROOT, &m, 0), "calling root");
    wait_for_all();
    sleep(WAIT_FIRST);
    u64 before = free_pages();
    print("killer: all are at work\n");
    u64 busy = 0, done = kill_all(&busy);
    wait_for_all();
    print("killer: done: %lu kills, %lu at work, %lu pages free before, %lu after\n", done, busy,
          before, free_pages());
    for (;;)
        must(ipc_wait(SLOT_NONE, 0, &m, 0), "waiting for nothing");
}

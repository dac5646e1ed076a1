/*
 * Unit tests of a ring as a whole: both ends over real pages, with everything in between that may
 * happen between honest sides: any order of steps, wrap-around, chains, coalescing, and the death
 * of the server after any step. Each request completes once, with its own answer, and nobody
 * sleeps while there is something to do.
 */
// with: libpv/front.c libpv/back.c
#include "ring_world.h"

#include <pthread.h>

#include <base/random.h>

#define REQUESTS 20000u

/* A client and a server that know what they do. A request's cookie, which its entries carry as
 * well, is its number; its length and answer follow from that. */
struct actors {
    struct world w;
    struct random random;
    u32 pushed, reaped, failed;
    u8 state[REQUESTS]; /* 1: pushed, 2: reaped */
    bool client_asleep, server_asleep;
    u32 doorbells, completions; /* seen */
    u32 held;                   /* by the server: taken and not completed */
    struct {
        u16 tag;
        u32 number;
    } holds[RING_ENTRIES];
    u32 next; /* at least this number is taken next: they come in the order of submission */
    u32 longest;
};

static u32 chance(struct actors *a, u32 limit)
{
    return (u32)random_below(&a->random, limit);
}

static u32 entries_of(const struct actors *a, u32 number)
{
    return 1 + number * 2654435761u / 65536 % a->longest;
}

static u32 answer_of(u32 number)
{
    return number * 40503u % 100000;
}

static int code_of(u32 number)
{
    return number % 5 == 0 ? RING_RANGE : (int)(number % 3);
}

/* --- the client ------------------------------------------------------------------------------ */

static bool client_push(struct actors *a)
{
    u32 number = a->pushed, count = entries_of(a, number);
    if (number == REQUESTS || front_credits(&a->w.front) < count)
        return false;
    struct ring_sqe entries[RING_CHAIN_LIMIT];
    for (u32 i = 0; i < count; i++)
        entries[i] = (struct ring_sqe){.op = 1, .buf = i, .arg = number};
    assert_true(front_push(&a->w.front, entries, count, answer_of(number), number));
    a->state[number] = 1;
    a->pushed++;
    return true;
}

static bool client_reap(struct actors *a)
{
    struct front_done done;
    if (!front_reap(&a->w.front, &done))
        return false;
    assert_true(done.cookie < a->pushed);
    u32 number = (u32)done.cookie;
    assert_int_equal(a->state[number], 1);
    a->state[number] = 2;
    a->reaped++;
    if (done.status == RING_IO) {
        a->failed++;
        return true;
    }
    assert_int_equal(done.status, code_of(number));
    assert_int_equal(done.len, answer_of(number));
    return true;
}

static void client_step(struct actors *a)
{
    if (a->client_asleep && a->completions == a->w.completions)
        return;
    a->client_asleep = false;
    a->completions = a->w.completions;
    switch (chance(a, 4)) {
    case 0:
        for (u32 i = chance(a, 40); i > 0 && client_push(a); i--)
            ;
        break;
    case 1:
        front_publish(&a->w.front);
        break;
    case 2:
        for (u32 i = chance(a, 40); i > 0 && client_reap(a); i--)
            ;
        break;
    default:
        while (client_reap(a))
            ;
        front_publish(&a->w.front);
        a->client_asleep = front_may_sleep(&a->w.front, 1 + chance(a, 40) * chance(a, 2));
    }
}

/* --- the server ------------------------------------------------------------------------------ */

static bool server_take(struct actors *a)
{
    static struct back_request request;
    enum back_result result = back_take(&a->w.back, &request);
    assert_int_not_equal(result, BACK_BROKEN);
    if (result == BACK_EMPTY)
        return false;
    u32 number = (u32)request.entry[0].arg;
    assert_true(number >= a->next && number < a->pushed);
    assert_int_equal(a->state[number], 1);
    assert_int_equal(request.count, entries_of(a, number));
    for (u32 i = 0; i < request.count; i++) {
        assert_int_equal(request.entry[i].arg, number);
        assert_int_equal(request.entry[i].buf, i);
        assert_int_equal(request.entry[i].tag, request.tag);
    }
    a->next = number + 1;
    a->holds[a->held].tag = request.tag;
    a->holds[a->held++].number = number;
    return true;
}

static bool server_complete(struct actors *a)
{
    if (a->held == 0)
        return false;
    u32 which = chance(a, a->held), number = a->holds[which].number;
    back_complete(&a->w.back, a->holds[which].tag, code_of(number), answer_of(number));
    a->holds[which] = a->holds[--a->held];
    return true;
}

static void server_step(struct actors *a)
{
    if (a->w.info->state == SESSION_WAITING) {
        world_attach(&a->w);
        a->server_asleep = false;
        a->held = a->next = 0;
    }
    if (a->w.info->state != SESSION_ATTACHED ||
        (a->server_asleep && a->doorbells == a->w.doorbells && a->held == 0))
        return;
    a->server_asleep = false;
    a->doorbells = a->w.doorbells;
    switch (chance(a, 4)) {
    case 0:
        for (u32 i = chance(a, 40); i > 0 && server_take(a); i--)
            ;
        break;
    case 1:
        for (u32 i = chance(a, 40); i > 0 && server_complete(a); i--)
            ;
        break;
    case 2:
        back_publish(&a->w.back);
        break;
    default:
        back_publish(&a->w.back);
        a->server_asleep = back_may_sleep(&a->w.back);
    }
}

/* The server dies; what it had not published is lost. The client is woken, as root does. */
static void kill_server(struct actors *a)
{
    if (a->w.info->state != SESSION_ATTACHED)
        return;
    world_kill(&a->w);
    a->w.completions++;
}

static void assert_awake(struct actors *a)
{
    bool client = a->client_asleep && a->completions == a->w.completions;
    bool server = a->server_asleep && a->doorbells == a->w.doorbells && a->held == 0;
    if (client && server && a->w.info->state == SESSION_ATTACHED && a->pushed != a->reaped)
        fail_msg("both sides sleep, with %u requests outstanding", a->pushed - a->reaped);
}

/* --- whole lives ----------------------------------------------------------------------------- */

/* Both sides' indices as they are after a long life. */
static void age(struct world *w, u32 sq, u32 cq)
{
    w->front.sq.next = w->front.sq.published = w->back.sq.next = w->back.sq.known = sq;
    w->front.cq.next = w->front.cq.known = w->back.cq.next = w->back.cq.published = cq;
    w->back.chained = sq - cq;
    w->g->ctl.prod = w->s->ctl.event = sq;
    w->s->ctl.prod = w->g->ctl.event = cq;
}

/* Lives until all requests are through; `deaths` in 1000 steps. */
static struct actors *live(u64 seed, u32 log2_n, u32 longest, u32 deaths, u8 restarts)
{
    static struct actors a;
    a = (struct actors){.longest = longest};
    random_init(&a.random, seed);
    world_open(&a.w, log2_n);
    age(&a.w, 0u - 300 - chance(&a, 300), 0u - 200 - chance(&a, 200));
    a.w.front.restarts = restarts;
    for (u64 steps = 0; a.reaped < REQUESTS; steps++) {
        if (steps == 1000ul * REQUESTS)
            fail_msg("no end: %u pushed, %u reaped", a.pushed, a.reaped);
        if (chance(&a, 2) == 0)
            client_step(&a);
        else
            server_step(&a);
        if (chance(&a, 1000) < deaths)
            kill_server(&a);
        if (a.client_asleep && a.pushed == a.reaped)
            a.client_asleep = false; /* it has nothing to wait for */
        assert_awake(&a);
    }
    assert_int_equal(front_credits(&a.w.front), 1u << log2_n);
    assert_int_equal(a.w.front.chained, 0);
    assert_int_equal(a.w.g->ctl.errors, 0);
    assert_int_equal(a.w.s->ctl.errors, 0);
    assert_int_equal(a.w.reconnects != 0, deaths != 0);
    return &a;
}

static void test_lives(void **state)
{
    (void)state;
    for (u32 log2_n = RING_LOG2_LEAST; log2_n <= RING_LOG2_MOST; log2_n++)
        for (u64 seed = 0; seed < 3; seed++) {
            u32 longest = seed == 0 ? 1 : 1u << (log2_n < 5 ? log2_n : 5);
            struct actors *a = live(seed, log2_n, longest, 0, FRONT_RESTARTS);
            assert_int_equal(a->failed, 0);
            world_end(&a->w);
        }
}

static void test_deaths(void **state)
{
    (void)state;
    for (u64 seed = 10; seed < 16; seed++) {
        struct actors *a = live(seed, seed % 2 ? 7 : 4, seed % 3 ? 9 : 1, 5, FRONT_PATIENT);
        assert_int_equal(a->failed, 0);
        assert_true(a->w.g->ctl.restarts > 100);
        world_end(&a->w);
    }
    for (u64 seed = 20; seed < 23; seed++) {
        struct actors *a = live(seed, 7, 9, 30, FRONT_RESTARTS);
        assert_true(a->failed > 0 && a->failed < REQUESTS / 2);
        world_end(&a->w);
    }
}

/* One batch, and the server's death after exactly `steps` steps of it. Returns whether the batch
 * was over before that. */
static bool die_after(u32 steps)
{
    static struct actors a;
    a = (struct actors){.longest = 3};
    random_init(&a.random, 1);
    world_open(&a.w, 5);
    a.w.completions = 1;
    bool over = false;
    for (u32 step = 0; a.reaped < 6; step++) {
        assert_true(step < 1000);
        if (step == steps)
            kill_server(&a);
        if (a.w.info->state == SESSION_WAITING)
            server_step(&a); /* attaches, and does something */
        bool alive = a.w.info->state == SESSION_ATTACHED;
        switch (step % 10) {
        case 0:
        case 1:
            if (a.pushed < 6)
                client_push(&a);
            break;
        case 2:
            front_publish(&a.w.front);
            break;
        case 3:
        case 4:
            if (alive)
                server_take(&a);
            break;
        case 5:
        case 6:
            if (alive)
                server_complete(&a);
            break;
        case 7:
            if (alive)
                back_publish(&a.w.back);
            break;
        default:
            client_reap(&a);
        }
        over = step < steps;
    }
    assert_int_equal(front_credits(&a.w.front), 32);
    assert_int_equal(a.failed, 0);
    world_end(&a.w);
    return over;
}

static void test_death_after_each_step(void **state)
{
    (void)state;
    u32 steps = 0;
    while (!die_after(steps))
        steps++;
    assert_in_range(steps, 20, 200);
}

/* --- two threads ----------------------------------------------------------------------------- */

/* Sticky bits, as the kernel has them. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

static void wait_for(const u32 *rung, u32 *seen)
{
    pthread_mutex_lock(&lock);
    while (*rung == *seen)
        pthread_cond_wait(&changed, &lock);
    *seen = *rung;
    pthread_mutex_unlock(&lock);
}

static void locked_ring(u32 *rung)
{
    pthread_mutex_lock(&lock);
    ++*rung;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

static void *serve(void *argument)
{
    struct actors *a = argument;
    struct random random;
    random_init(&random, 5);
    for (u32 done = 0; done < REQUESTS;) {
        static struct back_request requests[RING_ENTRIES];
        u32 count = 0, most = 1 + (u32)random_below(&random, 32);
        enum back_result result = BACK_TAKEN;
        while (count < most && (result = back_take(&a->w.back, &requests[count])) == BACK_TAKEN)
            count++;
        assert_int_not_equal(result, BACK_BROKEN);
        for (u32 i = count; i-- > 0; done++) {
            u32 number = (u32)requests[i].entry[0].arg;
            assert_int_equal(requests[i].count, entries_of(a, number));
            back_complete(&a->w.back, requests[i].tag, code_of(number), answer_of(number));
        }
        back_publish(&a->w.back);
        if (result == BACK_EMPTY && back_may_sleep(&a->w.back) && done < REQUESTS)
            wait_for(&a->w.doorbells, &a->doorbells);
    }
    return NULL;
}

/* At full speed on two processors. A wake-up that is lost would make this wait for ever. */
static void test_threads(void **state)
{
    (void)state;
    static struct actors a;
    a = (struct actors){.longest = 4};
    random_init(&a.random, 6);
    world_open(&a.w, RING_LOG2);
    a.w.ring = locked_ring;
    age(&a.w, 0u - 5000, 0u - 3000);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, serve, &a), 0);
    while (a.reaped < REQUESTS) {
        for (u32 i = chance(&a, 40); i > 0 && client_push(&a); i--)
            ;
        front_publish(&a.w.front);
        while (client_reap(&a))
            ;
        if (a.pushed != a.reaped && front_may_sleep(&a.w.front, 1 + chance(&a, 8)))
            wait_for(&a.w.completions, &a.completions);
    }
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(a.failed, 0);
    world_end(&a.w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lives),
        cmocka_unit_test(test_deaths),
        cmocka_unit_test(test_death_after_each_step),
        cmocka_unit_test(test_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

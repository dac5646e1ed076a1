/*
 * Who runs when: priorities, weights, caps, yielding; and floating point between threads that take
 * turns.
 */
#include "check.h"
#include "tests.h"
#include "world.h"

#include <runtime/clock.h>
#include <runtime/start.h>

static void spin(u64 index)
{
    for (;;)
        board.count[index]++;
}

static u32 spinner(u32 share, u64 index)
{
    return helper((struct helper){.run = spin, .argument = index, .share = share});
}

static u32 weighted(u32 priority, u64 weight, u64 cap_ns)
{
    u32 slot = new_slot();
    must(share_create(SLOT_TEST_POOL, slot, priority, weight, cap_ns));
    return slot;
}

/* Strictly: whoever is less urgent gets nothing. */
void schedule_priorities(void)
{
    u32 low = spinner(new_share(3), 0), middle = spinner(new_share(5), 1);
    pause_us(50000);
    same(board.count[0], 0);
    same(board.count[1] > 0, true);
    u32 high = spinner(new_share(7), 2);
    u64 count = board.count[1];
    pause_us(50000);
    between(board.count[1] - count, 0, 0);
    same(board.count[2] > 0, true);
    must(thread_stop(high));
    must(thread_stop(middle));
    pause_us(10000);
    same(board.count[0] > 0, true);
    must(thread_stop(low));
}

/* Three to one, within 10 %. */
static void measure_weights(u64 weight_a, u64 weight_b, u64 wake_us, u64 total_ms)
{
    u32 a = spinner(weighted(5, weight_a, 0), 0), b = spinner(weighted(5, weight_b, 0), 1);
    pause_us(2000);
    u64 from_a = thread_facts(a).cycles, from_b = thread_facts(b).cycles;
    u64 until = tsc() + clock_from_ns(total_ms * NS_PER_MS, start->tsc_hz);
    while (tsc() < until)
        pause_us(wake_us);
    u64 cycles_a = thread_facts(a).cycles - from_a, cycles_b = thread_facts(b).cycles - from_b;
    must(object_destroy_all(a));
    must(object_destroy_all(b));
    must_be(cycles_a > 0);
    u64 expected = weight_b * 1000 / weight_a;
    between(cycles_b * 1000 / cycles_a, expected * 9 / 10, expected * 11 / 10);
}

void schedule_weights(void)
{
    measure_weights(100, 300, 500000, 500);
    measure_weights(300, 300, 500000, 500);
    measure_weights(50, 500, 500000, 500);
}

/* The same while somebody more urgent wakes up all the time, about once a turn and more often. */
void schedule_weights_disturbed(void)
{
    measure_weights(100, 300, 1000, 500);
    measure_weights(100, 100, 1000, 500);
    measure_weights(100, 300, 370, 500);
}

/* A share's turn is for all its threads together. */
void schedule_threads_of_share(void)
{
    u32 one = weighted(5, 100, 0), three = weighted(5, 100, 0);
    spinner(one, 0);
    for (u64 i = 1; i < 4; i++)
        spinner(three, i);
    pause_us(400000);
    u64 a = share_facts(one).cycles, b = share_facts(three).cycles;
    must_be(a > 0);
    between(b * 1000 / a, 900, 1100);
    for (u64 i = 1; i < 4; i++)
        same(board.count[i] > 0, true);
}

/* 20 %, with nothing else to do, and with a rival who takes the rest. */
void schedule_cap(void)
{
    u32 share = weighted(5, 100, SHARE_PERIOD_NS / 5);
    u32 thread = spinner(share, 0);
    for (unsigned rival = 0; rival < 2; rival++) {
        if (rival)
            spinner(weighted(5, 100, 0), 1);
        pause_us(15000);
        struct share_info before = share_facts(share);
        u64 from = tsc();
        pause_us(500000);
        u64 ticks = tsc() - from;
        struct share_info after = share_facts(share);
        between((after.cycles - before.cycles) * 1000 / ticks, 170, 225);
        between(after.throttled - before.throttled, 40, 60);
        same(thread_facts(thread).state, THREAD_READY);
    }
}

/* A cap that is changed while it runs; and one on several threads. */
void schedule_cap_changed(void)
{
    u32 share = weighted(5, 100, SHARE_PERIOD_NS / 2);
    spinner(share, 0);
    spinner(share, 1);
    pause_us(15000);
    must(share_set(share, 100, SHARE_PERIOD_NS / 10));
    pause_us(15000);
    u64 before = share_facts(share).cycles, from = tsc();
    pause_us(300000);
    between((share_facts(share).cycles - before) * 1000 / (tsc() - from), 80, 125);
    must(share_set(share, 100, SHARE_PERIOD_NS));
    pause_us(15000);
    before = share_facts(share).cycles;
    from = tsc();
    pause_us(100000);
    between((share_facts(share).cycles - before) * 1000 / (tsc() - from), 900, 1000);
}

/* A thread that is throttled can be stopped, destroyed, woken. */
void schedule_throttled_ends(void)
{
    u32 share = weighted(5, 100, SHARE_PERIOD_NS / 100), other = weighted(5, 100, 10000);
    u32 a = spinner(share, 0), b = spinner(share, 1), c = spinner(other, 2);
    pause_us(2000);
    must(thread_stop(a));
    must(object_destroy_all(b));
    must(thread_resume(a));
    must(object_destroy_all(other));
    same(state_of(c), THREAD_STOPPED);
    u64 count = board.count[0];
    eventually(board.count[0] > count);
    must(object_destroy_all(share));
    count = board.count[0];
    pause_us(30000);
    same(board.count[0], count);
}

/* --- yielding
 * ------------------------------------------------------------------------------------- */

static void take_turns(u64 index)
{
    while (board.count[5] < 2) /* both are there */
        yield();
    for (u64 i = 0; i < 100; i++) {
        if (board.word[i * 2 % 60] == 0)
            board.count[index]++;
        board.count[4] += board.word[60] == index + 1; /* twice in a row */
        board.word[60] = index + 1;
        yield();
    }
}

static void arrive_and_take_turns(u64 index)
{
    board.count[5]++;
    take_turns(index);
}

void schedule_yield(void)
{
    help(arrive_and_take_turns, 0);
    help(arrive_and_take_turns, 1);
    eventually(helpers_done == 2);
    between(board.count[4], 0, 20); /* a turn that ends by itself may fall in between */
    /* In one share. */
    helpers_done = 0;
    board.count[4] = board.count[5] = 0;
    u32 share = new_share(5);
    helper((struct helper){.run = arrive_and_take_turns, .argument = 0, .share = share});
    helper((struct helper){.run = arrive_and_take_turns, .argument = 1, .share = share});
    eventually(helpers_done == 2);
    between(board.count[4], 0, 20);
}

/* With nobody to yield to it goes on at once; and not to somebody less urgent. */
static void yield_alone(u64 unused)
{
    (void)unused;
    for (u64 i = 0; i < 1000; i++)
        yield();
    board.word[0] = board.count[3];
}

void schedule_yield_alone(void)
{
    spinner(new_share(2), 3);
    help(yield_alone, 0);
    pause_us(100000);
    same(helpers_done, 1);
    same(board.word[0], 0);
}

/* --- floating point
 * ------------------------------------------------------------------------------- */

/* How long it looks at them; other spaces have no start page. */
static u64 float_ticks;

/* Puts a pattern into all vector registers, MXCSR and the x87 control word, and looks at it again
 * and again. */
static void float_pattern(u64 seed)
{
    u64 words[32][2], seen[32][2] = {{0}};
    u32 mxcsr = 0x1f80 | (u32)(seed & 3) << 13, mxcsr_seen;
    u16 control = (u16)(0x37f | (seed & 3) << 10), control_seen;
    for (u64 i = 0; i < 16; i++) {
        words[i][0] = seed * 0x0101010101010101 + i;
        words[i][1] = ~words[i][0];
    }
#define LOAD(n)  "movups " #n "*16(%0), %%xmm" #n "\n\t"
#define STORE(n) "movups %%xmm" #n ", " #n "*16(%0)\n\t"
#define ALL(X)                                                                                     \
    X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9)                  \
    X(10) X(11) X(12) X(13) X(14) X(15)
    __asm__ volatile(ALL(LOAD) "ldmxcsr %1\n\tfldcw %2"
                     :
                     : "r"(words), "m"(mxcsr), "m"(control)
                     : "memory");
    u64 until = tsc() + float_ticks;
    while (tsc() < until) {
        for (volatile u64 i = 0; i < 1000; i++)
            ;
        __asm__ volatile(ALL(STORE) "stmxcsr %1\n\tfnstcw %2"
                         :
                         : "r"(seen), "m"(mxcsr_seen), "m"(control_seen)
                         : "memory");
        for (u64 i = 0; i < 16; i++)
            if (seen[i][0] != words[i][0] || seen[i][1] != words[i][1])
                board.count[1]++;
        if (mxcsr_seen != mxcsr || control_seen != control)
            board.count[2]++;
        board.count[0]++;
    }
}

/* Registers as a thread finds them at its first instruction. */
static void float_at_first(u64 unused)
{
    (void)unused;
    u64 seen[32][2] = {{0}}, any = 0;
    u32 mxcsr = 0;
    u16 control = 0;
    __asm__ volatile(ALL(STORE) "stmxcsr %1\n\tfnstcw %2"
                     :
                     : "r"(seen), "m"(mxcsr), "m"(control)
                     : "memory");
    for (u64 i = 0; i < 16; i++)
        any |= seen[i][0] | seen[i][1];
    board.word[0] |= any;
    board.word[1] = mxcsr;
    board.word[2] = control;
}

void schedule_fpu(void)
{
    float_ticks = start->tsc_hz / 20;
    u32 space = new_image_space();
    for (u64 seed = 1; seed < 5; seed++)
        helper((struct helper){.run = float_pattern,
                               .argument = seed,
                               .flags = THREAD_FPU,
                               .space = seed & 1 ? space : SLOT_NONE});
    spinner(new_share(5), 9); /* one without takes turns with them */
    pause_us(20000);
    for (unsigned i = 0; i < 3; i++)
        helper((struct helper){.run = float_at_first, .flags = THREAD_FPU, .share = new_share(8)});
    eventually(helpers_done == 7);
    same(board.count[0] > 10, true);
    same(board.count[1], 0);
    same(board.count[2], 0);
    same(board.word[0], 0);
    same(board.word[1], 0x1f80);
    same(board.word[2], 0x37f);
    /* Destroyed in the middle; the next must not find what it has left. */
    u32 thread = helper((struct helper){.run = float_pattern, .argument = 7, .flags = THREAD_FPU});
    pause_us(5000);
    must(object_destroy_all(thread));
    u64 done = helpers_done;
    helper((struct helper){.run = float_at_first, .flags = THREAD_FPU});
    pause_us(50000);
    eventually(helpers_done == done + 1);
    same(board.word[0], 0);
}

/* Sleeping: the processor is idle, and time goes to nobody. */
void schedule_idle(void)
{
    struct machine_info before = machine_facts();
    u64 own = thread_facts(SLOT_THREAD).cycles, from = tsc();
    pause_us(100000);
    u64 ticks = tsc() - from;
    between((machine_facts().idle_cycles - before.idle_cycles) * 1000 / ticks, 900, 1000);
    between((thread_facts(SLOT_THREAD).cycles - own) * 1000 / ticks, 0, 100);
}

/* Counts for ever, in the word that rdi points to: needs no stack. */
extern const char bare_count[];
__asm__(".pushsection .text\n"
        "bare_count: incq (%rdi)\n"
        "            jmp bare_count\n"
        ".popsection");

/* A hundred shares that may run next to never: each runs at times, and others do not notice. */
void schedule_many_throttled(void)
{
    u64 *counts = show(new_committed(1), 1, RIGHT_READ | RIGHT_WRITE);
    for (u64 i = 0; i < 100; i++) {
        u32 share = new_slot(), thread = new_slot();
        struct thread_registers registers = {.rip = (u64)bare_count, .rdi = (u64)&counts[i]};
        must(share_create(SLOT_TEST_POOL, share, 6, 100, 1000));
        must(thread_create(SLOT_TEST_POOL, thread, SLOT_SPACE, share, 0, 0));
        must(thread_write(thread, &registers));
        must(thread_resume(thread));
    }
    pause_us(300000);
    for (u64 i = 0; i < 100; i++)
        if (!same(((volatile u64 *)counts)[i] != 0, true))
            break;
    u32 last = spinner(new_share(5), 0);
    u64 before = tsc();
    pause_us(100000);
    u64 ran = thread_facts(last).cycles;
    between(ran * 100 / (tsc() - before), 80, 100);
}

/*
 * What a program has in its registers is its own: nothing changes over interrupts, preemption and
 * faults, only what the interface says over system calls, and nothing of the kernel's or of others
 * comes out. The loops that look are in registers_loop.asm.
 */
#include "check.h"
#include "fault.h"
#include "instructions.h"
#include "tests.h"
#include "world.h"

#include <runtime/clock.h>
#include <runtime/start.h>

struct pattern {
    u64 registers[15], rflags, rounds, wrong, first, seen, fs, gs, done, spin, call, saved_rsp,
        scratch, spare[8];
};
static_assert(offsetof(struct pattern, scratch) == 26 * 8, "registers_loop.asm");

void registers_loop(struct pattern *pattern);
void registers_call(struct pattern *pattern);
u64 registers_after_call(u64 *after, u64 number, u64 argument);
void registers_step(u64 flags, u64 number);
extern const char registers_step_call[];

#define ARITHMETIC 0x8d5ul /* CF PF AF ZF SF OF */
#define DF         0x400ul
#define TF         0x100ul
#define NT         0x4000ul
#define AC         0x40000ul
#define ID         0x200000ul

static struct pattern patterns[8];

static struct pattern *make_pattern(u64 index, u64 rounds, u64 spin)
{
    struct pattern *p = &patterns[index];
    *p = (struct pattern){.rounds = rounds, .spin = spin};
    for (unsigned i = 0; i < 15; i++)
        p->registers[i] = 0x0101010101010101ul * (index * 16 + i + 1);
    static const u64 bases[] = {
        0x1234, 0xffff800012345678, 0x00007fffffffffff, 0xffffffffffffffff, 0, 0xffffffff80000000,
        0x7000, 0xffff8000ffffffff};
    p->fs = bases[index];
    p->gs = bases[7 - index];
    p->rflags = 0x202 | (index * 0x1a5 & ARITHMETIC) | (index & 1 ? DF : 0);
    return p;
}

static void run_loop(u64 pattern)
{
    registers_loop((struct pattern *)pattern);
}

static void run_call(u64 pattern)
{
    registers_call((struct pattern *)pattern);
}

static void is_right(const struct pattern *p)
{
    same(p->wrong, 0);
    if (p->wrong) {
        same(p->first, 0);
        same(p->seen, 0);
    }
    same(p->done > 0, true);
}

/* Threads with different patterns take turns, by the timer and by a more urgent one. */
void registers_preemption(void)
{
    for (u64 i = 0; i < 6; i++)
        help_at(i == 5 ? 6 : 5, run_loop, (u64)make_pattern(i, 300, 200000));
    struct machine_info before = machine_facts();
    eventually(helpers_done == 6);
    same(machine_facts().context_switches - before.context_switches > 50, true);
    for (u64 i = 0; i < 6; i++)
        is_right(&patterns[i]);
}

/* The same in two spaces, and with floating point. */
void registers_spaces(void)
{
    u32 space = new_image_space();
    for (u64 i = 0; i < 4; i++)
        helper((struct helper){.run = run_loop,
                               .argument = (u64)make_pattern(i, 200, 200000),
                               .space = i & 1 ? space : SLOT_NONE,
                               .flags = i & 2 ? THREAD_FPU : 0});
    eventually(helpers_done == 4);
    for (u64 i = 0; i < 4; i++)
        is_right(&patterns[i]);
}

/* Over system calls: what is kept, with calls that return at once, fail, yield, wait, call. */
static void serve(u64 endpoint)
{
    struct message m = {0};
    status got = ipc_wait((u32)endpoint, 0, &m, 0);
    while (got >= 0)
        got = ipc_reply_wait((u32)endpoint, &m, 0);
    board.result[0] = got;
}

void registers_calls(void)
{
    u32 slots[2] = {SLOT_FAST, new_slot()};
    static const u64 numbers[] = {SYS_NULL, SYS_YIELD, SYS_EVENT_POLL, SYSCALL_COUNT, ~0ul};
    for (unsigned i = 0; i < array_count(numbers); i++)
        for (u64 index = 0; index < 4; index++) {
            struct pattern *p = make_pattern(index, 500, 0);
            p->call = numbers[i];
            u64 done = helpers_done;
            help(run_call, (u64)p);
            eventually(helpers_done == done + 1);
            is_right(p);
        }
    for (unsigned i = 0; i < 2; i++)
        for (u32 priority = 4; priority < 7; priority++) {
            must(endpoint_create(SLOT_TEST_POOL, slots[i]));
            u32 server = help_at(priority, serve, slots[i]);
            eventually(is_in_state(server, THREAD_WAITING));
            for (u64 index = 0; index < 4; index++) {
                struct pattern *p = make_pattern(index, 500, 0);
                p->call = SYS_CALL;
                p->registers[5] = slots[i]; /* rdi */
                p->registers[3] = 0;        /* rdx: no capabilities */
                u64 done = helpers_done;
                help(run_call, (u64)p);
                eventually(helpers_done == done + 1);
                is_right(p);
                same(p->registers[0], 0);
            }
            must(object_destroy_all(server));
            must(object_destroy_all(slots[i]));
        }
}

/* After a call nothing in the registers is the kernel's. */
void registers_leaks(void)
{
    static const u64 numbers[] = {SYS_NULL,      SYS_EVENT_POLL, SYS_YIELD,
                                  SYSCALL_COUNT, SYS_CAP_DROP,   SYS_OBJECT_DESTROY,
                                  SYS_POOL_INFO, SYS_WAIT,       SYS_REPLY};
    u64 after[15];
    for (unsigned i = 0; i < array_count(numbers); i++) {
        ignore_status((status)registers_after_call(after, numbers[i], 0)); /* most of them fail */
        between(after[1], IMAGE_ADDRESS, IMAGE_ADDRESS + (1ul << 22));     /* rcx: rip */
        for (unsigned r = 2; r < 8; r++)
            if (!same(after[r] >> 47 != 0x1ffff, true))
                say("selftest: call %lu, register %u is 0x%lx", numbers[i], r, after[r]);
        same(after[8] & ~0x2d5ul & ~2ul, 0); /* r11: flags */
        for (unsigned r = 9; r < 13; r++)
            same(after[r], 0); /* data selectors are null */
    }
}

/* Selectors that one thread loads are not another's. */
static void load_selectors(u64 unused)
{
    (void)unused;
    __asm__ volatile("mov %%eax, %%ds\n\tmov %%eax, %%es\n\tmov %%eax, %%fs\n\tmov %%eax, %%gs"
                     :
                     : "a"(0x1b));
    u64 until = tsc() + start->tsc_hz / 100;
    while (tsc() < until)
        board.count[0]++;
}

static void look_at_selectors(u64 unused)
{
    (void)unused;
    u64 until = tsc() + start->tsc_hz / 100;
    while (tsc() < until) {
        u64 ds, es, fs, gs;
        __asm__ volatile("mov %%ds, %0\n\tmov %%es, %1\n\tmov %%fs, %2\n\tmov %%gs, %3"
                         : "=r"(ds), "=r"(es), "=r"(fs), "=r"(gs));
        board.word[0] |= (ds | es | fs | gs) & 0xffff;
        board.count[1]++;
    }
}

void registers_selectors(void)
{
    help(load_selectors, 0);
    help(look_at_selectors, 0);
    eventually(helpers_done == 2);
    same(board.word[0], 0);
}

/* A page fault that is mended, and one that is handled, change nothing. */
static void touch_with_pattern(u64 address)
{
    u64 wrong;
    __asm__ volatile("mov $0x1111, %%rax\n\tmov $0x2222, %%rcx\n\tmov $0x3333, %%r11\n\t"
                     "mov $0x4444, %%r8\n\tmov $0x5555, %%r15\n\tstd\n\tstc\n\t"
                     "movq $7, (%%rdi)\n\t"
                     "setnc %%bl\n\tpushfq\n\tcld\n\tpop %%rdx\n\tmovzbl %%bl, %%ebx\n\t"
                     "test $0x400, %%edx\n\tsetz %%dl\n\tor %%dl, %%bl\n\t"
                     "xor $0x1111, %%rax\n\txor $0x2222, %%rcx\n\txor $0x3333, %%r11\n\t"
                     "xor $0x4444, %%r8\n\txor $0x5555, %%r15\n\t"
                     "or %%rax, %%rbx\n\tor %%rcx, %%rbx\n\tor %%r11, %%rbx\n\t"
                     "or %%r8, %%rbx\n\tor %%r15, %%rbx"
                     : "=&b"(wrong)
                     : "D"(address)
                     : "rax", "rcx", "rdx", "r8", "r11", "r15", "memory", "cc");
    board.word[0] |= wrong;
    board.count[0]++;
}

void registers_faults(void)
{
    u32 endpoint = new_endpoint(), memory = new_memory(2);
    u64 address = (u64)show(memory, 2, RIGHT_READ | RIGHT_WRITE);
    must(memory_commit(memory, 0, 1));
    helper((struct helper){.run = touch_with_pattern, .argument = address, .fault = endpoint});
    eventually(board.count[0] == 1);
    same(fault_wait(endpoint).vector, 6); /* its end */
    helper((struct helper){
        .run = touch_with_pattern, .argument = address + PAGE_SIZE, .fault = endpoint});
    same(fault_wait(endpoint).vector, 14);
    must(memory_commit(memory, 1, 1));
    struct message m = {.word = {FAULT_RESUME}};
    must(ipc_reply(&m, 0));
    eventually(board.count[0] == 2);
    same(board.word[0], 0);
}

/* System calls with odd flags: single-stepped, and with DF, NT, AC and ID set. */
static u64 step_flags, step_number;

static void step(u64 unused)
{
    (void)unused;
    registers_step(step_flags, step_number);
    board.count[0]++;
}

void registers_flags(void)
{
    static const u64 flags[] = {DF, NT, AC, ID, DF | NT | AC | ID, ARITHMETIC | DF};
    static const u64 numbers[] = {SYS_NULL, SYS_YIELD, SYSCALL_COUNT};
    for (unsigned i = 0; i < array_count(flags); i++)
        for (unsigned n = 0; n < array_count(numbers); n++) {
            step_flags = flags[i] | 0x202;
            step_number = numbers[n];
            u64 done = helpers_done;
            help(step, 0);
            eventually(helpers_done == done + 1);
        }
    same(board.count[0], array_count(flags) * array_count(numbers));
}

void registers_single_step(void)
{
    static const u64 numbers[] = {SYS_NULL, SYS_YIELD, SYSCALL_COUNT};
    u32 endpoint = new_endpoint();
    for (unsigned n = 0; n < array_count(numbers); n++) {
        step_flags = TF | 0x202;
        step_number = numbers[n];
        u32 thread = helper((struct helper){.run = step, .fault = endpoint});
        u64 steps = 0, after_call = 0;
        for (;; steps++) {
            struct fault fault = fault_wait(endpoint);
            if (!fault.came || fault.vector != 1)
                break; /* its end */
            u64 offset = fault.rip - (u64)registers_step_call;
            between(offset, 0, 13);
            if (offset >= 2)
                after_call++;
            struct thread_registers r;
            must(thread_read(thread, &r));
            same(r.rflags & TF, offset < 13 ? TF : 0); /* the last step ends it */
            must_be(steps < 20);
            struct message m = {.word = {FAULT_RESUME}};
            must(ipc_reply(&m, 0));
        }
        between(steps, 5, 10);
        same(after_call >= 2, true); /* it goes on stepping behind the call */
        must(object_destroy_all(thread));
    }
    same(board.count[0], array_count(numbers));
}

/* Bases that are set while a thread waits; they can be read, and set from outside. */
static void tell_bases(u64 endpoint)
{
    struct message m = {0};
    __asm__ volatile("wrfsbase %0\n\twrgsbase %1"
                     :
                     : "r"(0x123456789abcul), "r"(0xffff812345678abcul));
    ignore_status(ipc_wait((u32)endpoint, 0, &m, 0)); /* looked at from outside meanwhile */
}

void registers_bases(void)
{
    u32 endpoint = new_endpoint(), thread = help(tell_bases, endpoint);
    eventually(is_in_state(thread, THREAD_WAITING));
    struct thread_registers r;
    must(thread_read(thread, &r));
    same(r.fs_base, 0x123456789abc);
    same(r.gs_base, 0xffff812345678abc);
    struct pattern *p = make_pattern(3, 10, 10000);
    u32 other = helper_stopped((struct helper){.run = run_loop, .argument = (u64)p});
    must(thread_read(other, &r));
    r.fs_base = 5;
    r.gs_base = 0xffff900000000005;
    must(thread_write(other, &r));
    must(thread_read(other, &r));
    same(r.fs_base, 5);
    same(r.gs_base, 0xffff900000000005);
    must(thread_resume(other));
    eventually(helpers_done == 1);
    is_right(p);
}

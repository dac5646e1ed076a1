/*
 * Threads: their registers, stopping and resuming in every state, and what is counted.
 */
#include "check.h"
#include "tests.h"
#include "world.h"

static void spin(u64 index)
{
    for (;;)
        board.count[index]++;
}

static void call_at(u64 slot)
{
    struct message m = {.word = {1, 2, 3, 4}};
    board.result[0] = ipc_call((u32)slot, &m, 0);
    board.word[0] = m.word[0];
}

static void wait_at(u64 slot)
{
    struct message m = {0};
    board.result[1] = ipc_wait((u32)slot, 0, &m, 0);
    board.word[1] = m.word[0];
    if (board.result[1] >= 0)
        board.result[2] = ipc_reply(&m, 0);
}

void thread_life(void)
{
    u32 space = new_space(), share = new_share(2), thread = new_slot();
    must(thread_create(SLOT_TEST_POOL, thread, space, share, SLOT_NONE, 0));
    same(state_of(thread), THREAD_STOPPED);
    struct thread_registers r;
    must(thread_read(thread, &r));
    same(r.rax | r.rbx | r.rcx | r.rdx | r.rsi | r.rdi | r.rbp | r.rsp, 0);
    same(r.r8 | r.r9 | r.r10 | r.r11 | r.r12 | r.r13 | r.r14 | r.r15 | r.rip, 0);
    same(r.fs_base | r.gs_base, 0);
    same(r.rflags, 0x202);
    struct thread_info info = thread_facts(thread);
    same(info.cycles | info.syscalls | info.calls | info.replies | info.switches | info.faults, 0);
    must(thread_resume(thread)); /* at address 0, where there is nothing */
    eventually(is_in_state(thread, THREAD_STOPPED) && thread_facts(thread).faults == 1);
    must(object_destroy_all(thread));
    same(slot_in_use(thread), false);
}

/* What thread_write takes, thread_read gives, but for flags that are not the thread's. */
void thread_registers_kept(void)
{
    u32 space = new_space(), share = new_share(2), thread = new_slot();
    must(thread_create(SLOT_TEST_POOL, thread, space, share, SLOT_NONE, 0));
    struct thread_registers in, out;
    u64 *words = (u64 *)&in, *seen = (u64 *)&out;
    for (unsigned i = 0; i < sizeof(in) / 8; i++)
        words[i] = 0x0000111111111110ul * (i % 7 + 1) + i;
    in.fs_base = 0xffffffffffffffff;
    in.gs_base = 0xffff800000000000;
    in.rflags = ~0ul;
    must(thread_write(thread, &in));
    must(thread_read(thread, &out));
    same(out.rflags & ~0xcd5ul & ~0x100ul, 0x202); /* of others only IF and the fixed one */
    same(out.rflags & 0x8d5, 0x8d5);
    for (unsigned i = 0; i < 17; i++)
        same(seen[i], words[i]);
    same(out.fs_base, in.fs_base);
    same(out.gs_base, in.gs_base);
    in.rflags = 0;
    must(thread_write(thread, &in));
    must(thread_read(thread, &out));
    same(out.rflags, 0x202);
}

void thread_registers_refused(void)
{
    static const u64 wrong[] = {USER_END, 1ul << 47, 0xffff800000000000, ~0ul, 1ul << 63};
    u32 space = new_space(), share = new_share(2), thread = new_slot();
    must(thread_create(SLOT_TEST_POOL, thread, space, share, SLOT_NONE, 0));
    for (unsigned i = 0; i < array_count(wrong); i++) {
        struct thread_registers r = {.rip = wrong[i], .rax = 5}, out;
        refused(thread_write(thread, &r), ERR_ARGUMENT, 2);
        r = (struct thread_registers){.rsp = wrong[i], .rax = 5};
        refused(thread_write(thread, &r), ERR_ARGUMENT, 2);
        must(thread_read(thread, &out));
        same(out.rax, 0);
    }
    static const u64 bases[] = {1ul << 47, 0xffff7fffffffffff, 1ul << 63};
    for (unsigned i = 0; i < array_count(bases); i++) {
        struct thread_registers r = {.fs_base = bases[i]};
        refused(thread_write(thread, &r), ERR_ARGUMENT, 2);
        r = (struct thread_registers){.gs_base = bases[i]};
        refused(thread_write(thread, &r), ERR_ARGUMENT, 2);
    }
    struct thread_registers r = {.rip = USER_END - 1, .rsp = USER_END - 1};
    must(thread_write(thread, &r));
}

/* Only of a thread that is stopped can registers be written; of a thread that runs now none be
 * read. */
void thread_registers_busy(void)
{
    struct thread_registers r = {.rip = 0x400000};
    u32 endpoint = new_endpoint();
    u32 spinner = help(spin, 0), waiter = help_at(6, wait_at, endpoint);
    u32 other = new_endpoint(), caller = help_at(6, call_at, other);
    eventually(is_in_state(waiter, THREAD_WAITING) && is_in_state(caller, THREAD_CALLING));
    failed_with(thread_write(spinner, &r), ERR_BUSY);
    failed_with(thread_write(waiter, &r), ERR_BUSY);
    failed_with(thread_write(caller, &r), ERR_BUSY);
    same(thread_read(spinner, &r), 0);
    between(r.rip, (u64)spin, (u64)spin + 64);
    same(thread_read(waiter, &r), 0);
    same(thread_read(caller, &r), 0);
    failed_with(thread_read(SLOT_THREAD, &r), ERR_BUSY);
}

/* Stop and resume in every state; twice does no harm. */
void thread_stop_ready(void)
{
    u32 thread = help(spin, 0);
    eventually(board.count[0] > 0);
    must(thread_stop(thread));
    must(thread_stop(thread));
    same(state_of(thread), THREAD_STOPPED);
    u64 count = board.count[0];
    pause_us(2000);
    same(board.count[0], count);
    must(thread_resume(thread));
    must(thread_resume(thread));
    same(state_of(thread), THREAD_READY);
    eventually(board.count[0] > count);
    must(thread_stop(thread));
    struct thread_registers r;
    must(thread_read(thread, &r));
    r.rdi = 5; /* another counter, from the start */
    r.rip = (u64)spin;
    must(thread_write(thread, &r));
    must(thread_resume(thread));
    eventually(board.count[5] > 0);
}

void thread_stop_waiting(void)
{
    u32 endpoint = new_endpoint();
    u32 thread = help_at(6, wait_at, endpoint);
    eventually(is_in_state(thread, THREAD_WAITING));
    must(thread_stop(thread));
    u32 caller = help(call_at, endpoint);
    pause_us(2000);
    same(helpers_done, 0);
    must(thread_resume(thread));
    eventually(helpers_done == 2);
    same(board.result[0], 0);
    same(board.result[1], WAIT_MESSAGE);
    same(board.result[2], 0);
    same(state_of(caller), THREAD_STOPPED);
}

void thread_stop_calling(void)
{
    u32 endpoint = new_endpoint();
    u32 caller = help(call_at, endpoint);
    eventually(is_in_state(caller, THREAD_CALLING));
    must(thread_stop(caller));
    struct message m = {0};
    same(ipc_wait(endpoint, 0, &m, 0), WAIT_MESSAGE);
    m.word[0] = 55;
    must(ipc_reply(&m, 0));
    same(state_of(caller), THREAD_STOPPED);
    pause_us(1000);
    same(helpers_done, 0);
    must(thread_resume(caller));
    eventually(helpers_done == 1);
    same(board.word[0], 55);
    /* Stopped and resumed while it waits: as if nothing had been. */
    caller = help(call_at, endpoint);
    eventually(is_in_state(caller, THREAD_CALLING));
    must(thread_stop(caller));
    must(thread_resume(caller));
    same(state_of(caller), THREAD_CALLING);
    same(ipc_wait(endpoint, 0, &m, 0), WAIT_MESSAGE);
    must(ipc_reply(&m, 0));
    eventually(helpers_done == 2);
}

static void stop_self(u64 slot)
{
    board.count[0] = 1;
    board.result[0] = thread_stop((u32)slot);
    board.count[0] = 2;
}

void thread_stop_itself(void)
{
    u32 thread = helper_stopped((struct helper){.run = stop_self, .argument = 0});
    struct thread_registers r;
    must(thread_read(thread, &r));
    r.rsi = thread;
    must(thread_write(thread, &r));
    must(thread_resume(thread));
    eventually(board.count[0] == 1 && is_in_state(thread, THREAD_STOPPED));
    pause_us(1000);
    same(board.count[0], 1);
    must(thread_resume(thread));
    eventually(board.count[0] == 2);
    same(board.result[0], 0);
}

static void destroy_self(u64 slot)
{
    board.result[0] = object_destroy((u32)slot);
    board.count[0]++; /* never */
}

void thread_destroy_itself(void)
{
    struct pool_info before = pool_facts(SLOT_TEST_POOL);
    u32 share = new_share(5);
    u32 thread = helper_stopped((struct helper){.run = destroy_self, .share = share});
    struct thread_registers r;
    must(thread_read(thread, &r));
    r.rsi = thread;
    must(thread_write(thread, &r));
    must(thread_resume(thread));
    eventually(!slot_in_use(thread));
    same(board.count[0], 0);
    must(object_destroy_all(share));
    same(pool_facts(SLOT_TEST_POOL).used, before.used);
}

/* Its space, its share is gone: it never runs again. */
void thread_without_ground(void)
{
    u32 space = new_image_space(), share = new_share(5);
    u32 a = helper((struct helper){.run = spin, .argument = 1, .space = space});
    u32 b = helper((struct helper){.run = spin, .argument = 2, .share = share});

    eventually(board.count[1] > 0 && board.count[2] > 0);
    must(object_destroy_all(space));
    must(object_destroy_all(share));
    u64 counts[2] = {board.count[1], board.count[2]};
    same(state_of(a), THREAD_STOPPED);
    same(state_of(b), THREAD_STOPPED);
    failed_with(thread_resume(a), ERR_DEAD);
    failed_with(thread_resume(b), ERR_DEAD);
    pause_us(2000);
    same(board.count[1], counts[0]);
    same(board.count[2], counts[1]);
    must(object_destroy_all(a));
    must(object_destroy_all(b));
}

static void do_calls(u64 count)
{
    for (u64 i = 0; i < count; i++)
        ignore_status(null_call()); /* it cannot fail */
}

void thread_counts(void)
{
    u32 thread = help(do_calls, 1000);
    eventually(helpers_done == 1);
    struct thread_info info = thread_facts(thread);
    same(info.syscalls, 1000);
    same(info.calls | info.replies | info.raised | info.suppressed, 0);
    between(info.switches, 1, 100);
    between(info.faults, 1, 100); /* the last is its end */
    same(info.cycles > 1000, true);
}

void thread_many(void)
{
    u32 space = new_space(), share = new_share(1);
    struct pool_info before = pool_facts(SLOT_TEST_POOL);
    u32 threads[200];
    for (u32 i = 0; i < array_count(threads); i++) {
        threads[i] = new_slot();
        must(thread_create(SLOT_TEST_POOL, threads[i], space, share, 0, i & 1));
        must(thread_resume(threads[i])); /* they all fault at 0 */
    }
    pause_us(20000);
    for (u32 i = 0; i < array_count(threads); i++)
        if (!same(state_of(threads[i]), THREAD_STOPPED))
            break;
    must(object_destroy_all(space));
    must(object_destroy_all(share));
    for (u32 i = 0; i < array_count(threads); i++)
        must(object_destroy_all(threads[i * 77 % array_count(threads)]));
    same(pool_facts(SLOT_TEST_POOL).objects, before.objects - 2);
}

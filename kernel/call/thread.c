/* System calls of shares and threads. */
#include "call/call.h"
#include "cpu/user.h"
#include "object/pool.h"
#include "object/share.h"
#include "object/space.h"
#include "sched/sched.h"

/* ---- shares ---- */

static bool weight_allowed(u64 weight)
{
    return weight >= 1 && weight <= WEIGHT_LIMIT;
}

status call_share_create(u64 pool_slot, u64 slot, u64 priority, u64 weight, u64 cap_ns)
{
    struct pool *pool;
    struct share *share;
    try(call_find(pool_slot, OBJECT_POOL, RIGHT_WRITE, 1, pool, &pool));
    try(call_new_slot(slot, 2));
    refuse_if(!pool->highest_priority || priority > pool->highest_priority, ERR_ARGUMENT, 3);
    refuse_if(!weight_allowed(weight), ERR_ARGUMENT, 4);
    refuse_if(cap_ns > SHARE_PERIOD_NS, ERR_ARGUMENT, 5);
    refuse_if(share_create(pool, (u32)priority, (u32)weight, cap_ns, &share), ERR_MEMORY, 1);
    return call_created(slot, 2, &share->object);
}

status call_share_set(u64 share_slot, u64 weight, u64 cap_ns)
{
    struct share *share;
    try(call_find(share_slot, OBJECT_SHARE, RIGHT_WRITE, 1, share, &share));
    refuse_if(!weight_allowed(weight), ERR_ARGUMENT, 2);
    refuse_if(cap_ns > SHARE_PERIOD_NS, ERR_ARGUMENT, 3);
    /* Whether there is a cap is known to each thread (fast_shift). */
    refuse_if(!cap_ns != !share->cap && !list_empty(&share->threads), ERR_BUSY, 3);
    share_set(share, (u32)weight, cap_ns);
    return 0;
}

status call_share_info(u64 share_slot, u64 address)
{
    struct share *share;
    try(call_find(share_slot, OBJECT_SHARE, RIGHT_READ, 1, share, &share));
    struct share_info info = {
        .priority = share->priority,
        .weight = share->weight,
        .cap_ns = share->cap_ns,
        .cycles = share->used,
        .throttled = share->throttled,
    };
    return call_write(address, &info, sizeof(info), 2);
}

/* ---- threads ---- */

status call_thread_create(u64 pool_slot, u64 slot, u64 space_number, u64 share_slot, u64 fault_slot,
                          u64 flags)
{
    struct pool *pool;
    struct cap *fault = NULL;
    struct space *space;
    struct share *share;
    struct thread *thread;
    try(call_find(pool_slot, OBJECT_POOL, RIGHT_WRITE, 1, pool, &pool));
    try(call_new_slot(slot, 2));
    try(call_find(space_number, OBJECT_SPACE, RIGHT_WRITE, 3, space, &space));
    try(call_find(share_slot, OBJECT_SHARE, RIGHT_EXECUTE, 4, share, &share));
    if (fault_slot != SLOT_NONE) {
        try(call_cap(fault_slot, OBJECT_ENDPOINT, RIGHT_CALL, 5, &fault));
    }
    refuse_if(flags & ~(u64)THREAD_FPU, ERR_ARGUMENT, 6);
    refuse_if(thread_create(pool, space, share, fault, flags, &thread), ERR_MEMORY, 1);
    return call_created(slot, 2, &thread->object);
}

/* A base that WRFSBASE takes without a fault. */
static bool is_canonical(u64 address)
{
    return (u64)((i64)(address << 16) >> 16) == address;
}

status call_thread_write(u64 thread_slot, u64 address)
{
    struct thread *thread;
    struct thread_registers r;
    struct fetch fetch = {0};
    try(call_find(thread_slot, OBJECT_THREAD, RIGHT_CONTROL, 1, thread, &thread));
    refuse_if(thread->state != THREAD_STOPPED, ERR_BUSY, 1);
    refuse_if(!user_read(&fetch, address, &r, sizeof(r)), ERR_ADDRESS, 2);
    refuse_if(r.rip >= USER_END || r.rsp >= USER_END, ERR_ARGUMENT, 2);
    refuse_if(!is_canonical(r.fs_base) || !is_canonical(r.gs_base), ERR_ARGUMENT, 2);
    *frame_of(thread) = (struct trap_frame){
        .rax = r.rax,
        .rbx = r.rbx,
        .rcx = r.rcx,
        .rdx = r.rdx,
        .rsi = r.rsi,
        .rdi = r.rdi,
        .rbp = r.rbp,
        .rsp = r.rsp,
        .r8 = r.r8,
        .r9 = r.r9,
        .r10 = r.r10,
        .r11 = r.r11,
        .r12 = r.r12,
        .r13 = r.r13,
        .r14 = r.r14,
        .r15 = r.r15,
        .rip = r.rip,
        .rflags = frame_user_rflags(r.rflags),
        .cs = SELECTOR_USER_CODE,
        .ss = SELECTOR_USER_DATA,
    };
    thread->fs_base = r.fs_base;
    thread->gs_base = r.gs_base;
    cpu_forget(thread);
    return 0;
}

status call_thread_read(u64 thread_slot, u64 address)
{
    struct thread *thread;
    try(call_find(thread_slot, OBJECT_THREAD, RIGHT_READ, 1, thread, &thread));
    refuse_if(thread == cpu_this()->loaded, ERR_BUSY, 1); /* they are not all in its frame */
    const struct trap_frame *f = frame_of(thread);
    struct thread_registers r = {
        .rax = f->rax,
        .rbx = f->rbx,
        .rcx = f->rcx,
        .rdx = f->rdx,
        .rsi = f->rsi,
        .rdi = f->rdi,
        .rbp = f->rbp,
        .rsp = f->rsp,
        .r8 = f->r8,
        .r9 = f->r9,
        .r10 = f->r10,
        .r11 = f->r11,
        .r12 = f->r12,
        .r13 = f->r13,
        .r14 = f->r14,
        .r15 = f->r15,
        .rip = f->rip,
        .rflags = f->rflags,
        .fs_base = thread->fs_base,
        .gs_base = thread->gs_base,
    };
    return call_write(address, &r, sizeof(r), 2);
}

status call_thread_resume(u64 thread_slot)
{
    struct thread *thread;
    try(call_find(thread_slot, OBJECT_THREAD, RIGHT_CONTROL, 1, thread, &thread));
    refuse_if(!thread_resume(thread), ERR_DEAD, 1);
    return 0;
}

status call_thread_stop(u64 thread_slot)
{
    struct thread *thread;
    try(call_find(thread_slot, OBJECT_THREAD, RIGHT_CONTROL, 1, thread, &thread));
    thread_halt(thread);
    return 0;
}

status call_thread_info(u64 thread_slot, u64 address)
{
    struct thread *thread;
    try(call_find(thread_slot, OBJECT_THREAD, RIGHT_READ, 1, thread, &thread));
    const struct thread_counters *count = &thread->count;
    struct thread_info info = {
        .state = thread->state,
        .cycles = count->cycles,
        .syscalls = count->syscalls + count->fast_calls + count->fast_replies,
        .calls = count->calls + count->fast_calls,
        .replies = count->replies + count->fast_replies,
        .switches = count->switches + count->fast_calls + count->fast_replies,
        .faults = count->faults,
        .interrupts = count->interrupts,
        .raised = count->raised,
        .suppressed = count->suppressed,
    };
    return call_write(address, &info, sizeof(info), 2);
}

status call_yield(void)
{
    sched_yield(cpu_this());
    return 0;
}

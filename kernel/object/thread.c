/* Threads; see thread.h. */
#include "object/thread.h"
#include "cpu/cpu.h"
#include "cpu/fpu.h"
#include "debug/assert.h"
#include "debug/trace.h"
#include "memory/direct.h"
#include "object/endpoint.h"
#include "object/event.h"
#include "object/pool.h"
#include "object/share.h"
#include "object/space.h"
#include "sched/sched.h"
#include <abi/syscall.h>

enum error thread_create(struct pool *pool, struct space *space, struct share *share,
                         const struct cap *fault, u64 flags, struct thread **result)
{
    struct trap_frame *frame = pool_allocate(pool, THREAD_BYTES);
    if (!frame) {
        return ERR_MEMORY;
    }
    struct thread *thread = (struct thread *)(frame + 1);
    if (flags & THREAD_FPU) {
        u64 page = pool_take_page(pool);
        if (!page) {
            pool_free(pool, frame, THREAD_BYTES);
            return ERR_MEMORY;
        }
        thread->fpu = phys_to_virt(page);
        fpu_init(thread->fpu);
    }
    object_init(&thread->object, OBJECT_THREAD, pool);
    thread->flags = (u8)flags;
    thread->state = THREAD_STOPPED;
    thread->halted = true;
    thread->space = space;
    thread->slots = space->slots[0];
    thread->share = share;
    thread->priority = share->priority;
    frame->cs = SELECTOR_USER_CODE;
    frame->ss = SELECTOR_USER_DATA;
    frame->rflags = frame_user_rflags(0);
    list_init(&thread->queue);
    list_init(&thread->in_space);
    list_init(&thread->in_share);
    list_push_back(&space->threads, &thread->in_space);
    list_push_back(&share->threads, &thread->in_share);
    if (fault) {
        cap_set(&thread->fault, fault->object, fault->rights, fault->badge);
    }
    *result = thread;
    return ERR_NONE;
}

/* ---- states ---- */

void thread_leave(struct thread *thread, enum thread_state_code state)
{
    struct cpu *cpu = cpu_this();
    invariant(thread->state == THREAD_READY);
    if (cpu_current(cpu) == thread) {
        cpu_set_current(cpu, NULL);
        list_init(&thread->queue);
    } else {
        sched_dequeue(thread);
    }
    thread->state = (u8)state;
}

void thread_update_fast(struct thread *thread)
{
    u32 fast = HURDLE_SHIFT(thread->priority);
    bool slow = thread->halted || thread->flags & THREAD_FPU || !thread->share;
    bool capped = !slow && thread->share->cap;
    thread->fast_shift_mended = slow || capped ? HURDLE_SHIFT_SLOW : fast;
    thread->fast_shift = thread->faulting ? HURDLE_SHIFT_SLOW : thread->fast_shift_mended;
    thread->fast_shift_capped = slow || thread->faulting ? HURDLE_SHIFT_SLOW : fast;
}

void thread_halt(struct thread *thread)
{
    thread->halted = true;
    thread_update_fast(thread);
    if (thread->state == THREAD_READY) {
        thread_leave(thread, THREAD_STOPPED);
    }
}

bool thread_resume(struct thread *thread)
{
    if (!thread->space || !thread->share) {
        return false;
    }
    thread->halted = false;
    thread_update_fast(thread);
    if (thread->state == THREAD_STOPPED) {
        thread_ready(thread);
    }
    return true;
}

/* ---- the end ---- */

/* It takes no more part in anything: leaves all queues, and whoever waits for its answer gets
 * none. */
static void withdraw(struct thread *thread)
{
    thread_halt(thread);
    if (thread->state == THREAD_REPLYING) {
        thread->server->caller = NULL;
    } else if (thread->state == THREAD_CALLING || thread->state == THREAD_WAITING) {
        list_remove(&thread->queue); /* in other states its links mean nothing */
    }
    thread->state = THREAD_STOPPED;
    thread->caps = 0;
    thread->faulting = false;
    endpoint_abandon(thread);
}

void thread_detach_share(struct thread *thread)
{
    withdraw(thread);
    list_remove(&thread->in_share);
    cpu_forget(thread); /* there is nobody left to charge */
    thread->share = NULL;
}

void thread_detach_space(struct thread *thread)
{
    withdraw(thread);
    list_remove(&thread->in_space);
    thread->space = NULL;
}

enum error thread_empty_step(struct object *object)
{
    struct thread *thread = container_of(object, struct thread, object);
    withdraw(thread);
    if (thread->event) {
        event_unbind(thread->event);
    }
    cap_clear(&thread->fault);
    list_remove(&thread->in_space);
    list_remove(&thread->in_share);
    cpu_forget(thread);
    if (thread->fpu) {
        pool_return_page(object->pool, virt_to_phys(thread->fpu));
        thread->fpu = NULL;
    }
    return ERR_NONE;
}

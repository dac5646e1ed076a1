/*
 * Where the fields are that assembly uses. Each line makes a symbol of the assembler whose value is
 * an offset, so that no number is written twice; nothing here is ever called.
 */
#include "cpu/cpu.h"
#include "object/endpoint.h"
#include "object/event.h"
#include "object/share.h"
#include "object/space.h"
#include "object/thread.h"
#include <abi/syscall.h>

#define VALUE(name, value) __asm__ volatile(".globl " #name "\n.set " #name ", %c0" : : "i"(value))

/* The offset of a field. */
#define OFFSET(name, type, member) VALUE(name, offsetof(struct type, member))

static void __attribute__((used)) offsets(void)
{
    OFFSET(CPU_USER_RSP, cpu, user_rsp);
    OFFSET(CPU_SCRATCH, cpu, scratch);
    OFFSET(CPU_STACK_TOP, cpu, stack_top);
    OFFSET(CPU_CURRENT, cpu, tss.rsp[0]);
    OFFSET(CPU_HURDLES, cpu, hurdles);
    OFFSET(CPU_READY, cpu, run.ready);
    OFFSET(CPU_QUEUE, cpu, run.queue);
    OFFSET(CPU_CONTEXT_SWITCHES, cpu, context_switches);
    OFFSET(CPU_LOADED, cpu, loaded);
    OFFSET(CPU_SPACE, cpu, space);
    OFFSET(CPU_ATTENTION, cpu, attention);
    OFFSET(CPU_SWITCHED_AT, cpu, switched_at);
    OFFSET(CPU_TIMER_ARMED, cpu, timer_armed);
    OFFSET(CPU_BUDGET_LOOK, cpu, budget_look);
    OFFSET(CPU_CR3_LOADS, cpu, cr3_loads);
    OFFSET(THREAD_SPACE, thread, space);
    OFFSET(THREAD_SHARE, thread, share);
    OFFSET(THREAD_SLOTS, thread, slots);
    OFFSET(THREAD_FAST_SHIFT, thread, fast_shift);
    OFFSET(THREAD_FAST_SHIFT_MENDED, thread, fast_shift_mended);
    OFFSET(THREAD_FAST_SHIFT_CAPPED, thread, fast_shift_capped);
    OFFSET(THREAD_EVENT, thread, event);
    OFFSET(THREAD_FAULTING, thread, faulting);
    OFFSET(THREAD_BITS_PENDING, thread, bits_pending);
    OFFSET(THREAD_PRIORITY, thread, priority);
    OFFSET(THREAD_RAISED, thread, count.raised);
    OFFSET(THREAD_SWITCHES, thread, count.switches);
    OFFSET(THREAD_CAPS, thread, caps);
    OFFSET(THREAD_STATE, thread, state);
    OFFSET(THREAD_CALLER, thread, caller);
    OFFSET(THREAD_SERVER, thread, server);
    OFFSET(THREAD_FS_BASE, thread, fs_base);
    OFFSET(THREAD_GS_BASE, thread, gs_base);
    OFFSET(THREAD_CYCLES, thread, count.cycles);
    OFFSET(THREAD_SYSCALLS, thread, count.syscalls);
    OFFSET(THREAD_FAST_CALLS, thread, count.fast_calls);
    OFFSET(THREAD_FAST_REPLIES, thread, count.fast_replies);
    OFFSET(EVENT_WAITER, event, waiter);
    OFFSET(SHARE_READY, share, ready);
    OFFSET(SHARE_LINK, share, link);
    OFFSET(SHARE_USED, share, used);
    OFFSET(SHARE_BUDGET_END, share, budget_end);
    OFFSET(SPACE_PAGE_TABLE, space, page_table);
    OFFSET(OBJECT_TYPE, object, type);
    OFFSET(ENDPOINT_CALLERS, endpoint, callers);
    OFFSET(ENDPOINT_SERVERS, endpoint, servers);
    OFFSET(CAP_OBJECT, cap, object);
    OFFSET(CAP_BADGE, cap, badge);
    OFFSET(CAP_RIGHTS, cap, rights);
}

/* The numbers in switch.inc. */
static_assert(SLOTS_PER_PAGE == 64 && sizeof(struct cap) == 64, "slots");
static_assert(offsetof(struct thread, queue) == 0, "a thread is found by its place in a queue");
static_assert(RIGHT_CALL == 8 && RIGHT_RECEIVE == 16 && OBJECT_ENDPOINT == 6, "objects");
static_assert(RIGHT_RAISE == 32 && WAIT_EVENT == 2 && ATTENTION_CHOOSE == 2, "events");
static_assert(HURDLE_LOADED == 1u << 31 && HURDLE_SHIFT_SLOW == 1 && HURDLE_SHIFT(0) == 2,
              "hurdles");
static_assert(THREAD_READY == 1 && THREAD_WAITING == 2 && THREAD_REPLYING == 4, "states");
static_assert(SYS_CALL == 0 && SYS_REPLY_WAIT == 1 && WAIT_MESSAGE == 1 && FAULT_RESUME == 1,
              "calls");
static_assert(SYSCALL_COUNT < 256 && sizeof(struct list) == 16, "entry.asm");

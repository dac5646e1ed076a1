/*
 * Exceptions and interrupts; see trap.h. A fault of ring 3 is either mended here (a page that its
 * space's regions say should be there) or becomes a message to the thread's fault endpoint. A fault
 * of ring 0 is the end, except at the few instructions that are listed in the table of fix-ups.
 */
#include "cpu/trap.h"
#include "cpu/apic.h"
#include "cpu/asm.h"
#include "cpu/cpu.h"
#include "debug/panic.h"
#include "debug/trace.h"
#include "object/endpoint.h"
#include "object/event.h"
#include "object/irq.h"
#include "object/space.h"
#include "object/thread.h"
#include "sched/sched.h"

#define VECTOR_DEBUG      1
#define VECTOR_NMI        2
#define VECTOR_PAGE_FAULT 14
#define VECTOR_INTERRUPTS 32

#define PAGE_FAULT_PRESENT 1u
#define PAGE_FAULT_WRITE   2u
#define PAGE_FAULT_FETCH   16u

struct fixup {
    u64 fault, proceed;
};
extern const struct fixup fixups_start[], fixups_end[];

static const char *const exception_names[VECTOR_INTERRUPTS] = {
    "divide error",
    "debug",
    "non-maskable interrupt",
    "breakpoint",
    "overflow",
    "bound range",
    "invalid opcode",
    "device not available",
    "double fault",
    "coprocessor segment",
    "invalid TSS",
    "segment not present",
    "stack fault",
    "general protection fault",
    "page fault",
    "reserved",
    "floating-point error",
    "alignment check",
    "machine check",
    "SIMD floating-point error",
    "virtualisation fault",
    "control protection fault",
    "reserved",
    "reserved",
    "reserved",
    "reserved",
    "reserved",
    "reserved",
    "hypervisor injection",
    "VMM communication",
    "security",
    "reserved",
};

static struct cap alarm; /* root's: an event, and in its badge the bits */

void trap_set_alarm(struct object *event, u64 rights, u64 bits)
{
    cap_clear(&alarm);
    cap_set(&alarm, event, rights, bits);
}

/* ---- faults ---- */

/* The thread has faulted: it calls its fault endpoint, or stops. */
static void thread_fault(struct thread *thread, u64 vector, u64 error, u64 address)
{
    if (!thread->fault.object || thread->fault.object->type != OBJECT_ENDPOINT) {
        if (thread->root) {
            panic_with(frame_of(thread), "root: %s", exception_names[vector]);
        }
        trace_add(TRACE_FAULT, vector, address ? address : frame_of(thread)->rip);
        trace_add(TRACE_STOP, (u64)thread, vector);
        thread_halt(thread);
        return;
    }
    trace_often(TRACE_FAULT, vector, address ? address : frame_of(thread)->rip);
    thread->fault_words[0] = vector | error << 32;
    thread->fault_words[1] = address;
    thread->fault_words[2] = frame_of(thread)->rip;
    thread->fault_words[3] = frame_of(thread)->rsp;
    thread->faulting = true;
    thread->fast_shift = thread->fast_shift_capped = HURDLE_SHIFT_SLOW;
    endpoint_call(container_of(thread->fault.object, struct endpoint, object), thread,
                  thread->fault.badge);
}

/* A page that is not there may only have to be filled in. One that is there never gets more
 * rights. */
static bool mend_page(struct space *space, u64 address, u64 error)
{
    return !(error & PAGE_FAULT_PRESENT) && address < USER_END &&
           !space_fault(space, address, error & PAGE_FAULT_WRITE, error & PAGE_FAULT_FETCH);
}

/* An exception of the present thread. */
static void user_exception(struct thread *thread, struct trap_frame *frame)
{
    u64 address = 0;
    thread->count.faults++;
    if (frame->vector == VECTOR_PAGE_FAULT) {
        address = read_cr2();
        if (mend_page(thread->space, address, frame->error)) {
            return;
        }
    }
    thread_fault(thread, frame->vector, frame->error, address);
}

/* ---- interrupts ---- */

static void timer_interrupt(struct cpu *cpu)
{
    apic_eoi();
    if (sched_timer(cpu) && alarm.object && alarm.object->type == OBJECT_EVENT) {
        event_raise(container_of(alarm.object, struct event, object), alarm.badge, 0);
    }
}

static inline void interrupt(struct cpu *cpu, u64 vector)
{
    cpu->interrupts++;
    if (likely(vector >= VECTOR_DEVICES && vector < VECTOR_TIMER)) {
        irq_interrupt((u8)vector);
    } else if (vector == VECTOR_TIMER) {
        timer_interrupt(cpu);
    } else {
        cpu->spurious++;
        if (apic_in_service((u8)vector)) {
            apic_eoi();
        }
    }
}

/* ---- from ring 3, from ring 0, from anywhere ---- */

void user_trap(struct trap_frame *frame)
{
    struct cpu *cpu = cpu_this();
    struct thread *thread = cpu_current(cpu);
    cpu->loaded = thread;
    if (frame->vector >= VECTOR_INTERRUPTS) {
        thread->count.interrupts++;
        interrupt(cpu, frame->vector);
    } else {
        user_exception(thread, frame);
    }
}

/* The same for what user_raw.asm wants. */
static bool mend_user_access(const struct trap_frame *frame)
{
    struct space *space = cpu_this()->space;
    return frame->vector == VECTOR_PAGE_FAULT && space &&
           mend_page(space, read_cr2(), frame->error);
}

void kernel_trap(struct trap_frame *frame)
{
    struct cpu *cpu = cpu_this();
    if (frame->vector >= VECTOR_INTERRUPTS && cpu->idle) {
        cpu->idle = false;
        interrupt(cpu, frame->vector);
        cpu_leave();
    }
    for (const struct fixup *fixup = fixups_start; fixup < fixups_end; fixup++) {
        if (fixup->fault == frame->rip) {
            if (!mend_user_access(frame)) {
                frame->rip = fixup->proceed;
            }
            return;
        }
    }
    panic_with(frame, "%s in the kernel",
               frame->vector < VECTOR_INTERRUPTS ? exception_names[frame->vector] : "interrupt");
}

/* A debug exception of ring 3 arrives on a stack of its own: moves it to the thread's frame, as if
 * it had come the ordinary way. */
static _Noreturn void user_debug(struct cpu *cpu, const struct trap_frame *frame)
{
    swapgs();
    *frame_of(cpu_current(cpu)) = *frame;
    user_trap(frame_of(cpu_current(cpu)));
    cpu_leave();
}

void ist_trap(struct trap_frame *frame)
{
    struct cpu *cpu = cpu_from_stack((u64)frame);
    switch (frame->vector) {
    case VECTOR_NMI:
        cpu->nmis++;
        trace_add_on(cpu, TRACE_NMI, frame->rip, 0);
        return;
    case VECTOR_DEBUG:
        __asm__ volatile("mov %0, %%dr6" : : "r"(0xffff0ff0ul));
        if (frame->cs & 3) {
            user_debug(cpu, frame);
        }
        return; /* a single step or MOV SS that led into the kernel: nothing of ours */
    default:
        wrgsbase((u64)cpu); /* whatever GS was, a panic needs ours */
        panic_with(frame, "%s", exception_names[frame->vector]);
    }
}

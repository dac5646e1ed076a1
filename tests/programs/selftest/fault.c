/*
 * Faults as messages; see fault.h. The instructions are in instructions.c.
 */
#include "fault.h"
#include "check.h"
#include "instructions.h"
#include "tests.h"
#include "world.h"

#include <runtime/clock.h>
#include <runtime/start.h>

#define PATIENCE_BIT (1ul << 51)
#define BADGE        0x1234

struct fault fault_wait(u32 endpoint)
{
    struct message m = {0};
    struct fault fault = {0};
    u64 until = tsc() + clock_from_ns(NS_PER_SECOND, start->tsc_hz);
    must(machine_alarm(SLOT_MACHINE, SLOT_EVENT, PATIENCE_BIT, until));
    status got;
    do {
        got = must(ipc_wait(endpoint, 0, &m, 0));
    } while (!(got & WAIT_MESSAGE) && tsc() < until);
    if (!(got & WAIT_MESSAGE)) {
        same(got, WAIT_MESSAGE);
        return fault;
    }
    return (struct fault){
        .vector = FAULT_VECTOR(m.word[0]),
        .code = FAULT_CODE(m.word[0]),
        .address = m.word[1],
        .rip = m.word[2],
        .rsp = m.word[3],
        .came = true,
    };
}

struct fault fault_of(void (*run)(u64 argument), u64 argument, u64 flags)
{
    u32 endpoint = new_endpoint();
    u32 thread = helper((struct helper){
        .run = run,
        .argument = argument,
        .fault = endpoint,
        .flags = flags,
    });
    struct fault fault = fault_wait(endpoint);
    must(object_destroy_all(thread));
    must(object_destroy_all(endpoint));
    return fault;
}

struct fault fault_of_access(u64 address, enum access access)
{
    return fault_of(access == ACCESS_READ    ? do_read
                    : access == ACCESS_WRITE ? do_write
                                             : do_jump,
                    address, 0);
}

/* The words of a fault: exactly where, and on which stack. */
void fault_words(void)
{
    u32 endpoint = new_endpoint();
    u32 badged = copy_of(endpoint, RIGHT_CALL, BADGE);
    u32 thread = helper((struct helper){.run = do_known_fault, .fault = badged});
    struct message m = {0};
    must(ipc_wait(endpoint, 0, &m, 0));
    same(m.badge, BADGE);
    same(FAULT_VECTOR(m.word[0]), 14);
    same(FAULT_CODE(m.word[0]), 6); /* absent, write, user */
    same(m.word[1], KNOWN_ADDRESS);
    same(m.word[2], (u64)known_fault_rip);
    same(m.word[3], KNOWN_RSP);
    same(state_of(thread), THREAD_REPLYING);
    struct thread_registers r;
    must(thread_read(thread, &r));
    same(r.rip, m.word[2]);
    same(r.rsp, KNOWN_RSP);
    same(r.rbx, KNOWN_RBX);
    same(r.r15, KNOWN_R15);
    same(r.rcx, KNOWN_RCX);
    same(thread_facts(thread).faults, 1);
}

void fault_instructions(void)
{
    for (u64 i = 0; i < instruction_count; i++) {
        const struct instruction *how = &instructions[i];
        struct fault fault = fault_of(how->run, 0, 0);
        bool right = fault.came && (fault.vector == how->vector || fault.vector == how->or_vector);
        check_same("fault.c", __LINE__, how->name, right ? how->vector : fault.vector, how->vector);
        if (how->has_code)
            check_same("fault.c", __LINE__, how->name, fault.code, how->code);
        if (fault.vector != 14)
            same(fault.address, 0);
    }
}

/* A descriptor table of one's own, which no program may have: its page is where a table that
 * nobody has set up would be. */
void fault_ldt(void)
{
    static const u64 gate = 0x00cff3000000ffff; /* a data segment of ring 3 */
    u32 memory = new_committed(1);
    u64 *words = show(memory, 1, RIGHT_READ | RIGHT_WRITE);
    for (unsigned i = 0; i < 512; i++)
        words[i] = gate;
    must(space_map(SLOT_SPACE, memory, 0, 0, 1, RIGHT_READ | RIGHT_WRITE));
    must(space_populate(SLOT_SPACE, 0, 1));
    for (u64 selector = 0x07; selector < 0x100; selector += 8) {
        struct fault fault = fault_of(do_load_segment, selector, 0);
        if (!same(fault.vector, 13))
            break;
        same(fault.code, selector & ~3ul);
    }
    must(space_unmap_all(SLOT_SPACE, 0));
}

/* A thread without floating point faults; one that has it does not. */
void fault_fpu(void)
{
    same(fault_of(do_sse, 0, 0).vector, 7);
    same(fault_of(do_x87, 0, 0).vector, 7);
    same(fault_of(do_mmx, 0, 0).vector, 7);
    helper((struct helper){.run = do_sse, .flags = THREAD_FPU});
    helper((struct helper){.run = do_x87, .flags = THREAD_FPU});
    helper((struct helper){.run = do_mmx, .flags = THREAD_FPU});
    eventually(helpers_done == 3);
    same(fault_of(do_x87_unmasked, 0, THREAD_FPU).vector, 16);
    /* QEMU's software emulation knows neither of the next two: there it is the helper's end. */
    u64 vector = fault_of(do_sse_unmasked, 0, THREAD_FPU).vector;
    same(vector == 6 ? 19 : vector, 19);
    vector = fault_of(do_mxcsr_wrong, 0, THREAD_FPU).vector;
    same(vector == 6 ? 13 : vector, 13);
}

static void touch_twice(u64 address)
{
    board.word[0]++;
    *(volatile u64 *)address = 7;
    board.word[0]++;
    board.word[1] = *(volatile u64 *)address;
}

/* The handler makes the page appear; the thread goes on as if nothing had been. */
void fault_resume(void)
{
    u32 endpoint = new_endpoint(), memory = new_memory(1);
    u64 address = (u64)show(memory, 1, RIGHT_READ | RIGHT_WRITE);
    u32 thread =
        helper((struct helper){.run = touch_twice, .argument = address, .fault = endpoint});
    struct message m = {0};
    for (unsigned times = 0; times < 3; times++) { /* without mending it comes again */
        same(fault_wait(endpoint).address, address);
        same(board.word[0], 1);
        m.word[0] = FAULT_RESUME;
        must(ipc_reply(&m, 0));
    }
    same(fault_wait(endpoint).address, address);
    must(memory_commit(memory, 0, 1));
    must(ipc_reply(&m, 0));
    eventually(board.word[0] == 2);
    fault_wait(endpoint); /* its end, by an invalid instruction */
    same(board.word[1], 7);
    same(thread_facts(thread).faults >= 5, true);
    m.word[0] = 0;
    must(ipc_reply(&m, 0));
    same(state_of(thread), THREAD_STOPPED);
}

/* Any other reply leaves it stopped; its registers can be changed, and it goes on elsewhere. */
void fault_stay_stopped(void)
{
    static const u64 answers[] = {0, 2, FAULT_RESUME | 1ul << 32, ~0ul};
    u32 endpoint = new_endpoint();
    for (usize i = 0; i < array_count(answers); i++) {
        board.word[0] = 0;
        u32 thread = helper(
            (struct helper){.run = touch_twice, .argument = KNOWN_ADDRESS, .fault = endpoint});
        struct message m = {0};
        same(fault_wait(endpoint).vector, 14);
        m.word[0] = answers[i];
        must(ipc_reply(&m, 0));
        same(state_of(thread), THREAD_STOPPED);
        struct thread_registers r;
        must(thread_read(thread, &r));
        r.rip = (u64)touch_twice;
        r.rdi = (u64)&board.word[8];
        must(thread_write(thread, &r));
        must(thread_resume(thread));
        eventually(board.word[0] == 3);
        must(object_destroy_all(thread));
    }
}

/* Without an endpoint, or with one that is gone, it stops. */
void fault_nobody(void)
{
    u32 alone = helper((struct helper){.run = do_write, .argument = KNOWN_ADDRESS});
    eventually(is_in_state(alone, THREAD_STOPPED));
    struct thread_registers r;
    must(thread_read(alone, &r));
    must(thread_resume(alone)); /* and faults again */
    eventually(is_in_state(alone, THREAD_STOPPED) && thread_facts(alone).faults == 2);
    u32 endpoint = new_endpoint();
    u32 thread = helper_stopped(
        (struct helper){.run = do_write, .argument = KNOWN_ADDRESS, .fault = endpoint});
    must(object_destroy_all(endpoint));
    must(thread_resume(thread));
    eventually(is_in_state(thread, THREAD_STOPPED));
    /* The endpoint goes while the fault waits to be taken; and while it is being handled. */
    endpoint = new_endpoint();
    thread = helper((struct helper){.run = do_write, .argument = KNOWN_ADDRESS, .fault = endpoint});
    eventually(is_in_state(thread, THREAD_CALLING));
    must(object_destroy_all(endpoint));
    same(state_of(thread), THREAD_STOPPED);
    endpoint = new_endpoint();
    thread = helper((struct helper){.run = do_write, .argument = KNOWN_ADDRESS, .fault = endpoint});
    same(fault_wait(endpoint).vector, 14);
    must(object_destroy_all(endpoint));
    same(state_of(thread), THREAD_REPLYING);
    struct message m = {.word = {0}};
    must(ipc_reply(&m, 0));
    same(state_of(thread), THREAD_STOPPED);
}

/* Whoever handles a fault and waits again without an answer has abandoned it: it stays stopped. */
void fault_abandoned(void)
{
    u32 endpoint = new_endpoint();
    u32 thread =
        helper((struct helper){.run = do_write, .argument = KNOWN_ADDRESS, .fault = endpoint});
    same(fault_wait(endpoint).vector, 14);
    struct message m = {0};
    failed_with(ipc_wait(endpoint, WAIT_POLL, &m, 0), ERR_EMPTY);
    same(state_of(thread), THREAD_REPLYING); /* an error changes nothing */
    must(event_raise(SLOT_EVENT, 1, 0));
    same(ipc_wait(endpoint, 0, &m, 0), WAIT_EVENT);
    same(state_of(thread), THREAD_STOPPED);
    refused(ipc_reply(&m, 0), ERR_ABSENT, 0);
}

/* Somewhere no program can be, to which a handler sends the thread again and again. */
void fault_noncanonical(void)
{
    u32 endpoint = new_endpoint();
    helper((struct helper){.run = do_jump, .argument = 0x0000800000000000, .fault = endpoint});
    struct message m = {.word = {FAULT_RESUME}};
    for (unsigned times = 0; times < 5; times++) {
        same(fault_wait(endpoint).vector, 13);
        must(ipc_reply(&m, 0));
    }
    same(fault_of(do_jump, 0xffff800000000000, 0).vector, 14);
    same(fault_of(do_jump, USER_END, 0).vector, 14);
}

/* SYSCALL in the last two bytes that can be: the return address is the first that cannot be
 * mapped. */
void fault_syscall_at_end(void)
{
    u32 memory = new_committed(1);
    u8 *page = show(memory, 1, RIGHT_READ | RIGHT_WRITE);
    page[PAGE_SIZE - 2] = 0x0f;
    page[PAGE_SIZE - 1] = 0x05;
    must(space_map(SLOT_SPACE, memory, USER_END - PAGE_SIZE, 0, 1, RIGHT_READ | RIGHT_EXECUTE));
    struct fault fault = fault_of(do_syscall_at, USER_END - 2, 0);
    same(fault.vector, 14);
    same(fault.address, USER_END);
    same(fault.rip, USER_END);
    must(space_unmap_all(SLOT_SPACE, USER_END - PAGE_SIZE));
}

/* System calls of the machine, which only root can make. */
#include "boot/memory.h"
#include "call/call.h"
#include "cpu/clock.h"
#include "cpu/ioapic.h"
#include "cpu/trap.h"
#include "cpu/user.h"
#include "debug/panic.h"
#include "debug/trace.h"
#include "memory/frames.h"
#include "memory/reserve.h"
#include "object/event.h"
#include "object/irq.h"
#include "sched/sched.h"

status call_machine_ioapic(u64 machine, u64 physical, u64 first_line)
{
    try(call_machine(machine, 1));
    refuse_if(physical % PAGE_SIZE || physical >= cpu_features.physical_limit, ERR_ARGUMENT, 2);
    refuse_if(first_line >= LINE_LIMIT, ERR_ARGUMENT, 3);
    refuse_if(!ioapic_add(physical, (u32)first_line), ERR_ABSENT, 2);
    return 0;
}

status call_machine_alarm(u64 machine, u64 event_slot, u64 bits, u64 deadline)
{
    struct cap *event;
    try(call_machine(machine, 1));
    try(call_cap(event_slot, OBJECT_EVENT, RIGHT_CONTROL, 2, &event));
    refuse_if(!bits, ERR_ARGUMENT, 3);
    refuse_if(event->badge && bits & ~event->badge, ERR_RIGHTS, 3);
    trap_set_alarm(event->object, event->rights, bits);
    sched_set_alarm(cpu_this(), deadline);
    return 0;
}

status call_machine_info(u64 machine, u64 address)
{
    try(call_machine(machine, 1));
    const struct cpu *cpu = cpu_this();
    struct machine_info info = {
        .tsc_hz = tsc_hz,
        .memory_pages = boot_memory.free_pages + boot_memory.reserve_pages,
        .kernel_pages = boot_memory.pages - boot_memory.free_pages - boot_memory.reserve_pages,
        .used_pages = boot_memory.free_pages - frames_free_count() + reserve_used(),
        .reserve_pages = reserve_total(),
        .reserve_used = reserve_used(),
        .interrupts = cpu->interrupts,
        .spurious = cpu->spurious,
        .nmis = cpu->nmis,
        .context_switches = cpu->context_switches,
        .cr3_loads = cpu->cr3_loads,
        .idle_cycles = cpu->idle_cycles,
        .lowest_stack = cpu_stack_free(),
        .trace_next = trace_next(),
    };
    return call_write(address, &info, sizeof(info), 2);
}

status call_machine_trace(u64 machine, u64 address, u64 count, u64 sequence)
{
    struct trace_entry entries[TRACE_CALL_LIMIT];
    try(call_machine(machine, 1));
    refuse_if(!count, ERR_ARGUMENT, 3);
    u64 read = trace_read(entries, min(count, TRACE_CALL_LIMIT), sequence);
    if (!read) {
        return 0;
    }
    try(call_write(address, entries, read * sizeof(entries[0]), 2));
    return (status)read;
}

/* Reads text that need not be aligned, by the words that it lies in. */
static bool read_text(u64 address, u64 length, char *text)
{
    struct fetch fetch = {0};
    u64 word = 0;
    for (u64 i = 0; i < length; i++) {
        u64 at = address + i;
        if ((i == 0 || at % 8 == 0) && !user_fetch(&fetch, align_down(at, 8), &word)) {
            return false;
        }
        text[i] = (char)(word >> at % 8 * 8);
    }
    text[length] = '\0';
    return true;
}

status call_machine_panic(u64 machine, u64 address, u64 length)
{
    char text[PANIC_TEXT_LIMIT + 1];
    try(call_machine(machine, 1));
    refuse_if(length > PANIC_TEXT_LIMIT, ERR_ARGUMENT, 3);
    refuse_if(!read_text(address, length, text), ERR_ADDRESS, 2);
    panic_plain("%s", text);
}

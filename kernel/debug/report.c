/*
 * What a panic prints after its message; see report.h.
 */
#include "debug/report.h"
#include "cpu/asm.h"
#include "cpu/cpu.h"
#include "debug/trace.h"
#include "memory/kernel_map.h"
#include "object/thread.h"

#define CALLS_SHOWN  24
#define EVENTS_SHOWN 64u

/* kernel.ld */
extern const u8 text_start[], text_end[], stacks_start[], stacks_end[];

void report_registers(struct sink *sink, const struct trap_frame *frame)
{
    const struct {
        const char *name;
        u64 value;
    } registers[] = {
        {"rip", frame->rip}, {"cs", frame->cs},   {"rflags", frame->rflags},
        {"rsp", frame->rsp}, {"ss", frame->ss},   {"error", frame->error},
        {"rax", frame->rax}, {"rbx", frame->rbx}, {"rcx", frame->rcx},
        {"rdx", frame->rdx}, {"rsi", frame->rsi}, {"rdi", frame->rdi},
        {"rbp", frame->rbp}, {"r8", frame->r8},   {"r9", frame->r9},
        {"r10", frame->r10}, {"r11", frame->r11}, {"r12", frame->r12},
        {"r13", frame->r13}, {"r14", frame->r14}, {"r15", frame->r15},
        {"cr0", read_cr0()}, {"cr2", read_cr2()}, {"cr3", read_cr3()},
        {"cr4", read_cr4()},
    };
    for (usize i = 0; i < array_count(registers); i++) {
        format(sink, "%6s %016lx%s", registers[i].name, registers[i].value,
               i % 3 == 2 || i + 1 == array_count(registers) ? "\n" : " ");
    }
}

static bool in_text(u64 address)
{
    return address >= (u64)text_start && address < (u64)text_end;
}

/* May `words` words at `address` be read as part of a kernel stack? */
static bool in_stacks(u64 address, u64 words)
{
    u64 end = address + words * 8;
    return address >= (u64)stacks_start && end <= (u64)stacks_end && is_aligned(address, 8) &&
           kernel_map_present((const void *)address) && kernel_map_present((const void *)(end - 1));
}

static void report_symbol(struct sink *sink, u64 address, const struct symbol *symbol, u64 offset)
{
    format(sink, "  %016lx", address);
    if (symbol->function) {
        format(sink, " %s+0x%lx", symbol->function, offset);
    }
    if (symbol->file) {
        format(sink, " %s:%u", symbol->file, symbol->line);
    }
    format(sink, "\n");
}

/* A call, by where it returns to. The call is before that, maybe in another line or function. */
static void report_call(struct sink *sink, const struct symbols *symbols, u64 back)
{
    struct symbol symbol = symbols_find(symbols, back - 1);
    report_symbol(sink, back, &symbol, symbol.offset + 1);
}

void report_place(struct sink *sink, const struct symbols *symbols, u64 rip, u64 rsp)
{
    struct symbol symbol = {.function = NULL};
    if (in_text(rip)) {
        symbol = symbols_find(symbols, rip);
        report_symbol(sink, rip, &symbol, symbol.offset);
    } else {
        format(sink, "  %016lx not in the kernel\n", rip);
    }
    bool frameless = !in_text(rip) || (symbol.function && symbol.offset == 0);
    if (frameless && in_stacks(rsp, 1) && in_text(*(const u64 *)rsp)) {
        report_call(sink, symbols, *(const u64 *)rsp);
    }
}

void report_calls(struct sink *sink, const struct symbols *symbols, u64 rbp)
{
    for (int i = 0; i < CALLS_SHOWN && in_stacks(rbp, 2); i++) {
        const u64 *frame = (const u64 *)rbp; /* the caller's frame pointer, the return address */
        if (!in_text(frame[1])) {
            return;
        }
        report_call(sink, symbols, frame[1]);
        if (frame[0] <= rbp) {
            return;
        }
        rbp = frame[0];
    }
}

/*
 * The processor's structure; NULL while it has none. Where a panic comes from, GS may still be ring
 * 3's, and ring 3 can give it any value, so it is compared and not followed.
 */
static const struct cpu *find_cpu(void)
{
    u64 known = (u64)&boot_cpu;
    return rdmsr(MSR_GS_BASE) == known || rdmsr(MSR_KERNEL_GS_BASE) == known ? &boot_cpu : NULL;
}

void report_processor(struct sink *sink)
{
    const struct cpu *cpu = find_cpu();
    if (!cpu) {
        format(sink, "before the processor was set up\n");
        return;
    }
    const struct thread *thread = cpu_current(cpu);
    format(sink, "cpu %u, thread %p", cpu->number, (const void *)thread);
    if (kernel_map_present(thread) && kernel_map_present(&thread[1])) {
        const struct trap_frame *frame = frame_of(thread);
        format(sink, ", which entered at rip %016lx rsp %016lx, vector %lu", frame->rip, frame->rsp,
               frame->vector);
    }
    format(sink, "\n");
}

void report_trace(struct sink *sink)
{
    const struct cpu *cpu = find_cpu();
    if (!cpu) {
        return;
    }
    const struct trace_ring *ring = &trace_rings[cpu->number];
    u64 now = rdtsc();
    struct trace_entry entry;
    format(sink, "recent events, with the ticks since then:\n");
    u64 sequence = ring->next > EVENTS_SHOWN ? ring->next - EVENTS_SHOWN : 0;
    for (; trace_ring_read(ring, &entry, 1, sequence) == 1; sequence++) {
        const char *a = trace_name_a(entry.kind), *b = trace_name_b(entry.kind);
        format(sink, "  %12lu %s", now - entry.tsc, trace_text(entry.kind));
        if (*a) {
            format(sink, ", %s 0x%lx", a, entry.a);
        }
        if (*b) {
            format(sink, ", %s 0x%lx", b, entry.b);
        }
        format(sink, "\n");
    }
}

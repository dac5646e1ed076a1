/*
 * What a panic prints after its message; see report.h.
 */
#include "debug/report.h"
#include "cpu/asm.h"
#include "cpu/cpu.h"
#include "debug/trace.h"
#include "memory/kernel_map.h"

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
               i % 4 == 3 || i + 1 == array_count(registers) ? "\n" : " ");
    }
}

static bool in_text(u64 address)
{
    return address >= (u64)text_start && address < (u64)text_end;
}

/* May the two words at `rbp` be read as a stack frame? */
static bool in_stacks(u64 rbp)
{
    return rbp >= (u64)stacks_start && rbp + 16 <= (u64)stacks_end && is_aligned(rbp, 8) &&
           kernel_map_present((const void *)rbp) && kernel_map_present((const void *)(rbp + 8));
}

/* `back` is 1 for a return address: the call is before it, maybe at the end of another line. */
static void report_call(struct sink *sink, const struct symbols *symbols, u64 address, u64 back)
{
    struct symbol symbol = symbols_find(symbols, address - back);
    format(sink, "  %016lx", address);
    if (symbol.function) {
        format(sink, " %s+0x%lx", symbol.function, symbol.offset + back);
    }
    if (symbol.file) {
        format(sink, " %s:%u", symbol.file, symbol.line);
    }
    format(sink, "\n");
}

void report_calls(struct sink *sink, const struct symbols *symbols, u64 rip, u64 rbp)
{
    if (!in_text(rip)) {
        format(sink, "  %016lx not in the kernel\n", rip);
    } else {
        report_call(sink, symbols, rip, 0);
    }
    for (int i = 1; i < CALLS_SHOWN && in_stacks(rbp); i++) {
        const u64 *frame = (const u64 *)rbp; /* the caller's frame pointer, the return address */
        if (!in_text(frame[1])) {
            return;
        }
        report_call(sink, symbols, frame[1], 1);
        if (frame[0] <= rbp) {
            return;
        }
        rbp = frame[0];
    }
}

/* The processor's structure; NULL while it has none. GS may be anything if something went wrong. */
static const struct cpu *find_cpu(void)
{
    const struct cpu *cpu = (const struct cpu *)rdmsr(MSR_GS_BASE);
    bool readable = kernel_map_present(cpu) && kernel_map_present(&cpu[1]);
    return readable && cpu->self == cpu ? cpu : NULL;
}

void report_processor(struct sink *sink)
{
    const struct cpu *cpu = find_cpu();
    if (!cpu) {
        format(sink, "before the processor was set up\n");
        return;
    }
    format(sink, "cpu %u, thread %p\n", cpu->number, (void *)cpu->current);
    const struct trap_frame *frame = cpu->frame_end;
    if (cpu->loaded && kernel_map_present(frame - 1)) {
        frame--;
        format(sink, "ring 3: rip %016lx rsp %016lx, entered by vector %lu\n", frame->rip,
               frame->rsp, frame->vector);
    }
}

void report_trace(struct sink *sink)
{
    if (!find_cpu()) {
        return;
    }
    u64 next = trace_next(), now = rdtsc();
    struct trace_entry entry;
    format(sink, "recent events, with the ticks since then:\n");
    for (u64 sequence = next > EVENTS_SHOWN ? next - EVENTS_SHOWN : 0; sequence < next;
         sequence++) {
        if (!trace_read(&entry, 1, sequence)) {
            return;
        }
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

/*
 * The tables that `ps` and `mem` print. report.h has the contract; the trace is in report_trace.c.
 */
#include "report.h"

#include "numbers.h"

#include <base/string.h>

static u64 server_count(const struct system_status *system)
{
    return min(system->server_count, STATUS_SERVERS);
}

const struct status_server *report_find(const struct system_status *system, const char *name,
                                        usize length)
{
    for (u64 i = 0; i < server_count(system); i++) {
        const struct status_server *server = &system->servers[i];
        if (strnlen(server->name, START_NAME_SIZE) == length &&
            memcmp(server->name, name, length) == 0)
            return server;
    }
    return NULL;
}

void report_names(struct sink *sink, const struct system_status *system, const char *between)
{
    for (u64 i = 0; i < server_count(system); i++)
        format(sink, "%s%.*s", i ? between : "", (int)START_NAME_SIZE, system->servers[i].name);
}

static const char *state_text(u64 state)
{
    switch (state) {
    case SERVER_STOPPED:
        return "ended";
    case SERVER_STARTING:
        return "start";
    case SERVER_RUNNING:
        return "runs";
    case SERVER_WAITING_RESTART:
        return "waits"; /* to be restarted */
    default:
        return "?";
    }
}

/* The cycles that a server had used at the last `ps`; 0 if it is a new one since. */
static u64 cycles_before(const struct report_before *before, const struct status_server *server)
{
    for (u64 i = 0; i < before->count; i++) {
        if (memcmp(before->servers[i].name, server->name, START_NAME_SIZE) == 0 &&
            before->servers[i].restarts == server->restarts)
            return min(before->servers[i].cycles, server->thread.cycles);
    }
    return 0;
}

static void server_row(struct sink *sink, const struct status_server *server, u64 cycles_since,
                       u64 since, u64 running)
{
    const struct thread_info *thread = &server->thread;
    struct number used = number_pages(server->pool.used);
    struct number limit = number_pages(server->pool.pages);
    char memory[2 * NUMBER_BYTES];
    format_buffer(memory, sizeof(memory), "%s/%s", used.text, limit.text);
    format(sink, "%-11.*s %-5s %2lu %5s %5s %12s %5s %5s %5s %5s %5s %3lu\n", (int)START_NAME_SIZE,
           server->name, state_text(server->state), server->priority,
           number_percent(cycles_since, since).text, number_percent(thread->cycles, running).text,
           memory, number_count(thread->syscalls).text,
           number_count(thread->calls + thread->replies).text, number_count(thread->faults).text,
           number_count(thread->interrupts).text, number_count(thread->switches).text,
           server->restarts);
}

static void remember(struct report_before *before, const struct system_status *system)
{
    before->tsc = system->tsc;
    before->idle_cycles = system->machine.idle_cycles;
    before->count = server_count(system);
    for (u64 i = 0; i < before->count; i++) {
        const struct status_server *server = &system->servers[i];
        memcpy(before->servers[i].name, server->name, START_NAME_SIZE);
        before->servers[i].restarts = server->restarts;
        before->servers[i].cycles = server->thread.cycles;
    }
}

void report_ps(struct sink *sink, const struct system_status *system, struct report_before *before,
               struct report_clock clock)
{
    const struct machine_info *machine = &system->machine;
    u64 running = system->tsc - clock.tsc_entry;
    u64 since = system->tsc - (before->tsc != 0 ? before->tsc : clock.tsc_entry);
    format(sink,
           "SERVER      STATE PR  CPU%%  ALL%%       MEMORY  SYSC   IPC FAULT  INTR SWTCH RST\n");
    for (u64 i = 0; i < server_count(system); i++) {
        const struct status_server *server = &system->servers[i];
        server_row(sink, server, server->thread.cycles - cycles_before(before, server), since,
                   running);
    }
    u64 idle = machine->idle_cycles - min(before->idle_cycles, machine->idle_cycles);
    format(sink, "%-20s %5s %5s\n", "(nobody)", number_percent(idle, since).text,
           number_percent(machine->idle_cycles, running).text);
    format(sink, "Machine: %lu interrupts (%lu spurious, %lu NMI), %lu switches, %lu of space.\n",
           machine->interrupts, machine->spurious, machine->nmis, machine->context_switches,
           machine->cr3_loads);
    format(sink, "CPU%%: since the last ps (%s s). ALL%%: since the start.\n",
           number_seconds(since, clock.tsc_hz).text);
    remember(before, system);
}

static void memory_row(struct sink *sink, const char *name, u64 pages, const char *what)
{
    format(sink, "%-10s %8s  %s\n", name, number_pages(pages).text, what);
}

void report_memory(struct sink *sink, const struct system_status *system)
{
    const struct machine_info *machine = &system->machine;
    const struct pool_info *root = &system->root_pool;
    u64 taken = root->used + root->reserved;
    memory_row(sink, "memory", machine->memory_pages, "managed by the kernel");
    memory_row(sink, "kernel", machine->kernel_pages, "its image, tables and per-CPU data");
    memory_row(sink, "in use", machine->used_pages, "charged to pools");
    memory_row(sink, "promised", root->reserved, "to the servers' pools, used or not");
    memory_row(sink, "free", root->pages - min(taken, root->pages), "for further pools");
    memory_row(sink, "reserve", machine->reserve_pages, "contiguous, for devices");
    memory_row(sink, "", machine->reserve_used, "of that in use");
    format(sink, "\nPOOL            USED    LIMIT  QUARANTINE  OBJECTS\n");
    for (u64 i = 0; i < server_count(system); i++) {
        const struct status_server *server = &system->servers[i];
        const struct pool_info *pool = &server->pool;
        format(sink, "%-11.*s %8s %8s %11s %8lu\n", (int)START_NAME_SIZE, server->name,
               number_pages(pool->used).text, number_pages(pool->pages).text,
               number_pages(pool->quarantined).text, pool->objects);
    }
}

void report_uptime(struct sink *sink, const struct system_status *system, struct report_clock clock)
{
    format(sink, "up %s\n", number_time(system->tsc - clock.tsc_entry, clock.tsc_hz).text);
}

void report_word(struct sink *sink, const char *text, usize size, u32 width)
{
    usize length = strnlen(text, size);
    for (usize i = 0; i < length; i++)
        sink->write(sink, text[i] >= ' ' && text[i] < 0x7f ? &text[i] : "?", 1);
    for (usize i = length; i < width; i++)
        sink->write(sink, " ", 1);
}

void report_foreign(struct sink *sink, const char *bytes, usize length)
{
    for (usize i = 0; i < length; i++) {
        bool shown = (bytes[i] >= ' ' && bytes[i] < 0x7f) || bytes[i] == '\n' || bytes[i] == '\t';
        sink->write(sink, shown ? &bytes[i] : "?", 1);
    }
}

/*
 * Filling in the status memory. See status.h.
 */
#include <base/string.h>
#include <runtime/clock.h>
#include <runtime/map.h>
#include <runtime/syscall.h>

#include "sessions.h"
#include "status.h"

static struct system_status *memory;

void status_start(void)
{
    u64 pages = STATUS_BYTES / PAGE_SIZE;
    must(memory_create(BOOT_SLOT_POOL, ROOT_SLOT_STATUS, pages, 0), "making the status memory");
    must(memory_commit_all(ROOT_SLOT_STATUS, 0, pages), "making the status memory");
    memory = map_memory(ROOT_SLOT_STATUS, 0, pages, RIGHT_READ | RIGHT_WRITE);
    if (!memory)
        die("the status memory cannot be mapped");
}

/* Of objects that are gone the figures are 0. */
static void fill_figures(struct status_server *out, u32 pool, u32 share, u32 thread)
{
    struct share_info info = {0};
    if (share_info(share, &info) < 0)
        info = (struct share_info){0};
    out->priority = info.priority;
    out->weight = info.weight;
    out->cap_ns = info.cap_ns;
    if (pool_info(pool, &out->pool) < 0)
        memset(&out->pool, 0, sizeof(out->pool));
    if (thread_info(thread, &out->thread) < 0)
        memset(&out->thread, 0, sizeof(out->thread));
}

static void fill_root(struct status_server *out)
{
    *out = (struct status_server){.name = "root", .state = SERVER_RUNNING};
    fill_figures(out, BOOT_SLOT_POOL, BOOT_SLOT_SHARE, BOOT_SLOT_THREAD);
}

static void fill_server(struct status_server *out, const struct server *server)
{
    *out = (struct status_server){.state = server->state, .restarts = server->restarts};
    memcpy(out->name, server->config->name, sizeof(out->name));
    fill_figures(out, server_slot(server, SERVER_SLOT_POOL), server_slot(server, SERVER_SLOT_SHARE),
                 server_slot(server, SERVER_SLOT_THREAD));
}

/* The kernel hands out a few entries a call, and goes on writing meanwhile: each call goes on after
 * the last entry that came. */
static void fill_trace(void)
{
    u64 next = memory->machine.trace_next;
    u64 sequence = next > STATUS_TRACE ? next - STATUS_TRACE : 0;
    u64 count = 0;
    while (count < STATUS_TRACE) {
        status got =
            machine_trace(BOOT_SLOT_MACHINE, &memory->trace[count], STATUS_TRACE - count, sequence);
        if (got <= 0)
            break;
        count += (u64)got;
        sequence = memory->trace[count - 1].sequence + 1;
    }
    memory->trace_count = count;
}

void status_refresh(void)
{
    memory->tsc = tsc();
    must(machine_info(BOOT_SLOT_MACHINE, &memory->machine), "asking for the machine's figures");
    must(pool_info(BOOT_SLOT_POOL, &memory->root_pool), "asking for root's memory");
    fill_trace();
    fill_root(&memory->servers[0]);
    for (u32 i = 0; i < config.server_count; i++)
        fill_server(&memory->servers[i + 1], &servers[i]);
    memory->server_count = config.server_count + 1;
    memory->session_count = sessions_status(memory->sessions);
}

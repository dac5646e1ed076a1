/*
 * Making a server from nothing. Everything is charged to its own pool, and mapped and present
 * before it runs, so that it starts without a fault. What it finds is in libpv/include/abi/start.h.
 */
#include <base/string.h>
#include <runtime/map.h>
#include <runtime/start.h>
#include <runtime/syscall.h>

#include "server.h"

/* Pages for what the kernel charges to the pool: page tables of the image, the stack, the start
 * page and the log, the table of capabilities, and the objects themselves. */
#define TABLE_PAGES 20ul

u64 server_pages(const struct config_server *has, const struct program *program)
{
    return program->pages + has->stack / PAGE_SIZE + 1 + TABLE_PAGES;
}

bool server_step(const struct server *server, status result, const char *what)
{
    if (result >= 0)
        return true;
    say("%s cannot be started: %s: %s (argument %u)", server->config->name, what,
        error_text(status_code(result)), status_argument(result));
    return false;
}

/* Maps a whole memory object into the server's space. */
static status show(const struct server *server, u32 slot, u64 address, u64 size, u64 rights)
{
    u32 space = server_slot(server, SERVER_SLOT_SPACE);
    status result =
        space_map(space, server_slot(server, slot), address, 0, size / PAGE_SIZE, rights);
    return result < 0 ? result : space_populate_all(space, address, size / PAGE_SIZE);
}

/* The same, of zeroed memory that is made for it. */
static status show_new(const struct server *server, u32 slot, u64 address, u64 size, u64 rights)
{
    u32 memory = server_slot(server, slot);
    status result =
        memory_create(server_slot(server, SERVER_SLOT_POOL), memory, size / PAGE_SIZE, 0);
    if (result >= 0)
        result = memory_commit_all(memory, 0, size / PAGE_SIZE);
    return result < 0 ? result : show(server, slot, address, size, rights);
}

static bool make_space(const struct server *server)
{
    const struct config_server *has = server->config;
    u32 pool = server_slot(server, SERVER_SLOT_POOL);
    u32 space = server_slot(server, SERVER_SLOT_SPACE);
    return server_step(server,
                       pool_create(BOOT_SLOT_POOL, pool, has->memory / PAGE_SIZE,
                                   has->shares ? has->priority : 0),
                       "its pool") &&
           server_step(server, space_create(pool, space), "its space") &&
           server_step(
               server,
               program_load(&server->program, pool, server_slot(server, SERVER_SLOT_IMAGE), space),
               "its program") &&
           server_step(server,
                       show_new(server, SERVER_SLOT_STACK, STACK_TOP - has->stack, has->stack,
                                RIGHT_READ | RIGHT_WRITE),
                       "its stack") &&
           server_step(
               server,
               show(server, SERVER_SLOT_LOG, LOG_ADDRESS, has->log, RIGHT_READ | RIGHT_WRITE),
               "its log") &&
           server_step(server,
                       show_new(server, SERVER_SLOT_START, START_ADDRESS, PAGE_SIZE, RIGHT_READ),
                       "its start page");
}

static bool make_thread(const struct server *server)
{
    u32 pool = server_slot(server, SERVER_SLOT_POOL);
    u32 event = server_slot(server, SERVER_SLOT_EVENT);
    u32 thread = server_slot(server, SERVER_SLOT_THREAD);
    u64 stale;
    ignore_status(event_poll(event, &stale)); /* bits for its predecessor; there may be none */
    return server_step(server,
                       thread_create(pool, thread, server_slot(server, SERVER_SLOT_SPACE),
                                     server_slot(server, SERVER_SLOT_SHARE),
                                     server_slot(server, SERVER_SLOT_FAULT), 0),
                       "its thread") &&
           server_step(server, event_bind(event, thread), "its event");
}

/* The capabilities that every server has. None of them lets it destroy what root counts on. */
static bool give_own(const struct server *server)
{
    static const struct {
        u32 slot; /* the server's */
        u32 from; /* root's */
        u64 rights;
    } own[] = {
        {SLOT_SPACE, SERVER_SLOT_SPACE, RIGHT_READ | RIGHT_WRITE},
        {SLOT_THREAD, SERVER_SLOT_THREAD, RIGHT_READ | RIGHT_RECEIVE},
        {SLOT_POOL, SERVER_SLOT_POOL, RIGHT_READ | RIGHT_WRITE},
        {SLOT_SHARE, SERVER_SLOT_SHARE, RIGHT_READ | RIGHT_EXECUTE},
        {SLOT_EVENT, SERVER_SLOT_EVENT, RIGHT_ALL & ~RIGHT_DESTROY},
        {SLOT_SERVICE, SERVER_SLOT_ENDPOINT, RIGHT_RECEIVE | RIGHT_CALL},
    };
    u32 space = server_slot(server, SERVER_SLOT_SPACE);
    for (u32 i = 0; i < array_count(own); i++) {
        status result =
            cap_copy(space, own[i].slot, server_slot(server, own[i].from), own[i].rights, 0);
        if (!server_step(server, result, "its own capabilities"))
            return false;
    }
    return server_step(server,
                       cap_copy(space, SLOT_ROOT, ROOT_SLOT_ENDPOINT, RIGHT_CALL,
                                BADGE_CALL | server_index(server)),
                       "its way to root");
}

/* Fills in the start page, and with it makes all grants. */
static bool fill_start_page(const struct server *server)
{
    struct start_info info = {
        .magic = START_MAGIC,
        .version = START_VERSION,
        .size = sizeof(info),
        .tsc_hz = start->tsc_hz,
        .tsc_entry = start->tsc_entry,
        .log_size = server->config->log,
        .restarts = server->restarts,
    };
    memcpy(info.name, server->config->name, sizeof(info.name));
    memcpy(info.arguments, server->config->arguments, sizeof(info.arguments));
    if (!grants_make(server, &info))
        return false;
    void *page = map_memory(server_slot(server, SERVER_SLOT_START), 0, 1, RIGHT_READ | RIGHT_WRITE);
    if (!page)
        return server_step(server, status_error(ERR_MEMORY, 0), "its start page");
    memcpy(page, &info, sizeof(info));
    unmap(page);
    return true;
}

static bool run(const struct server *server)
{
    u32 thread = server_slot(server, SERVER_SLOT_THREAD);
    struct thread_registers registers = {
        .rip = server->program.elf.entry,
        .rsp = STACK_TOP,
        .rdi = START_ADDRESS,
    };
    return server_step(server, thread_write(thread, &registers), "its registers") &&
           server_step(server, thread_resume(thread), "its thread");
}

bool server_start(struct server *server)
{
    return make_space(server) && make_thread(server) && give_own(server) &&
           fill_start_page(server) && run(server);
}

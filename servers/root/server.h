/*
 * The servers: one entry for each section of the boot configuration, and what becomes of it.
 *
 *     STOPPED -> STARTING -> RUNNING -> (dies) WAITING_RESTART -> STARTING ...
 *
 * While the pool of a dead server is taken apart, which is done step by step between other work,
 * the server is `dying`, too. server.c has the table and who waits for whom; server_start.c makes a
 * server from nothing, with grants.c; server_end.c is about death.
 */
#pragma once
#include "config.h"
#include "program.h"
#include "root.h"

struct server {
    const struct config_server *config;
    struct program program;
    enum server_state state;
    bool begun;   /* was started, or never will be */
    bool dying;   /* it is stopped, but its pool is not all taken apart */
    bool arrived; /* it said once that it is up */
    bool told;    /* its restart was announced, in its present life */
    u64 restarts;
    u32 deaths;     /* in a row, see restart.h */
    u64 started;    /* when; all times are of the time-stamp counter */
    u64 due;        /* when there is something to be done with it; NEVER: not by time */
    u64 restart_at; /* NEVER: it stays dead */
    u64 watch_at;   /* when it is asked for a sign of life; NEVER: it is not watched */
    u32 unanswered; /* times that it was asked since it last gave one */
    u32 holds;      /* how often its memory was found held by others, since it died */
    u32 accused;    /* those that were ended for holding it: bit i for server i */
};

#define NEVER UINT64_MAX

extern struct config config;
extern struct server servers[CONFIG_SERVERS];

/* A slot of a server, of enum server_slots. */
u32 server_slot(const struct server *server, u32 slot);
u32 server_index(const struct server *server);

/* The server with this name, which need not be terminated; NULL: none. */
struct server *server_find(const char name[START_NAME_SIZE]);

/* Will it never run (again)? Then nobody can call it or wait for it. */
bool server_is_gone(const struct server *server);

/* Makes what outlives the servers: logs, endpoints, shares. missing[i]: what server i needs that
 * the machine has not, or NULL. */
void servers_prepare(const char *const missing[CONFIG_SERVERS]);

/* Does what is due: starts servers, and goes on with those that are dying. */
void servers_work(void);

/* When servers_work has something to do again; NEVER: not by time. */
u64 servers_due(void);

/* It said that it is up; and that it is alive. */
void server_is_up(struct server *server);
void server_is_alive(struct server *server);

/* Time: so many nanoseconds from now. */
u64 after_ns(u64 ns);

/* server_start.c: makes everything of it, and lets it run. False if that failed; the log says
 * why, and what was made is in its pool. */
must_check bool server_start(struct server *server);

/* Pages of its pool that a server needs at least. */
u64 server_pages(const struct config_server *config, const struct program *program);

/* Logs that a step of starting the server failed; true if it did not. */
must_check bool server_step(const struct server *server, status result, const char *what);

/* grants.c: gives the server all that its section grants, and writes it into the start page. */
must_check bool grants_make(const struct server *server, struct start_info *info);

/* grants_memory.c: makes the memory that root owns and grants, once, before any server starts.
 * False: `message` says which line of the configuration, called `file`, cannot be had. */
must_check bool grants_prepare(const char *file, struct config_message *message);

/* grants_pci.c: its PCI functions interrupt and reach memory no more. Its drivers are dead. */
void grants_silence(const struct server *server);

/* The PCI function in this slot of the server's may be bus master. ERR_ARGUMENT: it is none. */
must_check status grants_master(const struct server *server, u64 slot);

/* server_end.c: stops it, for the reason given; it is taken apart, and restarted if it is one
 * that is. */
__attribute__((format(printf, 2, 3))) void server_end(struct server *server, const char *reason,
                                                      ...);

/* The same, for a fault of its first thread that arrived with these words. */
void server_fault(struct server *server, const u64 word[4]);

/* One step of taking it apart. */
void server_bury(struct server *server);

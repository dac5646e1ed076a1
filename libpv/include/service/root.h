/*
 * The protocol of root: what servers and the keeper call it for (at SLOT_ROOT).
 *
 * A call's word 0 is one of enum root_call; names are 16 bytes, NUL-padded, in words 1 and 2. The
 * reply's word 0 is a status. The last four are for servers whose configuration says `manage`;
 * others get ERR_RIGHTS.
 */
#pragma once
#include <abi/info.h>
#include <abi/start.h>

enum root_call {
    ROOT_READY = 1, /* "I am up": root starts the servers that wait for this one */
    ROOT_REFRESH,   /* bring the status memory (grant `status`) up to date */
    ROOT_KILL,      /* name: destroy this server; it is restarted as after a crash */
    ROOT_LOG,       /* name: the reply carries a read-only capability to its log; word 1 = bytes */
    ROOT_POWER      /* word 1: enum root_power */
};

enum root_power { ROOT_POWER_OFF, ROOT_REBOOT };

enum server_state { SERVER_STOPPED, SERVER_STARTING, SERVER_RUNNING, SERVER_WAITING_RESTART };

/* The status memory: written by root on ROOT_REFRESH, read by the keeper. */
#define STATUS_SERVERS 32
#define STATUS_TRACE   256

struct status_server {
    char name[START_NAME_SIZE];
    u64 state; /* enum server_state */
    u64 restarts;
    u64 priority, weight, cap_ns;
    struct pool_info pool;
    struct thread_info thread; /* of its first thread */
};

struct system_status {
    u64 tsc;
    struct machine_info machine;
    struct pool_info root_pool;
    u64 server_count;
    struct status_server servers[STATUS_SERVERS]; /* the first one is root */
    u64 trace_count;
    struct trace_entry trace[STATUS_TRACE];
};

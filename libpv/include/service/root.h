/*
 * The protocol of root: what servers and the keeper call it for (at SLOT_ROOT).
 *
 * A call's word 0 is one of enum root_call; names are 16 bytes, NUL-padded, in words 1 and 2. The
 * reply's word 0 is a status. Those from ROOT_REFRESH to ROOT_SESSION_CLOSE are for servers whose
 * configuration says `manage`; others get ERR_RIGHTS.
 *
 * Sessions (service/session.h). When root raises EVENT_SESSIONS, a server or client calls
 * ROOT_SESSION_NEXT until there is no more. When it raises EVENT_ALIVE, a server that has a
 * `deadline` calls ROOT_ALIVE; one that does not in time is ended.
 */
#pragma once
#include <abi/info.h>
#include <abi/start.h>
#include <service/session.h>

enum root_call {
    ROOT_READY = 1, /* "I am up": root starts the servers that wait for this one */
    /* word 1: an empty slot, word 2: another. Reply: word 1 = the session's number, word 2 = enum
     * session_news. With SESSION_SERVE the first slot has got the capability to the memory of the
     * data area and the second the one that raises the client's completion event; with SESSION_USE
     * the second the one that rings the doorbell. ERR_EMPTY: there is no more news */
    ROOT_SESSION_NEXT,
    /* word 1: number, of a session that this server serves or this client uses: it does not touch
     * the session's memory any more, which is taken from its space. It answers
     * SESSION_RELEASE */
    ROOT_SESSION_RELEASED,
    /* word 1: number, of a session that this server serves, word 2: enum session_reason. The
     * session is closed: SESSION_RELEASE follows */
    ROOT_SESSION_REFUSE,
    ROOT_SESSION_RECONNECT, /* word 1: number, of a LOST session that this client uses: G is new */
    ROOT_ALIVE,
    /* word 1: the slot of a PCI function that was granted: it has been reset. From now on it may be
     * bus master: read and write memory, and send its interrupts */
    ROOT_DEVICE_RESET,
    ROOT_REFRESH, /* bring the status memory (grant `status`) up to date */
    ROOT_KILL,    /* name: destroy this server; it is restarted as after a first crash */
    ROOT_LOG,     /* name: the reply carries a read-only capability to its log; word 1 = bytes */
    ROOT_POWER,   /* word 1: enum root_power */
    /* up to 24 bytes, NUL-padded, that are added to the line for the next call. ERR_LIMIT: it is
     * too long, and begins anew */
    ROOT_TEXT,
    /* the line says CLIENT NAME SERVER SIZE [ARGUMENT...], as after `session` in the configuration
     * of CLIENT. Reply: word 1 = number */
    ROOT_SESSION_OPEN,
    ROOT_SESSION_CLOSE /* word 1: number */
};

enum session_news { SESSION_SERVE = 1, SESSION_USE, SESSION_RELEASE };

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

/* A session, and what its two sides say of themselves in their pages: not to be trusted. */
struct status_session {
    struct session_info info;
    struct ring_ctl client, server;
};

struct system_status {
    u64 tsc;
    struct machine_info machine;
    struct pool_info root_pool;
    u64 server_count;
    struct status_server servers[STATUS_SERVERS]; /* the first one is root */
    u64 session_count;
    struct status_session sessions[SESSION_LIMIT];
    u64 trace_count;
    struct trace_entry trace[STATUS_TRACE];
};

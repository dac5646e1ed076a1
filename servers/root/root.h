/*
 * What all of root shares: the map of its slots, and the two ways it speaks.
 *
 * Root is the first program. It owns all memory and all hardware, starts the servers with what the
 * boot configuration grants them, and restarts them. It calls nobody, ever: it raises events and
 * shares memory, so a server that hangs cannot make it hang.
 */
#pragma once
#include <abi/boot.h>
#include <abi/error.h>
#include <abi/start.h>
#include <service/root.h>

/* Slots of root's own table, behind those that the kernel filled. */
enum root_slot {
    ROOT_SLOT_ENDPOINT = BOOT_SLOT_FIRST_FREE, /* calls and faults of all servers */
    ROOT_SLOT_EVENT,                           /* bound to root's thread: alarms */
    ROOT_SLOT_LOG,                             /* the memory of root's log, the system log */
    ROOT_SLOT_LOG_READ,                        /* the same, to be given away: read only */
    ROOT_SLOT_STATUS,                          /* the status memory */
    ROOT_SLOT_CLOCK,                           /* the memory of the clock page, if it is granted */
    ROOT_SLOT_PORT,                            /* a device for a moment, to reach a port */
    ROOT_SLOT_FUNCTION,                        /* the PCI function that is looked at */
    ROOT_SLOT_REGISTERS,                       /* device registers that root looks at itself */
    ROOT_SLOT_WINDOW,                          /* physical memory that is looked at, ... */
    ROOT_SLOT_WINDOW_LAST = ROOT_SLOT_WINDOW + 7,
    ROOT_SLOT_SERVERS = SLOT_FREE,                   /* then SERVER_SLOTS for each server */
    ROOT_SLOT_SESSIONS = ROOT_SLOT_SERVERS + 32 * 64, /* then SESSION_SLOTS for each session */
    ROOT_SLOT_MEMORIES = 6000 /* of `dma` and `ram`: the first grant's of the configuration, ... */
};
static_assert((int)ROOT_SLOT_WINDOW_LAST < (int)ROOT_SLOT_SERVERS, "slots do not overlap");

/* The slots of one server. Those before SERVER_SLOT_POOL belong to root and outlive the server;
 * what is in the others is made from its pool, and gone with it. */
enum server_slots {
    SERVER_SLOT_LOG,      /* memory */
    SERVER_SLOT_LOG_READ, /* the same, read only */
    SERVER_SLOT_ENDPOINT, /* at which it is called */
    SERVER_SLOT_FAULT,    /* root's endpoint with the badge that tells whose fault it is */
    SERVER_SLOT_SHARE,
    SERVER_SLOT_EVENT, /* bound to its first thread: those who ring it need not know of restarts */
    SERVER_SLOT_POOL,
    SERVER_SLOT_SPACE,
    SERVER_SLOT_THREAD,
    SERVER_SLOT_IMAGE,
    SERVER_SLOT_STACK,
    SERVER_SLOT_START,
    SERVER_SLOT_GRANTS = 16, /* devices, irqs, registers: one for each entry of its start page */
    SERVER_SLOTS = 64
};
static_assert((int)SERVER_SLOT_GRANTS + GRANT_LIMIT <= (int)SERVER_SLOTS, "slots do not overlap");
static_assert((int)SERVER_SLOTS == 64, "ROOT_SLOT_SESSIONS leaves room for all servers");

/* The slots of one session. */
enum session_slots {
    SESSION_SLOT_POOL,
    SESSION_SLOT_RING, /* memory: pages G, INFO and S */
    SESSION_SLOT_DATA,
    SESSION_SLOTS = 4
};

/* A badge at root's endpoint: what it is about, and which server. */
#define BADGE_CALL  (1ul << 32)
#define BADGE_FAULT (2ul << 32)

/* Bits of root's own event. */
#define EVENT_ALARM 1ul

/* Opens the system log; before that, `say` is silent. */
void say_start(void);

/* A line of the system log: "root: " and the text. Whoever holds the log is told that there is
 * more. */
__attribute__((format(printf, 1, 2))) void say(const char *text, ...);

/* From now on this event gets EVENT_SYSTEM_LOG when the log has grown. Twice does no harm. */
void say_listen(u32 event_slot);

/* The system cannot be started: the kernel prints the text and stops the machine. */
__attribute__((format(printf, 1, 2))) _Noreturn void die(const char *text, ...);

/* Dies, naming what could not be done, unless the status is a success. */
void must(status result, const char *what);

/*
 * The boot configuration: which servers there are, and what each of them may touch. A file of the
 * boot archive, config/NAME.cfg, chosen by `config=NAME.cfg` on the kernel's command line.
 *
 *     # A server gets what is written here and nothing else.
 *     server console
 *         image     servers/console.elf     its program, in the archive
 *         priority  12                      1 to 15, the most urgent; root has 14
 *         weight    100                     against other servers of the same priority
 *         cap       5ms                     at most so much CPU in each period of 10 ms
 *         memory    1M                      its pool: what it can always have
 *         stack     16K
 *         log       8K                      root's memory: the log survives the server
 *         arguments anything up to the end of the line
 *         restart   always                  or never
 *         after     timer                   is started when that one says that it is up
 *         ports     NAME FIRST COUNT        I/O ports
 *         irq       NAME isa N              an interrupt, where the firmware says ISA's N arrives
 *         irq       NAME gsi N [level|edge] [low|high]
 *         registers NAME ADDRESS SIZE       device registers in memory
 *         screen    NAME                    the text screen or framebuffer, if there is one
 *         hpet      NAME [TIMER]            the HPET's registers, and the interrupt of a timer
 *         pci       NAME VENDOR:DEVICE      a PCI function, or
 *         pci       NAME class CC:SS        the first one of this class, in hexadecimal: the
 *                                           device, its registers, its interrupt.
 *                                           With `optional` at the end it may be missing
 *         dma       NAME SIZE               memory for a device to work in
 *         ram       NAME SIZE [PATH]        a RAM disk, and the file in the archive to fill it
 *         clock     NAME [write]            the clock page
 *         session   NAME SERVER SIZE [ARGUMENTS]   a session with that server, with a data area of
 *                                           that size; the arguments are for the server
 *         deadline  TIME                    has to say once in a while that it is alive, or is
 *                                           ended and restarted
 *         call      NAME SERVER             may call that server
 *         syslog    NAME                    root's log, to read, and an event when it grows
 *         status    NAME                    the status of all servers, to read
 *         manage                            may kill servers and switch the machine off
 *         shares                            may make CPU shares of its own, up to its priority
 *         image-memory                      the memory of its own program: for test programs
 *         share     NAME SERVER             that server's share: for test programs that stop it
 *         machine                           all hardware: for test programs; gives up isolation
 *
 * A line has one word and its arguments; '#' begins a comment, except in arguments. Only `server`,
 * `image` and `priority` have to be there. NAME is under what name the server finds the grant.
 *
 * Pure: text goes in, and a checked configuration comes out or one message that says what is wrong,
 * in which line, and what to do about it.
 */
#pragma once
#include <abi/object.h>
#include <abi/start.h>
#include <base/parse.h>
#include <service/root.h>

#define CONFIG_SERVERS      (STATUS_SERVERS - 1u) /* root is the first of those */
#define CONFIG_GRANTS       256u                  /* of all servers together */
#define CONFIG_INTERRUPTS   32u                   /* of one server: event bits 0 to 31 */
#define CONFIG_IMAGE_SIZE   64u
#define CONFIG_MESSAGE_SIZE 512u

#define CONFIG_MEMORY_LEAST  (64ul << 10)
#define CONFIG_MEMORY_MOST   (1ul << 40)
#define CONFIG_GRANT_MOST    (1ul << 38) /* memory of `dma` and `ram` */
#define CONFIG_STACK_MOST    (1ul << 20)
#define CONFIG_DEADLINE_MOST 3600000000000ul /* ns: an hour */
#define CONFIG_LOG_MOST      (1ul << 20)     /* between LOG_ADDRESS and IMAGE_ADDRESS */

enum config_kind {
    CONFIG_PORTS,
    CONFIG_IRQ_ISA,
    CONFIG_IRQ_GSI,
    CONFIG_REGISTERS,
    CONFIG_SCREEN,
    CONFIG_HPET,
    CONFIG_PCI_DEVICE,
    CONFIG_PCI_CLASS,
    CONFIG_DMA,
    CONFIG_RAM,
    CONFIG_CLOCK,
    CONFIG_CALL,
    CONFIG_SHARE,
    CONFIG_SYSLOG,
    CONFIG_STATUS,
    CONFIG_IMAGE_MEMORY,
    CONFIG_MACHINE
};

struct pci_function;

struct config_grant {
    enum config_kind kind;
    u32 line; /* of the file */
    char name[START_NAME_SIZE];
    /* What a and b are:      a                          b
     *   CONFIG_PORTS         first port                 how many
     *   CONFIG_IRQ_ISA       ISA interrupt
     *   CONFIG_IRQ_GSI       line | IRQ_LEVEL | IRQ_ACTIVE_LOW, as irq_create takes it
     *   CONFIG_REGISTERS     physical address           bytes
     *   CONFIG_HPET          number of the timer
     *   CONFIG_PCI_DEVICE    vendor                     device
     *   CONFIG_PCI_CLASS     class                      subclass
     *   CONFIG_DMA           bytes, whole pages
     *   CONFIG_RAM           bytes, whole pages
     *   CONFIG_CLOCK         1: to write it, too
     *   CONFIG_CALL, _SHARE  index of the server
     */
    u64 a, b;
    char target[START_NAME_SIZE];        /* CONFIG_CALL, _SHARE: the server's name */
    char path[CONFIG_IMAGE_SIZE];        /* CONFIG_RAM: a file in the archive, or empty */
    bool optional;                       /* CONFIG_PCI_...: may be missing */
    const struct pci_function *function; /* CONFIG_PCI_...: what hardware_resolve found */
};

struct config_server {
    char name[START_NAME_SIZE];
    char image[CONFIG_IMAGE_SIZE];
    char arguments[START_ARGUMENTS_SIZE];
    u32 line, image_line, memory_line; /* of the file */
    u32 priority, weight;
    u64 cap_ns;                   /* 0: no cap */
    u64 deadline_ns;              /* to say that it is alive; 0: it need not */
    u64 memory, stack, log;       /* bytes, whole pages */
    u32 first_grant, grant_count; /* in config.grants */
    u32 start_grants;             /* entries of its start page, at most: an HPET takes two */
    u32 interrupts;               /* of those that take an event bit */
    u32 after;                    /* bit i: starts after server number i */
    bool manage, shares, restart;
    u32 seen; /* the parser's: bit i: word number i was there */
};

/* One line `after`, until all names are known. */
struct config_after {
    u32 server, line;
    char target[START_NAME_SIZE];
};

#define CONFIG_AFTERS 64u

/* A line `session` of the client's section, or one that the operator typed. */
struct config_session {
    u32 line; /* of the file; 0: typed */
    u32 client, server;
    u64 size;                   /* of the data area, in bytes, whole pages */
    char name[START_NAME_SIZE]; /* what the client calls it */
    char target[START_NAME_SIZE];
    char argument[SESSION_ARGUMENT];
};

#define CONFIG_SESSIONS          SESSION_LIMIT
#define CONFIG_SESSION_DATA_MOST (SESSION_SPAN - SESSION_DATA)

struct config {
    u32 server_count, grant_count, after_count;
    struct config_server servers[CONFIG_SERVERS];
    struct config_grant grants[CONFIG_GRANTS];
    struct config_after afters[CONFIG_AFTERS];
    u32 session_count;
    struct config_session sessions[CONFIG_SESSIONS];
};

struct config_message {
    char text[CONFIG_MESSAGE_SIZE]; /* printable characters only */
};

/* Pages of root's memory that a session with a data area of that size takes. */
u64 config_session_pages(u64 size);

/*
 * Reads what stands behind `session` in the section of server number `client`, and adds it to the
 * configuration. False: `message` says why not.
 */
must_check bool config_add_session(struct config *config, u32 client, struct slice text,
                                   struct config_message *message);

/* Reads the text of the file called `file`. False: `message` says why not, "FILE:LINE: ...". */
must_check bool config_parse(struct config *config, const char *file, struct slice text,
                             struct config_message *message);

/*
 * Is there enough memory? `available` bytes are to be had for pools and logs; each server takes
 * `overhead` bytes of root's besides. False: `message` says for which server it is too little.
 */
must_check bool config_check_memory(const struct config *config, const char *file, u64 available,
                                    u64 overhead, struct config_message *message);

/* The kinds of grant, as bits 1 << GRANT_..., that this makes in the start page; and how many
 * entries at most. */
u32 config_start_kinds(enum config_kind kind);
u32 config_start_entries(enum config_kind kind);

/* Pages of root's memory that this grant takes for good; 0: none. */
u64 config_grant_pages(const struct config_grant *grant);

/* Puts "FILE:LINE: " and the formatted text into `message`; returns false, to be returned. */
__attribute__((format(printf, 4, 5))) bool config_fail(struct config_message *message,
                                                       const char *file, u32 line, const char *text,
                                                       ...);

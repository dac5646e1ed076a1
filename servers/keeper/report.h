/*
 * What the keeper prints about the system: tables out of the status that root filled in. Pure
 * logic: numbers in, text out through a sink.
 */
#pragma once
#include <base/format.h>
#include <service/root.h>

/* What is kept from one `ps` to the next, to tell shares of the time between. All zero at first. */
struct report_before {
    u64 tsc;
    u64 idle_cycles;
    u64 count;
    struct {
        char name[START_NAME_SIZE];
        u64 restarts, cycles;
    } servers[STATUS_SERVERS];
};

/* The clock of the machine, to make times of its counts. */
struct report_clock {
    u64 tsc_hz;
    u64 tsc_entry; /* when the kernel was entered */
};

/* One row for each server, and what the machine did; `before` becomes what is now. */
void report_ps(struct sink *sink, const struct system_status *system, struct report_before *before,
               struct report_clock clock);

void report_memory(struct sink *sink, const struct system_status *system);

/* The last `count` entries of the trace, oldest first. */
void report_trace(struct sink *sink, const struct system_status *system, u64 count,
                  struct report_clock clock);

/* One row for each session; and all about the one with this number, false if there is none. */
void report_sessions(struct sink *sink, const struct system_status *system);
must_check bool report_session(struct sink *sink, const struct system_status *system, u64 number);

/* Hours, minutes and seconds since the kernel was entered. */
void report_uptime(struct sink *sink, const struct system_status *system,
                   struct report_clock clock);

/* The server of this name, or NULL. */
const struct status_server *report_find(const struct system_status *system, const char *name,
                                        usize length);

/* All servers' names, `between` between them. */
void report_names(struct sink *sink, const struct system_status *system, const char *between);

/* A word or sentence that somebody else wrote: up to a 0 or `size` bytes, all that is not printable
 * ASCII as `?`, filled up with blanks to `width`. */
void report_word(struct sink *sink, const char *text, usize size, u32 width);

/* Bytes that somebody else wrote: newlines, tabs and printable ASCII as they are, others as `?`. */
void report_foreign(struct sink *sink, const char *bytes, usize length);

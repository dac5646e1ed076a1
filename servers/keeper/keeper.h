/*
 * What the keeper has: root's status page, and what it remembers from one command to the next.
 */
#pragma once
#include "commands.h"
#include "report.h"

#include <runtime/ipc.h>

struct keeper {
    const struct system_status *status; /* read-only, filled in by root; NULL: was not granted */
    struct report_before before;
    struct report_clock clock;
    char words[512]; /* for the Tab key: commands and servers */
};

/* Asks root to bring the status up to date. False, and the operator has been told why, when
 * there is no status. */
must_check bool keeper_refresh(struct keeper *keeper);

/* One call to root. Its answer, or why it could not be asked. */
must_check status ask_root(struct message *m, u64 capabilities);

/* The commands of actions_devices.c. */
void do_disks(struct keeper *keeper, const struct arguments *arguments);
void do_volumes(struct keeper *keeper, const struct arguments *arguments);
void do_nics(struct keeper *keeper, const struct arguments *arguments);

/* The commands of actions_sessions.c. */
void do_sessions(struct keeper *keeper, const struct arguments *arguments);
void do_open(struct keeper *keeper, const struct arguments *arguments);
void do_close(struct keeper *keeper, const struct arguments *arguments);

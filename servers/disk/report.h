/*
 * Answers to those who ask what disks and volumes there are (service/disk.h). Callers are not
 * trusted: they may ask for anything.
 */
#pragma once
#include <runtime/ipc.h>

/* Makes the call in `m` the reply to it. */
void report(struct message *m);

/*
 * Switching the machine off, and starting it again.
 */
#pragma once
#include <abi/error.h>
#include <service/root.h>

/* Asks for it: it is done a moment later, when the last lines of the log have been shown.
 * ERR_ABSENT: this machine cannot be switched off by software, and the log says so. */
must_check status power_request(u64 what);

/* When power_work has something to do; NEVER: nothing was asked for. */
u64 power_due(void);
void power_work(void);

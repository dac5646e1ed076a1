/*
 * The status memory: what the keeper shows by `ps`, `mem` and `trace`. Read-only for whoever has
 * the grant; root brings it up to date when it is asked to.
 */
#pragma once
#include <base/types.h>
#include <service/root.h>

#define STATUS_BYTES ((sizeof(struct system_status) + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1))

void status_start(void);
void status_refresh(void);

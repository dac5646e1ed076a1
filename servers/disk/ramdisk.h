/*
 * RAM disks: memory that root keeps under the name of a grant (`ram NAME SIZE` in the
 * configuration), and that outlives this server. A request is done when it returns.
 */
#pragma once
#include <disk/requests.h>

/* Maps all RAM disks that were granted, and adds them to the volumes. */
void ramdisks_open(struct volumes *volumes);

/* Reads or writes: between RAM disk number `unit` and the data area at `data`. The request was
 * checked against both. */
void ramdisk_move(u32 unit, const struct transfer *transfer, const struct back_request *request,
                  u8 *data);

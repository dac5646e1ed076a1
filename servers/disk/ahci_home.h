/*
 * The home of the AHCI driver: the controller that was granted as `ahci`, if there is one, and the
 * disks that it finds. It reads their partition tables and adds their volumes.
 *
 * While the disks that are there at the start are being found, nothing is added; then they are, one
 * after the other by the numbers of their ports, so that names come out the same each time. Disks
 * that are plugged in later are added as they come.
 */
#pragma once
#include <disk/flights.h>

/* Takes over the controller, resetting it. Without one, or with one that cannot be used, all disks
 * are known already. */
void ahci_home_open(void);

/* To be called with the event bits of each wait: interrupts, and times that have come. That a disk
 * does not answer at all is noticed at the next event of any kind: root's questions for a sign of
 * life (`deadline` in the configuration) are enough. */
void ahci_home_events(u64 events);

/* To be called before each wait: tells the device of what was submitted, and goes on with finding
 * disks. True: call again soon, there is something whose time comes without an event. */
must_check bool ahci_home_before_wait(void);

/* Slot of the controller's device, for dma_map. */
u32 ahci_home_device(void);

/* For the operator: register accesses and interrupts so far. */
void ahci_home_counters(u64 *accesses, u64 *interrupts);

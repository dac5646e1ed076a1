/*
 * The tests of each device, and what they share (main.c).
 */
#pragma once
#include <runtime/dma.h>
#include <runtime/print.h>
#include <runtime/start.h>
#include <runtime/syscall.h>

void edu_test(void);
void e1000_test(void);
void e1000e_test(void);
void ahci_test(void);

void device_check_at(bool holds, const char *what, int line);
#define device_check(condition) device_check_at(condition, #condition, __LINE__)

/* Waits for this interrupt; false: it did not come. */
bool device_interrupt(const struct grant *irq);

/* Whether it did not come until now. */
bool device_is_quiet(const struct grant *irq);

/* Lets a message come that the device held back: QEMU's cards send none within 128 us of another,
 * and then also one whose cause is gone. */
void device_settle(const struct grant *irq);

void device_test_rights(const char *name);

/* How many checks failed in a test. */
unsigned failures_of(void (*test)(void));

/*
 * Power. See power.h. Off is ACPI's sleeping state S5 (4.8.3.2 of its specification); again is
 * ACPI's reset register, then the two ways of old: the reset port of Intel's chipsets, and the
 * keyboard controller.
 */
#include <runtime/clock.h>
#include <runtime/map.h>
#include <runtime/start.h>
#include <runtime/syscall.h>

#include "hardware.h"
#include "ports.h"
#include "power.h"
#include "server.h"

#define LAST_WORDS_NS 100000000ul /* for the serial line to take them */
#define EFFECT_NS     200000000ul /* until the machine must have reacted */

/* PM1 control registers, table 4-16. */
#define SCI_EN     1u
#define SLP_TYP(t) ((u32)(t) << 10)
#define SLP_EN     (1u << 13)

#define RESET_PORT       0xcf9
#define RESET_SYSTEM     0x02
#define RESET_CPU        0x04
#define KEYBOARD_COMMAND 0x64
#define KEYBOARD_RESET   0xfe /* pulses the line that resets the processor */

static u64 due = NEVER;
static u64 wanted; /* enum root_power */

static void pause_ns(u64 ns)
{
    for (u64 end = after_ns(ns); tsc() < end;)
        __asm__ volatile("pause");
}

/* A register in memory, mapped while it is used; NULL if that cannot be. */
static volatile u8 *register_map(u64 address)
{
    u64 offset = address % PAGE_SIZE;
    if (memory_physical(BOOT_SLOT_MACHINE, BOOT_SLOT_POOL, ROOT_SLOT_REGISTERS, address - offset, 1,
                        CACHE_UNCACHED) < 0)
        return NULL;
    u8 *page = map_memory(ROOT_SLOT_REGISTERS, 0, 1, RIGHT_READ | RIGHT_WRITE);
    return page ? page + offset : NULL;
}

static void register_unmap(volatile u8 *address)
{
    if (address)
        unmap((void *)align_down((u64)address, PAGE_SIZE));
    /* It is empty if it could not be made. */
    ignore_status(object_destroy_all(ROOT_SLOT_REGISTERS));
}

/* PM1 control registers have 16 bits and lie on an even address. */
static u32 pm1_read(const struct acpi_register *reg)
{
    if (reg->space == ACPI_PORT)
        return port_read((u16)reg->address, 2);
    volatile u8 *address = register_map(reg->address);
    u32 value = address ? *(volatile u16 *)address : 0;
    register_unmap(address);
    return value;
}

static void pm1_write(const struct acpi_register *reg, u32 value)
{
    if (reg->address == 0)
        return;
    if (reg->space == ACPI_PORT) {
        port_write((u16)reg->address, 2, value);
        return;
    }
    volatile u8 *address = register_map(reg->address);
    if (address)
        *(volatile u16 *)address = (u16)value;
    register_unmap(address);
}

/* Firmware that still manages the machine itself has to be told to let go (4.8.2.5). */
static void acpi_enable(const struct acpi_power *power)
{
    if (power->smi_command == 0 || (pm1_read(&power->pm1a_control) & SCI_EN))
        return;
    port_write((u16)power->smi_command, 1, power->acpi_enable);
    for (u32 i = 0; i < 100 && !(pm1_read(&power->pm1a_control) & SCI_EN); i++)
        pause_ns(EFFECT_NS / 100);
}

static bool can_switch_off(const struct acpi_power *power)
{
    const struct acpi_register *a = &power->pm1a_control;
    bool reachable = a->space == ACPI_PORT ? a->address <= 0xfffe
                                           : a->space == ACPI_MEMORY && a->address % 2 == 0;
    return power->sleep_known && a->address != 0 && reachable;
}

static void switch_off(void)
{
    const struct acpi_power *power = &hardware.acpi.power;
    acpi_enable(power);
    pm1_write(&power->pm1a_control, SLP_TYP(power->sleep_type_a) | SLP_EN);
    pm1_write(&power->pm1b_control, SLP_TYP(power->sleep_type_b) | SLP_EN);
    pause_ns(EFFECT_NS);
    say("the machine did not switch itself off: do it by hand, nothing can be lost");
}

static void reset_by_acpi(void)
{
    const struct acpi_power *power = &hardware.acpi.power;
    const struct acpi_register *reset = &power->reset;
    if (reset->address == 0)
        return;
    if (reset->space == ACPI_PORT && reset->address <= 0xffff) {
        port_write((u16)reset->address, 1, power->reset_value);
    } else if (reset->space == ACPI_MEMORY) {
        volatile u8 *address = register_map(reset->address);
        if (address)
            *address = power->reset_value;
        register_unmap(address);
    }
    pause_ns(EFFECT_NS);
}

static void reboot(void)
{
    reset_by_acpi();
    port_write(RESET_PORT, 1, RESET_SYSTEM);
    port_write(RESET_PORT, 1, RESET_SYSTEM | RESET_CPU);
    pause_ns(EFFECT_NS);
    port_write(KEYBOARD_COMMAND, 1, KEYBOARD_RESET);
    pause_ns(EFFECT_NS);
    say("the machine did not start again: switch it off and on by hand, nothing can be lost");
}

status power_request(u64 what)
{
    if (what > ROOT_REBOOT)
        return status_error(ERR_ARGUMENT, 2);
    if (what == ROOT_POWER_OFF && !can_switch_off(&hardware.acpi.power)) {
        say("this machine has no ACPI power-off: switch it off by hand, nothing can be lost");
        return status_error(ERR_ABSENT, 0);
    }
    say("%s", what == ROOT_POWER_OFF ? "switching off" : "starting again");
    wanted = what;
    due = after_ns(LAST_WORDS_NS);
    return 0;
}

u64 power_due(void)
{
    return due;
}

void power_work(void)
{
    if (due > tsc())
        return;
    due = NEVER;
    if (wanted == ROOT_POWER_OFF)
        switch_off();
    else
        reboot();
}

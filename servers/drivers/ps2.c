/*
 * The PS/2 controller; ps2.h has the contract. Names are those that the 8042's users know.
 *
 * Setting it up sends no command that has to be waited for: the keyboard's answer to being switched
 * on comes as a byte like any other, and the decoder passes over it.
 */
#include <drivers/ps2.h>

enum { STATUS_OUTPUT_FULL = 1, STATUS_INPUT_FULL = 2, STATUS_FROM_MOUSE = 0x20 };
enum {
    READ_CONFIG = 0x20,
    WRITE_CONFIG = 0x60,
    DISABLE_SECOND = 0xa7,
    DISABLE_FIRST = 0xad,
    ENABLE_FIRST = 0xae
};
enum {
    CONFIG_IRQ_FIRST = 1,
    CONFIG_IRQ_SECOND = 2,
    CONFIG_FIRST_OFF = 0x10,
    CONFIG_SECOND_OFF = 0x20,
    CONFIG_TRANSLATE = 0x40
};
enum { KEYBOARD_ENABLE = 0xf4 };

#define NOBODY      0xff /* what a bus without a device reads as */
#define WAIT_NS     5000000ul
#define DRAIN_LIMIT 64

static u8 status(const struct ps2 *ps2)
{
    return (u8)home_port_read(ps2->command, 0, 1);
}

/* Waits, for a few milliseconds at most, until the bits of the status that `mask` names are
 * `bits`. */
static bool wait_for(const struct ps2 *ps2, u8 mask, u8 bits)
{
    u64 limit = home_time_ns() + WAIT_NS;
    while ((status(ps2) & mask) != bits) {
        if (home_time_ns() > limit)
            return false;
    }
    return true;
}

static bool put(const struct ps2 *ps2, struct ports ports, u8 byte)
{
    if (!wait_for(ps2, STATUS_INPUT_FULL, 0))
        return false;
    home_port_write(ports, 0, 1, byte);
    return true;
}

static void drain(const struct ps2 *ps2)
{
    for (u32 i = 0; i < DRAIN_LIMIT && (status(ps2) & STATUS_OUTPUT_FULL); i++)
        home_port_read(ps2->data, 0, 1);
}

/* With both ports switched off the only byte that can come is the answer. */
static bool set_config(const struct ps2 *ps2)
{
    if (!put(ps2, ps2->command, READ_CONFIG) ||
        !wait_for(ps2, STATUS_OUTPUT_FULL, STATUS_OUTPUT_FULL))
        return false;
    u8 config = (u8)home_port_read(ps2->data, 0, 1);
    config |= CONFIG_IRQ_FIRST | CONFIG_TRANSLATE | CONFIG_SECOND_OFF;
    config &= (u8) ~(CONFIG_IRQ_SECOND | CONFIG_FIRST_OFF);
    return put(ps2, ps2->command, WRITE_CONFIG) && put(ps2, ps2->data, config);
}

bool ps2_start(struct ps2 *ps2, struct ports data, struct ports command)
{
    *ps2 = (struct ps2){.data = data, .command = command};
    if (status(ps2) == NOBODY)
        return false;
    if (!put(ps2, command, DISABLE_FIRST) || !put(ps2, command, DISABLE_SECOND))
        return false;
    drain(ps2);
    ps2->present =
        set_config(ps2) && put(ps2, command, ENABLE_FIRST) && put(ps2, data, KEYBOARD_ENABLE);
    return ps2->present;
}

int ps2_read(struct ps2 *ps2)
{
    u8 now = ps2->present ? status(ps2) : 0;
    if (!(now & STATUS_OUTPUT_FULL) || now == NOBODY)
        return -1;
    u8 byte = (u8)home_port_read(ps2->data, 0, 1);
    return now & STATUS_FROM_MOUSE ? 0 : byte;
}

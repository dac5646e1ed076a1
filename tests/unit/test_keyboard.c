/*
 * Unit tests of the keyboard: scan codes to bytes, and the PS/2 controller's driver on a controller
 * made of memory.
 */
// with: servers/drivers/keyboard.c servers/drivers/ps2.c
#include "unit.h"

#include <base/random.h>
#include <drivers/keyboard.h>
#include <drivers/ps2.h>

/* --- scan codes ------------------------------------------------------------------------------- */

static const char *decode(struct keyboard *keyboard, const u8 *codes, usize count)
{
    static char text[256];
    usize length = 0;
    for (usize i = 0; i < count; i++)
        length += keyboard_decode(keyboard, codes[i], text + length);
    text[length] = 0;
    return text;
}

#define DECODE(keyboard, ...)                                                                      \
    decode(keyboard, (const u8[]){__VA_ARGS__}, sizeof((const u8[]){__VA_ARGS__}))

static void test_letters(void **state)
{
    (void)state;
    struct keyboard keyboard = {0};
    assert_string_equal(DECODE(&keyboard, 0x1e, 0x9e, 0x30, 0xb0, 0x02, 0x39, 0x1c), "ab1 \r");
    assert_string_equal(DECODE(&keyboard, 0x2a, 0x1e, 0x02, 0x27, 0xaa, 0x1e), "A!:a");
    assert_string_equal(DECODE(&keyboard, 0x36, 0x1e, 0xb6, 0x1e), "Aa");
    assert_string_equal(DECODE(&keyboard, 0x0e, 0x0f, 0x01), "\x7f\t\033");
    assert_string_equal(DECODE(&keyboard, 0x2b, 0x29, 0x35, 0x2a, 0x2b, 0x29, 0x35), "\\`/|~?");
}

static void test_caps_lock(void **state)
{
    (void)state;
    struct keyboard keyboard = {0};
    assert_string_equal(DECODE(&keyboard, 0x3a, 0x3a, 0x3a, 0xba, 0x1e, 0x02), "A1");
    assert_string_equal(DECODE(&keyboard, 0x2a, 0x1e, 0x02, 0xaa), "a!");
    assert_string_equal(DECODE(&keyboard, 0x3a, 0xba, 0x1e), "a");
}

static void test_control(void **state)
{
    (void)state;
    struct keyboard keyboard = {0};
    assert_string_equal(DECODE(&keyboard, 0x1d, 0x1e, 0x2e, 0x02, 0x9d, 0x1e), "\001\0031a");
    assert_string_equal(DECODE(&keyboard, 0xe0, 0x1d, 0x1e, 0x9d, 0x1e, 0xe0, 0x9d, 0x1e),
                        "\001\001a");
    assert_string_equal(DECODE(&keyboard, 0x1d, 0x1a, 0x9d), "\033"); /* Ctrl-[ */
}

static void test_other_keys(void **state)
{
    (void)state;
    struct keyboard keyboard = {0};
    assert_string_equal(
        DECODE(&keyboard, 0xe0, 0x48, 0xe0, 0xc8, 0xe0, 0x50, 0xe0, 0x4b, 0xe0, 0x4d),
        "\033[A\033[B\033[D\033[C");
    assert_string_equal(DECODE(&keyboard, 0xe0, 0x47, 0xe0, 0x4f, 0xe0, 0x53),
                        "\033[H\033[F\033[3~");
    assert_string_equal(DECODE(&keyboard, 0xe0, 0x1c, 0xe0, 0x35, 0xe0, 0x5b, 0xe0, 0xdb), "\r/");
    /* Pause, Print Screen, an acknowledgement, errors, keys that nobody has: nothing. */
    assert_string_equal(DECODE(&keyboard, 0xe1, 0x1d, 0x45, 0xe1, 0x9d, 0xc5), "");
    assert_string_equal(DECODE(&keyboard, 0xe0, 0x2a, 0xe0, 0x37, 0xe0, 0xb7, 0xe0, 0xaa), "");
    assert_string_equal(DECODE(&keyboard, 0xfa, 0xfe, 0xff, 0x00, 0x54, 0x7f, 0x3b, 0x58), "");
    assert_string_equal(DECODE(&keyboard, 0x1e), "a"); /* and nothing is held down */
}

static void test_any_codes(void **state)
{
    (void)state;
    struct keyboard keyboard = {0};
    struct random random;
    random_init(&random, 5);
    for (u32 i = 0; i < 200000; i++) {
        char *bytes = malloc(KEYBOARD_BYTES);
        assert_in_range(keyboard_decode(&keyboard, (u8)random_next(&random), bytes), 0,
                        KEYBOARD_BYTES);
        free(bytes);
    }
}

/* --- the controller --------------------------------------------------------------------------- */

static struct {
    bool there, deaf; /* deaf: it never takes a byte */
    u8 config, command;
    bool first_on, second_on, scanning;
    u8 queue[64];
    bool from_mouse[64];
    u32 count;
    u64 time;
} controller;

static void queue(u8 byte, bool mouse)
{
    controller.from_mouse[controller.count] = mouse;
    controller.queue[controller.count++] = byte;
}

static u8 take(void)
{
    u8 byte = controller.queue[0];
    if (controller.count != 0) {
        controller.count--;
        memmove(controller.queue, controller.queue + 1, controller.count);
        memmove(controller.from_mouse, controller.from_mouse + 1, controller.count);
    }
    return byte;
}

u32 home_port_read(struct ports ports, u32 offset, u32 width)
{
    assert_true(offset == 0 && width == 1);
    if (!controller.there)
        return 0xff;
    if (ports.handle == 0x60)
        return take();
    assert_int_equal(ports.handle, 0x64);
    return (u32)((controller.count != 0) | controller.deaf << 1 |
                 (controller.count != 0 && controller.from_mouse[0]) << 5);
}

static void command(u8 byte)
{
    controller.command = 0;
    if (byte == 0xad || byte == 0xae)
        controller.first_on = byte == 0xae;
    else if (byte == 0xa7 || byte == 0xa8)
        controller.second_on = byte == 0xa8;
    else if (byte == 0x20)
        queue(controller.config, false);
    else
        controller.command = byte;
}

void home_port_write(struct ports ports, u32 offset, u32 width, u32 value)
{
    assert_true(offset == 0 && width == 1);
    assert_false(controller.deaf);
    if (ports.handle == 0x64) {
        command((u8)value);
    } else if (controller.command == 0x60) {
        controller.config = (u8)value;
        controller.command = 0;
    } else if (value == 0xf4) {
        controller.scanning = true;
        queue(0xfa, false);
    }
}

u64 home_time_ns(void)
{
    return controller.time += 1000;
}

static const struct ports data = {0x60}, status = {0x64};

static void test_controller(void **state)
{
    (void)state;
    struct ps2 ps2;
    memset(&controller, 0, sizeof(controller));
    controller.there = controller.second_on = true;
    controller.config =
        0x32;           /* the mouse's interrupt on, the keyboard's port off, no translation */
    queue(0x55, false); /* something that was typed before */
    assert_true(ps2_start(&ps2, data, status));
    assert_int_equal(controller.config, 0x61);
    assert_true(controller.first_on && controller.scanning && !controller.second_on);
    assert_int_equal(ps2_read(&ps2), 0xfa);
    assert_int_equal(ps2_read(&ps2), -1);
    queue(0x1e, false);
    queue(0x08, true);
    queue(0x9e, false);
    assert_int_equal(ps2_read(&ps2), 0x1e);
    assert_int_equal(ps2_read(&ps2), 0); /* the mouse's: no key */
    assert_int_equal(ps2_read(&ps2), 0x9e);
    assert_int_equal(ps2_read(&ps2), -1);
}

static void test_no_controller(void **state)
{
    (void)state;
    struct ps2 ps2;
    memset(&controller, 0, sizeof(controller));
    assert_false(ps2_start(&ps2, data, status));
    assert_int_equal(ps2_read(&ps2), -1);
    controller.there = controller.deaf = true;
    assert_false(ps2_start(&ps2, data, status)); /* it gives up after a while */
    assert_int_equal(ps2_read(&ps2), -1);
    assert_in_range(controller.time, 5000000, 20000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_letters),       cmocka_unit_test(test_caps_lock),
        cmocka_unit_test(test_control),       cmocka_unit_test(test_other_keys),
        cmocka_unit_test(test_any_codes),     cmocka_unit_test(test_controller),
        cmocka_unit_test(test_no_controller),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

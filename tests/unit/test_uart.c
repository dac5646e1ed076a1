/*
 * Unit tests of the UART driver, on a 16550 made of memory: one with its two FIFOs, whose line
 * interrupts on edges only, and that counts every byte it had to lose.
 */
// with: servers/drivers/uart.c
#include "unit.h"

#include <base/random.h>
#include <drivers/uart.h>

static struct {
    bool there, stuck; /* stuck: it is always ready to receive, as a broken one may be */
    u8 registers[8], divisor[2];
    u8 in[16], out[16];
    u32 in_count, out_count;
    bool empty_pending, overrun;
    bool line, edge; /* of the interrupt */
    char sent[20000];
    u32 sent_count, lost;
} device;

static void update_line(void)
{
    u8 enabled = device.registers[1];
    bool line = ((enabled & 1) && (device.in_count != 0 || device.stuck)) ||
                ((enabled & 2) && device.empty_pending) || ((enabled & 4) && device.overrun);
    device.edge |= line && !device.line;
    device.line = line;
}

static u8 read_register(u32 offset)
{
    u8 value = device.registers[offset];
    switch (offset) {
    case 0:
        value = device.in[0];
        if (device.in_count != 0)
            memmove(device.in, device.in + 1, --device.in_count);
        break;
    case 2:
        value = device.line ? 0 : 1;
        device.empty_pending = device.empty_pending && (device.in_count != 0 || device.overrun);
        break;
    case 5:
        value = (u8)((device.in_count != 0 || device.stuck) | device.overrun << 1 |
                     (device.out_count == 0) << 5);
        device.overrun = false;
        break;
    case 6:
        value = device.registers[4] & 0x10
                    ? (u8)((device.registers[4] & 2) << 3 | (device.registers[4] & 8) << 4)
                    : 0xb0;
        break;
    }
    update_line();
    return value;
}

u32 home_port_read(struct ports ports, u32 offset, u32 width)
{
    assert_int_equal(ports.handle, 42);
    assert_true(width == 1 && offset < UART_PORTS);
    return device.there ? read_register(offset) : 0xff;
}

void home_port_write(struct ports ports, u32 offset, u32 width, u32 value)
{
    assert_int_equal(ports.handle, 42);
    assert_true(width == 1 && offset < UART_PORTS);
    if (offset < 2 && (device.registers[3] & 0x80)) {
        device.divisor[offset] = (u8)value;
        return;
    }
    if (offset == 0) {
        assert_true(device.out_count < 16); /* more would be lost */
        device.out[device.out_count++] = (u8)value;
        device.empty_pending = false;
    } else {
        device.registers[offset] = (u8)value;
        if (offset == 1 && (value & 2) && device.out_count == 0)
            device.empty_pending = true;
    }
    update_line();
}

/* The line carries what is in the FIFO away. */
static void transmit(void)
{
    if (device.out_count == 0)
        return;
    memcpy(device.sent + device.sent_count, device.out, device.out_count);
    device.sent_count += device.out_count;
    device.out_count = 0;
    device.empty_pending = true;
    update_line();
}

static void arrive(char byte)
{
    if (device.in_count == 16) {
        device.lost++;
        device.overrun = true;
    } else {
        device.in[device.in_count++] = (u8)byte;
    }
    update_line();
}

static struct uart *new_uart(void)
{
    struct uart *uart = calloc(1, sizeof(*uart));
    memset(&device, 0, sizeof(device));
    device.there = true;
    return uart;
}

static void interrupt(struct uart *uart)
{
    for (u32 i = 0; device.edge; i++) {
        assert_true(i < 1000);
        device.edge = false;
        uart_interrupt(uart);
    }
}

static void test_start(void **state)
{
    (void)state;
    struct uart *uart = new_uart();
    assert_true(uart_start(uart, (struct ports){42}));
    assert_int_equal(device.divisor[0], 1);
    assert_int_equal(device.divisor[1], 0);
    assert_int_equal(device.registers[3], 3);
    assert_int_equal(device.registers[4], 0x0b);
    free(uart);
}

static void test_absent(void **state)
{
    (void)state;
    struct uart *uart = new_uart();
    char byte;
    device.there = false;
    assert_false(uart_start(uart, (struct ports){42}));
    uart_interrupt(uart);
    for (u32 i = 0; i < 3 * UART_OUT_BYTES; i++)
        assert_int_equal(uart_write(uart, "x", 1), 1); /* lost, but nobody waits */
    assert_int_equal(uart_room(uart), UART_OUT_BYTES);
    assert_int_equal(uart_read(uart, &byte, 1), 0);
    free(uart);
}

static void test_sending(void **state)
{
    (void)state;
    struct uart *uart = new_uart();
    struct random random;
    static char text[10000];
    random_init(&random, 11);
    assert_true(uart_start(uart, (struct ports){42}));
    interrupt(uart);
    u32 written = 0;
    while (device.sent_count < sizeof(text)) {
        char piece[100];
        usize length = min(random_below(&random, sizeof(piece) + 1), sizeof(text) - written);
        for (usize i = 0; i < length; i++)
            piece[i] = (char)random_below(&random, 256);
        usize room = uart_room(uart);
        usize taken = uart_write(uart, piece, length);
        assert_int_equal(taken, min(length, room));
        memcpy(text + written, piece, taken);
        written += (u32)taken;
        if (random_below(&random, 3) == 0) {
            transmit();
            interrupt(uart);
        }
    }
    assert_memory_equal(device.sent, text, sizeof(text));
    free(uart);
}

static void test_no_room(void **state)
{
    (void)state;
    struct uart *uart = new_uart();
    static char text[2 * UART_OUT_BYTES];
    assert_true(uart_start(uart, (struct ports){42}));
    usize taken = uart_write(uart, text, sizeof(text));
    assert_in_range(taken, UART_OUT_BYTES, UART_OUT_BYTES + 16);
    taken += uart_write(uart, text, sizeof(text)); /* the first sixteen are in the device now */
    assert_int_equal(taken, UART_OUT_BYTES + 16);
    assert_int_equal(uart_room(uart), 0);
    transmit();
    interrupt(uart);
    assert_int_equal(uart_room(uart), 16);
    free(uart);
}

static void test_receiving(void **state)
{
    (void)state;
    struct uart *uart = new_uart();
    struct random random;
    char bytes[100];
    u8 expected = 0, next = 0;
    random_init(&random, 12);
    assert_true(uart_start(uart, (struct ports){42}));
    for (u32 i = 0; i < 5000; i++) {
        for (u64 n = random_below(&random, 16); n != 0; n--)
            arrive((char)next++);
        if (random_below(&random, 4) == 0)
            uart_write(uart, "some output", 11);
        transmit();
        interrupt(uart);
        usize count = uart_read(uart, bytes, random_below(&random, sizeof(bytes)) + 1);
        for (usize j = 0; j < count; j++)
            assert_int_equal((u8)bytes[j], expected++);
        if (uart->in_received - uart->in_read >
            UART_IN_BYTES - 16) { /* never let it overflow here */
            while (uart_read(uart, bytes, 1) == 1)
                assert_int_equal((u8)bytes[0], expected++);
        }
    }
    assert_int_equal(device.lost, 0);
    assert_int_equal(uart->overruns, 0);
    free(uart);
}

/* Nobody reads: the buffer fills up, then the device's FIFO, and then bytes are lost and
 * counted. */
static void test_overrun(void **state)
{
    (void)state;
    struct uart *uart = new_uart();
    char byte;
    assert_true(uart_start(uart, (struct ports){42}));
    for (u32 i = 0; i < UART_IN_BYTES + 16; i++) {
        arrive((char)i);
        device.edge = false;
        uart_interrupt(uart);
    }
    assert_int_equal(device.lost, 0);
    assert_true(device.edge); /* it will be asked again */
    arrive('x');
    for (u32 i = 0; i < UART_IN_BYTES + 16; i++) {
        if (uart_read(uart, &byte, 1) == 0) {
            interrupt(uart);
            assert_int_equal(uart_read(uart, &byte, 1), 1);
        }
        assert_int_equal((u8)byte, (u8)i);
    }
    assert_int_equal(uart->overruns, 1);
    assert_int_equal(device.lost, 1);
    free(uart);
}

/* A device that always has something ends the driver's patience, not the driver. */
static void test_stuck(void **state)
{
    (void)state;
    struct uart *uart = new_uart();
    assert_true(uart_start(uart, (struct ports){42}));
    device.stuck = true;
    update_line();
    uart_interrupt(uart);
    assert_int_equal(uart->in_received, UART_IN_BYTES);
    free(uart);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_start),     cmocka_unit_test(test_absent),
        cmocka_unit_test(test_sending),   cmocka_unit_test(test_no_room),
        cmocka_unit_test(test_receiving), cmocka_unit_test(test_overrun),
        cmocka_unit_test(test_stuck),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * The 16550 UART. uart.h has the contract; names of registers and bits are those of the data
 * sheet.
 *
 * Its interrupt is edge-triggered on a PC: the line must have been low for a new edge, so the
 * handler goes on until the device has nothing pending. There is a limit to that, so that a broken
 * device cannot keep it forever; when it is reached, switching interrupts off and on again makes a
 * new edge, and the rest comes with the next interrupt.
 */
#include <drivers/uart.h>

enum register_offset {
    RBR = 0,
    THR = 0,
    DLL = 0,
    IER = 1,
    DLM = 1,
    IIR = 2,
    FCR = 2,
    LCR = 3,
    MCR = 4,
    LSR = 5,
    MSR = 6
};
enum { IER_RECEIVED = 1, IER_THR_EMPTY = 2, IER_LINE_STATUS = 4 };
enum { IIR_NONE = 1 };
enum { FCR_ENABLE = 1, FCR_TRIGGER_8 = 0x80 };
enum { LCR_8_BITS = 3, LCR_DIVISOR = 0x80 };
enum { MCR_DTR = 1, MCR_RTS = 2, MCR_OUT2 = 8, MCR_LOOP = 0x10 };
enum { MSR_CTS = 0x10, MSR_DCD = 0x80, MSR_INPUTS = 0xf0 };
enum { LSR_DATA = 1, LSR_OVERRUN = 2, LSR_THR_EMPTY = 0x20 };

#define ALWAYS_ENABLED (IER_RECEIVED | IER_LINE_STATUS)
#define FIFO_BYTES     16
#define DIVISOR_115200 1
#define ROUNDS_LIMIT   256

#define IS_POWER_OF_TWO(n) (((n) & ((n)-1)) == 0)
static_assert(IS_POWER_OF_TWO(UART_OUT_BYTES) && IS_POWER_OF_TWO(UART_IN_BYTES),
              "the indices of the buffers run freely");

static u8 get(const struct uart *uart, u32 offset)
{
    return (u8)home_port_read(uart->ports, offset, 1);
}

static void set(const struct uart *uart, u32 offset, u8 value)
{
    home_port_write(uart->ports, offset, 1, value);
}

/* In loop-back the modem's inputs show its outputs; where nobody answers they show nothing of
 * it. */
static bool answers(const struct uart *uart)
{
    u8 before = get(uart, MCR);
    set(uart, MCR, MCR_LOOP | MCR_OUT2 | MCR_RTS);
    u8 inputs = get(uart, MSR) & MSR_INPUTS;
    set(uart, MCR, before);
    return inputs == (MSR_CTS | MSR_DCD);
}

bool uart_start(struct uart *uart, struct ports ports)
{
    uart->ports = ports;
    uart->present = answers(uart);
    if (!uart->present)
        return false;
    set(uart, IER, 0);
    set(uart, LCR, LCR_DIVISOR);
    set(uart, DLL, DIVISOR_115200);
    set(uart, DLM, 0);
    set(uart, LCR, LCR_8_BITS);
    set(uart, FCR, FCR_ENABLE | FCR_TRIGGER_8);
    set(uart, MCR, MCR_DTR | MCR_RTS | MCR_OUT2);
    set(uart, IER, ALWAYS_ENABLED);
    uart->waiting = false;
    return true;
}

/* Whether to be interrupted when the device has nothing left to send. */
static void wait_until_empty(struct uart *uart, bool wait)
{
    uart->waiting = wait;
    set(uart, IER, wait ? ALWAYS_ENABLED | IER_THR_EMPTY : ALWAYS_ENABLED);
}

/*
 * Gives the device what its FIFO holds, whenever that is empty, and asks for an interrupt only
 * when there is more: a fast line (a virtual one above all) would make one for every byte.
 */
static void send(struct uart *uart)
{
    if (uart->waiting)
        wait_until_empty(uart, false);
    while (uart->out_sent != uart->out_written && (get(uart, LSR) & LSR_THR_EMPTY)) {
        for (u32 i = 0; i < FIFO_BYTES && uart->out_sent != uart->out_written; i++)
            set(uart, THR, (u8)uart->out[uart->out_sent++ % UART_OUT_BYTES]);
    }
    if (uart->out_sent != uart->out_written)
        wait_until_empty(uart, true);
}

/* Fetches what has arrived, as long as the buffer has room; false when it has none left. */
static bool receive(struct uart *uart)
{
    while (uart->in_received - uart->in_read < UART_IN_BYTES) {
        u8 line = get(uart, LSR);
        uart->overruns += (line & LSR_OVERRUN) != 0;
        if (!(line & LSR_DATA))
            return true;
        uart->in[uart->in_received++ % UART_IN_BYTES] = (char)get(uart, RBR);
    }
    return false;
}

void uart_interrupt(struct uart *uart)
{
    bool more = uart->present;
    for (u32 rounds = 0; more && rounds < ROUNDS_LIMIT; rounds++) {
        bool pending = !(get(uart, IIR) & IIR_NONE);
        more = !pending || receive(uart);
        if (uart->waiting)
            send(uart);
        if (!pending)
            return;
    }
    if (uart->present) {
        set(uart, IER, 0);
        wait_until_empty(uart, uart->waiting);
    }
}

usize uart_room(const struct uart *uart)
{
    return UART_OUT_BYTES - (uart->out_written - uart->out_sent);
}

usize uart_write(struct uart *uart, const char *bytes, usize length)
{
    if (!uart->present)
        return length;
    usize taken = min(length, uart_room(uart));
    for (usize i = 0; i < taken; i++)
        uart->out[uart->out_written++ % UART_OUT_BYTES] = bytes[i];
    if (!uart->waiting && uart->out_sent != uart->out_written)
        send(uart);
    return taken;
}

usize uart_read(struct uart *uart, char *bytes, usize size)
{
    usize count = 0;
    while (count < size && uart->in_read != uart->in_received)
        bytes[count++] = uart->in[uart->in_read++ % UART_IN_BYTES];
    return count;
}
